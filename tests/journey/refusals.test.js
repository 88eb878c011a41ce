// Bad input, through the whole way: exact status, code and pointer, and the good neighbours land.

import { randomUUID } from 'node:crypto';

import { expect, inject, test } from 'vitest';

import { addressesIn, rowsOfEvents } from './rows.js';
import { AGREED, batch, chatMessage, event, post } from './shop/post.js';

const stack = inject('stack');

/** The parts of a refusal that clients may rely on. */
function refusal({ status, answer }) {
  const { code, pointer } = answer.error;
  return pointer === undefined ? { status, code } : { status, code, pointer };
}

/** A verdict without the words for people. */
function judgement({ verdict, code, pointer }) {
  return verdict === 'accepted' ? { verdict } : { verdict, code, pointer };
}

test('one invalid event among good ones: the good ones land, the bad one is told where', async () => {
  const { thread_id: _, ...threadless } = chatMessage();
  const sent = batch([
    event('chat_interaction', chatMessage()),
    event('chat_interaction', threadless),
    event('chat_interaction', { ...chatMessage(), message_type: 'shout' }),
    event('chat_interaction', { ...chatMessage(), prompt_length: 'twelve' }),
    event('Not A Name'),
    event('demo.posted', {}, { occurred_at: 'yesterday' }),
    event('demo.posted', {}, { colour: 'red' }),
    event('demo.posted', {}, { tenant_id: randomUUID() }),
    event('demo.posted', {}, { occurred_at: new Date(Date.now() - 8 * 86_400_000).toISOString() }),
    event('demo.posted', {}, { occurred_at: new Date(Date.now() + 2 * 86_400_000).toISOString() }),
    event('demo.posted', { fine: true }),
  ]);
  const { status, answer } = await post(stack, sent);

  expect(status).toBe(200);
  expect(answer.verdicts.map(judgement)).toEqual([
    { verdict: 'accepted' },
    { verdict: 'rejected', code: 'missing_field', pointer: '/attributes/thread_id' },
    { verdict: 'rejected', code: 'not_in_enum', pointer: '/attributes/message_type' },
    { verdict: 'rejected', code: 'wrong_type', pointer: '/attributes/prompt_length' },
    { verdict: 'rejected', code: 'invalid_event_name', pointer: '/event_name' },
    { verdict: 'rejected', code: 'invalid_timestamp', pointer: '/occurred_at' },
    { verdict: 'rejected', code: 'unknown_field', pointer: '/colour' },
    { verdict: 'rejected', code: 'tenant_mismatch', pointer: '/tenant_id' },
    { verdict: 'rejected', code: 'too_old', pointer: '/occurred_at' },
    { verdict: 'rejected', code: 'in_future', pointer: '/occurred_at' },
    { verdict: 'accepted' },
  ]);
  expect(answer).toMatchObject({ accepted: 2, duplicate: 0, rejected: 9, dropped: 0 });
  expect(JSON.stringify(answer)).not.toMatch(/shout|twelve|yesterday|red"/);

  const rows = await rowsOfEvents(stack, sent.events.map((one) => one.event_id));
  expect(new Set(rows.map((row) => row.event_id))).toEqual(
    new Set([sent.events[0].event_id, sent.events.at(-1).event_id]),
  );
});

test('an event that a visitor refused is dropped and not stored; one that says nothing is taken', async () => {
  const refused = event('demo.posted', {}, { context: { consent: { analytics: false } } });
  const { status, answer } = await post(stack, batch([refused, event('demo.posted')]));
  expect(status).toBe(200);
  expect(answer.verdicts.map(judgement)).toEqual([
    { verdict: 'dropped', code: 'consent', pointer: '/context/consent' },
    { verdict: 'accepted' },
  ]);
  expect(await rowsOfEvents(stack, [refused.event_id])).toEqual([]);

  // A server has asked elsewhere: a site takes what says nothing, unless its settings say otherwise.
  const silent = { ...batch([event('demo.posted')]), context: {} };
  const unknown = await post(stack, silent);
  expect(unknown.answer.verdicts.map(judgement)).toEqual([{ verdict: 'accepted' }]);
  expect(await rowsOfEvents(stack, [silent.events[0].event_id])).toHaveLength(1);
});

test('a client that sends addresses has them removed before they are stored', async () => {
  const careless = event('demo.posted', {
    note: 'write to jo@example.org or JO%40EXAMPLE.ORG',
    nested: { list: ['jo@example.org'] },
    link: 'https://shop.example/a?email=jo@example.org',
  }, { context: { page: { url: new URL('/?email=jo@example.org', stack.demo).href, title: 'for jo@example.org' } } });
  const body = JSON.stringify(batch([careless])).replaceAll('list":["jo@', 'list":["jo\\u0040');
  expect(body).toContain('\\u0040');
  const { answer } = await post(stack, body);
  expect(answer.accepted).toBe(1);
  const rows = await rowsOfEvents(stack, [careless.event_id]);
  expect(rows).toHaveLength(1);
  expect(addressesIn(rows)).toEqual([]);
  expect(rows[0].page_url).toBe(new URL('/', stack.demo).href);
  expect(rows[0].attributes.link).toBe('https://shop.example/a');
});

test('one event without a batch around it is taken', async () => {
  const single = event('demo.posted', { alone: true }, { context: AGREED });
  const { status, answer } = await post(stack, single, { path: '/v1/events' });
  expect(status).toBe(200);
  expect(answer).toMatchObject({ accepted: 1 });
  expect(await rowsOfEvents(stack, [single.event_id])).toHaveLength(1);
});

const good = () => batch([event('demo.posted')]);
const refusals = [
  ['a body that is no JSON', () => ['{"events":[', {}], { status: 400, code: 'invalid_json' }],
  ['a body that is no batch', () => [{ things: [] }, {}], { status: 400, code: 'invalid_batch' }],
  ['events that are no array', () => [{ ...good(), events: {} }, {}], { status: 400, code: 'invalid_batch', pointer: '/events' }],
  ['an unknown write key', () => [good(), { key: 'wk_nobody' }], { status: 401, code: 'unknown_write_key' }],
  ['no write key', () => [good(), { key: null }], { status: 401, code: 'unknown_write_key' }],
  ['two write keys that disagree', () => [{ ...good(), write_key: 'wk_other' }, {}], { status: 401, code: 'write_key_conflict' }],
  ['a foreign origin', () => [good(), { origin: 'https://elsewhere.example' }], { status: 403, code: 'origin_not_allowed' }],
  ['another content type', () => [good(), { headers: { 'content-type': 'text/csv' } }], { status: 415, code: 'unsupported_media_type' }],
  ['an unknown encoding', () => [good(), { headers: { 'content-encoding': 'br' } }], { status: 415, code: 'unsupported_encoding' }],
  ['more than 500 events', () => [batch(Array.from({ length: 501 }, () => event('demo.posted'))), {}], { status: 413, code: 'too_many_events' }],
  ['more than 500 KB', () => [batch(Array.from({ length: 100 }, () => event('demo.posted', { text: 'x'.repeat(6_000) }))), {}], { status: 413, code: 'body_too_large' }],
  ['an unknown path', () => [good(), { path: '/v1/nowhere' }], { status: 404, code: 'not_found' }],
];

test.for(refusals)('%s is refused as a whole, and nothing lands', async ([, request, expected]) => {
  const [body, options] = request();
  expect(refusal(await post(stack, body, options))).toMatchObject(expected);
  const ids = Array.isArray(body.events) ? body.events.map((one) => one.event_id) : [];
  expect(ids.length === 0 ? [] : await rowsOfEvents(stack, ids)).toEqual([]);
});

test('another method is refused by name', async () => {
  const response = await fetch(new URL(`/v1/events/batch?write_key=${stack.write_key}`, stack.edge));
  expect(response.status).toBe(405);
  expect((await response.json()).error.code).toBe('method_not_allowed');
});

test.for([
  ['without a signature', {}],
  ['with a forged one', { 'tidemark-signature': `v1,k1,${Date.now()},${'0'.repeat(64)}` }],
  ['with an unknown key', { 'tidemark-signature': `v1,nobody,${Date.now()},${'0'.repeat(64)}` }],
])('the collector refuses a call %s, and nothing lands', async ([, headers]) => {
  const smuggled = event('demo.posted', { smuggled: true }, { received_at: new Date().toISOString() });
  const { tenant_id, site_id } = stack;
  const response = await fetch(new URL('/internal/v1/ingest', stack.collector), {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ batch_id: randomUUID(), tenant_id, site_id, received_at: smuggled.received_at, events: [smuggled] }),
  });
  expect(response.status).toBe(401);
  expect((await response.json()).error.code).toBe('invalid_signature');
  expect(await rowsOfEvents(stack, [smuggled.event_id])).toEqual([]);
});
