// The paths of other products: every golden body becomes what stands beside it, on the wire of the hop.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { post, settings } from './support/world.js';

const FOLDER = fileURLToPath(new URL('../../schemas/aliases/', import.meta.url));
const SITES = JSON.parse(readFileSync(fileURLToPath(new URL('../../schemas/golden/sites.json', import.meta.url)), 'utf8'));
const SITE = SITES.find((site) => site.site === 'open');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.json'));
const CASES = FILES.map((file) => [file, JSON.parse(readFileSync(FOLDER + file, 'utf8')).cases.map((golden) => [golden.name, golden])]);

let collector;
let edge;

beforeAll(async () => {
  collector = await startCollector();
  edge = await startEdge({ vars: settings(collector, { TIDEMARK_SITES: JSON.stringify(SITES) }) });
});
beforeEach(() => collector.forget());
afterAll(async () => {
  expect(collector.faults).toEqual([]);
  await edge.stop();
  await collector.stop();
});

/** Puts instants in the place of `$NOW` and `$NOW-5s`. */
function at(nowMs, value) {
  const text = JSON.stringify(value);
  return text.replaceAll('$NOW-5s', new Date(nowMs - 5_000).toISOString()).replaceAll('$NOW', new Date(nowMs).toISOString());
}

describe.each(CASES)('%s', (_, cases) => {
  test.each(cases)('%s', async (_name, golden) => {
    const answer = await post(edge, at(Date.now(), golden.body), { path: golden.path, query: `?write_key=${SITE.write_key}` });
    if (golden.write_key && golden.write_key !== SITE.write_key) {
      expect([answer.status, answer.body.error.code]).toEqual([401, 'write_key_conflict']);
      return;
    }
    expect(answer.status).toBe(200);
    const told = answer.body.verdicts.map(({ verdict, code, pointer }) => [verdict, code, pointer].filter((part) => part !== undefined).join(' '));
    expect(told).toEqual(golden.verdicts);
    const names = golden.batch.events.filter((_event, index) => golden.verdicts[index] === 'accepted').map(({ event_name }) => event_name);
    expect(collector.batches.flatMap(({ events }) => events.map(({ event_name }) => event_name))).toEqual(names);
  });
});

test('the key of a capture travels in its body', async () => {
  const answer = await post(edge, { api_key: SITE.write_key, event: '$pageview', distinct_id: 'visitor', properties: {} }, { path: '/capture', query: '' });
  expect([answer.status, answer.body.accepted]).toEqual([200, 1]);
});

test.each(['/api/v1/analytics/health', '/api/v1/analytics/events/health'])('%s is healthy', async (path) => {
  const response = await fetch(edge.url + path);
  expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
});

test('the counts of verdicts, where counters are public', async () => {
  const before = await (await fetch(`${edge.url}/api/v1/analytics/stats`)).json();
  await post(edge, { eventType: 'message.sent', properties: {} }, { path: '/api/v1/analytics/track', query: `?write_key=${SITE.write_key}` });
  const after = await (await fetch(`${edge.url}/api/v1/analytics/stats`)).json();
  expect(after.received).toBe(before.received + 1);
  expect(after.received).toBe(after.accepted + after.duplicate + after.rejected + after.dropped);
});
