// Reports clicks: where, on what, what it looks like; and the way of the pointer.

import { json } from '../json.js';
import { listen } from '../listen.js';
import { watchAnswers } from './answers.js';
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
 * @param {{ isOpen: () => boolean, told: () => boolean, exempt: () => string, thrash: boolean }} options
 * @returns {{ isHandled: () => boolean, count: () => number, lookedOn: Function[] }} the last let a click in
 * another document be looked at in this one: by its press, its release, and the click
 */
export const watchClicks = (enter, run, sync, { isOpen, told, exempt, thrash }) => {
  const { approach, press, release, wait, numberOf } = watchAnswers(enter, run, isOpen);
  let last = { at: -SAME_CLICK_MS };
  let pressed, clicks = 0, movedAt = 0, isRepeat;

  const report = (event, target, [control, look]) => {
    const at = event.timeStamp;
    sync();
    // Whole pixels: zoom and scaled screens give fractions.
    const [x, y] = [Math.round(event.clientX), Math.round(event.clientY)];
    // A key that is held repeats; what it does then nobody asked for.
    const isMute = isRepeat || (control.closest(ANSWERS_ITSELF) && look !== DISABLED);
    const allows = (kind) => !isMute && !isExempt(control, kind, exempt());
    const isPage = target.matches('html,body');
    clicks++;
    enter(
      'click',
      [members({ selector: selectorOf(control), x, y, tag: control.localName, text: nameOf(control) || undefined })],
      // When it was made, not when a busy page came round to it.
      Date.now() - performance.now() + at,
      Date.now(),
      x,
      y,
      numberOf(control),
      (!isPage && allows('rage') && RAGE) | (look && allows('dead') && DEAD) | (told() && TOLD) | (look << 3),
    );
    wait(event, !look, leads(control.closest('a[href]')));
  };
  const found = (event) => {
    const [target] = event.composedPath();
    // What scripts click is not what people do.
    if (!event.isTrusted || !(target instanceof Element) || isIgnored(target)) return;
    return [target, findControl(target, event)];
  };
  const clicked = (event) => {
    const what = found(event);
    if (!what) return;
    const [target, [control]] = what;
    const at = event.timeStamp;
    const isEcho =
      at - last.at < SAME_CLICK_MS && (control === last.control || last.control?.localName === 'label');
    last = { at, control, event };
    if (isEcho) return;
    // A key presses nothing before it clicks.
    if (pressed?.control !== control) press(control, event);
    pressed = undefined;
    release();
    report(event, ...what);
  };
  const down = (event) => {
    const what = found(event);
    if (!what) return;
    const [, [control]] = what;
    press(control, event);
    pressed = { control };
  };
  const up = (event) => {
    release();
    // A disabled control gets no click.
    const what = pressed && found(event);
    if (what && what[1][1] === DISABLED && what[1][0] === pressed.control) {
      last = { at: event.timeStamp, control: pressed.control, event };
      report(event, ...what);
      pressed = undefined;
    }
  };
  const moved = (event) => {
    if (event.timeStamp - movedAt < MOVE_MS) return;
    movedAt = event.timeStamp;
    approach(event);
    // A pointer that draws or plays is meant to turn.
    if (!thrash || event.buttons || !isOpen() || event.target?.matches?.(ANSWERS_ITSELF)) return;
    enter('moved', [], Date.now(), Math.round(event.clientX), Math.round(event.clientY));
  };
  // In the capture phase of the window: before the page's own handlers, so that
  // what they change is seen, and whether or not they stop the event.
  listen(run, 'keydown', (event) => (isRepeat = event.repeat));
  listen(run, 'pointerdown', (event) => {
    isRepeat = false;
    down(event);
  });
  listen(run, 'pointerup', up);
  listen(run, 'pointermove', moved);
  listen(run, 'click', clicked);
  return { isHandled: () => last.event?.eventPhase > 0, count: () => clicks, lookedOn: [press, release, wait] };
};
