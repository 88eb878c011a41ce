// What nobody well-meaning sends: always an answer of the contract, never a 500, and the edge works on.
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { batch, event, post, settings, verdicts, WRITE_KEY } from './support/world.js';

let collector;
let edge;

beforeAll(async () => {
  collector = await startCollector();
  edge = await startEdge({ vars: settings(collector) });
});
afterAll(async () => {
  expect(verdicts(await post(edge, batch([event()])))).toEqual(['accepted']);
  expect(collector.faults).toEqual([]);
  expect(edge.log()).not.toMatch(/Uncaught|Critical|panic/);
  await edge.stop();
  await collector.stop();
});

/** Sends bytes as they are; gives the status of what comes back. */
function raw(bytes) {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(edge.port, '127.0.0.1', () => socket.end(bytes));
    socket.on('data', (data) => (text += data.toString('latin1'))).on('error', reject);
    socket.on('close', () => resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]), text }));
  });
}

const BODY = '{"events":[]}';
const call = (target, headers = []) =>
  Buffer.from([`POST ${target} HTTP/1.1`, 'Connection: close', 'Content-Type: text/plain', `Content-Length: ${BODY.length}`, ...headers, '', BODY].join('\r\n'), 'latin1');
const TARGET = `/v1/events?write_key=${WRITE_KEY}`;

test.each([
  ['an origin of other bytes', TARGET, ['Host: a', 'Origin: https://\xe4\xff.example'], 403],
  ['two content types', TARGET, ['Host: a', 'Content-Type: text/html'], 415],
  ['a key of NUL bytes', '/v1/events?write_key=%00%00', ['Host: a'], 401],
  ['a key of broken escapes', '/v1/events?write_key=%zz%f0%28', ['Host: a'], 401],
  ['a key of 8,000 bytes', `/v1/events?write_key=${'k'.repeat(8_000)}`, ['Host: a'], 401],
  ['a path of other bytes', '/v1/\xff\xfe', ['Host: a'], 404],
  ['an If-None-Match of 4,000 commas', TARGET, ['Host: a', `If-None-Match: ${','.repeat(4_000)}`], 200],
  ['an Idempotency-Key of other bytes', TARGET, ['Host: a', 'Idempotency-Key: \xff\xfe'], 200],
])('%s', async (_, target, headers, status) => {
  const answer = await raw(call(target, headers));
  expect(answer.status).toBe(status);
  expect(answer.text).not.toMatch(/access-control-allow-origin: [^\r]*[^\x20-\x7e]/i);
});

test('100,000 brackets are judged, not recursed into', async () => {
  const deep = '['.repeat(100_000) + ']'.repeat(100_000);
  const answer = await post(edge, `{"events":[{"event_name":"a","attributes":{"a":${deep}}}]}`);
  expect([answer.status, answer.body.verdicts[0].verdict]).toEqual([200, 'rejected']);
  expect(['too_deep', 'event_too_large']).toContain(answer.body.verdicts[0].code);
});

test('500 events, every second one invalid', async () => {
  const events = Array.from({ length: 500 }, (_, index) => (index % 2 ? { event_name: '' } : event()));
  const answer = await post(edge, batch(events));
  expect(answer.body).toMatchObject({ accepted: 250, rejected: 250 });
});

test('line breaks in every string travel as data, not as headers', async () => {
  const breaks = 'a\r\nX-Evil: 1';
  const answer = await post(edge, { batch_id: breaks, events: [event({ user_id: breaks, attributes: { [breaks]: breaks } })] });
  expect([answer.status, answer.body.batch_id, answer.headers.get('x-evil')]).toEqual([200, breaks, null]);
});

