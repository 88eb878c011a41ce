// Whether it lives, whether it is configured, and what it does when it is not.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { batch, event, post, settings } from './support/world.js';

let collector;

beforeAll(async () => {
  collector = await startCollector();
});
afterAll(() => collector.stop());

async function get(edge, path) {
  const response = await fetch(edge.url + path);
  return [response.status, response.headers.get('content-type').startsWith('application/json') ? await response.json() : await response.text()];
}

test('a configured edge is healthy and ready', async () => {
  const edge = await startEdge({ vars: settings(collector) });
  expect(await get(edge, '/health')).toEqual([200, { status: 'ok' }]);
  expect(await get(edge, '/health/live')).toEqual([200, { status: 'ok' }]);
  expect(await get(edge, '/health/ready')).toEqual([200, { status: 'ready', hold: 'none' }]);
  const [status, text] = await get(edge, '/metrics');
  expect([status, text]).toEqual([200, expect.stringContaining('tidemark_edge_events_total{verdict="accepted"} 0')]);
  await edge.stop();
});

test('counters are private unless told otherwise', async () => {
  const edge = await startEdge({ vars: settings(collector, { TIDEMARK_METRICS: '' }) });
  expect((await get(edge, '/metrics'))[0]).toBe(404);
  await edge.stop();
});

test.each([
  ['sites that are no JSON', { TIDEMARK_SITES: '[' }, 'TIDEMARK_SITES is malformed'],
  ['a renamed setting of a site', { TIDEMARK_SITES: '[{"write_key":"a","orgins":[]}]' }, 'orgins'],
  ['no secret', { TIDEMARK_HOP_SECRET: '' }, 'TIDEMARK_HOP_SECRET is not set'],
  ['a collector that is no address', { TIDEMARK_COLLECTOR_URL: 'collector' }, 'TIDEMARK_COLLECTOR_URL'],
])('with %s it lives, names the setting, and admits nothing', async (_, changes, detail) => {
  const edge = await startEdge({ vars: settings(collector, changes) });
  expect(await get(edge, '/health')).toEqual([200, { status: 'ok' }]);
  expect(await get(edge, '/health/ready')).toEqual([503, { status: 'misconfigured', detail: expect.stringContaining(detail) }]);
  const refused = await post(edge, batch([event()]));
  expect([refused.status, refused.body.error.code]).toEqual([503, 'collector_unavailable']);
  expect(edge.log()).toContain('misconfigured');
  await edge.stop();
});

test('without any setting it lives, too', async () => {
  const edge = await startEdge();
  expect(await get(edge, '/health')).toEqual([200, { status: 'ok' }]);
  expect((await get(edge, '/health/ready'))[0]).toBe(503);
  await edge.stop();
});
