// What a browser is told: who may send, what a preflight answers, and that errors can be read.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { batch, event, OTHER_WRITE_KEY, PAGE_ORIGIN, post, settings, WRITE_KEY } from './support/world.js';

let collector;
let edge;

beforeAll(async () => {
  collector = await startCollector();
  edge = await startEdge({ vars: settings(collector) });
});
afterAll(async () => {
  await edge.stop();
  await collector.stop();
});

function preflight(origin, query = `?write_key=${WRITE_KEY}`) {
  return fetch(`${edge.url}/v1/events/batch${query}`, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'content-type' },
  });
}

test.each([PAGE_ORIGIN, 'https://a.preview.example', 'https://a.b.preview.example'])('%s may send', async (origin) => {
  const asked = await preflight(origin);
  expect(asked.status).toBe(204);
  expect(Object.fromEntries(asked.headers)).toMatchObject({
    'access-control-allow-origin': origin,
    'access-control-allow-methods': 'POST',
    'access-control-allow-headers': 'content-type, authorization, idempotency-key',
    'access-control-max-age': '86400',
    vary: 'Origin',
  });
  expect(asked.headers.has('access-control-allow-credentials')).toBe(false);

  const sent = await post(edge, batch([event()]), { headers: { origin } });
  expect(sent.status).toBe(200);
  expect(sent.headers.get('access-control-allow-origin')).toBe(origin);
  expect(sent.headers.get('vary')).toBe('Origin');
  expect(sent.headers.has('access-control-allow-credentials')).toBe(false);
});

test.each([
  ['a foreign origin', 'https://evil.example', undefined, 403, 'origin_not_allowed'],
  ['the domain of a wildcard', 'https://preview.example', undefined, 403, 'origin_not_allowed'],
  ['another scheme', 'http://a.preview.example', undefined, 403, 'origin_not_allowed'],
  ["another site's key", PAGE_ORIGIN, `?write_key=${OTHER_WRITE_KEY}`, 403, 'origin_not_allowed'],
  ['an unknown key', PAGE_ORIGIN, '?write_key=wk_nobody', 401, 'unknown_write_key'],
  ['a foreign origin without a key', 'https://evil.example', '', 403, 'origin_not_allowed'],
])('a preflight is refused: %s', async (_, origin, query, status, code) => {
  const asked = await preflight(origin, query);
  expect([asked.status, (await asked.json()).error.code]).toEqual([status, code]);
  expect(asked.headers.has('access-control-allow-origin')).toBe(false);
});

test('a preflight without a key is answered by what any site lists', async () => {
  const asked = await preflight('https://a.preview.example', '');
  expect([asked.status, asked.headers.get('access-control-allow-origin')]).toEqual([204, 'https://a.preview.example']);
});

test.each([
  ['400', '{', PAGE_ORIGIN, {}],
  ['401', '{}', PAGE_ORIGIN, { query: '?write_key=wk_nobody' }],
  ['403', '{}', 'https://evil.example', {}],
  ['415', '{}', PAGE_ORIGIN, { headers: { 'content-type': 'text/html' } }],
])('the page that caused a %s can read why', async (status, body, origin, { query, headers }) => {
  const answer = await post(edge, body, { query, headers: { ...headers, origin } });
  expect(String(answer.status)).toBe(status);
  expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
  expect(answer.headers.get('access-control-expose-headers')).toContain('Retry-After');
});

test('a call without an origin comes from no page and is taken', async () => {
  const answer = await post(edge, batch([event()]));
  expect(answer.status).toBe(200);
  expect(answer.headers.has('access-control-allow-origin')).toBe(false);
});
