// A collector that is down, slow or talks nonsense: the caller keeps its events, and sends them again.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { acceptAll, startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { until } from './support/until.js';
import { batch, event, PAGE_ORIGIN, post, settings, verdicts } from './support/world.js';

let collector;
let edge;

beforeAll(async () => {
  collector = await startCollector();
  edge = await startEdge({ vars: settings(collector, { TIDEMARK_COLLECTOR_DEADLINE_MS: '1500' }) });
});
beforeEach(() => collector.forget());
afterAll(async () => {
  await edge.stop();
  await collector.stop();
});

const answering = (status, body, headers) => () => ({ status, body, headers });
const shorter = (hop) => {
  const answer = acceptAll(hop);
  answer.body.verdicts.pop();
  return answer;
};
const swapped = (hop) => {
  const answer = acceptAll(hop);
  answer.body.verdicts.reverse();
  return answer;
};

test.each([
  ['hangs up', () => null],
  ['never answers', () => undefined],
  ['answers 500', answering(500, 'oops')],
  ['answers 401', answering(401, { error: { code: 'invalid_signature', detail: '' } })],
  ['answers 404', answering(404, '<html>')],
  ['does not serve the tenant', answering(400, { error: { code: 'invalid_batch', detail: '', pointer: '/tenant_id' } })],
  ['redirects', answering(307, '', { location: 'http://127.0.0.1:9/' })],
  ['answers no JSON', answering(200, '<html>')],
  ['answers something else', answering(200, { ok: true })],
  ['answers too few verdicts', shorter],
  ['answers for other events', swapped],
])('the collector %s', async (_, respond) => {
  collector.respond = respond;
  const sent = batch([event(), event()]);
  const refused = await post(edge, sent, { headers: { origin: PAGE_ORIGIN } });
  expect([refused.status, refused.body.error.code]).toEqual([503, 'collector_unavailable']);
  expect(refused.headers.get('retry-after')).toBe('5');
  expect(refused.headers.get('access-control-allow-origin')).toBe(PAGE_ORIGIN);

  // Nothing was marked: the resend is accepted, not taken for a duplicate.
  collector.respond = acceptAll;
  expect(verdicts(await post(edge, sent))).toEqual(['accepted', 'accepted']);
});

test.each([
  ['400', { error: { code: 'invalid_batch', detail: '', pointer: '/context' } }, 400, { code: 'invalid_batch', pointer: '/context' }],
  ['400', '<html>', 400, { code: 'invalid_batch' }],
  ['413', { error: { code: 'body_too_large', detail: '' } }, 413, { code: 'body_too_large' }],
])('what the collector refuses with %s is told as that, logged, and not to be sent for ever', async (told, body, status, error) => {
  collector.respond = answering(Number(told), body);
  const sent = batch([event()]);
  const refused = await post(edge, sent);
  expect([refused.status, refused.body.error]).toEqual([status, { ...error, detail: expect.any(String) }]);
  expect(refused.headers.get('retry-after')).toBe(null);
  await until('it is logged', () => edge.log().includes(`"event":"hop_refused","level":"error","status":"${told}"`));

  collector.respond = acceptAll;
  expect(verdicts(await post(edge, sent))).toEqual(['accepted']);
});

test('a collector that is told too much says when to come back', async () => {
  collector.respond = answering(429, '', { 'retry-after': '9' });
  const refused = await post(edge, batch([event()]));
  expect([refused.status, refused.body.error.code, refused.headers.get('retry-after')]).toEqual([429, 'rate_limited', '9']);
});

test('the collector says that its store is away, and when to come back', async () => {
  collector.respond = answering(503, { error: { code: 'store_unavailable', detail: 'x' } }, { 'retry-after': '17' });
  const refused = await post(edge, batch([event()]));
  expect([refused.status, refused.body.error.code, refused.headers.get('retry-after')]).toEqual([503, 'store_unavailable', '17']);
});

test('events that need no collector are answered without it', async () => {
  collector.respond = () => null;
  const answer = await post(edge, batch([event({ event_name: 'NO' })]));
  expect([answer.status, verdicts(answer)]).toEqual([200, ['rejected']]);
});

test('a collector that is down, and comes back', async () => {
  const other = await startCollector();
  const before = await startEdge({ vars: settings(other) });
  const sent = batch([event()]);
  await other.stop();
  const refused = await post(before, sent);
  expect([refused.status, refused.body.error.code, refused.headers.get('retry-after')]).toEqual([503, 'collector_unavailable', '5']);
  const back = await startCollector(other.port);
  expect(verdicts(await post(before, sent))).toEqual(['accepted']);
  expect(back.faults).toEqual([]);
  await before.stop();
  await back.stop();
});

test('a batch of which all is known needs no collector', async () => {
  const sent = batch([event()]);
  await post(edge, sent);
  collector.respond = () => null;
  expect(verdicts(await post(edge, sent))).toEqual(['duplicate']);
});
