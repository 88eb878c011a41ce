// What the engine calls: time, transport, storage, one timer.
//
// Imported by wasm (see mod.rs). Nothing here decides anything; nothing here may
// throw, because a throw would leave the engine in the middle of a call.

const KEY = 'tidemark';
/** An attempt without an answer for so long has failed. */
const ANSWER_MS = 30_000;

/** What connect.js binds: the engine's exports, the URL to send to, callbacks. */
let bound;
let timer;
let waiting = [];

/**
 * @param {{ engine: object, url: string, onVerdicts?: (answer: object, events: object[]) => void,
 *   run: (call: () => unknown) => void }} page
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
    .catch(() => [0, 0, ''])
    .then(([status, retryAfter, text]) => {
      let answer = {};
      try {
        answer = JSON.parse(text) || answer;
      } catch {
        // Not an answer of ours: the engine counts no verdicts and says so.
      }
      const { accepted, duplicate, rejected, dropped } = answer;
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

export const stored = () => {
  try {
    return localStorage.getItem(KEY) || '';
  } catch {
    return '';
  }
};

export const store = (line) => {
  try {
    if (line) localStorage.setItem(KEY, line);
    else localStorage.removeItem(KEY);
  } catch {
    // Storage is blocked or full: the identity lives as long as the page.
  }
};

export const wake = (afterMs, flushing) => {
  clearTimeout(timer);
  if (afterMs >= 0) timer = setTimeout(() => bound.run(bound.engine.tick), afterMs);
  if (!flushing) {
    waiting.forEach((resolve) => resolve());
    waiting = [];
  }
};
