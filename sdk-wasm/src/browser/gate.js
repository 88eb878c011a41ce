// Stands before the engine: what enters before there is one waits here, as text.
//
// Before a grant there is no engine, because loading it is a request. Bounded by
// calls and by length; what does not fit, and what a denial forgets, is counted.

import { CLICK, COUNT, SHOW, TRACK } from './calls.js';

/** Calls that wait, at most: as many events as the engine's queue holds. */
const CALLS_MAX = 1000;
/** Characters that wait, at most; as many bytes as the engine's queue holds. */
const LENGTH_MAX = 512 * 1024;
/** Where in the counts of mod.rs the dropped ones are. */
const DROPPED = 4;
/** The engine's numbers for its refusals, see refusal() in mod.rs. A denial, 3, is
 * the visitor's, not the developer's, to be told of. */
const REFUSALS = [, 'invalid_event_name', 'event_too_large', , 'invalid_attributes'];

/** The functions of the engine's that take an event. */
const isEvent = ([name, , args]) => name === TRACK || (name === CLICK && args[5] & 4);

/**
 * @param {(call: () => unknown) => unknown} run contains what a call throws
 * @param {(code: string, detail: unknown) => void} report tells the developer
 */
export const createGate = (run, report) => {
  const lost = [0, 0, 0, 0, 0];
  let calls = [];
  let length = 0;
  let shown;
  let engine, step;
  let closed, dead;
  /** What is to enter before anything else does. */
  let due;
  const first = (call) => {
    const earlier = due;
    due = undefined;
    earlier?.();
    due = call;
  };

  const act = ([name, texts, args]) => {
    texts.forEach((text) => engine.give(text));
    const returned = engine[name](...args);
    const refused = name === TRACK && REFUSALS[returned];
    if (refused) report(refused, texts[0]);
    return returned;
  };
  const held = () => (engine ? engine[COUNT](5) : calls.filter(isEvent).length);

  return {
    lost,
    held,
    /** Does what was put off, and puts off `call` until anything enters or this is called again. */
    first,
    /** Calls the engine's function `name`, with texts given before; or lets that wait. */
    enter: (name, texts = [], ...args) => {
      first();
      const call = [name, texts, args];
      step?.('enter', ...call);
      if (engine) return act(call);
      const size = texts.join('').length;
      if (name === SHOW) shown = call;
      if (!closed && calls.length < CALLS_MAX && length + size <= LENGTH_MAX) {
        calls.push(call);
        length += size;
      } else if (isEvent(call)) lost[DROPPED]++;
    },
    /** Tells what waits and what enters from now on, for the inspector. */
    watch: (tell) => {
      step = tell;
      calls.forEach((call) => step?.('enter', ...call));
    },
    /** Whether the engine is there. */
    isOpen: () => !!engine,
    /** Lets calls wait again, unless there will never be an engine. */
    hold: () => {
      if (closed && shown) calls = [shown];
      closed = dead;
    },
    /** Forgets what waits and what would; `forever` when no engine can come. */
    forget: (forever) => {
      lost[DROPPED] += held();
      calls = [];
      length = 0;
      closed = true;
      dead ||= forever;
    },
    /** Lets what waited into the engine, in order, and then everything else. */
    open: (started) => {
      engine = started;
      // What is shown now may not have fitted.
      if (shown) calls.push(shown);
      calls.forEach((call) => run(() => act(call)));
      calls = [];
    },
    /** What waits and was tracked: name, attributes and time of each. */
    tracked: () =>
      calls.filter(([name]) => name === TRACK).map(([, texts, [at]]) => [...texts, at]),
    counts: () => lost.map((count, which) => count + (engine ? engine[COUNT](which) : 0)),
  };
};
