// GET /sdk/*: plain files for any page, and nothing besides them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { directory, startEdge } from './support/edge.js';
import { settings } from './support/world.js';

const VERSION = '0123456789abcdef';
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
  mkdirSync(join(files, VERSION));
  writeFileSync(join(files, VERSION, 'tidemark.js'), SCRIPT);
  writeFileSync(join(files, VERSION, 'tidemark.js.br'), brotliCompressSync(SCRIPT));
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

test('a version is kept for ever, and packed with Brotli for who takes it', async () => {
  const path = `/sdk/${VERSION}/tidemark.js`;
  const plain = await raw(path);
  const packed = await raw(path, { 'accept-encoding': 'gzip, br' });
  for (const answer of [plain, packed]) {
    expect([answer.status, answer.headers['cache-control'], answer.headers.vary]).toEqual([200, 'public, max-age=31536000, immutable', 'accept-encoding']);
    expect(answer.headers['content-type']).toBe('text/javascript; charset=utf-8');
  }
  expect([plain.headers['content-encoding'], packed.headers['content-encoding']]).toEqual([undefined, 'br']);
  expect([plain.text, String(brotliDecompressSync(packed.bytes))]).toEqual([SCRIPT, SCRIPT]);
  expect(packed.headers.etag).not.toBe(plain.headers.etag);
  const again = await raw(path, { 'accept-encoding': 'br', 'if-none-match': packed.headers.etag });
  expect([again.status, again.bytes.length]).toEqual([304, 0]);
  // Where nothing is packed, the file comes as it is.
  const unpacked = await raw('/sdk/tidemark.wasm', { 'accept-encoding': 'br' });
  expect([unpacked.headers['content-encoding'], unpacked.bytes]).toEqual([undefined, Buffer.from(MODULE)]);
});

/** Asks for a path exactly as it is written, which fetch would tidy up. */
function raw(path, headers = {}) {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: edge.port, path, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk)).on('end', () => {
        const bytes = Buffer.concat(chunks);
        resolve({ status: response.statusCode, headers: response.headers, bytes, text: String(bytes) });
      });
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
  `/sdk/${VERSION}/tidemark.js.br`,
])('%s is not there', async (path) => {
  const answer = await raw(path);
  expect(answer.status).toBe(404);
  expect(JSON.parse(answer.text).error.code).toBe('not_found');
});

test('files are read, never written', async () => {
  const response = await fetch(`${edge.url}/sdk/tidemark.js`, { method: 'PUT', body: 'x' });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});
