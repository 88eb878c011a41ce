// Sees what changes after a click, and reports what may be its answer: what changed,
// when, whether the click's own handlers did it, and where it is. The engine decides.
//
// Looks only while a click is pending, and for a moment when a pointer sets out, to
// learn what changes anyway. Records are kept as they come and looked at once a frame,
// when the page's own layout is due.

import { REVERTED, SAW, WATCH } from '../calls.js';
import { listen } from '../listen.js';
import { hookAnswers } from './hooks.js';
import { areaOf, gapOf, isBusy, isShown } from './sight.js';

/** How long is looked for an answer that is sure, and for a late one. */
const PENDING_MS = 2900;
const LATE_MS = 10_500;
/** The longest press, and how long after it its click comes. */
const HOLD_MS = 20_000;
const PRESS_MS = 1000;
/** How long a pointer that sets out is looked around for, and how often. */
const LEARN_MS = 1500;
const LEARN_EVERY_MS = 6000;
/** How far from a click something is near it: a hand's breadth of text. */
const NEAR_PX = 120;
/** A change of more than this share of the viewport is large. */
const LARGE_SHARE = 0.15;
/** Things that are looked at in a frame: a layout's worth of rectangles. */
const THINGS_MAX = 64;
/** Fields whose values are compared. */
const FIELDS_MAX = 64;
/** What a request that the click sent brings, it brings at once. */
const REQUEST_MS = 250;
/** How long a change that may be a request's waits for the browser to tell the request. */
const TOLD_MS = 60;
/** Promises one behind another that still belong to the timer that settled the first. */
const TURNS = 9;
/** Elements among which open shadow roots are looked for: a fifth of a millisecond's. */
const NODES_MAX = 4000;
/** Changes that wait for an engine that is not there yet. */
const HELD_MAX = 30;

const OBSERVED = {
  childList: true,
  // What is to have its old value told is observed by that alone.
  attributeOldValue: true,
  subtree: true,
  characterDataOldValue: true,
};
/** As the DOM numbers them. */
const SHOW_ELEMENT = 1;
const TEXT_NODE = 3;
const SURE = 1;
const BUSY = 2;
/** In which way the page answered; the engine has the words. */
const NEAR = 0;
const TOP = 1;
const LARGE = 2;
const SCROLL = 3;
const FOCUS = 4;
const SELECTION = 5;
const AWAY = 6;
const MEDIA = 7;
const NAVIGATION = 8;
const FIELD = 9;
/** Parts of a control that are asked what they look like, and how far below and above a click it is asked what is there. */
const LOOKED_AT_MAX = 4;
const AROUND = [45, 100, -45];
const LOOKS = 'height width transform opacity content inset font background color border'.split(' ');
/** Events that a hand causes without pressing anything: what they change, the click did not. */
const BY_HAND = /move|resize|leave|over|enter|out|wheel|scroll|key/;
const BY_CLICK = /submit|click|^mouse|blur|focus|input|change|^pointer|touch|toggle/;
const IN_ITSELF = {
  change: FIELD, toggle: NEAR, input: FIELD, volumechange: MEDIA, play: MEDIA, pause: MEDIA, invalid: TOP, copy: SELECTION,
};

/** Whether one is in the other, also across open shadow roots. */
const holds = (one, other) => !!other && (one.contains(other) || holds(one, other.getRootNode().host));
/** The time of the clock on the wall at a time of the page's own. */
export const wholeTime = (at) => Date.now() - performance.now() + at;
const address = () => location.pathname + location.search;
/** How far the page is scrolled. */
const scrolledTo = () => scrollX + ',' + scrollY;

