// The hop itself: compressed, signed by the key that the collector knows, to each tenant's own collector.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { acceptAll, NEXT_KEY_ID, NEXT_SECRET, startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { until } from './support/until.js';
import { batch, counter, event, post, settings, TENANT_ID, verdicts } from './support/world.js';

let collector;

beforeAll(async () => {
  collector = await startCollector();
});
beforeEach(() => collector.forget());
afterAll(() => collector.stop());

const NEXT = { TIDEMARK_HOP_NEXT_KEY_ID: NEXT_KEY_ID, TIDEMARK_HOP_NEXT_SECRET: NEXT_SECRET };

test('a batch is compressed, a single event is not worth it', async () => {
  const edge = await startEdge({ vars: settings(collector) });
  expect(verdicts(await post(edge, batch(Array.from({ length: 50 }, () => event()))))).toEqual(Array(50).fill('accepted'));
  expect(verdicts(await post(edge, event(), { path: '/v1/events' }))).toEqual(['accepted']);
  expect([collector.codings, collector.faults]).toEqual([['gzip', undefined], []]);
  await edge.stop();
});

test('what repeats itself so much that it looks like a bomb is sent as it is', async () => {
  const edge = await startEdge({ vars: settings(collector) });
  const attributes = { filler: 'x'.repeat(8_000) };
  const events = Array.from({ length: 50 }, () => event({ attributes }));
  expect(verdicts(await post(edge, batch(events)))).toEqual(Array(50).fill('accepted'));
  const [text] = collector.texts;
  expect(text.length).toBeGreaterThan(400_000);
  await edge.stop();
});

test('during a rotation the key is used that the collector knows, without a refused call', async () => {
  const edge = await startEdge({ vars: settings(collector, NEXT) });
  const send = async () => verdicts(await post(edge, batch([event()])));
  expect(await send()).toEqual(['accepted']);
  collector.keys = ['k1', NEXT_KEY_ID];
  expect(await send()).toEqual(['accepted']);
  // The first key is taken from the collector.
  collector.keys = [NEXT_KEY_ID];
  expect(await send()).toEqual(['accepted']);
  expect(collector.faults).toHaveLength(1);
  // It is remembered: the old key is not tried again.
  expect(await send()).toEqual(['accepted']);
  expect(collector.faults).toHaveLength(1);
  expect(edge.log()).toContain('hop_key_unknown');
  expect(edge.log()).not.toContain(NEXT_SECRET);
  await edge.stop();
});

test("each tenant's events go to its one collector", async () => {
  const own = await startCollector();
  const edge = await startEdge({ vars: settings(collector, { TIDEMARK_TENANT_COLLECTORS: JSON.stringify({ [TENANT_ID]: own.url }) }) });
  expect(verdicts(await post(edge, batch([event()])))).toEqual(['accepted']);
  expect([own.batches.length, collector.batches.length]).toEqual([1, 0]);
  await edge.stop();
  await own.stop();
});

test('a collector that fails five times in a row is spared, and is found again', async () => {
  const edge = await startEdge({ vars: settings(collector) });
  collector.respond = () => ({ status: 500, body: '' });
  const sent = Array.from({ length: 8 }, () => batch([event()]));
  for (const one of sent) expect((await post(edge, one)).status).toBe(503);
  expect(collector.batches).toHaveLength(5);
  expect(await counter(edge, 'hop', 'spared')).toBe(3);
  collector.respond = acceptAll;
  const heard = await until('a trial gets through', async () => {
    const answer = await post(edge, sent[0]);
    return answer.status === 200 && answer;
  });
  expect(verdicts(heard)).toEqual(['accepted']);
  for (const one of sent.slice(1)) expect(verdicts(await post(edge, one))).toEqual(['accepted']);
  await edge.stop();
});
