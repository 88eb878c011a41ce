// The dedupe shard: across calls, across a killed workerd, within its window, and away.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { acceptAll, startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { until } from './support/until.js';
import { batch, counter, event, OTHER_WRITE_KEY, post, settings, verdicts, WRITE_KEY } from './support/world.js';

let collector;

beforeAll(async () => {
  collector = await startCollector();
});
beforeEach(() => collector.forget());
afterAll(() => collector.stop());

/** What is marked is written in a moment; until then a kill forgets it, and the collector finds the duplicate. */
const committed = (edge) => until('the mark is written', async () => (await counter(edge, 'dedupe', 'committed')) > 0, 15_000);

test('the same batch again is a duplicate, and spares the collector', async () => {
  const edge = await startEdge({ vars: settings(collector) });
  const sent = batch([event(), event()]);
  expect(verdicts(await post(edge, sent))).toEqual(['accepted', 'accepted']);
  const again = await post(edge, sent);
  expect(verdicts(again)).toEqual(['duplicate', 'duplicate']);
  expect(again.body).toMatchObject({ batch_id: sent.batch_id, accepted: 0, duplicate: 2 });
  expect(collector.batches).toHaveLength(1);
  await edge.stop();
});

test('one new event among known ones is forwarded alone', async () => {
  const edge = await startEdge({ vars: settings(collector) });
  const sent = batch([event(), event()]);
  await post(edge, sent);
  const fresh = event();
  const answer = await post(edge, { ...sent, events: [sent.events[0], fresh, sent.events[1]] });
  expect(verdicts(answer)).toEqual(['duplicate', 'accepted', 'duplicate']);
  expect(collector.batches[1].events.map(({ event_id }) => event_id)).toEqual([fresh.event_id]);
  await edge.stop();
});

test("a visitor's event is known in whichever batch it comes again", async () => {
  const edge = await startEdge({ vars: settings(collector) });
  const anonymous_id = randomUUID();
  const first = event({ anonymous_id });
  await post(edge, batch([first]));
  const answer = await post(edge, batch([event({ anonymous_id }), first]));
  expect(verdicts(answer)).toEqual(['accepted', 'duplicate']);
  await edge.stop();
});

test('a shard of this process is asked without a call, and called where it has to be told', async () => {
  const edge = await startEdge({ vars: settings(collector) });
  const claims = async () => [await counter(edge, 'dedupe', 'claimed'), await counter(edge, 'dedupe', 'claimed_near')];
  const anonymous_id = randomUUID();
  const [first, second] = [batch([event({ anonymous_id })]), batch([event({ anonymous_id })])];
  expect(verdicts(await post(edge, first))).toEqual(['accepted']);
  expect(await claims()).toEqual([1, 0]);
  expect(verdicts(await post(edge, second))).toEqual(['accepted']);
  expect(await claims()).toEqual([1, 1]);
  // It has not heard yet how the first claim ended, and now hears of both.
  expect(verdicts(await post(edge, first))).toEqual(['duplicate']);
  expect(await counter(edge, 'dedupe', 'settled')).toBe(2);
  expect(verdicts(await post(edge, second))).toEqual(['duplicate']);
  expect((await claims()).at(1)).toBe(2);
  expect(collector.batches).toHaveLength(2);
  await edge.stop();
});

test('a caller that hangs up does not keep its batch from being remembered', async () => {
  const edge = await startEdge({ vars: settings(collector) });
  const sent = batch([event()]);
  let answerNow;
  const gate = new Promise((resolve) => (answerNow = resolve));
  collector.respond = (hop) => gate.then(() => acceptAll(hop));
  const impatient = new AbortController();
  const call = fetch(`${edge.url}/v1/events?write_key=${WRITE_KEY}`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: JSON.stringify(sent),
    signal: impatient.signal,
  });
  await until('the batch is on the hop', () => collector.batches.length === 1);
  impatient.abort();
  await expect(call).rejects.toThrow('aborted');
  answerNow();
  await until('the shard remembers it', async () => (await counter(edge, 'dedupe', 'settled')) === 1);
  expect(verdicts(await post(edge, sent))).toEqual(['duplicate']);
  expect(collector.batches).toHaveLength(1);
  await edge.stop();
});

test('what was marked survives kill -9', async () => {
  const first = await startEdge({ vars: settings(collector) });
  const sent = batch([event(), event()]);
  await post(first, sent);
  await committed(first);
  await first.kill();
  const second = await startEdge({ vars: settings(collector), storage: first.storage });
  expect(verdicts(await post(second, sent))).toEqual(['duplicate', 'duplicate']);
  expect(collector.batches).toHaveLength(1);
  await second.stop();
});

test('what the collector refused is not marked', async () => {
  const edge = await startEdge({ vars: settings(collector) });
  const [good, bad] = [event(), event()];
  collector.respond = (hop) => {
    const answer = acceptAll(hop);
    Object.assign(answer.body.verdicts[1], { verdict: 'rejected', code: 'path_conflict', pointer: '/attributes' });
    return answer;
  };
  const sent = batch([good, bad]);
  expect(verdicts(await post(edge, sent))).toEqual(['accepted', 'rejected']);
  collector.respond = acceptAll;
  expect(verdicts(await post(edge, sent))).toEqual(['duplicate', 'accepted']);
  await edge.stop();
});

test("a tenant's two sites share their ids", async () => {
  const edge = await startEdge({ vars: settings(collector) });
  const sent = batch([event()]);
  await post(edge, sent);
  const answer = await post(edge, sent, { query: `?write_key=${OTHER_WRITE_KEY}` });
  expect(verdicts(answer)).toEqual(['duplicate']);
  await edge.stop();
});

test('after the window an alarm forgets', async () => {
  const edge = await startEdge({ vars: settings(collector, { TIDEMARK_DEDUPE_WINDOW_S: '1' }) });
  const sent = batch([event()]);
  await post(edge, sent);
  await until('the id is forgotten', async () => verdicts(await post(edge, sent))[0] === 'accepted');
  await edge.stop();
});

test('a pending alarm forgets after kill -9, too', async () => {
  const vars = settings(collector, { TIDEMARK_DEDUPE_WINDOW_S: '2' });
  const first = await startEdge({ vars });
  const sent = batch([event()]);
  await post(first, sent);
  await committed(first);
  await first.kill();
  const second = await startEdge({ vars, storage: first.storage });
  await until('the id is forgotten', async () => verdicts(await post(second, sent))[0] === 'accepted');
  await second.stop();
});

test('without the shard events pass, counted', async () => {
  const whole = await startEdge({ vars: settings(collector) });
  const sent = batch([event()]);
  await post(whole, sent);
  await committed(whole);
  await whole.stop();
  const folder = join(whole.storage, 'tidemark-dedupe');
  const shard = readdirSync(folder).filter((name) => /^[0-9a-f]{64}\.sqlite/.test(name));
  expect(shard.length).toBeGreaterThan(0);
  for (const name of shard) writeFileSync(join(folder, name), 'this is no database');

  const edge = await startEdge({ vars: settings(collector), storage: whole.storage });
  for (const _ of [1, 2]) expect(verdicts(await post(edge, sent))).toEqual(['accepted']);
  expect(collector.batches).toHaveLength(3);
  expect(await counter(edge, 'dedupe', 'claim_away')).toBe(2);
  await until('both ends were told in vain', async () => (await counter(edge, 'dedupe', 'settle_away')) === 2, 15_000);
  await edge.stop();
});
