// What the engine calls: time, transport, storage, one timer.
//
// Imported by wasm (see mod.rs). Nothing here decides anything; nothing here may
// throw, because a throw would leave the engine in the middle of a call.

/** The two functions of the engine that are called from here, as in calls.js: nothing is imported, because the browser
 * tests' linker takes this file alone. */
const ANSWERED = 'a';
const TICK = 'b';
/** When a failure is told: later than a page lives that is being left. */
const FAILURE_MS = 100;
/** What a developer is to do about a status. */
const REFUSED = {
  401: ['unknown_write_key', 'check writeKey'],
  403: ['origin_not_allowed', 'add this origin to the site'],
};
/** An attempt without an answer for so long has failed. */
const ANSWER_MS = 30_000;
/** Compressing takes the main thread about as long for any batch; a shorter body gains
 * too little for it (measured in docs/delivery.md). */
const GZIP_MIN = 4096;

/** What page.js binds: the engine's exports, storage, the URL to send to, callbacks. */
let bound;
let timer;
let waiting = [];
let refused;
let trusted = false;
/** While the page is gone, or in the browser's cache: ends when it comes back. */
let away, comeBack;
/** Ends the compression that goes on: a page that is left does not wait for it. */
let hurry;

/**
 * @param {{ engine: object, url: string, storage: object, gzip?: boolean,
 *   beforeSend?: (event: object) => object | null | undefined,
 *   onVerdicts?: (answer: object, events: object[]) => void,
 *   step?: (kind: string, ...data: unknown[]) => void,
 *   run: (call: () => unknown) => void, report: (code: string, detail: string) => void }} page `step` is the inspector's
 */
export const bind = (page) => {
  bound = page;
};

/** Resolves when what may leave now has left and has its answer. */
export const flushed = () => new Promise((resolve) => waiting.push(resolve));

/** Takes that the page is left, and tells whether the server gave its verdicts when it was last asked. */
export const leaving = (gone) => {
  hurry?.();
  if (gone) away ??= new Promise((resolve) => (comeBack = resolve));
  return trusted;
};

/** Takes that the page is here again. */
export const returned = () => {
  comeBack?.();
  away = comeBack = undefined;
};

export const now = () => Date.now();

/** The text at a place in the module's memory. */
const read = (at, length) =>
  new TextDecoder().decode(new Uint8Array(bound.engine.memory.buffer, at, length));

/** Seconds or a date, as milliseconds from now; 0 for neither. */
const retryAfterMs = (header) => {
  const ms = header > 0 ? header * 1000 : Date.parse(header) - Date.now();
  return ms > 0 ? Math.min(ms, 2 ** 31) : 0;
};

/** What `use` returns for the compressed body; for the body itself, at once, where the
 * page is left before: its request comes before the beacons, or the quota is theirs. */
const compressed = (body, use) =>
  new Promise((resolve) => {
    const mine = (small) => {
      hurry = undefined;
      resolve(use(small));
    };
    const leaves = (hurry = () => mine(body));
    new Response(new Blob([body]).stream().pipeThrough(new CompressionStream('gzip')))
      .arrayBuffer()
      .catch(() => body)
      .then((small) => leaves === hurry && mine(small));
  });

const post = async (body, keepalive) => {
  const request = (small) =>
    // In the query: a header that says so would need a preflight.
    fetch(bound.url + (small === body ? '' : '&encoding=gzip'), {
      method: 'POST',
      body: small,
      headers: { 'content-type': 'text/plain' },
      keepalive,
      credentials: 'omit',
      signal: AbortSignal.timeout?.(ANSWER_MS),
    });
  const response = await (bound.gzip && body.length > GZIP_MIN ? compressed(body, request) : request(body));
  // An unread body would hold the browser's keepalive quota.
  const text = await response.text();
  return [response.status, retryAfterMs(response.headers.get('retry-after')), text];
};

/** The body as the page's own hook lets it go, and how many events it kept back. */
const hooked = (body) => {
  if (!bound.beforeSend) return [body, 0];
  const batch = JSON.parse(body);
  const { events } = batch;
  // An event whose hook throws may not be fit to leave.
  batch.events = events.map((event) => bound.run(() => bound.beforeSend(event))).filter(Boolean);
  return [batch.events.length ? JSON.stringify(batch) : '', events.length - batch.events.length];
};

export const send = (at, length, keepalive) => {
  const whole = read(at, length);
  const [body, keptBack] = hooked(whole);
  bound.step?.('send', whole, body);
  (body ? post(body, keepalive) : Promise.resolve([200, 0, '{}']))
    // Navigation takes a request from its page, to which it looks failed, and
    // finishes it: no failure is told while the page is gone.
    .catch(async () => {
      await new Promise((resolve) => setTimeout(resolve, FAILURE_MS));
      await away;
      return [0, 0, ''];
    })
    .then(([status, retryAfter, text]) => {
      bound.step?.('answer', status, text);
      let answer = {};
      try {
        answer = JSON.parse(text) || answer;
      } catch {
        // Not an answer of ours: the engine counts no verdicts and says so.
      }
      const { accepted, duplicate, rejected, dropped = 0 } = answer;
      if (REFUSED[status] && !refused) {
        refused = true;
        bound.run(() => bound.report(...REFUSED[status]));
      }
      trusted = !!answer.verdicts;
      bound.run(() =>
        bound.engine[ANSWERED](status, retryAfter, accepted, duplicate, rejected, dropped + keptBack),
      );
      if (answer.verdicts && bound.onVerdicts) {
        bound.run(() => bound.onVerdicts(answer, JSON.parse(body).events));
      }
    });
};

export const beacon = (at, length) => {
  try {
    const whole = read(at, length);
    const [body] = hooked(whole);
    // A string goes as text/plain: a beacon of JSON would preflight and be lost.
    const taken = !body || navigator.sendBeacon(bound.url, body);
    if (taken) bound.step?.('beacon', whole, body);
    return taken;
  } catch {
    return false;
  }
};

export const stored = () => bound.engine.give(bound.storage.stored());
export const store = (at, length) =>
  length ? bound.storage.store(read(at, length)) : bound.storage.forget();
export const save = (chunk, at, length) => bound.storage.save(chunk, read(at, length));
export const remove = (chunk) => bound.storage.remove(chunk);

export const wake = (afterMs, flushing) => {
  clearTimeout(timer);
  if (afterMs >= 0) timer = setTimeout(() => bound.run(bound.engine[TICK]), afterMs);
  if (!flushing) {
    waiting.forEach((resolve) => resolve());
    waiting = [];
  }
};
