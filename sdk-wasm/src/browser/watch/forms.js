// Reports forms: begun, submitted, and what is known of one when it is left; whether
// that was abandoned the engine decides. Never a value: it is only asked whether there
// is one.

import { LEFT_FORM } from '../calls.js';
import { json } from '../json.js';
import { SECRET, fits, selectorOf } from './describe.js';

const FIELD = 'input:not([type=hidden],[type=submit],[type=button],[type=reset],[type=image]),select,textarea';
const BUTTON = 'button,[role=button],[type=submit],[type=image],[type=button]';
const NAME_MAX = 256;
/** What is sent of what was handed over, is sent soon. */
const SENT_MS = 1500;
/** What is known, as core's `abandon` reads it. */
const CAN_SUBMIT = 1;
const SENT = 2;
const HANDED = 4;
const FILLED = 8;
const EMPTY = 16;

/** What a form or a field is called; of a secret one only what type it is of. */
const labelOf = (element, isSecret) =>
  isSecret ? `[${element.type}]` : (element.getAttribute('name') || element.getAttribute('id') || '').slice(0, NAME_MAX) || undefined;

/**
 * @param {string} endpoint requests of our own to it prove nothing
 * @param {() => number} idleMs who did nothing more for so long has gone
 */
export const watchForms = (enter, run, tell, endpoint, idleMs) => {
  const begun = new Map();
  let timer;

  const whoIs = (form) => ({
    selector: selectorOf(form),
    form_name: labelOf(form),
  });
  const figures = (form, state) => {
    const touched = state ? state.fields.size : 0;
    return [touched, Math.max(touched, form.querySelectorAll(FIELD).length), state ? Math.round(performance.now() - state.at) : 0];
  };
  /** A form, or what holds a field together with a button. */
  const formOf = (field, path, isTyped) => {
    const form = field.form ?? path.find((one) => one.localName === 'form');
    if (form || !isTyped) return form;
    const box = path.find((one) => one.querySelector?.(BUTTON));
    const element = box?.host ?? box;
    return element?.matches?.('body *:not(main)') ? element : undefined;
  };
  /** Whether the page sent something soon after it was given the form. */
  const isSent = (at) =>
    performance.getEntriesByType('resource').some(
      ({ initiatorType, name, startTime }) =>
        /fetch|xml|beacon/.test(initiatorType) && startTime >= at && startTime < at + SENT_MS && !name.startsWith(endpoint),
    );
  const close = (form, state) => {
    begun.delete(form);
    const { fields, typedAt, handedAt, label, isSubmitted } = state;
    const isHanded = handedAt >= typedAt;
    const isFilled = (field) => (/^(checkbox|radio)$/.test(field.type) ? field.checked : field.value);
    const [touched, count, ms] = figures(form, state);
    enter(
      LEFT_FORM,
      [json({ ...whoIs(form), field_name: label }).slice(1, -1)],
      Date.now(),
      touched,
      count,
      ms,
      (form.querySelector(BUTTON) && CAN_SUBMIT) |
        (isHanded && (isSubmitted || isSent(handedAt)) && SENT) |
        (isHanded && HANDED) |
        ([...form.querySelectorAll(FIELD)].every((field) => field.value) && FILLED) |
        (![...fields].some(isFilled) && EMPTY),
    );
  };
  const hand = (form) => {
    const state = begun.get(form);
    if (state) state.handedAt = performance.now();
    return state;
  };
  return {
    input: (event, field, path) => {
      if (!event.isTrusted || !field.matches(FIELD) || field.type === 'search' || path.some((one) => fits(one, '[role=search],search'))) return;
      const form = formOf(field, path, event.inputType);
      if (!form) return;
      const label = labelOf(field, path.some((one) => fits(one, SECRET)));
      let state = begun.get(form);
      if (!state) {
        state = { at: performance.now(), fields: new Set() };
        begun.set(form, state);
        tell('forms', 'form.started', { ...whoIs(form), field_name: label });
      }
      state.fields.add(field);
      state.label = label;
      state.typedAt = performance.now();
      clearTimeout(timer);
      timer = setTimeout(() => run(() => begun.forEach((one, form) => close(form, one))), idleMs());
    },
    /** Something else than a field is pressed: a form beside it is handed over by it. */
    click: (event, target, path) => {
      const button = path.find((one) => fits(one, BUTTON));
      if (button && event.isTrusted) for (const form of begun.keys()) if (button.form === form || (form.parentElement ?? form).contains(button)) hand(form);
    },
    keydown: ({ key }, target, path) => key === 'Enter' && hand(path.find((one) => begun.has(one))),
    submit: (event, form) => {
      const state = hand(form);
      const [touched, count, ms] = figures(form, state);
      tell('forms', 'form.submitted', {
        ...whoIs(form),
        fields_touched_count: touched,
        fields_count: count,
        duration_ms: state && ms,
        valid: !form.querySelector(':invalid'),
      });
      // What its own code keeps back may have been refused by it: then nothing is sent.
      if (state) setTimeout(() => (state.isSubmitted ||= !event.defaultPrevented));
    },
    /** Its content is taken: by a script that sends it, or submits it without saying so. */
    formdata: (event, form) => {
      const state = begun.get(form);
      if (state?.handedAt >= state?.typedAt) state.isSubmitted = true;
    },
    /** A route is left, and with it what is no longer there; or the page with everything. */
    left: (kind) => {
      for (const [form, state] of begun) if (kind === 'unload' || (kind === 'route' && !form.isConnected)) close(form, state);
    },
  };
};
