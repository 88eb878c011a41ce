// The good way: what is admitted, what the collector gets, what the caller hears.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { acceptAll, startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { batch, event, post, settings, SITE_ID, TENANT_ID, verdicts, WRITE_KEY, counter } from './support/world.js';

let collector;
let edge;

beforeAll(async () => {
  collector = await startCollector();
  edge = await startEdge({ vars: settings(collector) });
});
beforeEach(() => collector.forget());
afterAll(async () => {
  expect(collector.faults).toEqual([]);
  await edge.stop();
  await collector.stop();
});

test('a batch is accepted and forwarded as the edge judged it', async () => {
  const first = event({ attributes: { note: 'write to jo@example.org' }, context: { locale: 'de' } });
  const second = event({ user_id: 'u_1' });
  const sent = batch([first, second], { context: { page: { url: 'https://shop.example/a?token=1' } } });
  const before = Date.now();
  const answer = await post(edge, sent);

  expect(answer.status).toBe(200);
  expect(answer.body).toEqual({
    batch_id: sent.batch_id,
    verdicts: [
      { event_id: first.event_id, verdict: 'accepted' },
      { event_id: second.event_id, verdict: 'accepted' },
    ],
    accepted: 2,
    duplicate: 0,
    rejected: 0,
    dropped: 0,
  });
  const [hop] = collector.batches;
  const receivedAt = Date.parse(hop.received_at);
  expect(receivedAt).toBeGreaterThanOrEqual(before - 1_000);
  expect(receivedAt).toBeLessThanOrEqual(Date.now() + 1_000);
  const edgeFields = { received_at: hop.received_at, tenant_id: TENANT_ID, site_id: SITE_ID };
  const fromHere = { ...edgeFields, client_ip_prefix: '127.0.0.0/24', device_class: 'other' };
  expect(hop).toEqual({
    batch_id: sent.batch_id,
    ...edgeFields,
    context: { page: { url: 'https://shop.example/a' } },
    events: [
      { ...first, ...fromHere, attributes: { note: 'write to [email]' } },
      { ...second, ...fromHere },
    ],
  });
});

test('the key may come as a bearer, in the query or in the batch', async () => {
  for (const [query, headers, changes] of [
    ['', { authorization: `Bearer ${WRITE_KEY}` }, {}],
    ['', {}, { write_key: WRITE_KEY }],
    [`?write_key=${WRITE_KEY}`, { authorization: `bearer ${WRITE_KEY}` }, { write_key: WRITE_KEY }],
  ]) {
    const answer = await post(edge, batch([event()], changes), { query, headers });
    expect([answer.status, answer.body.accepted]).toEqual([200, 1]);
  }
  expect(collector.texts.join()).not.toContain(WRITE_KEY);
});

test('a single event is a batch of one, at /v1/events alone', async () => {
  const single = event();
  const answer = await post(edge, single, { path: '/v1/events', headers: { 'content-type': 'application/json' } });
  expect(answer.body.verdicts).toEqual([{ event_id: single.event_id, verdict: 'accepted' }]);
  expect(collector.batches[0].events[0].event_id).toBe(single.event_id);
  const refused = await post(edge, single);
  expect([refused.status, refused.body.error.code]).toEqual([400, 'invalid_batch']);
});

test('one invalid event among good ones: the good ones land', async () => {
  const good = [event(), event()];
  const bad = event({ event_name: 'ui.clicked', attributes: { selector: 7 } });
  const declined = event({ context: { consent: { analytics: false } } });
  const answer = await post(edge, batch([good[0], bad, declined, good[1]]));
  expect(answer.body.verdicts).toEqual([
    { event_id: good[0].event_id, verdict: 'accepted' },
    { event_id: bad.event_id, verdict: 'rejected', code: 'wrong_type', detail: expect.any(String), pointer: '/attributes/selector' },
    { event_id: declined.event_id, verdict: 'dropped', code: 'consent', detail: expect.any(String), pointer: '/context/consent' },
    { event_id: good[1].event_id, verdict: 'accepted' },
  ]);
  expect(collector.batches[0].events.map(({ event_id }) => event_id)).toEqual(good.map(({ event_id }) => event_id));
});

test('a nil id among good ones is rejected alone', async () => {
  const good = [event(), event()];
  const answer = await post(edge, batch([good[0], event({ event_id: '00000000-0000-0000-0000-000000000000' }), good[1]]));
  expect([answer.status, verdicts(answer)]).toEqual([200, ['accepted', 'rejected', 'accepted']]);
  expect(answer.body.verdicts[1]).toMatchObject({ code: 'invalid_uuid', pointer: '/event_id' });
  expect(collector.batches[0].events.map(({ event_id }) => event_id)).toEqual(good.map(({ event_id }) => event_id));
});

test('a batch without a single good event is not forwarded', async () => {
  const answer = await post(edge, batch([event({ event_name: 'NO' }), 7]));
  expect(verdicts(answer)).toEqual(['rejected', 'rejected']);
  expect(answer.body.verdicts[1]).toMatchObject({ event_id: null, code: 'not_an_object', pointer: '' });
  expect(collector.batches).toEqual([]);
});

