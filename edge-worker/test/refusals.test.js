// Every refusal of a whole call: its exact status, code and pointer; nothing of it reaches the collector.
import { request } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { batch, counter, event, OTHER_WRITE_KEY, PAGE_ORIGIN, post, settings, WRITE_KEY } from './support/world.js';

let collector;
let edge;

beforeAll(async () => {
  collector = await startCollector();
  edge = await startEdge({ vars: settings(collector) });
});
afterAll(async () => {
  expect([collector.batches, collector.faults]).toEqual([[], []]);
  await edge.stop();
  await collector.stop();
});

const good = () => batch([event()]);
const many = JSON.stringify({ events: Array(501).fill(1) });

const CASES = [
  ['a body that is no JSON', '{"events":[', {}, 400, 'invalid_json'],
  ['an empty body', '', {}, 400, 'invalid_json'],
  ['two bodies in one', '{"events":[]} {"events":[]}', {}, 400, 'invalid_json'],
  ['bytes that are no UTF-8', new Uint8Array([0x7b, 0xff, 0x7d]), {}, 400, 'invalid_utf8'],
  ['a body that is no object', '[]', {}, 400, 'invalid_batch', ''],
  ['no events', '{"batch_id":"b"}', {}, 400, 'invalid_batch', '/events'],
  ['events that are no list', '{"events":{}}', {}, 400, 'invalid_batch', '/events'],
  ['an unknown member', '{"events":[],"event":1}', {}, 400, 'invalid_batch', '/event'],
  ['a sent_at that is no time', '{"events":[],"sent_at":"now"}', {}, 400, 'invalid_batch', '/sent_at'],
  ["the hop's own members from outside", '{"events":[],"tenant_id":"11111111-1111-4111-8111-111111111111"}', {}, 400, 'invalid_batch', '/tenant_id'],
  ['an Idempotency-Key of 257 bytes', good, { headers: { 'idempotency-key': 'k'.repeat(257) } }, 400, 'invalid_batch'],
  ['no write key', good, { query: '' }, 401, 'unknown_write_key'],
  ['an unknown key in the query', good, { query: '?write_key=wk_nobody' }, 401, 'unknown_write_key'],
  ['an unknown key in the batch', () => ({ ...good(), write_key: 'wk_nobody' }), { query: '' }, 401, 'unknown_write_key'],
  ['an empty key', good, { query: '?write_key=' }, 401, 'unknown_write_key'],
  ['query and bearer disagree', good, { headers: { authorization: `Bearer ${OTHER_WRITE_KEY}` } }, 401, 'write_key_conflict'],
  ['query and batch disagree', () => ({ ...good(), write_key: OTHER_WRITE_KEY }), {}, 401, 'write_key_conflict'],
  ['bearer and batch disagree', () => ({ ...good(), write_key: OTHER_WRITE_KEY }), { query: '', headers: { authorization: `Bearer ${WRITE_KEY}` } }, 401, 'write_key_conflict'],
  ['the query disagrees with itself', good, { query: `?write_key=${WRITE_KEY}&write_key=${OTHER_WRITE_KEY}` }, 401, 'write_key_conflict'],
  ['a foreign origin', good, { headers: { origin: 'https://evil.example' } }, 403, 'origin_not_allowed'],
  ['a look-alike of a subdomain', good, { headers: { origin: 'https://evilpreview.example' } }, 403, 'origin_not_allowed'],
  ['an opaque origin', good, { headers: { origin: 'null' } }, 403, 'origin_not_allowed'],
  ['a foreign origin with the key in the batch', () => ({ ...good(), write_key: WRITE_KEY }), { query: '', headers: { origin: 'https://evil.example' } }, 403, 'origin_not_allowed'],
  ["another site's origin", good, { query: `?write_key=${OTHER_WRITE_KEY}`, headers: { origin: PAGE_ORIGIN } }, 403, 'origin_not_allowed'],
  ['an unknown path', good, { path: '/v1/event' }, 404, 'not_found'],
  ['the hop from outside', good, { path: '/internal/v1/ingest' }, 404, 'not_found'],
  ['501 events', many, {}, 413, 'too_many_events', '/events'],
  ['500,001 bytes', ' '.repeat(500_001), {}, 413, 'body_too_large'],
  ['another content type', good, { headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, 'unsupported_media_type'],
  ['another content encoding', good, { headers: { 'content-encoding': 'br' } }, 415, 'unsupported_encoding'],
  ['two content encodings', good, { headers: { 'content-encoding': 'gzip, deflate' } }, 415, 'unsupported_encoding'],
];

test.each(CASES)('%s', async (_, body, options, status, code, pointer) => {
  const answer = await post(edge, typeof body === 'function' ? body() : body, options);
  const error = { code, detail: expect.stringMatching(/^[A-Z].*\.$/) };
  expect([answer.status, answer.body]).toEqual([status, { error: pointer === undefined ? error : { ...error, pointer } }]);
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(answer.headers.get('cache-control')).toBe('no-store');
});

test('another method is 405 and told which it takes', async () => {
  const response = await fetch(`${edge.url}/v1/events`, { method: 'PUT', body: '{}' });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST, OPTIONS']);
  expect((await response.json()).error.code).toBe('method_not_allowed');
});

test('no content type at all is 415', async () => {
  const body = new Blob([JSON.stringify(good())]);
  const response = await fetch(`${edge.url}/v1/events?write_key=${WRITE_KEY}`, { method: 'POST', body });
  expect([response.status, (await response.json()).error.code]).toEqual([415, 'unsupported_media_type']);
});

test('a body without a length is cut off at the limit', async () => {
  const answer = await new Promise((resolve, reject) => {
    const call = request(`${edge.url}/v1/events/batch?write_key=${WRITE_KEY}`, { method: 'POST', headers: { 'content-type': 'text/plain' } });
    call.on('response', resolve).on('error', reject);
    for (let sent = 0; sent < 600_000; sent += 60_000) call.write(' '.repeat(60_000));
    call.end();
  });
  expect(answer.statusCode).toBe(413);
});

test('every refusal is counted by its code', async () => {
  const before = await counter(edge, 'refusals', 'invalid_json');
  await post(edge, '{');
  await post(edge, '}');
  expect(await counter(edge, 'refusals', 'invalid_json')).toBe(before + 2);
});

test('an offending value is never repeated', async () => {
  const secret = 'jo@example.org';
  for (const sent of [`{"${secret}":1}`, batch([event({ [secret.replace(/\W/g, '_')]: secret, event_name: secret })])]) {
    const answer = await post(edge, sent);
    expect(JSON.stringify(answer.body.error?.detail ?? answer.body.verdicts[0].detail)).not.toContain(secret);
  }
  expect(edge.log()).not.toContain(secret);
});
