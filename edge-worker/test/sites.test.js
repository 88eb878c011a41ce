// The sites that may send: the collector's signed list, what is done without it, and what a site tells its pages.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { siteList } from './support/site-list.js';
import { until } from './support/until.js';
import { batch, counter, event, OTHER_SITE, PAGE_ORIGIN, post, settings, SITE, WRITE_KEY } from './support/world.js';

let collector;

beforeAll(async () => {
  collector = await startCollector();
});
beforeEach(() => {
  collector.forget();
  collector.siteList = siteList([SITE]);
});
afterAll(() => collector.stop());

const start = (changes = {}) => startEdge({ vars: settings(collector, { TIDEMARK_SITES: '', TIDEMARK_SITES_REFRESH_S: '1', ...changes }) });
const send = (edge, key = WRITE_KEY) => post(edge, batch([event()]), { query: `?write_key=${key}` });
const told = async (edge, key) => {
  const { status, body } = await send(edge, key);
  return [status, body.error?.code];
};

test('the list is fetched signed, kept, and asked for again by its tag', async () => {
  const edge = await start();
  expect(await told(edge)).toEqual([200, undefined]);
  expect([collector.siteList.full, collector.siteList.faults]).toEqual([1, []]);
  await until('it is asked for again', async () => {
    await send(edge);
    return collector.siteList.unchanged > 0;
  });
  expect(collector.siteList.full).toBe(1);
  await edge.stop();
});

test('a key that is made works, one that is revoked does not', async () => {
  const edge = await start();
  expect(await told(edge, 'wk_other')).toEqual([401, 'unknown_write_key']);
  collector.siteList.sites = [OTHER_SITE];
  await until('the new key works', async () => (await send(edge, 'wk_other')).status === 200);
  expect(await told(edge)).toEqual([401, 'unknown_write_key']);
  await edge.stop();
});

test('unknown keys do not make the collector be asked', async () => {
  const edge = await start({ TIDEMARK_SITES_REFRESH_S: '3600' });
  for (let index = 0; index < 50; index += 1) expect(await told(edge, `wk_${index}`)).toEqual([401, 'unknown_write_key']);
  expect(collector.siteList.full + collector.siteList.unchanged).toBe(1);
  await edge.stop();
});

test('a key in the body is looked up, too', async () => {
  const edge = await start();
  const answer = await post(edge, batch([event()], { write_key: WRITE_KEY }), { query: '' });
  expect(answer.status).toBe(200);
  await edge.stop();
});

test('while the collector does not answer, the list that is there is used', async () => {
  const edge = await start();
  await send(edge);
  collector.siteList.respond = () => null;
  await until('it was asked in vain', async () => {
    expect(await told(edge)).toEqual([200, undefined]);
    return (await counter(edge, 'site_list', 'away')) > 0;
  });
  expect(await told(edge)).toEqual([200, undefined]);
  await edge.stop();
});

test('a list that is there outlives a restart of the edge while the collector is away', async () => {
  const first = await start();
  expect(await told(first)).toEqual([200, undefined]);
  await until('it is kept', async () => readdirSync(join(first.storage, 'tidemark-keeper')).some((name) => name.endsWith('.sqlite')));
  await first.kill();
  collector.siteList.respond = () => null;
  const second = await startEdge({ vars: settings(collector, { TIDEMARK_SITES: '', TIDEMARK_SITES_REFRESH_S: '1' }), storage: first.storage });
  expect(await told(second)).toEqual([200, undefined]);
  expect(await told(second, 'wk_nobody')).toEqual([401, 'unknown_write_key']);
  await second.stop();
});

test.each([
  ['a list of another hand', (answer) => ({ ...answer, body: answer.body.replace(WRITE_KEY, 'wk_evil') })],
  ['a list without a signature', ({ headers: { 'tidemark-signature': _, ...headers }, ...answer }) => ({ ...answer, headers })],
  ['a list that is none', (answer) => ({ ...answer, body: 'garbage' })],
  ['an error', () => ({ status: 500, headers: {}, body: 'no' })],
  ['no answer', () => null],
])('%s is no list: the caller keeps its events', async (_, respond) => {
  collector.siteList.respond = respond;
  const edge = await start();
  for (const key of [WRITE_KEY, 'wk_evil']) {
    const { status, headers, body } = await send(edge, key);
    expect([status, body.error.code, headers.get('retry-after')]).toEqual([503, 'collector_unavailable', '5']);
  }
  collector.siteList.respond = (answer) => answer;
  await until('it works again', async () => (await send(edge)).status === 200);
  expect(await told(edge, 'wk_evil')).toEqual([401, 'unknown_write_key']);
  await edge.stop();
});