export const watchAnswers = (enter, run, first, isOpen) => {
  const numbers = new WeakMap();
  const scrolledAt = new WeakMap();
  let count = 0;
  const numberOf = (thing) => {
    if (!numbers.has(thing)) numbers.set(thing, ++count);
    return numbers.get(thing);
  };
  let control, click, at, handledAt, x, y, place, page, hash, fields, originals, isPlain;
  let groups = [];
  let isOn, isPress, isPressed, isByHand, isLearning, isSettled, frame, timer, unhook, isDrawnOn;
  let learntAt = -LEARN_EVERY_MS;
  let held = 0, caused = 0, nodes;

  const saw = (key, how, what, when = Date.now()) => {
    isSettled ||= how === SURE;
    if (isOpen() || held++ < HELD_MAX) enter(SAW, [], when, key, how, what);
  };
  const answered = (what) => saw(0, SURE, what);

  /** Whether a request that the click sent was answered just now. Its body may still come. */
  const isFetched = (when) => {
    const changed = when - wholeTime(0);
    return performance.getEntriesByType('resource').slice(-20).some(
      ({ initiatorType, name, startTime, responseStart, responseEnd }) =>
        /fetch|xmlhttp/.test(initiatorType) &&
        // Ours bring nothing.
        !/\/v1\/events\//.test(name) &&
        startTime >= at && startTime < handledAt + REQUEST_MS &&
        responseStart <= changed + 5 && responseEnd > changed - REQUEST_MS,
    );
  };
  /** Where a thing that changed is, in the engine's words; nothing where it is no answer. */
  const whereIs = (element, isNew, isSure, when) => {
    if (!isShown(element)) return;
    const rect = element.getBoundingClientRect();
    const share = areaOf(rect) / (innerWidth * innerHeight);
    if (isNew && element.contains(document.elementFromPoint(x, y))) return TOP;
    if (share >= LARGE_SHARE) return isNew || isSure ? LARGE : undefined;
    if (gapOf(rect, x, y) <= NEAR_PX || isLearning) return NEAR;
    if (isNew && [element, element.offsetParent].some((one) => one && getComputedStyle(one).position === 'fixed')) return TOP;
    if (isSure || element.closest('[role=alert],[role=status],[aria-live]') || isFetched(when)) return NEAR;
  };
  const change = (element, kind, when, isSure, isNew, isHidden) => {
    let what = whereIs(element, isNew, isSure, when);
    // What a click hides is seen by where it was.
    if (isNew && isSure && !isHidden && what === undefined && !element.getClientRects().length) {
      what = whereIs(element.parentElement, false, true);
    }
    if (what === undefined) return;
    const isWait = kind === 3 || isBusy(element);
    saw(numberOf(element) * 8 + kind, (isSure === true && SURE) | (isWait && BUSY), what, when);
  };
  const undo = (element, kind, when) => enter(REVERTED, [], when, numberOf(element) * 8 + kind);
  /** What a thing was before the clicks; `old` where it is not known yet. */
  const original = (thing, name, old) => {
    if (!originals.has(thing)) originals.set(thing, {});
    return (originals.get(thing)[name] ??= { old }).old;
  };
  const textOf = (nodes) => [...nodes].map((node) => node.outerHTML ?? node.data).join('');

  /** One record: nothing when all is as it was, taken back when it is as before the clicks. */
  const look = ({ type, target, attributeName: name, oldValue, addedNodes, removedNodes }, when, isSure) => {
    if (!target.isConnected) return;
    const compare = (element, kind, key, old, now, isNew, isUnseen) => {
      if (old === now) return;
      if (original(target, key, old) === now && isSure !== true) undo(element, kind, when);
      else if (!isUnseen) change(element, kind, when, isSure, isNew, /none|hidden/.test(old) || (name === 'hidden' && old !== null));
    };
    if (type === 'attributes') {
      // No class and an empty one are the same.
      const worn = (value) => (/^(class|style)$/.test(name) ? (value ?? '') : value);
      const now = worn(target.getAttribute(name));
      const isWait = /^(disabled|aria-(disabled|busy))$/.test(name) && now !== null && now !== 'false';
      compare(target, isWait ? 3 : name === 'style' ? 1 : 2, name, worn(oldValue), now, /^(class|style|hidden|open)$/.test(name),
        // What only the control, or the page, knows of itself is no answer: a look has to change.
        !isWait && control && (/^(data|aria)-/.test(name) ? holds(target, control) : name === 'class' && (target === control || target === document.documentElement)) && lookOf() === place.look);
    } else if (type === 'characterData') {
      if (target.parentElement) compare(target.parentElement, 4, '', oldValue, target.data);
    } else {
      const owner = target.host ?? target;
      const elements = [...addedNodes].filter((node) => node instanceof Element);
      const old = textOf(removedNodes);
      const now = textOf(addedNodes);
      if (elements.length || [...removedNodes].some((node) => node instanceof Element)) {
        if (old === now) return;
        for (const node of removedNodes) {
          if (originals.get(node)?.isNew) {
            undo(owner, 5, when);
            if (!elements.length) return;
          }
        }
        for (const element of elements) {
          originals.set(element, { isNew: true });
          const what = element.isConnected && whereIs(element, !removedNodes.length || isSure, isSure, when);
          if (what || what === 0) saw(numberOf(owner) * 8 + 5, (isSure === true && SURE) | (isBusy(element) && BUSY), what, when);
        }
        const isText = [...addedNodes].some((node) => node.nodeType === TEXT_NODE && node.data.trim());
        if (!elements.length || isText) change(owner, 6, when, isSure);
      } else compare(owner, 4, '', old, now);
    }
  };
  /** Looks at all that changed: in the next frame, or now where a judgement is due. */
  const evaluate = (inFrame) => {
    frame = 0;
    // What a press changes answers the click that is to come of it.
    if (isPress) return;
    const [first] = groups;
    if (inFrame && first && !first.isSure && Date.now() - first.when < TOLD_MS) {
      frame = requestAnimationFrame(evaluate);
      return;
    }
    let left = THINGS_MAX;
    for (const { records, when, isSure } of groups.splice(0)) {
      for (const record of records) if (left-- > 0) run(() => look(record, when, isSure));
    }
    // One that the page makes anew, and as it was, is the same one.
    const again = control && !control.isConnected && document.elementFromPoint(x, y)?.closest(control.localName);
    if (again && again.outerHTML === control.outerHTML) control = again;
    if (control && place.isThere && !isByHand && !isShown(control)) {
      place.isThere = false;
      answered(NEAR);
    }
  };
  /** Whether the click's own handlers run, or timers that they set. */
  const isIts = () => click?.eventPhase > 0 || caused > 0;
  const goesOn = async (isMine) => {
    caused += isMine;
    for (let turn = 0; turn < TURNS; turn++) await 0;
    caused -= isMine;
  };
  /** A timer that the click's handlers set goes on for the click, in promises that it settles as well. */
  const cause = (timer, args) => {
    const [call] = args;
    const mine = control;
    if (!isIts() || typeof call !== 'function') return;
    args[0] = function (...given) {
      goesOn(mine === control);
      return call.apply(this, given);
    };
  };
  const take = (records) => {
    const type = window.event?.type ?? '';
    // A handler in a shadow root, or in another document, is told by no window.event.
    const isClicks = click?.eventPhase > 0;
    if (BY_HAND.test(type) && !(isPressed && /move/.test(type)) && !isClicks) return;
    // What its timers do is its as well, wherever it is seen, and may take back what it did.
    groups.push({ records, when: Date.now(), isSure: isClicks || (!!click && type !== '' && (isPressed || BY_CLICK.test(type))) || caused });
    frame ||= requestAnimationFrame(evaluate);
  };
  const observer = new MutationObserver((records) => run(() => take(records)));

  const styleOf = (element, part) => {
    const style = getComputedStyle(element, part);
    // One that is not there has no look.
    return part && style.content === 'none' ? '' : LOOKS.map((name) => style[name]);
  };
  /** What a control looks like, with its parts, and what lies around it. */
  const lookOf = () =>
    [
      styleOf(document.body),
      ...[control, ...control.children].slice(0, LOOKED_AT_MAX).map((one) => ['', '::before', '::after'].map((part) => styleOf(one, part))),
      ...AROUND.map((down) => numberOf(document.elementFromPoint(x, y + down) ?? control)),
    ].join();
  /** What no record tells: fields that scripts fill, and where the page is. */
  const compare = (isLate) =>
    run(() => {
      if (!click) return;
      // Frames may stall for seconds; a judgement does not wait for them.
      if (isLate) evaluate();
      if (page !== address()) answered(NAVIGATION);
      if (hash !== location.hash && document.querySelector(':target')) answered(NAVIGATION);
      if (!isByHand && fields.some(([field, value, checked]) => field.value !== value || field.checked !== checked)) answered(FIELD);
    });
  const remember = () => {
    page = address();
    ({ hash } = location);
    fields = [...document.querySelectorAll('input,textarea,select')]
      .slice(0, FIELDS_MAX)
      .map((field) => [field, field.value, field.checked]);
  };

  const listeners = {
    scroll: ({ target }) => {
      if (isByHand) return;
      const now = performance.now();
      // What did not scroll before the click scrolls because of it.
      const isIts = !(scrolledAt.get(target) > at - REQUEST_MS);
      if (!isIts || !click?.isTrusted || click.type !== 'click') scrolledAt.set(target, now);
      if (target !== document) change(target, 7, Date.now(), isIts, true);
      else if (place.scrolled !== scrolledTo()) answered(SCROLL);
    },
    focusin: (event) => {
      const [target] = event.composedPath();
      if (!isByHand && !holds(target, control) && !holds(control, target)) answered(FOCUS);
    },
    selectionchange: () => {
      if (isPlain && !getSelection()?.isCollapsed) answered(SELECTION);
    },
    submit: (event) => setTimeout(() => event.defaultPrevented || answered(NAVIGATION)),
    transitionrun: ({ target }) => {
      if (performance.now() - at < REQUEST_MS && !holds(target, control) && !holds(control, target)) {
        change(target, 2, Date.now(), false);
      }
    },
    // A click in another document takes the focus there.
    blur: ({ target }) => target === window && click.view && answered(AWAY),
    wheel: () => (isByHand = true),
    keydown: () => (isByHand = true),
  };
  for (const name in IN_ITSELF) listeners[name] = () => isByHand || answered(IN_ITSELF[name]);
  // They are there before the page's own, and hear nothing while no click is pending.
  for (const name in listeners) listen(run, name, (event) => click && listeners[name](event));
  window.navigation?.addEventListener('navigate', (event) =>
    run(() => click && (event.destination.sameDocument || isByHand || answered(NAVIGATION))),
  );

  const stop = () => {
    observer.disconnect();
    unhook?.();
    isOn = isPress = isLearning = unhook = click = control = undefined;
    groups = [];
  };
  const stopIn = (ms, then = stop) => {
    clearTimeout(timer);
    timer = setTimeout(() => run(then), ms);
  };
  /** Of what is in an open shadow root, only that tells. */
  const observe = (root) => {
    observer.observe(root, OBSERVED);
    isDrawnOn ||= !!root.querySelector('canvas');
    const walk = document.createTreeWalker(root, SHOW_ELEMENT);
    while (nodes-- > 0 && walk.nextNode()) if (walk.currentNode.shadowRoot) observe(walk.currentNode.shadowRoot);
  };
  const begin = () => {
    if (isOn) return;
    isOn = true;
    originals = new WeakMap();
    enter(WATCH, [], Date.now());
    nodes = NODES_MAX;
    observe(document);
  };

  return {
    numberOf,
    /** A pointer sets out: what changes around it now, no click has changed. */
    approach: (event) => {
      ({ clientX: x, clientY: y } = event);
      if (isOn || event.timeStamp - learntAt < LEARN_EVERY_MS) return;
      learntAt = event.timeStamp;
      isLearning = true;
      begin();
      stopIn(LEARN_MS);
    },
    /** A button is pressed on what is about to be clicked. */
    press: (element, event) => {
      // What the click before changed is looked at beside what was then.
      evaluate();
      isPress = isPressed = true;
      begin();
      isLearning = isByHand = false;
      control = element;
      click = event;
      at = event.timeStamp;
      ({ clientX: x, clientY: y } = event);
      place = { scrolled: scrolledTo(), isThere: isShown(control) };
      remember();
      for (const node of event.composedPath()) if (node instanceof ShadowRoot) observer.observe(node, OBSERVED);
      unhook ??= hookAnswers((what) => run(() => click && answered(what)), cause, (canvas) => run(() => {
        if (click && !(originals.get(canvas)?.drawnAt > performance.now() - 16 && !isIts())) {
          original(canvas, 'drawn');
          originals.get(canvas).drawnAt = performance.now();
          change(canvas, 7, Date.now(), isIts(), true);
        }
      }), isDrawnOn);
      stopIn(HOLD_MS);
    },
    release: () => {
      // As it is pressed no more, and the click not yet handled.
      if (isPressed) place.look = lookOf();
      isPressed = false;
      if (isPress) stopIn(PRESS_MS);
    },
    /** It was clicked; `plain` where it is not on a control, `link` where it leads somewhere. */
    wait: (event, plain, link) => {
      click = event;
      at = event.timeStamp;
      // What scrolled before the click, it did not scroll.
      place.scrolled = scrolledTo();
      isPress = isSettled = false;
      isPlain = plain;
      held = 0;
      handledAt = performance.now();
      // The click's own handlers come first: what is left to do, nobody waits for.
      setTimeout(() => run(() => {
        first();
        frame ||= requestAnimationFrame(evaluate);
        for (const ms of [0, 300, 1000, 1900]) setTimeout(compare, ms, ms > 300);
        if (link && !event.defaultPrevented) answered(NAVIGATION);
        stopIn(PENDING_MS, () => (isSettled ? stop() : stopIn(LATE_MS - PENDING_MS)));
      }));
    },
  };
};
