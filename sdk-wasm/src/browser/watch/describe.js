// What is said of an element: a selector, its tag, its accessible name. Never
// what a person typed, never what the page marks as masked.

import { gapOf } from './sight.js';

/** Controls whose text is their name. */
const NAMED =
  'button,a,summary,label,option,' +
  'option slider radio menuitem checkbox treeitem combobox button switch tab link'
    .split(' ')
    .map((role) => `[role=${role}]`)
    .join();
const CONTROL = `${NAMED},input,select,textarea,[onclick]`;
/** Text in there is typed, or asked not to be read. */
const PRIVATE = '[data-tidemark~=mask],[contenteditable],input,textarea,select';
/** Fields of which not even their name is told, which a page made for its own eyes. */
export const SECRET = '[type=password],[autocomplete^=cc-],[data-tidemark~=mask]';
const NAME_MAX = 80;
const DEPTH_MAX = 4;
/** Beyond so many siblings a place among them says little and costs a click. */
const SIBLINGS_MAX = 200;

/** What answers inside of itself, and is clicked again and again rightly. */
export const ANSWERS_ITSELF = 'input:not([type=submit],[type=button],[type=reset],[type=image]),object,' +
  'select,textarea,embed,canvas,video,audio,[contenteditable],iframe';
/** How many layers are looked through for a control under a click. */
const LAYERS_MAX = 6;
/** How many parts of what was clicked are asked whether they are controls that hear no pointer. */
const UNHEARD_MAX = 40;
/** What a control looks like; the engine has the words. */
const NATIVE = 1;
const LINK = 2;
const ROLE = 3;
const POINTER = 4;
const DISABLED = 5;
const COVERED = 6;

const kindOf = (control) => {
  if (control.matches(':disabled,[aria-disabled=true]')) return DISABLED;
  if (control.matches('a')) return control.hasAttribute('href') ? LINK : 0;
  return control.matches('[role]') ? ROLE : NATIVE;
};

/** Whether something is an element that a selector matches; a form's field named "matches" hides the method. */
export const fits = (one, selector) => one.nodeType === 1 && Element.prototype.matches.call(one, selector);

/** The nearest around an element that a selector matches, also outside of its open shadow roots. */
export const around = (element, selector) =>
  element && (element.closest(selector) ?? around(element.getRootNode().host, selector));

/** The control that an element is or belongs to, and what it looks like; 0 for none. */
export const ownControl = (element) => {
  const control = around(element, CONTROL);
  const kind = control && kindOf(control);
  if (kind) return [control, kind];
  if (typeof element.onclick === 'function') return [element, NATIVE];
  const points = (one) => one && getComputedStyle(one).cursor === 'pointer';
  if (!points(element)) return [element, 0];
  let top = element;
  while (points(top.parentElement)) top = top.parentElement;
  return [top, POINTER];
};

/** What a click means: the control under it, also one under a layer that nobody sees. */
export const findControl = (element, { clientX, clientY }) => {
  const found = ownControl(element);
  if (found[1] || element.matches(ANSWERS_ITSELF)) return found;
  for (const layer of document.elementsFromPoint(clientX, clientY).slice(0, LAYERS_MAX)) {
    if (layer.contains(element) && layer !== element) break;
    const [control, kind] = ownControl(layer);
    if (kind && !control.contains(element)) return [control, COVERED];
    const { backgroundColor, backgroundImage, opacity } = getComputedStyle(layer);
    // What an element lays over its own parts is not its text.
    const isClear = opacity === '0' || (/, 0\)$/.test(backgroundColor) && backgroundImage === 'none' && (layer.firstElementChild || !layer.textContent.trim()));
    if (!isClear) break;
  }
  // One that hears no pointer is in none of the layers.
  const isUnheard = (one) =>
    one.matches(NAMED) && !gapOf(one.getBoundingClientRect(), clientX, clientY) && getComputedStyle(one).pointerEvents === 'none';
  const unheard = [...element.children].slice(0, UNHEARD_MAX).find(isUnheard);
  if (unheard) return [unheard, COVERED];
  return found;
};

/** Whether a page or a site asks not to judge clicks on it; `kind` is rage or dead. */
export const isExempt = (element, kind, selector) =>
  !!around(element, `[data-tidemark~=no-struggle],[data-tidemark~=no-${kind}]${selector && `,${selector}`}`);

export const isIgnored = (element) => around(element, '[data-tidemark~=ignore]');

/** An id that a person gave: short, a word, no run of digits. */
const isStable = (id) => id && /^[a-z][\w-]{0,39}$/i.test(id) && !/\d{3}/.test(id);

export const selectorOf = (element) => {
  const parts = [];
  for (let node = element; node && parts.length < DEPTH_MAX; node = node.parentElement ?? node.getRootNode().host) {
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
    else if (isStable(name) && !around(node, SECRET)) parts.unshift(`${tag}[name=${name}]`);
    else parts.unshift(same.length > 1 ? `${tag}:nth-of-type(${same.indexOf(node) + 1})` : tag);
    if (node.localName === 'body') break;
  }
  return parts.join('>');
};

/** The accessible name of a control; empty where it may not or need not be read. */
export const nameOf = (element) => {
  if (around(element, '[data-tidemark~=mask],[contenteditable]')) return '';
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