test('line breaks and NUL in every string: each event has its verdict, and no header is made of them', async () => {
  const whole = { ...event(), session_id: 's', anonymous_id: 'a', user_id: 'u', schema_version: '1-0-0', source: 'web', attributes: { note: 'n', deep: { list: ['t'] } }, context: { locale: 'de', page: { url: 'https://a.example/', title: 'T' }, device: { user_agent: 'UA' } } };
  const spoil = (value, bytes, at) => {
    let index = 0;
    const walk = (one) => {
      if (typeof one === 'string') return index++ === at ? `${one}${bytes}X-Evil: 1` : one;
      if (Array.isArray(one)) return one.map(walk);
      return one && typeof one === 'object' ? Object.fromEntries(Object.entries(one).map(([key, inner]) => [key, walk(inner)])) : one;
    };
    return [walk(value), index];
  };
  for (const bytes of ['\r\n', '\0']) {
    const [, strings] = spoil(whole, bytes, -1);
    expect(strings).toBeGreaterThan(12);
    const events = Array.from({ length: strings }, (_, at) => spoil(whole, bytes, at)[0]);
    const answer = await post(edge, batch(events));
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-evil')).toBe(null);
    expect(answer.body.verdicts).toHaveLength(strings);
    // A NUL is never taken; a line break is, where any text may stand.
    if (bytes === '\0') expect(new Set(answer.body.verdicts.map(({ verdict }) => verdict))).toEqual(new Set(['rejected']));
    for (const { verdict, code } of answer.body.verdicts) expect(verdict === 'accepted' || /^[a-z_]+$/.test(code)).toBe(true);
    for (const field of ['batch_id', 'sent_at', 'write_key']) {
      const refused = await post(edge, batch([event()], { [field]: `x${bytes}y` }));
      expect([200, 400, 401]).toContain(refused.status);
      expect(refused.headers.get('x-evil')).toBe(null);
    }
  }
});

test('10 MB of junk headers are refused before any of ours reads them', async () => {
  const junk = Array.from({ length: 10_000 }, (_, index) => `X-Junk-${index}: ${'j'.repeat(1_000)}`);
  const answer = await raw(call(TARGET, ['Host: a', ...junk])).catch((error) => ({ status: error.code }));
  expect([413, 431, 400, 'ECONNRESET', 'EPIPE', NaN]).toContain(answer.status);
  expect((await post(edge, batch([event()]))).status).toBe(200);
});

test('twins, of one name and one millisecond and one visitor, are two events', async () => {
  const same = { occurred_at: new Date().toISOString(), anonymous_id: '44444444-4444-4444-8444-444444444444' };
  const [one, other, third] = [1, 2, 3].map(() => event(same));
  expect(verdicts(await post(edge, batch([one, other])))).toEqual(['accepted', 'accepted']);
  expect(verdicts(await post(edge, batch([third, one])))).toEqual(['accepted', 'duplicate']);
  // Without ids of their own, too: their places in the batch tell them apart.
  const { event_id: _, ...nameless } = one;
  expect(verdicts(await post(edge, batch([nameless, nameless])))).toEqual(['accepted', 'accepted']);
});

/** A small seeded generator (mulberry32), so that a failure can be seen again. */
function random(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

test('400 damaged batches: always an answer of the contract', async () => {
  const next = random(20_261_121);
  const whole = Buffer.from(JSON.stringify(batch([event({ context: { consent: { analytics: true } } }), event()], { sent_at: new Date().toISOString(), context: { page: { url: 'https://a.example/' } } })));
  const statuses = new Set();
  for (let round = 0; round < 400; round += 1) {
    const damaged = Buffer.from(whole);
    for (let bites = 1 + next(4); bites > 0; bites -= 1) damaged[next(damaged.length)] = '{}[]",:\\0e-\x00\xff'.charCodeAt(next(14)) & 0xff;
    const answer = await post(edge, new Uint8Array(damaged.subarray(0, next(5) ? damaged.length : next(damaged.length))));
    statuses.add(answer.status);
    if (answer.status === 200) {
      const { accepted, duplicate, rejected, dropped } = answer.body;
      expect(accepted + duplicate + rejected + dropped).toBe(answer.body.verdicts.length);
    } else {
      expect(answer.body.error.code).toMatch(/^[a-z_0-9]+$/);
    }
  }
  expect([...statuses].sort()).toEqual([200, 400]);
  // 400 calls one after the other: as long as the machine takes.
}, 120_000);