test('two identical events in one batch: the second is a duplicate', async () => {
  const twin = event();
  const answer = await post(edge, batch([twin, twin, event()]));
  expect(verdicts(answer)).toEqual(['accepted', 'duplicate', 'accepted']);
  expect(collector.batches[0].events).toHaveLength(2);
});

test("the collector's verdicts are the caller's, in order", async () => {
  const events = [event(), event({ event_name: 'NO' }), event(), event()];
  collector.respond = (hop) => {
    const answer = acceptAll(hop);
    Object.assign(answer.body.verdicts[0], { verdict: 'rejected', code: 'path_conflict', pointer: '/attributes/a.b' });
    Object.assign(answer.body.verdicts[2], { verdict: 'duplicate' });
    return answer;
  };
  const answer = await post(edge, batch(events));
  expect(verdicts(answer)).toEqual(['rejected', 'rejected', 'accepted', 'duplicate']);
  expect(answer.body.verdicts[0]).toMatchObject({ code: 'path_conflict', pointer: '/attributes/a.b' });
  expect(answer.body).toMatchObject({ accepted: 1, duplicate: 1, rejected: 2, dropped: 0 });
});

test('an event without an id gets the same one each time its batch is sent', async () => {
  const { event_id: _, ...nameless } = event();
  const sent = batch([event({ event_name: 'NO' }), nameless]);
  const first = await post(edge, sent);
  const second = await post(edge, sent);
  const id = first.body.verdicts[1].event_id;
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
  expect(second.body.verdicts[1].event_id).toBe(id);
  expect(collector.batches[0].events[0].event_id).toBe(id);
});

test('an Idempotency-Key stands for a batch id that is missing', async () => {
  const { event_id: _, ...nameless } = event();
  const send = (key) => post(edge, { events: [nameless] }, { headers: { 'idempotency-key': key } });
  const ids = [];
  for (const key of ['one', 'one', 'two']) ids.push((await send(key)).body.verdicts[0].event_id);
  expect(ids[0]).toBe(ids[1]);
  expect(ids[0]).not.toBe(ids[2]);
});

test('an Idempotency-Key of 256 bytes is taken, an empty one is none', async () => {
  const send = (key) => post(edge, { events: [event()] }, { headers: { 'idempotency-key': key } });
  const answers = [await send('k'.repeat(256)), await send('')];
  expect(answers.map(verdicts)).toEqual([['accepted'], ['accepted']]);
  expect(collector.batches.map(({ batch_id }) => batch_id)).toEqual(['k'.repeat(256), undefined]);
});

test('an event without any name to derive from gets a fresh id', async () => {
  const { event_id: _, ...nameless } = event();
  const first = await post(edge, { events: [nameless, nameless] });
  const ids = first.body.verdicts.map(({ event_id }) => event_id);
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
  expect(first.body.batch_id).toBe(null);
  expect(collector.batches[0]).not.toHaveProperty('batch_id');
});

test("a sender's clock is corrected, and its own words about it do not travel on", async () => {
  const hour = 3_600_000;
  const behind = Date.now() - hour;
  const answer = await post(edge, batch([event({ occurred_at: new Date(behind - 1_000).toISOString() })], { sent_at: new Date(behind).toISOString() }));
  expect(answer.body.accepted).toBe(1);
  const [hop] = collector.batches;
  expect(Math.abs(Date.parse(hop.events[0].occurred_at) - (Date.now() - 1_000))).toBeLessThan(5_000);
  expect(hop).not.toHaveProperty('sent_at');
});

test('500 events are one batch on the hop', async () => {
  const answer = await post(edge, batch(Array.from({ length: 500 }, () => event())));
  expect(answer.body.accepted).toBe(500);
  expect(collector.batches).toHaveLength(1);
  expect(collector.batches[0].events).toHaveLength(500);
});

test('a body without a length is read to its end', async () => {
  const parts = JSON.stringify(batch([event()])).match(/.{1,40}/gs);
  const stream = new ReadableStream({
    start(controller) {
      for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
      controller.close();
    },
  });
  const response = await fetch(`${edge.url}/v1/events/batch?write_key=${WRITE_KEY}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: stream,
    duplex: 'half',
  });
  expect((await response.json()).accepted).toBe(1);
});

test('an empty batch is answered, not forwarded', async () => {
  const answer = await post(edge, { batch_id: 'empty', events: [] });
  expect([answer.status, answer.body]).toEqual([200, { batch_id: 'empty', verdicts: [], accepted: 0, duplicate: 0, rejected: 0, dropped: 0 }]);
  expect(collector.batches).toEqual([]);
});

test('received = accepted + duplicate + rejected + dropped, as counted', async () => {
  const names = ['accepted', 'duplicate', 'rejected', 'dropped'];
  const count = async () => Promise.all(names.map((name) => counter(edge, 'events', name)));
  const before = await count();
  const twin = event();
  await post(edge, batch([twin, twin, event({ event_name: 'NO' }), event({ context: { consent: { analytics: false } } })]));
  const after = await count();
  expect(after.map((now, at) => now - before[at])).toEqual([1, 1, 1, 1]);
});
