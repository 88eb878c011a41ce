// The hold of an edge on Cloudflare: a queue, consumed by the same worker, with its dead letters in R2.
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startOnCloudflare } from './support/cloudflare.js';
import { acceptAll, startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { until } from './support/until.js';
import { batch, counter, event, post, settings, TENANT_ID, verdicts } from './support/world.js';

let collector;
let edge;

beforeEach(async () => {
  collector = await startCollector();
});
afterEach(async () => {
  await edge?.stop();
  await collector.stop();
});

const vars = () => settings(collector, { TIDEMARK_HOLD: 'auto', TIDEMARK_COLLECTOR_DEADLINE_MS: '500' });
const ids = (batches) => batches.flatMap(({ events }) => events.map(({ event_id }) => event_id)).sort();
const refuse = () => ({ status: 400, body: { error: { code: 'invalid_batch', detail: '', pointer: '/events' } } });

test('what a collector that is away misses arrives by the queue, once', async () => {
  edge = await startOnCloudflare({ vars: vars() });
  expect(await (await fetch(`${edge.url}/health/ready`)).json()).toEqual({ status: 'ready', hold: 'queue' });
  collector.respond = () => null;
  const sent = [1, 2, 3].map(() => batch([event(), event()]));
  for (const one of sent) expect(verdicts(await post(edge, one))).toEqual(['accepted', 'accepted']);
  expect(verdicts(await post(edge, sent[0]))).toEqual(['duplicate', 'duplicate']);
  const stored = [];
  collector.respond = (hop) => {
    stored.push(hop);
    return acceptAll(hop);
  };
  await until('all of it arrived', () => stored.length === 3, 15_000);
  expect(ids(stored)).toEqual(ids(sent));
  expect(collector.faults).toEqual([]);
});

test('a batch that is larger than a message is cut between events, and arrives whole', async () => {
  edge = await startOnCloudflare({ vars: vars() });
  const noise = () => Array.from({ length: 60 }, () => Math.random().toString(36)).join('').slice(0, 600);
  const sent = batch(Array.from({ length: 500 }, () => event({ attributes: { noise: noise() } })));
  collector.respond = () => null;
  expect(new Set(verdicts(await post(edge, sent)))).toEqual(new Set(['accepted']));
  const stored = [];
  collector.respond = (hop) => {
    stored.push(hop);
    return acceptAll(hop);
  };
  await until('all of it arrived', () => ids(stored).length === 500, 15_000);
  expect(stored.length).toBeGreaterThan(1);
  expect(stored.map(({ batch_id }) => batch_id)).toEqual(stored.map(() => sent.batch_id));
  expect(ids(stored)).toEqual(ids([sent]));
});

test('what the collector refuses for good is a dead letter in R2, readable as it was held', async () => {
  edge = await startOnCloudflare({ vars: vars() });
  collector.respond = () => null;
  const sent = batch(Array.from({ length: 20 }, () => event()));
  expect(new Set(verdicts(await post(edge, sent)))).toEqual(new Set(['accepted']));
  collector.respond = refuse;
  const [letter] = await until('it is in R2', async () => {
    const letters = await edge.deadLetters();
    return letters.length > 0 && letters;
  }, 15_000);
  expect(letter.key).toMatch(new RegExp(`^v1/${TENANT_ID}/\\d{4}-\\d\\d-\\d\\d/.+`));
  expect(letter.bytes.subarray(0, 4)).toEqual(Buffer.from('TH\x01\x01'));
  expect(ids([JSON.parse(gunzipSync(letter.bytes.subarray(30)))])).toEqual(ids([sent]));
});

test("what the platform takes out of the worker's hands is a dead letter, too", async () => {
  edge = await startOnCloudflare({ vars: vars(), maxRetries: 0 });
  collector.respond = () => null;
  expect(verdicts(await post(edge, batch([event()])))).toEqual(['accepted']);
  await until('it is in R2', async () => (await edge.deadLetters()).length === 1, 15_000);
});

test.each([
  ['has no room', 'Queue sendBatch failed: Too Many Requests', 'overloaded', '60'],
  ['is away', 'Queue sendBatch failed: Internal Server Error', 'collector_unavailable', '5'],
])('a queue that %s: 503, and the caller keeps its events', async (_, words, code, retryAfter) => {
  const config = fileURLToPath(new URL('support/queue.capnp', import.meta.url));
  edge = await startEdge({ vars: { ...vars(), QUEUE_SAYS: words }, config });
  collector.respond = () => null;
  const sent = batch([event(), event()]);
  const refused = await post(edge, sent);
  expect([refused.status, refused.body.error.code, refused.headers.get('retry-after')]).toEqual([503, code, retryAfter]);
  expect(await counter(edge, 'hold', 'kept')).toBe(0);
  collector.respond = acceptAll;
  expect(verdicts(await post(edge, sent))).toEqual(['accepted', 'accepted']);
});
