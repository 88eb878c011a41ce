// How many events a person and a tenant may send; excess is refused whole, with the time when it passes.
import { randomUUID } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { batch, counter, event, OTHER_SITE, post, settings, SITE, WRITE_KEY } from './support/world.js';

let collector;

beforeAll(async () => {
  collector = await startCollector();
});
beforeEach(() => collector.forget());
afterAll(() => collector.stop());

const start = (limits, more = {}) => {
  const sites = [SITE, OTHER_SITE].map((site) => ({ ...site, limits }));
  return startEdge({ vars: settings(collector, { TIDEMARK_SITES: JSON.stringify(sites) }), ...more });
};
const events = (count, changes = {}) => Array.from({ length: count }, () => event(changes));
const rate = ({ headers }) => ['limit', 'remaining', 'reset'].map((name) => Number(headers.get(`ratelimit-${name}`)));

test('a person may send so many events a minute, and is told', async () => {
  const edge = await start({ person_events_per_minute: 60 });
  const user_id = 'u_1';
  const first = await post(edge, batch(events(50, { user_id })));
  expect([first.status, ...rate(first)]).toEqual([200, 60, 10, 50]);
  const over = await post(edge, batch(events(20, { user_id })));
  expect([over.status, over.body.error.code]).toEqual([429, 'rate_limited']);
  expect(Number(over.headers.get('retry-after'))).toBeGreaterThanOrEqual(8);
  expect(Number(over.headers.get('retry-after'))).toBeLessThanOrEqual(10);
  expect(rate(over)[0]).toBe(60);
  const fits = await post(edge, batch(events(5, { user_id })));
  expect(fits.status).toBe(200);
  const other = await post(edge, batch(events(50, { user_id: 'u_2' })));
  expect(other.status).toBe(200);
  const visitor = await post(edge, batch(events(50, { anonymous_id: randomUUID() })));
  expect(visitor.status).toBe(200);
  expect(collector.batches.flatMap((hop) => hop.events)).toHaveLength(155);
  expect(await counter(edge, 'event_limit', 'person_over')).toBe(1);
  expect(await counter(edge, 'refusals', 'rate_limited')).toBe(1);
  await edge.stop();
});

test('1,000 events a minute where the site says nothing', async () => {
  const edge = await start(undefined);
  const anonymous_id = randomUUID();
  for (const left of [500, 0]) {
    const answer = await post(edge, batch(events(500, { anonymous_id })));
    expect([answer.status, rate(answer)[0]]).toEqual([200, 1_000]);
    expect(rate(answer)[1] - left).toBeLessThan(200);
  }
  const over = await post(edge, batch(events(500, { anonymous_id })));
  expect(over.status).toBe(429);
  await edge.stop();
});

test('the network pays for events that name nobody', async () => {
  const edge = await start({ person_events_per_minute: 10 });
  expect((await post(edge, batch(events(10)))).status).toBe(200);
  expect((await post(edge, batch(events(5)))).status).toBe(429);
  await edge.stop();
});

test("a mixed batch is held by its write key alone, at the tenant's limit", async () => {
  const edge = await start({ person_events_per_minute: 10, tenant_events_per_minute: 600 });
  const mixed = () => batch([...events(50, { user_id: 'a' }), ...events(50, { user_id: 'b' })]);
  const first = await post(edge, mixed());
  expect([first.status, rate(first)[0]]).toEqual([200, 600]);
  await edge.stop();
});

test("a tenant's sites share its limit, and other persons pay for it, too", async () => {
  const edge = await start({ tenant_events_per_minute: 60 });
  expect((await post(edge, batch(events(40, { user_id: 'a' })))).status).toBe(200);
  const over = await post(edge, batch(events(40, { user_id: 'b' })), { query: `?write_key=${OTHER_SITE.write_key}` });
  expect([over.status, rate(over)[0]]).toEqual([429, 60]);
  expect(await counter(edge, 'event_limit', 'tenant_over')).toBe(1);
  // What the tenant was refused is not charged to the person.
  const person = await post(edge, batch(events(1, { user_id: 'b' })), { query: `?write_key=${WRITE_KEY}` });
  if (person.status === 200) expect(rate(person)[1]).toBeGreaterThan(900);
  await edge.stop();
});

test('a batch over the limit passes when nothing was sent before', async () => {
  const edge = await start({ person_events_per_minute: 10 });
  const user_id = 'u_1';
  expect((await post(edge, batch(events(100, { user_id })))).status).toBe(200);
  const over = await post(edge, batch(events(1, { user_id })));
  expect([over.status, Number(over.headers.get('retry-after')) > 500]).toEqual([429, true]);
  await edge.stop();
});

test('what a person has used survives kill -9', async () => {
  const first = await start({ person_events_per_minute: 60 });
  const user_id = 'u_1';
  expect((await post(first, batch(events(60, { user_id })))).status).toBe(200);
  await first.kill();
  const second = await start({ person_events_per_minute: 60 }, { storage: first.storage });
  expect((await post(second, batch(events(30, { user_id })))).status).toBe(429);
  await second.stop();
});

test('without the objects that limit, events pass, counted', async () => {
  const whole = await start({ person_events_per_minute: 10 });
  const user_id = 'u_1';
  await post(whole, batch(events(10, { user_id })));
  await whole.stop();
  const folder = join(whole.storage, 'tidemark-limits');
  const files = readdirSync(folder).filter((name) => /^[0-9a-f]{64}\.sqlite/.test(name));
  expect(files.length).toBeGreaterThan(0);
  for (const name of files) writeFileSync(join(folder, name), 'this is no database');
  const edge = await start({ person_events_per_minute: 10 }, { storage: whole.storage });
  const answer = await post(edge, batch(events(100, { user_id })));
  expect([answer.status, answer.body.accepted, answer.headers.get('ratelimit-limit')]).toEqual([200, 100, null]);
  expect(await counter(edge, 'event_limit', 'away')).toBe(2);
  await edge.stop();
});

test('without the binding that limits requests, calls pass, counted', async () => {
  const edge = await start(undefined);
  await post(edge, batch(events(1)));
  expect(await counter(edge, 'request_limit', 'away')).toBe(1);
  await edge.stop();
});
