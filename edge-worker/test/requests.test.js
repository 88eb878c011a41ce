// Calls of one address to one site, by the runtime's own rate limit.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startOnCloudflare } from './support/cloudflare.js';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { batch, counter, event, OTHER_WRITE_KEY, post, settings } from './support/world.js';

let collector;
let edge;

beforeAll(async () => {
  collector = await startCollector();
  const more = { ratelimits: { REQUESTS: { simple: { limit: 3, period: 60 } } }, cf: { colo: 'ZRH', country: 'CH' } };
  edge = await startOnCloudflare({ vars: settings(collector), more });
});
afterAll(async () => {
  await edge.stop();
  await collector.stop();
});

const from = (address, more = {}) => post(edge, batch([event()]), { headers: { 'cf-connecting-ip': address }, ...more });

test('an address that calls too often is told to wait, and it alone, at that site alone', async () => {
  for (let call = 0; call < 3; call += 1) expect((await from('192.0.2.1')).status).toBe(200);
  const over = await from('192.0.2.1');
  expect([over.status, over.body.error.code, over.headers.get('retry-after')]).toEqual([429, 'rate_limited', '60']);
  expect((await from('192.0.2.2')).status).toBe(200);
  expect((await from('192.0.2.1', { query: `?write_key=${OTHER_WRITE_KEY}` })).status).toBe(200);
  expect(await counter(edge, 'request_limit', 'over')).toBe(1);
  expect(collector.batches).toHaveLength(5);
});

test('a key in the body is counted as well', async () => {
  const sent = () => post(edge, batch([event()], { write_key: OTHER_WRITE_KEY }), { query: '', headers: { 'cf-connecting-ip': '192.0.2.3' } });
  for (let call = 0; call < 3; call += 1) expect((await sent()).status).toBe(200);
  expect((await sent()).status).toBe(429);
});

test('where the runtime has no such limit calls pass, counted', async () => {
  const bare = await startEdge({ vars: settings(collector) });
  expect((await post(bare, batch([event()]))).status).toBe(200);
  expect(await counter(bare, 'request_limit', 'away')).toBe(1);
  await bare.stop();
});
