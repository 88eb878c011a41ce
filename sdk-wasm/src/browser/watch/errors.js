// Reports errors and rejections that no code of the page's caught, and files that did
// not load: each at once as the cause of a click's failure, and once a page as an event
// of its own; how often it came again is told when the page is left.

import { FAILED } from '../calls.js';
import { json } from '../json.js';
import { listen } from '../listen.js';
import { numberOf } from '../number.js';

/** What browsers say of themselves, and what was called off on purpose. */
const HARMLESS = /^ResizeObserver loop|AbortError/;
const MESSAGE_MAX = 250;
/** Where it was thrown, and who called that: more frames are the framework's. */
const FRAMES_MAX = 12;
const STACK_MAX = 2000;
/** Different errors of one page that are told: more of them are one that varies. */
const ERRORS_MAX = 20;

/**
 * @param {() => boolean} isHandled whether a click is being handled now
 * @param {() => void} sync what is told next happens on the page as it is now
 */
export const watchErrors = (enter, run, sync, isHandled, tell) => {
  const known = new Map();
  let last;
  const capture = (attributes) => {
    const key = json(attributes);
    const again = known.get(key);
    if (again) again.count++;
    else if (known.size < ERRORS_MAX) {
      known.set(key, { ...attributes, count: 0 });
      tell('errors', 'error.captured', { ...attributes, count: 1 });
    }
  };
  const heard = (event) => {
    // Who listens in frames hears those of the page again.
    if (event === last) return;
    last = event;
    sync();
    const { target, type: kind, filename, lineno, colno } = event;
    // What failed to load is no error of the page's code.
    if (target.window !== target) {
      const file = target.src ?? target.href;
      if (kind === 'error' && file) capture({ kind: 'resource', 'exception.message': target.localName, 'code.file.path': `${file}` });
      return;
    }
    const error = event.error ?? event.reason;
    const cut = (text) => `${text}`.slice(0, MESSAGE_MAX);
    const type = cut(error?.name ?? 'Error') || 'Error';
    const message = cut(error?.message ?? event.message ?? error);
    if (HARMLESS.test(message + type)) return;
    const stack = error?.stack;
    const what = { 'exception.type': type, 'exception.message': message };
    capture({
      kind: kind === 'error' ? kind : 'rejection',
      ...what,
      'exception.stacktrace': stack && `${stack}`.replace(/(:\/\/[^\s?#)]*)[?#][^\s:)]*/g, '$1').split('\n').slice(0, FRAMES_MAX).join('\n').slice(0, STACK_MAX),
      'code.file.path': filename || undefined,
      'code.line.number': lineno || undefined,
      'code.column.number': colno || undefined,
      handled: false,
    });
    const sure = isHandled();
    // Of another origin's script nothing is told, not even whose it is.
    if (message === 'Script error.' && !sure) return;
    enter(FAILED, [json(what).slice(1, -1)], Date.now(), numberOf(type + message), sure);
  };
  const events = { error: heard, unhandledrejection: heard };
  for (const name in events) listen(run, name, heard);
  return {
    ...events,
    /** The page is left: what came again is told. */
    left: () => {
      for (const one of known.values()) {
        if (one.count) tell('errors', 'error.captured', one);
        one.count = 0;
      }
    },
  };
};
