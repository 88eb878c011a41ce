// One batch by several calls at once: each event goes to the collector once, and nobody hears of it too early.
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { acceptAll, startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { until } from './support/until.js';
import { batch, counter, event, post, settings, verdicts, WRITE_KEY } from './support/world.js';

let collector;

beforeAll(async () => {
  collector = await startCollector();
});
beforeEach(() => collector.forget());
afterAll(() => collector.stop());

/** Lets the collector answer the first batch when told; `after` answers it and all others. */
function heldBack(after = acceptAll) {
  let open;
  const gate = new Promise((resolve) => (open = resolve));
  collector.respond = (hop) => gate.then(() => after(hop));
  return open;
}

const waiting = (edge, calls) => until(`${calls} wait`, async () => (await counter(edge, 'dedupe', 'waited')) === calls);

test('20 parallel posts of one batch: one is accepted, the others hear duplicate after it', async () => {
  const edge = await startEdge({ vars: settings(collector) });
  const answerNow = heldBack();
  const sent = batch(Array.from({ length: 5 }, () => event()));
  let answered = 0;
  const calls = Array.from({ length: 20 }, async () => {
    const answer = await post(edge, sent);
    answered += 1;
    return verdicts(answer).join();
  });
  await waiting(edge, 19);
  expect([collector.batches.length, answered]).toEqual([1, 0]);
  answerNow();
  const heard = await Promise.all(calls);
  const all = (verdict) => Array(5).fill(verdict).join();
  expect(heard.sort()).toEqual([all('accepted'), ...Array(19).fill(all('duplicate'))]);
  expect(collector.batches.map(({ events }) => events.length)).toEqual([5]);
  await edge.stop();
});

test('a page that goes away and its beacon are one', async () => {
  const edge = await startEdge({ vars: settings(collector) });
  const answerNow = heldBack();
  const sent = batch([event(), event()]);
  const page = new AbortController();
  const url = `${edge.url}/v1/events?write_key=${WRITE_KEY}`;
  const call = fetch(url, { method: 'POST', headers: { 'content-type': 'text/plain' }, body: JSON.stringify(sent), signal: page.signal });
  await until('it is on the hop', () => collector.batches.length === 1);
  page.abort();
  await expect(call).rejects.toThrow('aborted');
  const beacon = post(edge, sent);
  await waiting(edge, 1);
  answerNow();
  expect(verdicts(await beacon)).toEqual(['duplicate', 'duplicate']);
  expect(collector.batches).toHaveLength(1);
  await edge.stop();
});

test('the first fails: one that waits gets through, the others hear duplicate', async () => {
  const edge = await startEdge({ vars: settings(collector) });
  const answerNow = heldBack((hop) => (collector.batches.length === 1 ? { status: 503, body: '' } : acceptAll(hop)));
  const sent = batch([event(), event()]);
  const calls = [1, 2, 3].map(() => post(edge, sent));
  await waiting(edge, 2);
  answerNow();
  const heard = (await Promise.all(calls)).map((answer) => (answer.status === 200 ? verdicts(answer).join() : answer.status));
  expect(heard.sort()).toEqual([503, 'accepted,accepted', 'duplicate,duplicate']);
  expect(collector.batches).toHaveLength(2);
  await edge.stop();
});

test('what the first was refused for is judged again for the second', async () => {
  const edge = await startEdge({ vars: settings(collector) });
  const answerNow = heldBack((hop) => {
    const answer = acceptAll(hop);
    Object.assign(answer.body.verdicts.at(-1), { verdict: 'rejected', code: 'path_conflict', pointer: '/attributes' });
    return answer;
  });
  const sent = batch([event(), event()]);
  const calls = [1, 2].map(() => post(edge, sent));
  await waiting(edge, 1);
  answerNow();
  const heard = (await Promise.all(calls)).map((answer) => verdicts(answer).join());
  expect(heard.sort()).toEqual(['accepted,rejected', 'duplicate,rejected']);
  await edge.stop();
});

test('batches that overlap crosswise do not wait for each other', async () => {
  const edge = await startEdge({ vars: settings(collector) });
  const anonymous_id = '44444444-4444-4444-8444-444444444444';
  const [a, b, c] = [1, 2, 3].map(() => event({ anonymous_id }));
  const answerNow = heldBack();
  const calls = [[a, b], [b, c], [c, a]].map((events) => post(edge, batch(events)));
  await until('both others wait', async () => (await counter(edge, 'dedupe', 'waited')) >= 2);
  answerNow();
  const heard = (await Promise.all(calls)).flatMap(verdicts);
  expect(heard.sort()).toEqual([...Array(3).fill('accepted'), ...Array(3).fill('duplicate')]);
  const forwarded = collector.batches.flatMap(({ events }) => events.map(({ event_id }) => event_id));
  expect(forwarded.sort()).toEqual([a, b, c].map(({ event_id }) => event_id).sort());
  await edge.stop();
});

test('a caller that dies blocks its ids for a lease, not for ever', async () => {
  const config = fileURLToPath(new URL('support/shard.capnp', import.meta.url));
  // A claim outlives the collector's deadline by 3 s.
  const shard = await startEdge({ vars: { TIDEMARK_COLLECTOR_DEADLINE_MS: '100' }, config });
  const [dead, second, third, id] = [16, 16, 16, 16].map((length) => randomBytes(length));
  const call = async (what, ...parts) => {
    const response = await fetch(`${shard.url}/${what}`, { method: 'POST', body: Buffer.concat(parts) });
    return [...new Uint8Array(await response.arrayBuffer())];
  };
  const [granted, pending] = [0, 1];
  const claimed = Date.now();
  expect(await call('claim', dead, id)).toEqual([granted, 0]);
  expect(await call('claim', second, id)).toEqual([pending]);
  expect(await call('wait', second, id)).toEqual([granted, 0]);
  expect(Date.now() - claimed).toBeGreaterThanOrEqual(3_000);
  // The dead one's late word frees nothing that is not its own.
  expect(await call('settle', dead, Buffer.from([0, 0]))).toEqual([]);
  expect(await call('claim', third, id)).toEqual([pending]);
  const waits = call('wait', third, id);
  expect(await call('settle', second, Buffer.from([0, 1]), id)).toEqual([]);
  expect(await waits).toEqual([granted, 1]);
  await shard.stop();
});
