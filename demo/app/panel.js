// The panel of verdicts: one row an event, newest first, and the totals since the page was opened.

const ROWS_MAX = 200; // A page left open for a day must not grow without end.
const totals = { accepted: 0, duplicate: 0, rejected: 0, dropped: 0 };

/** Takes the small sign that leads to the panel away while the panel itself is in view. */
export function startPanel() {
  const hint = document.getElementById('panel-hint');
  new IntersectionObserver(([panel]) => {
    hint.hidden = panel.isIntersecting;
  }).observe(document.getElementById('verdicts'));
}

/** Says in one line what is happening: consent, or what is wrong. `kind` is waiting, on, off or trouble. */
export function showState(kind, words) {
  const state = document.getElementById('panel-state');
  state.dataset.kind = kind;
  state.textContent = words;
}

/** Shows the answer to one batch: a verdict for each of its events, in the batch's order. */
export function showVerdicts(answer, events) {
  const rows = document.getElementById('verdict-rows');
  const template = document.getElementById('verdict-template');
  answer.verdicts.forEach((verdict, index) => {
    totals[verdict.verdict] += 1;
    rows.prepend(row(template, verdict, events[index] ?? {}));
  });
  while (rows.children.length > ROWS_MAX) {
    rows.lastElementChild.remove();
  }
  showTotals();
}

function row(template, verdict, event) {
  const item = template.content.firstElementChild.cloneNode(true);
  const occurred = new Date(event.occurred_at ?? Date.now());
  const time = item.querySelector('.verdict-time');
  time.dateTime = occurred.toISOString();
  time.textContent = occurred.toISOString().slice(11, 23);
  item.dataset.event = event.event_name ?? '';
  item.dataset.verdict = verdict.verdict;
  item.querySelector('.verdict-name').textContent = event.event_name ?? verdict.event_id;
  item.querySelector('.chip').textContent = verdict.verdict;
  item.querySelector('.verdict-more').textContent = verdict.code ? refusal(verdict) : gist(event);
  return item;
}

function refusal(verdict) {
  return [verdict.code, verdict.pointer, verdict.detail].filter(Boolean).join(' · ');
}

/** The few attributes that tell one event from another, in the words of the wire. */
function gist(event) {
  const attributes = event.attributes ?? {};
  switch (event.event_name) {
    case 'page.viewed':
      return [event.context?.page?.path, attributes.kind].filter(Boolean).join(' · ');
    case 'ui.rage_click':
      return `${attributes.click_count} clicks on ${attributes.selector}`;
    case 'chat_interaction':
      return [attributes.message_type, attributes.prompt_length !== undefined && `prompt_length ${attributes.prompt_length}`]
        .filter(Boolean).join(' · ');
    default:
      return [attributes.selector, attributes.text && `“${attributes.text}”`].filter(Boolean).join(' ');
  }
}

function showTotals() {
  let sum = 0;
  for (const [verdict, count] of Object.entries(totals)) {
    document.querySelector(`.totals [data-verdict="${verdict}"] dd`).textContent = count;
    sum += count;
  }
  document.getElementById('hint-count').textContent = sum;
}
