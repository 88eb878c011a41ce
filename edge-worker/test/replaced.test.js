// Objects that the runtime replaces, and processes that are killed, while marks are gathered in memory: whatever was
// answered `accepted` is in the collector once, and nobody hears `duplicate` of what is nowhere.
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { acceptAll, startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { until } from './support/until.js';
import { batch, counter, event, post, settings, TENANT_ID, verdicts } from './support/world.js';

const CONFIG = fileURLToPath(new URL('support/replaced.capnp', import.meta.url));

let collector;
let edge;
/** Each id that the collector has, with how often it was said to be accepted there. */
let stored;

beforeEach(async () => {
  collector = await startCollector();
  stored = new Map();
  collector.respond = keep;
});
afterEach(async () => {
  expect(collector.faults).toEqual([]);
  await edge.stop();
  await collector.stop();
});

/** Answers as the real one does, which knows every id for longer than any edge. */
function keep(hop) {
  const answer = acceptAll(hop);
  for (const line of answer.body.verdicts) {
    if (stored.has(line.event_id)) line.verdict = 'duplicate';
    else stored.set(line.event_id, line.verdict);
  }
  return answer;
}

const start = async (changes = {}, more = {}) => (edge = await startEdge({ vars: settings(collector, changes), config: CONFIG, ...more }));
const shards = async () => (await fetch(`${edge.url}/shards`)).json();
const replace = async () => (await fetch(`${edge.url}/replace?tenant=${TENANT_ID}`, { method: 'POST' })).json();
const committed = () => counter(edge, 'dedupe', 'committed');
const ids = (...batches) => batches.flatMap(({ events }) => events.map(({ event_id }) => event_id)).sort();

/** Batches of one visitor, who has one shard. */
const visitor = () => {
  const anonymous_id = randomUUID();
  return () => batch([event({ anonymous_id }), event({ anonymous_id })]);
};

test('a shard that dies before it has committed: what it knew is sent on again, and the collector knows it', async () => {
  await start();
  const make = visitor();
  const [first, second] = [make(), make()];
  for (const sent of [first, second]) expect(verdicts(await post(edge, sent))).toEqual(['accepted', 'accepted']);
  // The second resend waits for marks, and brings both: the shard has them in memory.
  expect(verdicts(await post(edge, first))).toEqual(['duplicate', 'duplicate']);
  expect([await shards(), await committed(), collector.batches.length]).toEqual([1, 0, 2]);

  expect(await replace()).toBeGreaterThan(0);
  const third = make();
  expect(verdicts(await post(edge, third))).toEqual(['accepted', 'accepted']);
  for (const sent of [first, second, third]) expect(verdicts(await post(edge, sent))).toEqual(['duplicate', 'duplicate']);
  await until('the next one lives', async () => (await shards()) === 2);
  expect([...stored.keys()].sort()).toEqual(ids(first, second, third));
});

test('a shard that dies while a batch is on its way, and another waits for it: both are answered, the events are once', async () => {
  await start();
  let answerNow;
  const gate = new Promise((resolve) => (answerNow = resolve));
  collector.respond = (hop) => gate.then(() => keep(hop));
  const sent = visitor()();
  const calls = [1, 2].map(() => post(edge, sent));
  await until('one waits', async () => (await counter(edge, 'dedupe', 'waited')) === 1);
  await replace();
  // Who waited heard that the shard was away, and goes on alone.
  await until('both are on the hop', () => collector.batches.length === 2);
  answerNow();
  const heard = (await Promise.all(calls)).map((answer) => verdicts(answer).join());
  expect(heard.sort()).toEqual(['accepted,accepted', 'duplicate,duplicate']);
  expect([...stored.keys()].sort()).toEqual(ids(sent));
  expect(await counter(edge, 'dedupe', 'claim_away')).toBe(1);
});

test('a shard that dies with a claim whose batch then fails: it is taken when it comes again', async () => {
  await start();
  let answerNow;
  const gate = new Promise((resolve) => (answerNow = resolve));
  collector.respond = () => gate;
  const sent = visitor()();
  const call = post(edge, sent);
  await until('it is on the hop', () => collector.batches.length === 1);
  await replace();
  answerNow({ status: 503, body: '' });
  expect((await call).status).toBe(503);
  collector.respond = keep;
  expect(verdicts(await post(edge, sent))).toEqual(['accepted', 'accepted']);
  expect([...stored.keys()].sort()).toEqual(ids(sent));
});

test('shards that die again and again among resends: every event is accepted once, and nothing is lost', async () => {
  await start();
  const makes = [visitor(), visitor(), visitor()];
  const accepted = new Map();
  const sent = [];
  const send = async (one) => {
    const answer = await post(edge, one);
    if (answer.status !== 200) return;
    for (const { event_id, verdict } of answer.body.verdicts) {
      // Nobody is told of what is nowhere.
      expect([verdict, stored.has(event_id)]).toEqual([expect.stringMatching(/^(accepted|duplicate)$/), true]);
      if (verdict === 'accepted') accepted.set(event_id, (accepted.get(event_id) ?? 0) + 1);
    }
  };
  for (let round = 0; round < 40; round += 1) {
    const fresh = makes.map((make) => make());
    sent.push(...fresh);
    // Every fourth is refused once, when its claim may be anywhere.
    collector.respond = (hop) => (round % 4 === 1 && hop.batch_id === fresh[0].batch_id ? { status: 503, body: '' } : keep(hop));
    const again = sent[(round * 7) % sent.length];
    const calls = [...fresh, again, ...fresh].map(send);
    if (round % 3 === 0) calls.push(replace());
    await Promise.all(calls);
  }
  collector.respond = keep;
  for (const one of sent) await send(one);
  expect([...stored.keys()].sort()).toEqual(ids(...sent));
  expect([...accepted.keys()].sort()).toEqual(ids(...sent));
  expect(new Set(accepted.values())).toEqual(new Set([1]));
  expect(await shards()).toBeGreaterThan(6);
}, 60_000);

test('kill -9 before the commit: what was marked is forgotten, sent on again, and known to the collector', async () => {
  await start();
  const sent = visitor()();
  expect(verdicts(await post(edge, sent))).toEqual(['accepted', 'accepted']);
  expect(await committed()).toBe(0);
  await edge.kill();
  await start({}, { storage: edge.storage });
  expect(verdicts(await post(edge, sent))).toEqual(['duplicate', 'duplicate']);
  expect(collector.batches).toHaveLength(2);
  expect([...stored.keys()].sort()).toEqual(ids(sent));
});

test('outboxes and shards that die while they hold: everything that was accepted arrives, once', async () => {
  await start({ TIDEMARK_HOLD: '', TIDEMARK_COLLECTOR_DEADLINE_MS: '300' });
  collector.respond = () => null;
  const make = visitor();
  const sent = [];
  for (let round = 0; round < 8; round += 1) {
    sent.push(make());
    expect(verdicts(await post(edge, sent.at(-1)))).toEqual(['accepted', 'accepted']);
    if (round % 2 === 1) await replace();
  }
  await replace();
  collector.batches.length = 0;
  collector.respond = keep;
  await until('all of it arrived', () => stored.size === ids(...sent).length, 20_000);
  expect([...stored.keys()].sort()).toEqual(ids(...sent));
  for (const one of sent) expect(verdicts(await post(edge, one))).toEqual(['duplicate', 'duplicate']);
}, 40_000);
