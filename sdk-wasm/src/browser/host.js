// What the engine calls: time, transport, storage, one timer.
//
// Imported by wasm (see mod.rs). Nothing here decides anything; nothing here may
// throw, because a throw would leave the engine in the middle of a call.

const KEY = 'tidemark';
/** Where events wait that no beacon took; page.js knows both names. */
const KEPT_KEY = 'tidemark.kept';
/** What waits there at most, in characters. */
const KEPT_MAX = 200_000;
/** When a failure is told: later than a page lives that is being left. */
const FAILURE_MS = 100;
/** What a developer is to do about a status. */
const REFUSED = {
  401: ['unknown_write_key', 'the server does not know this writeKey: compare it with the site'],
  403: ['origin_not_allowed', "the server refuses this page's origin: add it to the site's origins"],
};
/** An attempt without an answer for so long has failed. */
const ANSWER_MS = 30_000;

/** What page.js binds: the engine's exports, the URL to send to, callbacks. */
let bound;
let timer;
let waiting = [];
let refused;

/**
 * @param {{ engine: object, url: string, onVerdicts?: (answer: object, events: object[]) => void,
 *   run: (call: () => unknown) => void, report: (code: string, detail: string) => void }} page
 */
export const bind = (page) => {
  bound = page;
};

/** Resolves when what may leave now has left and has its answer. */
export const flushed = () => new Promise((resolve) => waiting.push(resolve));

export const now = () => Date.now();

/** Seconds or a date, as milliseconds from now; 0 for neither. */
const retryAfterMs = (header) => {
  const ms = header > 0 ? header * 1000 : Date.parse(header) - Date.now();
  return ms > 0 ? Math.min(ms, 2 ** 31) : 0;
};

const post = async (body, keepalive) => {
  const response = await fetch(bound.url, {
    method: 'POST',
    body,
    keepalive,
    credentials: 'omit',
    signal: AbortSignal.timeout?.(ANSWER_MS),
  });
  // An unread body would hold the browser's keepalive quota.
  const text = await response.text();
  return [response.status, retryAfterMs(response.headers.get('retry-after')), text];
};

export const send = (body, keepalive) => {
  post(body, keepalive)
    // Navigation takes a request from its page, to which it looks failed, and
    // finishes it: the timer of a page that is gone never fires.
    .catch(() => new Promise((resolve) => setTimeout(resolve, FAILURE_MS, [0, 0, ''])))
    .then(([status, retryAfter, text]) => {
      let answer = {};
      try {
        answer = JSON.parse(text) || answer;
      } catch {
        // Not an answer of ours: the engine counts no verdicts and says so.
      }
      const { accepted, duplicate, rejected, dropped } = answer;
      if (REFUSED[status] && !refused) {
        refused = true;
        bound.run(() => bound.report(...REFUSED[status]));
      }
      bound.run(() =>
        bound.engine.answered(status, retryAfter, accepted, duplicate, rejected, dropped),
      );
      if (answer.verdicts && bound.onVerdicts) {
        bound.run(() => bound.onVerdicts(answer, JSON.parse(body).events));
      }
    });
};

export const beacon = (body) => {
  try {
    // A string goes as text/plain: a beacon of JSON would preflight and be lost.
    return navigator.sendBeacon(bound.url, body);
  } catch {
    return false;
  }
};

/** Runs on storage; blocked or full, it is as if there were none. */
const onStorage = (use) => {
  try {
    return use(localStorage) || '';
  } catch {
    return '';
  }
};

export const stored = () => onStorage((storage) => storage.getItem(KEY));

export const store = (line) => {
  onStorage((storage) => {
    if (line) return storage.setItem(KEY, line);
    storage.removeItem(KEY);
    storage.removeItem(KEPT_KEY);
  });
};

/** Adds lines to what the next page takes; a cut one it will not read. */
export const keep = (lines) => {
  onStorage((storage) => {
    const before = storage.getItem(KEPT_KEY) ?? '';
    // A page is told to be left twice: hidden, and gone.
    if (before.includes(lines)) return;
    const all = before + lines;
    storage.setItem(KEPT_KEY, all.length > KEPT_MAX ? lines.slice(0, KEPT_MAX) : all);
  });
};

/** Takes what was kept. */
export const kept = () =>
  onStorage((storage) => {
    const lines = storage.getItem(KEPT_KEY);
    storage.removeItem(KEPT_KEY);
    return lines;
  });

export const wake = (afterMs, flushing) => {
  clearTimeout(timer);
  if (afterMs >= 0) timer = setTimeout(() => bound.run(bound.engine.tick), afterMs);
  if (!flushing) {
    waiting.forEach((resolve) => resolve());
    waiting = [];
  }
};
