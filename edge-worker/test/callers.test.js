// Whose call it is: the connection's other end, unless a trusted proxy says more. No other header is believed.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { batch, event, post, settings } from './support/world.js';

let collector;

beforeAll(async () => {
  collector = await startCollector();
});
beforeEach(() => collector.forget());
afterAll(() => collector.stop());

const SPOOFED = {
  'cf-connecting-ip': '198.51.100.1',
  'cf-ipcountry': 'XX',
  'true-client-ip': '198.51.100.1',
  'x-real-ip': '198.51.100.1',
  'x-forwarded-for': '198.51.100.1',
  'x-country': 'FR',
};

/** Network and place of the event that a call with some headers becomes. */
async function heard(edge, headers) {
  collector.forget();
  await post(edge, batch([event()]), { headers });
  const [{ client_ip_prefix, geo }] = collector.batches[0].events;
  return [client_ip_prefix, geo];
}

test('without a trusted proxy no header says anything', async () => {
  const edge = await startEdge({ vars: settings(collector, { TIDEMARK_COUNTRY_HEADER: 'x-country' }) });
  expect(await heard(edge, SPOOFED)).toEqual(['127.0.0.0/24', undefined]);
  expect(collector.texts.join()).not.toMatch(/198\.51|"FR"|"XX"|127\.0\.0\.1/);
  await edge.stop();
});

test('a proxy that is not on the list is not believed', async () => {
  const edge = await startEdge({ vars: settings(collector, { TIDEMARK_TRUSTED_PROXIES: '10.0.0.0/8', TIDEMARK_COUNTRY_HEADER: 'x-country' }) });
  expect(await heard(edge, SPOOFED)).toEqual(['127.0.0.0/24', undefined]);
  await edge.stop();
});

test('a trusted proxy is believed about its caller alone, and only the network travels', async () => {
  const vars = settings(collector, { TIDEMARK_TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8', TIDEMARK_COUNTRY_HEADER: 'x-country' });
  const edge = await startEdge({ vars });
  expect(await heard(edge, { ...SPOOFED, 'x-forwarded-for': '192.0.2.1, 203.0.113.77, 10.1.2.3' })).toEqual(['203.0.113.0/24', { country: 'FR' }]);
  expect(collector.texts.join()).not.toMatch(/113\.77|192\.0\.2|198\.51/);
  expect(await heard(edge, { 'x-forwarded-for': '2001:db8:1:2:3:4:5:6' })).toEqual(['2001:db8:1::/48', undefined]);
  expect(await heard(edge, { 'x-forwarded-for': 'nonsense' })).toEqual(['127.0.0.0/24', undefined]);
  await edge.stop();
});

test('another header may be named', async () => {
  const vars = settings(collector, { TIDEMARK_TRUSTED_PROXIES: '127.0.0.1', TIDEMARK_CLIENT_IP_HEADER: 'X-Real-IP' });
  const edge = await startEdge({ vars });
  expect((await heard(edge, { ...SPOOFED, 'x-real-ip': '203.0.113.77' }))[0]).toBe('203.0.113.0/24');
  await edge.stop();
});
