// The newsletter form: an e-mail address as an input's value, and after submitting as visible text
// and as a button's name, which is how addresses reach careless analytics.

/** Wires the form; nothing is sent anywhere. */
export function startLetter() {
  const form = document.getElementById('letter');
  const input = document.getElementById('email');
  const note = document.getElementById('letter-note');
  const change = document.getElementById('change-email');

  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const fine = input.checkValidity();
    input.setAttribute('aria-invalid', String(!fine));
    change.hidden = !fine;
    if (!fine) {
      note.textContent = 'That does not look like an e-mail address yet.';
      input.focus();
      return;
    }
    note.textContent = `The next letter goes to ${input.value}.`;
    change.textContent = `Not ${input.value}?`;
  });

  change.addEventListener('click', () => {
    change.hidden = true;
    note.textContent = 'One letter a month, at spring tide.';
    input.value = '';
    input.focus();
  });
}
