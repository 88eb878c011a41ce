// The hold of a self-hosted edge: what is accepted while the collector is away arrives, once, whatever dies.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acceptAll, HOP_KEY_ID, NEXT_KEY_ID, NEXT_SECRET, startCollector } from './support/collector.js';
import { directory, startEdge } from './support/edge.js';
import { until } from './support/until.js';
import { batch, counter, event, post, settings, verdicts } from './support/world.js';

let collector;
let edge;

beforeEach(async () => {
  collector = await startCollector();
});
afterEach(async () => {
  await edge?.stop();
  await collector.stop();
});

const HOLD = { TIDEMARK_HOLD: '', TIDEMARK_COLLECTOR_DEADLINE_MS: '300' };
const start = async (changes = {}, options = {}) => (edge = await startEdge({ vars: settings(collector, { ...HOLD, ...changes }), ...options }));

/** A collector that keeps each id once, as the real one does; `stored` is what it has. */
function deduplicate(from) {
  const stored = from ?? new Map();
  collector.respond = (hop) => {
    const answer = acceptAll(hop);
    for (const line of answer.body.verdicts) {
      if (stored.has(line.event_id)) line.verdict = 'duplicate';
      stored.set(line.event_id, (stored.get(line.event_id) ?? 0) + 1);
    }
    return answer;
  };
  return stored;
}
const ids = (batches) => batches.flatMap(({ events }) => events.map(({ event_id }) => event_id)).sort();
const drained = () => until('nothing is held', async () => (await counter(edge, 'outbox_events')) === 0, 15_000);

test.each([
  ['hangs up', () => null],
  ['never answers', () => undefined],
  ['answers 500', () => ({ status: 500, body: 'oops' })],
  ['answers 503', () => ({ status: 503, body: { error: { code: 'store_unavailable', detail: '' } } })],
  ['does not know the key', () => ({ status: 401, body: { error: { code: 'invalid_signature', detail: '' } } })],
  ['answers garbage', () => ({ status: 200, body: '<html>' })],
  ['answers too few verdicts', () => ({ status: 200, body: { verdicts: [] } })],
  ['redirects', () => ({ status: 307, body: '', headers: { location: 'http://127.0.0.1:9/' } })],
])('a collector that %s: accepted, held, and delivered later', async (_, respond) => {
  await start();
  collector.respond = respond;
  const sent = batch([event(), event()]);
  expect(verdicts(await post(edge, sent))).toEqual(['accepted', 'accepted']);
  expect(await counter(edge, 'outbox_events')).toBe(2);
  expect(verdicts(await post(edge, sent))).toEqual(['duplicate', 'duplicate']);
  collector.batches.length = 0;
  deduplicate();
  await drained();
  expect(ids(collector.batches)).toEqual(ids([sent]));
  expect(collector.faults).toEqual([]);
  expect(await counter(edge, 'redelivered_events', 'accepted')).toBe(2);
});

