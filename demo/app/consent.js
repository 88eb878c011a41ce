// The consent banner: asks, can be opened again, and keeps the answer in memory only.
//
// The answer is not remembered across page loads, so that a refusal leaves no trace at all.

/** Shows the banner and calls `onChoice(true | false)` at every answer. */
export function startConsent(onChoice) {
  const banner = document.getElementById('consent');
  let opener = null;

  const answer = (granted) => {
    banner.hidden = true;
    onChoice(granted);
    (opener ?? document.getElementById('shop')).focus({ preventScroll: true });
  };
  document.getElementById('consent-accept').addEventListener('click', () => answer(true));
  document.getElementById('consent-decline').addEventListener('click', () => answer(false));

  for (const button of document.querySelectorAll('[data-consent-open]')) {
    button.addEventListener('click', () => {
      opener = button;
      banner.hidden = false;
      document.getElementById('consent-decline').focus();
    });
  }
  banner.hidden = false;
}
