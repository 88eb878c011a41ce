// An endpoint on an origin of its own that accepts everything and remembers it,
// and the server of the built app.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

const listen = (handle) =>
  new Promise((resolve) => {
    const server = createServer(handle);
    server.listen(0, '127.0.0.1', () => {
      const origin = `http://127.0.0.1:${server.address().port}`;
      const close = () => {
        server.closeAllConnections();
        return new Promise((done) => server.close(done));
      };
      resolve({ origin, close });
    });
  });

/** @returns an endpoint; `calls` are the requests, `events()` what they carried. */
export const startSink = async () => {
  const calls = [];
  const answers = [];
  const server = await listen(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    const wire = Buffer.concat(chunks);
    const body = (url.includes('encoding=gzip') ? gunzipSync(wire) : wire).toString();
    response.setHeader('access-control-allow-origin', '*');
    if (url.startsWith('/v1/site-settings')) return response.end('{}');
    calls.push({ method, url, type: headers['content-type'], body });
    response.setHeader('access-control-expose-headers', 'retry-after');
    const refusal = answers.shift();
    if (refusal) {
      response.writeHead(refusal.status, refusal.headers).end(refusal.body ?? '');
      return;
    }
    const { batch_id, events } = JSON.parse(body);
    const verdicts = events.map(({ event_id }) => ({ event_id, verdict: 'accepted' }));
    const counts = { accepted: events.length, duplicate: 0, rejected: 0, dropped: 0 };
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ batch_id, verdicts, ...counts }));
  });
  return {
    ...server,
    calls,
    /** What the next calls are answered instead, in order. */
    answers,
    batches: () => calls.filter(({ method }) => method === 'POST').map(({ body }) => JSON.parse(body)),
    events() {
      return this.batches().flatMap((batch) => batch.events);
    },
    names() {
      return this.events().map((event) => event.event_name);
    },
  };
};

/** Serves a folder of files. */
export const serve = (folder) =>
  listen(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const name = pathname === '/' || !extname(pathname) ? '/index.html' : pathname;
    try {
      const body = await readFile(join(folder, name));
      response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'text/plain' }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
