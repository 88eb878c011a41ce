// Watches frames of the page's origin as the page is watched: their clicks, what answers
// them, the way of the pointer there. All are one to the engine: places are told in the
// page's pixels, and things by numbers of their own. A click in one of them is looked at
// in the others as well, because a page answers in its frames, and a frame in its page.

import { CLICK, MOVED } from '../calls.js';
import { watchInside } from 'tidemark-inside';

import { isExempt } from './describe.js';

/** Frames that are watched at a time, the page among them: a page of more is made of adverts. */
const VIEWS_MAX = 16;
/** Room for the numbers of one frame's things, and of what changes of them: a million, and eight each. */
const THINGS = 1 << 20;
/** Frames that have numbers of their own, of all that come and go: what 32 bits hold of them. */
const FRAMES_MAX = 500;
const KINDS = 8;
const [RAGE, DEAD] = [1, 2];

/**
 * @param {object} page what page.js lends
 * @returns {{ enter: (view: Window) => () => void, parts: object }} `enter` watches a frame and
 * returns what listens anew; `parts` are told by roots.js of what happens anywhere
 */
export const watchFrames = ({ enter, run, first, syncPage, wants, exempt, blind, answers }) => {
  const views = new Map(answers ? [[window, { document, answers }]] : []);
  let count = 0;

  const framesOf = (view) => (view === window ? [] : [view.frameElement, ...framesOf(view.parent)]);
  /** From the corner of a frame's viewport to that of the page's. */
  const cornerOf = (view) =>
    framesOf(view).reduce(
      ([x, y], frame) => {
        const { left, top } = frame.getBoundingClientRect();
        return [x + left + frame.clientLeft, y + top + frame.clientTop];
      },
      [0, 0],
    );
  const enterFrom = (view, number) => (name, texts, ...args) => {
    const [x, y] = cornerOf(view).map(Math.round);
    if (name === CLICK) {
      args[2] += x;
      args[3] += y;
      args[4] += number * THINGS;
      const mutes = (kind) => framesOf(view).some((frame) => isExempt(frame, kind, exempt()));
      args[5] &= ~((mutes('rage') && RAGE) | (mutes('dead') && DEAD));
      // What it is called was written with its place in the frame.
      texts = [texts[0].replace(/"x":-?\d+,"y":-?\d+$/, `"x":${args[2]},"y":${args[3]}`)];
    } else if (name === MOVED) {
      args[1] += x;
      args[2] += y;
    } else if (/^(saw|reverted)$/.test(name) && args[1]) {
      args[1] += number * THINGS * KINDS;
    }
    return enter(name, texts, ...args);
  };
  /** A click in one document as another one sees it: made somewhere else, and by nobody here. */
  const seenFrom = (view, event) => {
    const [x, y] = cornerOf(event.view);
    const [left, top] = cornerOf(view);
    return {
      type: event.type,
      timeStamp: event.timeStamp + event.view.performance.timeOrigin - view.performance.timeOrigin,
      clientX: event.clientX + x - left,
      clientY: event.clientY + y - top,
      composedPath: () => [],
      get eventPhase() {
        return event.eventPhase;
      },
    };
  };
  /** Where in a document a click in another one is: in a frame of it, or anywhere. */
  const placeIn = (document, from) => framesOf(from).find((frame) => frame.ownerDocument === document) ?? document.documentElement;
  const others = (event, look) => {
    if (!event.isTrusted || !views.has(event.view)) return;
    for (const [view, { document, answers }] of views) {
      if (view === event.view) continue;
      // One that is gone, or shows another document by now.
      if (view.closed || view.document !== document) views.delete(view);
      else run(() => look(answers, seenFrom(view, event), placeIn(document, event.view)));
    }
  };
  return {
    enter: (view) => {
      const isSeen = (call) => run(() => framesOf(view).every((frame) => !frame.closest('[data-tidemark~=ignore]')) && call());
      if (!answers || (views.size >= VIEWS_MAX && !views.has(view))) return () => {};
      const tellBlind = (spot) => blind.add(spot);
      const [again, ...own] = watchInside(view, enterFrom(view, (count++ % FRAMES_MAX) + 1), isSeen, syncPage, first, wants, exempt, tellBlind);
      views.set(view, { document: view.document, answers: own });
      return again;
    },
    parts: {
      pointerdown: (event) => others(event, ([press], seen, place) => press(place, seen)),
      pointerup: (event) => others(event, ([, release]) => release()),
      click: (event) => others(event, ([, , wait], seen) => wait(seen)),
    },
  };
};