test('an answer that breaks off half-way is none', async () => {
  const server = createServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{"verdicts":[')));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  await start({ TIDEMARK_COLLECTOR_URL: `http://127.0.0.1:${server.address().port}` });
  expect(verdicts(await post(edge, batch([event()])))).toEqual(['accepted']);
  expect(await counter(edge, 'hold', 'kept')).toBe(1);
  server.close();
});

test('what the collector says for itself is what the caller hears: no hold for a rate or a refusal', async () => {
  await start();
  collector.respond = () => ({ status: 429, body: '', headers: { 'retry-after': '9' } });
  const limited = await post(edge, batch([event()]));
  expect([limited.status, limited.body.error.code, limited.headers.get('retry-after')]).toEqual([429, 'rate_limited', '9']);
  collector.respond = () => ({ status: 400, body: { error: { code: 'invalid_batch', detail: '', pointer: '/context' } } });
  expect((await post(edge, batch([event()]))).status).toBe(400);
  expect(await counter(edge, 'hold', 'kept')).toBe(0);
});

test('workerd is killed with -9: after a restart everything arrives exactly once, without any call', async () => {
  const storage = directory('outbox');
  const stored = deduplicate();
  collector.respond = () => null;
  // Time enough for every answer, so that nothing is asked twice.
  const patient = { TIDEMARK_COLLECTOR_DEADLINE_MS: '10000' };
  await start(patient, { storage });
  const accepted = [];
  for (let round = 0; round < 12; round += 1) {
    const sent = batch([event(), event(), event()]);
    expect(verdicts(await post(edge, sent))).toEqual(['accepted', 'accepted', 'accepted']);
    accepted.push(sent);
  }
  await edge.kill();
  collector.batches.length = 0;
  deduplicate(stored);
  await start(patient, { storage });
  await until('everything arrived', () => stored.size === 36, 15_000);
  await drained();
  expect([...stored.keys()].sort()).toEqual(ids(accepted));
  expect(new Set(stored.values())).toEqual(new Set([1]));
  // What was accepted before the death is still known.
  expect(verdicts(await post(edge, accepted[0]))).toEqual(['duplicate', 'duplicate', 'duplicate']);
});

test('workerd is killed while it delivers: what the collector has already is told duplicate, nothing is lost', async () => {
  const storage = directory('outbox');
  await start({}, { storage });
  const stored = deduplicate();
  const keep = collector.respond;
  collector.respond = () => null;
  const accepted = Array.from({ length: 10 }, () => batch([event()]));
  for (const sent of accepted) await post(edge, sent);
  // The collector stores each, but never says so: the edge has to ask again.
  collector.respond = (hop) => void keep(hop);
  await until('the collector has some', () => stored.size > 0, 15_000);
  await edge.kill();
  collector.respond = keep;
  await start({}, { storage });
  await until('everything arrived', () => stored.size === 10, 15_000);
  await drained();
  expect([...stored.keys()].sort()).toEqual(ids(accepted));
});

test('a redelivery is signed anew, with the key that holds then', async () => {
  const storage = directory('outbox');
  await start({}, { storage });
  collector.respond = () => null;
  expect(verdicts(await post(edge, batch([event()])))).toEqual(['accepted']);
  await edge.kill();
  const stored = deduplicate();
  collector.keys = [NEXT_KEY_ID];
  await start({ TIDEMARK_HOP_KEY_ID: NEXT_KEY_ID, TIDEMARK_HOP_SECRET: NEXT_SECRET }, { storage });
  await until('it arrived', () => stored.size === 1, 15_000);
  expect(HOP_KEY_ID).not.toBe(NEXT_KEY_ID);
});

test('a body that no collector takes becomes a dead letter, and holds up nobody', async () => {
  await start();
  collector.respond = () => null;
  const poison = batch([event({ event_name: 'poison' })]);
  const good = batch([event()]);
  for (const sent of [poison, good]) expect(verdicts(await post(edge, sent))).toEqual(['accepted']);
  const stored = new Set();
  collector.respond = (hop) => {
    if (hop.events[0].event_name === 'poison') return { status: 400, body: { error: { code: 'invalid_batch', detail: '', pointer: '/events' } } };
    hop.events.forEach(({ event_id }) => stored.add(event_id));
    return acceptAll(hop);
  };
  await until('it is a dead letter', async () => (await counter(edge, 'dead_events_total')) === 1, 15_000);
  await until('the good one arrived', () => stored.size === 1, 15_000);
  expect(edge.log()).toContain('hold_dead_letter');
  // It is kept for a person.
  await drained();
  expect(await counter(edge, 'outbox_batches')).toBe(1);
});

test('a full outbox is 503 with Retry-After, and nothing is taken for known', async () => {
  await start({ TIDEMARK_OUTBOX_MAX_BYTES: '1000' });
  collector.respond = () => null;
  const sent = batch(Array.from({ length: 100 }, () => event()));
  const full = await post(edge, sent);
  expect([full.status, full.body.error.code, full.headers.get('retry-after')]).toEqual([503, 'overloaded', '60']);
  expect(await counter(edge, 'hold', 'full')).toBe(1);
  collector.respond = acceptAll;
  expect(new Set(verdicts(await post(edge, sent)))).toEqual(new Set(['accepted']));
});

test('a large batch is held whole', async () => {
  await start();
  collector.respond = () => null;
  const noise = () => Array.from({ length: 60 }, () => Math.random().toString(36)).join('');
  const sent = batch(Array.from({ length: 500 }, () => event({ attributes: { noise: noise().slice(0, 600) } })));
  expect(new Set(verdicts(await post(edge, sent)))).toEqual(new Set(['accepted']));
  const stored = deduplicate();
  await drained();
  expect([...stored.keys()].sort()).toEqual(ids([sent]));
});

test('held = redelivered + dead + what is still held', async () => {
  await start();
  collector.respond = () => null;
  for (let round = 0; round < 6; round += 1) await post(edge, batch([event(), event()]));
  deduplicate();
  await drained();
  const held = await counter(edge, 'held_events_total');
  const told = await Promise.all(['accepted', 'duplicate', 'rejected', 'dropped'].map((verdict) => counter(edge, 'redelivered_events', verdict)));
  const sum = told.reduce((all, one) => all + one, 0);
  expect([held, sum + (await counter(edge, 'dead_events_total')) + (await counter(edge, 'outbox_events'))]).toEqual([12, 12]);
});
