// What a visitor allows: the header Sec-GPC, and the daily key of one who allowed nothing.
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { batch, counter, event, OTHER_SITE, post, settings, SITE, TENANT_ID, verdicts } from './support/world.js';

let collector;
let edge;

const SITES = JSON.stringify([{ ...SITE, cookieless: true }, { ...OTHER_SITE, cookieless: true }]);

beforeAll(async () => {
  collector = await startCollector();
  edge = await startEdge({ vars: settings(collector, { TIDEMARK_SITES: SITES }) });
});
beforeEach(() => collector.forget());
afterAll(async () => {
  expect(collector.faults).toEqual([]);
  await edge.stop();
  await collector.stop();
});

const GPC = { headers: { 'sec-gpc': '1' } };
const consent = (analytics, ads) => ({ context: { consent: { analytics, ads } } });

test('under Global Privacy Control only who was asked is measured, and ads never', async () => {
  const asked = event(consent(true, true));
  const answer = await post(edge, batch([asked, event(), event(consent(null, true))]), GPC);
  expect(verdicts(answer)).toEqual(['accepted', 'dropped', 'dropped']);
  expect(answer.body.verdicts[1].code).toBe('consent');
  const [hop] = collector.batches;
  expect(hop.events[0].context.consent).toEqual({ analytics: true, ads: false });
  expect(hop.context).toEqual({ consent: { analytics: false, ads: false } });
});

test("the batch's consent is narrowed, and everything else stays", async () => {
  const sent = batch([event({ attributes: { a: 1 } })], { ...consent(true, true), sent_at: new Date().toISOString() });
  const answer = await post(edge, sent, GPC);
  expect([answer.body.batch_id, verdicts(answer)]).toEqual([sent.batch_id, ['accepted']]);
  const [hop] = collector.batches;
  expect(hop).toMatchObject({ batch_id: sent.batch_id, context: { consent: { analytics: true, ads: false } } });
  expect(hop.events[0]).toMatchObject({ event_id: sent.events[0].event_id, attributes: { a: 1 } });
});

test.each(['0', 'true', '1, 1'])('Sec-GPC: %s is no signal', async (value) => {
  expect(verdicts(await post(edge, batch([event()]), { headers: { 'sec-gpc': value } }))).toEqual(['accepted']);
});

const uncounted = () => event({ user_id: 'u', anonymous_id: '44444444-4444-4444-8444-444444444444', context: { consent: { analytics: false, mode: 'cookieless' } } });

/** The key that a visitor without consent gets. */
async function key(at, { agent = 'a browser', query } = {}) {
  collector.forget();
  const answer = await post(at, batch([uncounted()]), { query, headers: { 'user-agent': agent } });
  expect(verdicts(answer)).toEqual(['accepted']);
  const [sent] = collector.batches[0].events;
  expect(sent).not.toHaveProperty('user_id');
  return sent.anonymous_id;
}

test('a visitor without consent has one key a day, another at each site and with each browser', async () => {
  const first = await key(edge);
  expect(first).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8/);
  expect(await key(edge)).toBe(first);
  expect(await key(edge, { agent: 'another browser' })).not.toBe(first);
  expect(await key(edge, { query: `?write_key=${OTHER_SITE.write_key}` })).not.toBe(first);
  expect(collector.texts.join()).not.toContain(TENANT_ID.repeat(2));
});

test('the salt is kept for the day, is random, and without it there is no key', async () => {
  const vars = settings(collector, { TIDEMARK_SITES: SITES });
  const before = await startEdge({ vars });
  const first = await key(before);
  await before.kill();
  const after = await startEdge({ vars, storage: before.storage });
  expect(await key(after)).toBe(first);
  await after.stop();
  const elsewhere = await startEdge({ vars });
  expect(await key(elsewhere)).not.toBe(first);
  await elsewhere.stop();

  const folder = join(before.storage, 'tidemark-keeper');
  for (const name of readdirSync(folder).filter((file) => /^[0-9a-f]{64}\.sqlite/.test(file))) writeFileSync(join(folder, name), 'this is no database');
  const without = await startEdge({ vars, storage: before.storage });
  expect(await key(without)).toBe(undefined);
  expect(await counter(without, 'salt', 'away')).toBe(1);
  await without.stop();
});
