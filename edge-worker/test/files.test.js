// GET /sdk/*: plain files for any page, and nothing besides them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { directory, startEdge } from './support/edge.js';
import { settings } from './support/world.js';

const SCRIPT = 'window.tidemark = {};\n';
const MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
let collector;
let edge;

beforeAll(async () => {
  collector = await startCollector();
  const outside = directory('outside');
  writeFileSync(join(outside, 'secret.js'), 'secret');
  const files = join(outside, 'sdk');
  mkdirSync(join(files, 'v1'), { recursive: true });
  writeFileSync(join(files, 'tidemark.js'), SCRIPT);
  writeFileSync(join(files, 'tidemark.wasm'), MODULE);
  writeFileSync(join(files, 'v1', 'tidemark.js'), SCRIPT);
  writeFileSync(join(files, '.hidden.js'), 'secret');
  writeFileSync(join(files, 'notes.md'), 'secret');
  edge = await startEdge({ vars: settings(collector), files });
});
afterAll(async () => {
  await edge.stop();
  await collector.stop();
});

test.each([
  ['/sdk/tidemark.js', 'text/javascript; charset=utf-8', Buffer.from(SCRIPT)],
  ['/sdk/v1/tidemark.js', 'text/javascript; charset=utf-8', Buffer.from(SCRIPT)],
  ['/sdk/tidemark.wasm', 'application/wasm', Buffer.from(MODULE)],
])('%s', async (path, contentType, bytes) => {
  const response = await fetch(edge.url + path);
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': contentType,
    'access-control-allow-origin': '*',
    'cache-control': 'public, max-age=300, stale-while-revalidate=86400',
    'cross-origin-resource-policy': 'cross-origin',
    'x-content-type-options': 'nosniff',
  });
  expect(Buffer.from(await response.arrayBuffer())).toEqual(bytes);

  const etag = response.headers.get('etag');
  expect(etag).toMatch(/^"[0-9a-f-]+"$/);
  const again = await fetch(edge.url + path, { headers: { 'if-none-match': etag } });
  expect([again.status, again.headers.get('etag'), await again.text()]).toEqual([304, etag, '']);
});

test('HEAD tells the type without the file', async () => {
  const response = await fetch(`${edge.url}/sdk/tidemark.wasm`, { method: 'HEAD' });
  expect([response.status, response.headers.get('content-type'), await response.text()]).toEqual([200, 'application/wasm', '']);
});

test('the module compiles in a stream, as a browser does it', async () => {
  await expect(WebAssembly.compileStreaming(fetch(`${edge.url}/sdk/tidemark.wasm`))).resolves.toBeInstanceOf(WebAssembly.Module);
});

/** Asks for a path exactly as it is written, which fetch would tidy up. */
function raw(path) {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: edge.port, path }, (response) => {
      let text = '';
      response.on('data', (bytes) => (text += bytes)).on('end', () => resolve({ status: response.statusCode, text }));
    })
      .on('error', reject)
      .end();
  });
}

test.each([
  '/sdk/nothing.js',
  '/sdk/',
  '/sdk',
  '/sdk/v1',
  '/sdk/v1/',
  '/sdk/.hidden.js',
  '/sdk/notes.md',
  '/sdk/../secret.js',
  '/sdk/v1/../../secret.js',
  '/sdk/%2e%2e/secret.js',
  '/sdk/..%2fsecret.js',
  '/sdk/..%5csecret.js',
  '/sdk//tidemark.js',
  '/sdk/tidemark.js%00',
])('%s is not there', async (path) => {
  const answer = await raw(path);
  expect(answer.status).toBe(404);
  expect(JSON.parse(answer.text).error.code).toBe('not_found');
});

test('files are read, never written', async () => {
  const response = await fetch(`${edge.url}/sdk/tidemark.js`, { method: 'PUT', body: 'x' });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});
