// Bodies as they come off the wire: compressed, cut short, slow, and meant to harm.
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { deflateRawSync, deflateSync, gzipSync, brotliCompressSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { batch, event, PAGE_ORIGIN, post, settings, verdicts, WRITE_KEY } from './support/world.js';

let collector;
let edge;

beforeAll(async () => {
  collector = await startCollector();
  edge = await startEdge({ vars: settings(collector, { TIDEMARK_BODY_DEADLINE_MS: '500' }) });
});
beforeEach(() => collector.forget());
afterAll(async () => {
  expect(verdicts(await post(edge, batch([event()])))).toEqual(['accepted']);
  expect(edge.log()).not.toMatch(/Uncaught|Critical|panic/);
  await edge.stop();
  await collector.stop();
});

const text = () => JSON.stringify(batch(Array.from({ length: 50 }, () => event())));
const send = async (body, encoding) => {
  const answer = await post(edge, body, { headers: { 'content-encoding': encoding } });
  return [answer.status, answer.body.error?.code ?? answer.body.accepted, answer.headers.get('accept-encoding')];
};

test.each([
  ['gzip', gzipSync],
  ['GZIP', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['identity', Buffer.from],
])('%s is taken', async (encoding, compress) => {
  expect(await send(compress(text()), encoding)).toEqual([200, 50, null]);
  expect(collector.batches[0].events).toHaveLength(50);
});

test('a page names its coding in the query, and asks nobody first', async () => {
  const sent = async (query, body, headers = {}) => {
    const answer = await fetch(`${edge.url}/v1/events/batch?write_key=${WRITE_KEY}&encoding=${query}`, {
      method: 'POST', body, headers: { origin: PAGE_ORIGIN, 'content-type': 'text/plain', ...headers },
    });
    const told = await answer.json();
    return [answer.status, told.error?.code ?? told.accepted];
  };
  expect(await sent('gzip', gzipSync(text()))).toEqual([200, 50]);
  expect(await sent('deflate', deflateSync(text()))).toEqual([200, 50]);
  expect(await sent('br', brotliCompressSync(text()))).toEqual([415, 'unsupported_encoding']);
  expect(await sent('gzip', text())).toEqual([400, 'invalid_encoding']);
  // The header stands over it.
  expect(await sent('deflate', gzipSync(text()), { 'content-encoding': 'gzip' })).toEqual([200, 50]);
});

test.each([
  ['br', brotliCompressSync('{}')],
  ['zstd', Buffer.from('{}')],
  ['gzip, gzip', gzipSync(gzipSync('{}'))],
  ['deflate, gzip', gzipSync(deflateSync('{}'))],
])('%s is not taken, and the answer tells what is', async (encoding, body) => {
  expect(await send(body, encoding)).toEqual([415, 'unsupported_encoding', 'gzip, deflate']);
});

const bomb = Buffer.alloc(100_000_000, ' ');
// Packed before a connection is there: this thread stands still meanwhile, and would
// afterwards send on a connection that the other side had long closed.
const [gzipped, deflated] = [gzipSync(bomb), deflateSync(bomb)];
test.each([
  ['a bomb of 100 MB', 'gzip', () => gzipped, 413, 'body_too_large'],
  ['a bomb of 100 MB', 'deflate', () => deflated, 413, 'body_too_large'],
  ['a bomb below the limit', 'gzip', () => gzipSync(bomb.subarray(0, 400_000)), 413, 'body_too_large'],
  ['a bomb in a bomb', 'gzip', () => gzipSync(gzipped), 413, 'body_too_large'],
  ['a small bomb in a bomb', 'gzip', () => gzipSync(gzipSync(bomb.subarray(0, 1_000_000))), 400, 'invalid_utf8'],
  ['a truncated body', 'gzip', () => gzipSync(text()).subarray(0, -9), 400, 'invalid_encoding'],
  ['a truncated body', 'deflate', () => deflateSync(text()).subarray(0, -5), 400, 'invalid_encoding'],
  ['a body without its checksum', 'gzip', () => gzipSync(text()).subarray(0, -8), 400, 'invalid_encoding'],
  ['two members', 'gzip', () => Buffer.concat([gzipSync('{"events":[]}'), gzipSync(' ')]), 400, 'invalid_encoding'],
  ['another coding', 'gzip', () => deflateSync(text()), 400, 'invalid_encoding'],
  ['a raw stream', 'deflate', () => deflateRawSync(text()), 400, 'invalid_encoding'],
  ['plain text', 'gzip', () => Buffer.from(text()), 400, 'invalid_encoding'],
  ['nothing', 'gzip', () => Buffer.alloc(0), 400, 'invalid_encoding'],
])('%s (%s)', async (_, encoding, body, status, code) => {
  expect((await send(body(), encoding)).slice(0, 2)).toEqual([status, code]);
  expect(collector.batches).toEqual([]);
});

test('a body that comes too slowly is given up', async () => {
  const response = await new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(edge.port, '127.0.0.1', () => {
      socket.write(`POST /v1/events?write_key=${WRITE_KEY} HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 1000\r\n\r\n{"batch_id":"${randomUUID()}"`);
    });
    socket.on('data', (data) => {
      heard += data;
      if (heard.includes('}}')) socket.destroy();
    });
    socket.on('error', reject).on('close', () => resolve(heard));
  });
  expect(response).toMatch(/^HTTP\/1\.1 408 /);
  expect(response).toContain('"request_timeout"');
});
