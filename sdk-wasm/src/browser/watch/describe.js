// What is said of an element: a selector, its tag, its accessible name. Never
// what a person typed, never what the page marks as masked.

/** Controls whose text is their name. */
const NAMED =
  'a,button,summary,label,option,' +
  ['button', 'link', 'tab', 'menuitem', 'checkbox', 'radio', 'switch', 'option']
    .map((role) => `[role=${role}]`)
    .join();
const CONTROL = `${NAMED},input,select,textarea,[onclick]`;
/** Text in there is typed, or asked not to be read. */
const PRIVATE = '[data-tidemark=mask],[contenteditable],input,textarea,select';
const NAME_MAX = 80;
const DEPTH_MAX = 4;
/** Beyond so many siblings a place among them says little and costs a click. */
const SIBLINGS_MAX = 200;

/** The control that a click on an element means. */
export const controlOf = (element) => element.closest(CONTROL) || element;

export const isIgnored = (element) => element.closest('[data-tidemark=ignore]');

/** An id that a person gave: short, a word, no run of digits. */
const isStable = (id) => id && /^[a-z][\w-]{0,39}$/i.test(id) && !/\d{3}/.test(id);

export const selectorOf = (element) => {
  const parts = [];
  for (let node = element; node && parts.length < DEPTH_MAX; node = node.parentElement) {
    // By attribute: a form's field named "id" hides the property.
    const id = node.getAttribute('id');
    if (isStable(id)) {
      parts.unshift(`#${id}`);
      break;
    }
    const tag = node.localName;
    const test = node.getAttribute('data-testid');
    const name = node.getAttribute('name');
    const siblings = node.parentElement?.children ?? [];
    const same =
      siblings.length > SIBLINGS_MAX ? [] : [...siblings].filter((child) => child.localName === tag);
    if (isStable(test)) parts.unshift(`[data-testid=${test}]`);
    else if (isStable(name)) parts.unshift(`${tag}[name=${name}]`);
    else parts.unshift(same.length > 1 ? `${tag}:nth-of-type(${same.indexOf(node) + 1})` : tag);
    if (node === document.body) break;
  }
  return parts.join('>');
};

/** The accessible name of a control; empty where it may not or need not be read. */
export const nameOf = (element) => {
  if (element.closest('[data-tidemark=mask],[contenteditable]')) return '';
  const label = element.getAttribute('aria-label');
  const isButton = element.matches('input[type=submit],input[type=button],input[type=reset]');
  const text =
    label ||
    (isButton && element.getAttribute('value')) ||
    (element.matches(NAMED) && !element.querySelector(PRIVATE) && element.textContent) ||
    element.getAttribute('title') ||
    element.getAttribute('alt') ||
    '';
  return text.trim().replace(/\s+/g, ' ').slice(0, NAME_MAX);
};
