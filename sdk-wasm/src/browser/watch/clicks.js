// Reports clicks, and whether the page answered them.

import { json } from '../json.js';
import { watchAnswers } from './answers.js';
import { controlOf, isIgnored, nameOf, selectorOf } from './describe.js';

/** The members of an object's JSON text, without its braces. */
const members = (object) => json(object).slice(1, -1);

/** A label's click is followed at once by one on its field: the same click. */
const SAME_CLICK_MS = 50;

export const watchClicks = (enter, run, sync, told) => {
  const numbers = new WeakMap();
  const wait = watchAnswers(() => run(() => enter('page_answered')));
  let count = 0;
  let last = { at: -SAME_CLICK_MS };

  const clicked = (event) => {
    const [target] = event.composedPath();
    // What scripts click is not what people do.
    if (!event.isTrusted || !(target instanceof Element) || isIgnored(target)) return;
    const control = controlOf(target);
    const at = event.timeStamp;
    const isEcho =
      at - last.at < SAME_CLICK_MS && last.control?.localName === 'label' && control !== last.control;
    last = { at, control };
    if (isEcho) return;

    sync();
    if (!numbers.has(control)) numbers.set(control, ++count);
    // Whole pixels: zoom and scaled screens give fractions.
    const [x, y] = [Math.round(event.clientX), Math.round(event.clientY)];
    enter(
      'click',
      [
        members({ selector: selectorOf(control), x, y }),
        members({ tag: control.localName, text: nameOf(control) || undefined }),
      ],
      // When it was made, not when a busy page came round to it.
      Date.now() - performance.now() + at,
      x,
      y,
      numbers.get(control),
      told,
    );
    wait(control, event);
  };

  // In the capture phase of the window: before the page's own handlers, so that
  // what they change is seen, and whether or not they stop the event.
  addEventListener('click', (event) => run(() => clicked(event)), { capture: true, passive: true });
};
