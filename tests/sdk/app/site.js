// The servers of a test: a site with the SDK beside it, and an endpoint on an origin
// of its own that remembers what it was sent and can be told to fail.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';

const DIST = resolve(import.meta.dirname, '../../../npm/web/dist');
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

const listen = (handle) =>
  new Promise((done) => {
    // A page that is closed breaks off its requests, and nobody waits for their answers.
    const server = createServer((request, response) =>
      Promise.resolve(handle(request, response)).catch((error) => {
        if (error.code !== 'ECONNRESET') throw error;
      }));
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      done({
        port,
        origin: `http://127.0.0.1:${port}`,
        close: () => {
          server.closeAllConnections();
          return new Promise((closed) => server.close(closed));
        },
      });
    });
  });

/**
 * The site: every path without an extension is `html`, and /sdk/ what was built.
 * @param {{ html?: string, headers?: object }} what `headers` go with each page
 */
export const startSite = (what = {}) => {
  const requests = [];
  const site = {
    requests,
    html: `<!doctype html><title>Site</title><link rel="icon" href="data:,">
      <button id="dead">Buy</button><script src="/sdk/tidemark.js"></script>`,
    headers: {},
    ...what,
  };
  return listen(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    requests.push(pathname);
    if (!extname(pathname)) {
      const page = typeof site.html === 'function' ? site.html(pathname) : site.html;
      response.writeHead(200, { 'content-type': 'text/html', ...site.headers }).end(page);
      return;
    }
    try {
      const body = await readFile(join(DIST, pathname));
      response.writeHead(200, { 'content-type': TYPES[extname(pathname)] ?? 'text/plain' }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  }).then((server) => Object.assign(site, server));
};

/** The endpoint: accepts everything, unless `answer` says otherwise. */
export const startSink = async () => {
  const calls = [];
  const sink = {
    calls,
    /** What the site tells its pages, and the addresses by which they asked. */
    settings: {},
    asked: [],
    /** Answers a call itself and returns true, or leaves it to be accepted. */
    answer: () => false,
    batches: () => calls.filter((call) => call.method === 'POST').map((call) => JSON.parse(call.body)),
    events: () => sink.batches().flatMap((batch) => batch.events),
    named: (name) => sink.events().filter((event) => event.event_name === name),
    names: () => sink.events().map((event) => event.event_name),
    /** The ids that came, and the ids that came more than once. */
    ids: (name) => sink.named(name).map((event) => event.event_id),
  };
  const server = await listen(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    const encoding = headers['content-encoding'] ?? new URL(url, 'http://localhost').searchParams.get('encoding') ?? undefined;
    const wire = Buffer.concat(chunks);
    const body = (encoding === 'gzip' ? gunzipSync(wire) : wire).toString();
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-headers', 'content-encoding, content-type');
    response.setHeader('access-control-expose-headers', 'retry-after');
    if (url.startsWith('/v1/site-settings')) {
      sink.asked.push(url);
      response.setHeader('content-type', 'application/json');
      return response.end(JSON.stringify(sink.settings));
    }
    const call = { method, url, encoding, type: headers['content-type'], body, bytes: wire.length, at: Date.now() };
    calls.push(call);
    if (method === 'OPTIONS') return response.writeHead(204).end();
    if (sink.answer(response, call)) return;
    const { batch_id, events } = JSON.parse(body);
    const verdicts = events.map(({ event_id }) => ({ event_id, verdict: 'accepted' }));
    const counts = { accepted: events.length, duplicate: 0, rejected: 0, dropped: 0 };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ batch_id, verdicts, ...counts }));
  });
  return Object.assign(sink, server);
};

/** Starts the SDK in a page; what it tells is kept in `window.errors`. */
export const init = (page, sink, more = {}) =>
  page.evaluate(
    ([endpoint, more]) => {
      window.errors = [];
      const onError = (error) => window.errors.push(error.code);
      window.tidemark.init({ writeKey: 'wk', endpoint, onError, consent: { analytics: true }, capture: { pages: false }, ...more });
    },
    [sink.origin, more],
  );

/** Calls one of the SDK's functions in a page. */
export const call = (page, name, ...args) =>
  page.evaluate(([name, args]) => window.tidemark[name](...args), [name, args]);

/** How many events the durable queue holds, of every page of the origin. */
export const onDisk = (page) =>
  page.evaluate(async () => {
    // To open it before the SDK has would make an empty one.
    const databases = await indexedDB.databases();
    if (!databases.some(({ name }) => name === 'tidemark')) return 0;
    return new Promise((resolve) => {
        const request = indexedDB.open('tidemark');
        request.onsuccess = () => {
          const database = request.result;
          if (!database.objectStoreNames.contains('chunks')) return resolve(0);
          const all = database.transaction('chunks').objectStore('chunks').getAll();
          all.onsuccess = () => {
            database.close();
            resolve(all.result.join('').split('\n').length - 1);
          };
        };
      });
  });
