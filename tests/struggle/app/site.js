// The site that holds the pages, and a sink that keeps what each visit sent.

import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { build } from 'esbuild';

const DIST = resolve(import.meta.dirname, '../../../npm/web/dist');
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm' };

const LIBRARIES = {
  react: `import * as React from 'react'; import { createRoot } from 'react-dom/client';
    window.React = React; window.createRoot = createRoot;`,
  vue: `import * as Vue from 'vue/dist/vue.esm-bundler.js'; window.Vue = Vue;`,
};

/** A script of what is imported, for browsers; `from` is where packages are looked for. */
export const bundle = async (contents, from = import.meta.dirname) => {
  const built = await build({
    stdin: { contents, resolveDir: from },
    bundle: true, minify: true, format: 'iife', write: false, logLevel: 'error',
    define: {
      'process.env.NODE_ENV': '"production"', __VUE_OPTIONS_API__: 'true',
      __VUE_PROD_DEVTOOLS__: 'false', __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'false',
    },
  });
  return built.outputFiles[0].text;
};

const listen = (handle) =>
  new Promise((done) => {
    const server = createServer(handle);
    server.listen(0, '127.0.0.1', () =>
      done({
        origin: `http://127.0.0.1:${server.address().port}`,
        close: () => {
          server.closeAllConnections();
          return new Promise((closed) => server.close(closed));
        },
      }),
    );
  });

/**
 * Serves every scenario at /NAME/ with the product in it, and `/slow/MS`, which
 * answers late.
 * @param {string} head what a page holds before everything else
 * @param {string} script the product, where it is not ours
 */
export const startSite = async (scenarios, head, script = '') => {
  const libraries = {};
  for (const name in LIBRARIES) libraries[name] = await bundle(LIBRARIES[name]);
  return listen(async (request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    const [, first, second] = pathname.split('/');
    const send = (type, text) => response.writeHead(200, { 'content-type': type }).end(text);
    if (first === 'slow') return void setTimeout(() => send('text/html', '<!doctype html><title>Late</title><p>Here it is.'), Number(second));
    if (first === 'fails') return void response.writeHead(500).end('no');
    if (first === 'lib') return void send('text/javascript', libraries[second.replace('.js', '')]);
    if (first === 'product.js') return void send('text/javascript', script);
    if (first === 'sdk') {
      const body = await readFile(join(DIST, pathname)).catch(() => undefined);
      return void response.writeHead(body ? 200 : 404, { 'content-type': TYPES[extname(pathname)] ?? 'text/plain' }).end(body);
    }
    const scenario = scenarios.find(({ name }) => name === first);
    if (!scenario) return void response.writeHead(404).end();
    // A page of several: what the page calls its screens is in the rest of the path.
    send('text/html', scenario.html.replace('<head>', `<head>${head(first)}`));
  });
};

/** Takes whatever any product sends; `bodies(visit)` is what came for that visit. */
export const startSink = async () => {
  const all = new Map();
  const server = await listen(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const wire = Buffer.concat(chunks);
    const body = (wire[0] === 0x1f && wire[1] === 0x8b ? gunzipSync(wire) : wire).toString();
    const { origin = '*', 'access-control-request-headers': headers = '*' } = request.headers;
    response.setHeader('access-control-allow-origin', origin);
    response.setHeader('access-control-allow-credentials', 'true');
    response.setHeader('access-control-allow-headers', headers);
    if (request.method === 'OPTIONS') return void response.writeHead(204).end();
    const [, visit] = request.url.split('/');
    if (request.method === 'POST') all.set(visit, [...(all.get(visit) ?? []), body]);
    response.setHeader('content-type', 'application/json');
    let verdicts = [];
    try {
      verdicts = JSON.parse(body).events.map(({ event_id }) => ({ event_id, verdict: 'accepted' }));
    } catch {
      // Not ours.
    }
    response.end(JSON.stringify({
      batch_id: null, verdicts, accepted: verdicts.length, duplicate: 0, rejected: 0, dropped: 0,
      status: 1, code: 200, success: true, featureFlags: {}, flags: {},
    }));
  });
  return { ...server, bodies: (visit) => all.get(visit) ?? [] };
};