test("a tenant's own schemas come with the list, judge as at the collector, and change while the edge runs", async () => {
  // What collector/tests/service/schemas.rs registers, and what it hears.
  const orderPlaced = (version, type) => ({
    'x-self': { vendor: 'acme', name: 'order_placed', format: 'jsonschema', version },
    type: 'object',
    properties: { total: { type } },
  });
  const row = (schema, tenant_id = SITE.tenant_id) => ({ tenant_id, name: 'order_placed', schema });
  const strict = { ...SITE, mode: 'strict' };
  const elsewhere = { ...OTHER_SITE, tenant_id: '99999999-9999-4999-8999-999999999999', mode: 'strict' };
  const placed = (total) => event({ event_name: 'order_placed', attributes: { total } });
  collector.siteList.sites = [strict, elsewhere];
  const edge = await start();
  const heard = async (events, key = WRITE_KEY) => {
    const { body } = await post(edge, batch(events), { query: `?write_key=${key}` });
    return body.verdicts.map(({ verdict, code, pointer }) => [verdict, code, pointer].filter(Boolean).join(' '));
  };
  expect(await heard([placed(12.5)])).toEqual(['rejected unknown_event_name /event_name']);

  collector.siteList.schemas = [row(orderPlaced('1-0-0', 'number'))];
  await until('it is known', async () => (await heard([placed(12.5)]))[0] === 'accepted');
  expect(await heard([placed('twelve'), placed(1)])).toEqual(['rejected wrong_type /attributes/total', 'accepted']);
  expect(await heard([placed(12.5)], OTHER_SITE.write_key)).toEqual(['rejected unknown_event_name /event_name']);
  expect(await heard([event({ event_name: 'page.viewed', attributes: { kind: 'route' } })])).toEqual(['accepted']);

  collector.siteList.schemas = [row(orderPlaced('2-0-0', 'string'))];
  await until('it has changed', async () => (await heard([placed('twelve')]))[0] === 'accepted');
  expect(await heard([placed(12.5)])).toEqual(['rejected wrong_type /attributes/total']);
  expect(await heard([{ ...placed('twelve'), schema_version: '1-0-0' }])).toEqual(['rejected unknown_schema_version /schema_version']);

  // One that this edge cannot compile: the list before it stays, sites and all.
  const full = collector.siteList.full;
  collector.siteList.sites = [elsewhere];
  collector.siteList.schemas = [row({ ...orderPlaced('3-0-0', 'string'), oneOf: [] })];
  await until('it was told', async () => {
    await heard([placed('twelve')]);
    return collector.siteList.full > full;
  });
  expect(await heard([placed('twelve')])).toEqual(['accepted']);

  collector.siteList.schemas = [];
  collector.siteList.sites = [strict];
  await until('it is gone', async () => (await heard([placed('twelve')]))[0] === 'rejected unknown_event_name /event_name');
  await edge.stop();
});

test('a preflight asks the list, too', async () => {
  const edge = await start();
  const asked = await fetch(`${edge.url}/v1/events`, { method: 'OPTIONS', headers: { origin: PAGE_ORIGIN, 'access-control-request-method': 'POST' } });
  expect(asked.status).toBe(204);
  await edge.stop();
});

test("a page reads its site's settings, and asks again by their tag", async () => {
  const shown = { switches: { rage_clicks: false }, thresholds: { rage_clicks: 4 } };
  collector.siteList.sites = [{ ...SITE, settings: shown }, OTHER_SITE];
  const edge = await start();
  const get = (key, headers = {}) => fetch(`${edge.url}/v1/site-settings?write_key=${key}`, { headers });
  const first = await get(WRITE_KEY, { origin: PAGE_ORIGIN });
  expect([first.status, await first.json()]).toEqual([200, shown]);
  expect(first.headers.get('access-control-allow-origin')).toBe(PAGE_ORIGIN);
  expect(first.headers.get('cache-control')).toBe('public, max-age=300');
  expect(first.headers.get('vary')).toBe('Origin');
  const again = await get(WRITE_KEY, { 'if-none-match': first.headers.get('etag') });
  expect([again.status, await again.text()]).toEqual([304, '']);
  expect(await (await get(OTHER_SITE.write_key)).json()).toEqual({});
  for (const [key, headers, status, code] of [
    ['wk_nobody', {}, 401, 'unknown_write_key'],
    ['', {}, 401, 'unknown_write_key'],
    [WRITE_KEY, { origin: 'https://evil.example' }, 403, 'origin_not_allowed'],
  ]) {
    const refused = await get(key, headers);
    expect([refused.status, (await refused.json()).error.code]).toEqual([status, code]);
  }
  await edge.stop();
});
