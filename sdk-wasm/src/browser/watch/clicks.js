// Reports clicks: where, on what, what it looks like; and the way of the pointer.

import { CLICK, MOVED } from '../calls.js';
import { json } from '../json.js';
import { listen } from '../listen.js';
import { watchAnswers, wholeTime } from './answers.js';
import { ANSWERS_ITSELF, findControl, isExempt, isIgnored, nameOf, selectorOf } from './describe.js';

/** The members of an object's JSON text, without its braces. */
const members = (object) => json(object).slice(1, -1);

/** A label's click is followed at once by one on its field, a disabled control's release at times by its click. */
const SAME_CLICK_MS = 50;
/** The pointer's way is told in steps of so long. */
const MOVE_MS = 25;
const RAGE = 1;
const DEAD = 2;
const TOLD = 4;
const DISABLED = 5;

/** Whether the browser leaves the page, or opens something else, by what it does itself. */
const leads = (link) => {
  const href = link?.getAttribute('href');
  return !!href && !/^javascript:/i.test(link.href) &&
    (!href.includes('#') || link.href.split('#')[0] !== document.baseURI.split('#')[0]);
};

/**
 * @param {(call?: () => void) => void} first does what waits, and lets `call` wait: until anything
 *   else enters, or until `wait` comes to it
 * @param {{ isOpen: () => boolean, told: () => boolean, exempt: () => string, thrash: boolean }} options
 * @returns {{ isHandled: () => boolean, count: () => number, lookedOn: Function[] }} the last let a click in
 * another document be looked at in this one: by its press, its release, and the click
 */
export const watchClicks = (enter, run, sync, first, { isOpen, told, exempt, thrash }) => {
  const { approach, press, release, wait, numberOf } = watchAnswers(enter, run, first, isOpen);
  let last, pressed, clicks = 0, movedAt = 0, isRepeat;

  const report = (event, { control, look, flags, words }) => {
    sync();
    pressed = undefined;
    clicks++;
    first(() => {
      // Whole pixels: zoom and scaled screens give fractions.
      const x = Math.round(event.clientX);
      const y = Math.round(event.clientY);
      // The time when it was made, not when a busy page came round to it.
      enter(CLICK, [members({ ...words, x, y })], wholeTime(event.timeStamp), Date.now(), x, y, numberOf(control), flags);
    });
    wait(event, !look, leads(control.closest('a[href]')));
  };
  const found = (event) => {
    const [target] = event.composedPath();
    // What scripts click is not what people do.
    if (!event.isTrusted || !(target instanceof Element) || isIgnored(target)) return;
    // What was pressed is known when it is clicked: whoever presses waits for less than who clicks.
    if (pressed?.target === target) return pressed;
    const [control, look] = findControl(target, event);
    // A key that is held repeats; what it does then nobody asked for.
    const isMute = isRepeat || (control.closest(ANSWERS_ITSELF) && look !== DISABLED);
    const allows = (kind, bit) => !isMute && !isExempt(control, kind, exempt()) && bit;
    return {
      target,
      control,
      look,
      flags: (!target.matches('html,body') && allows('rage', RAGE)) | (look && allows('dead', DEAD)) | (told() && TOLD) | (look << 3),
      words: { selector: selectorOf(control), tag: control.localName, text: nameOf(control) || undefined },
    };
  };
  const clicked = (event) => {
    const what = found(event);
    if (!what) return;
    const { control } = what;
    const was = last;
    last = { control, event };
    if (event.timeStamp - was?.event.timeStamp < SAME_CLICK_MS && (control === was.control ? what !== pressed : was.control.matches('label'))) return;
    // A key presses nothing before it clicks.
    if (pressed?.control !== control) {
      press(control, event);
      release();
    }
    report(event, what);
  };
  const down = (event) => {
    isRepeat = pressed = undefined;
    pressed = found(event);
    if (pressed) press(pressed.control, event);
  };
  const up = (event) => {
    release();
    // A disabled control gets no click.
    if (pressed?.look === DISABLED && found(event) === pressed) {
      last = { control: pressed.control, event };
      report(event, pressed);
    }
  };
  const moved = (event) => {
    if (event.timeStamp - movedAt < MOVE_MS) return;
    movedAt = event.timeStamp;
    approach(event);
    // A pointer that draws or plays is meant to turn.
    if (!thrash || event.buttons || !isOpen() || event.target?.matches?.(ANSWERS_ITSELF)) return;
    enter(MOVED, [], Date.now(), Math.round(event.clientX), Math.round(event.clientY));
  };
  // In the capture phase of the window: before the page's own handlers, so that
  // what they change is seen, and whether or not they stop the event.
  listen(run, 'keydown', (event) => (isRepeat = event.repeat));
  listen(run, 'pointerdown', down);
  listen(run, 'pointerup', up);
  listen(run, 'pointermove', moved);
  listen(run, 'click', clicked);
  return { isHandled: () => last?.event.eventPhase > 0, count: () => clicks, lookedOn: [press, release, wait] };
};
