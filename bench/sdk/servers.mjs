// The page's server, and a sink on another origin that takes every product's requests and counts markers.

import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };

const listen = (handle) => new Promise((resolve) => {
  const server = createServer(handle);
  server.listen(0, '127.0.0.1', () => resolve({
    origin: `http://127.0.0.1:${server.address().port}`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  }));
});

/** Serves a folder; isolated, so that the clock of its pages is fine-grained. */
export const servePages = (folder) => listen(async (request, response) => {
  const name = new URL(request.url, 'http://x').pathname;
  const type = TYPES[extname(name)] ?? 'text/html';
  const body = await readFile(join(folder, extname(name) ? name : '/none.html')).catch(() => undefined);
  response.writeHead(body ? 200 : 404, {
    'content-type': type,
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-embedder-policy': 'credentialless',
  }).end(body);
});

/** The text of a body, whatever it is packed in. */
function textOf(body) {
  let bytes = body;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    bytes = gunzipSync(bytes);
  }
  const text = bytes.toString('utf8');
  const form = /^data=([^&]+)/.exec(text);
  if (!form) {
    return text;
  }
  const packed = Buffer.from(decodeURIComponent(form[1]), 'base64');
  return packed.toString('utf8');
}

/** What a product wants to hear of its requests. */
function answerTo(url, text) {
  if (url.includes('/projects/')) {
    return { integrations: { 'Segment.io': { apiKey: 'bench' } }, plan: {} };
  }
  if (url.startsWith('/v1/events/batch')) {
    const { batch_id, events } = JSON.parse(text);
    const verdicts = events.map(({ event_id }) => ({ event_id, verdict: 'accepted' }));
    return { batch_id, verdicts, accepted: events.length, duplicate: 0, rejected: 0, dropped: 0 };
  }
  return { status: 1, code: 200, success: true, supportedCompression: ['gzip', 'gzip-js'], featureFlags: {}, flags: {} };
}

/** Starts the sink; `take()` gives what came since the call before: markers, bytes on the wire, requests. */
export async function startSink() {
  let markers = new Set();
  let bytes = 0;
  let requests = 0;
  const server = await listen(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const origin = request.headers.origin ?? '*';
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-allow-credentials', 'true');
    response.setHeader('access-control-allow-headers', request.headers['access-control-request-headers'] ?? '*');
    response.setHeader('access-control-allow-methods', 'GET, POST, OPTIONS');
    response.setHeader('cross-origin-resource-policy', 'cross-origin');
    const body = Buffer.concat(chunks);
    requests += 1;
    bytes += body.length + request.method.length + request.url.length + 12
      + request.rawHeaders.reduce((sum, part) => sum + part.length + 2, 0);
    if (request.method === 'OPTIONS') {
      response.writeHead(204).end();
      return;
    }
    if (extname(new URL(request.url, 'http://x').pathname) === '.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end('');
      return;
    }
    const text = textOf(body);
    for (const [, marker] of text.matchAll(/marker-(\d+)/g)) markers.add(marker);
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answerTo(request.url, text)));
  });
  return {
    ...server,
    arrived: () => markers.size,
    take() {
      const taken = { arrived: markers.size, bytes, requests };
      markers = new Set();
      bytes = 0;
      requests = 0;
      return taken;
    },
  };
}
