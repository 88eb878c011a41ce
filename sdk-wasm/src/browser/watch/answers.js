// Sees whether the page answers a click: a change that a person can see and that
// belongs to the click. It belongs when it happens while the click is handled,
// or near the control, or appears on top of where the click was.
//
// Observes only while a click is pending. Knows nothing of clocks and tickers
// beyond distance: what runs anyway, far from the control, is no answer.

/** How long an answer is waited for: the longest pause in a series of clicks. */
const PENDING_MS = 1000;
/** How far up from a control what surrounds it still belongs to it. */
const NEAR_LEVELS = 3;
/** A surrounding box of more than this share of the viewport is the page itself. */
const NEAR_SHARE = 0.25;

const OBSERVED = {
  subtree: true,
  childList: true,
  characterData: true,
  attributes: true,
  attributeFilter: ['class', 'style', 'hidden', 'open', 'disabled', 'src', 'value'].concat(
    ['expanded', 'pressed', 'selected', 'checked', 'hidden', 'valuenow'].map((name) => `aria-${name}`),
  ),
};
/** Events that are answers in themselves. */
const ANSWERS = ['input', 'change', 'submit', 'toggle', 'popstate', 'play', 'pause'];
/** What a person clicks repeatedly and rightly, and what answers inside of itself. */
const ANSWERS_ITSELF = 'input:not([type=submit],[type=button],[type=reset],[type=image]),select,' +
  'textarea,canvas,video,audio,iframe,embed,object,[contenteditable]';

const surroundings = (control) => {
  let box = control;
  for (let level = 0; level < NEAR_LEVELS; level++) {
    const parent = box.parentElement;
    if (!parent || parent.matches('body,main,form')) break;
    const { width, height } = parent.getBoundingClientRect();
    if (width * height > innerWidth * innerHeight * NEAR_SHARE) break;
    box = parent;
  }
  return box;
};

/** @returns {(control: Element, click: MouseEvent) => void} begins to wait for an answer */
export const watchAnswers = (answered) => {
  let near, click, place, timer;

  const isOnTop = (node) =>
    node instanceof Element &&
    node.contains(document.elementFromPoint(click.clientX, click.clientY));
  const isSeen = ({ target, addedNodes }) => {
    const element = target instanceof Element ? target : target.parentElement;
    if (!element?.closest('body')) return false;
    // The phase is over when the last handler and its microtasks are: what changes
    // before that, the click has changed.
    return click.eventPhase || near.contains(element) || [...addedNodes].some(isOnTop);
  };
  const observer = new MutationObserver((records) => {
    try {
      if (records.some(isSeen)) answered();
    } catch {
      // The element is gone before it could be looked at: no answer is seen.
    }
  });
  const selected = () => {
    if (!getSelection()?.isCollapsed) answered();
  };
  // A scroll is told a frame late: one that ended before the click is no answer to it.
  const scrolled = ({ target }) => {
    if (target !== document || place !== scrollX + ',' + scrollY) answered();
  };
  const stop = () => {
    observer.disconnect();
    removeEventListener('scroll', scrolled, true);
    ANSWERS.forEach((name) => removeEventListener(name, answered, true));
    document.removeEventListener('selectionchange', selected);
  };

  return (control, event) => {
    if (control.closest(ANSWERS_ITSELF)) return answered();
    clearTimeout(timer);
    timer = setTimeout(stop, PENDING_MS);
    near = surroundings(control);
    click = event;
    place = scrollX + ',' + scrollY;
    observer.observe(document, OBSERVED);
    ANSWERS.forEach((name) => addEventListener(name, answered, { capture: true, passive: true }));
    addEventListener('scroll', scrolled, { capture: true, passive: true });
    document.addEventListener('selectionchange', selected);
  };
};
