// Reports errors and rejections that no code of the page's caught.

import { json } from '../json.js';
import { numberOf } from '../number.js';

/** What browsers say of themselves, and what was called off on purpose. */
const HARMLESS = /^ResizeObserver loop|AbortError/;
const MESSAGE_MAX = 250;

/** @param {() => boolean} isHandled whether a click is being handled now */
export const watchErrors = (enter, run, isHandled) => {
  const heard = (event) => {
    // What failed to load is no error of the page's code.
    if (event.target !== window) return;
    const error = event.error ?? event.reason;
    const cut = (text) => `${text}`.slice(0, MESSAGE_MAX);
    const type = cut(error?.name ?? 'Error');
    const message = cut(error?.message ?? event.message ?? error);
    if (HARMLESS.test(message + type)) return;
    const sure = isHandled();
    // Of another origin's script nothing is told, not even whose it is.
    if (message === 'Script error.' && !sure) return;
    const words = json({ 'exception.type': type, 'exception.message': message }).slice(1, -1);
    enter('failed', [words], Date.now(), numberOf(type + message), sure);
  };
  for (const name of ['error', 'unhandledrejection']) addEventListener(name, (event) => run(() => heard(event)), true);
};
