// Before consent, by script tag: no request but the tag's own, and nothing lost.

import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { launch, open, until } from './app/browser.js';
import { serve, startSink } from './app/sink.js';

let browser, app, sink, page, context, thrown, lines, requests;

beforeAll(async () => {
  browser = await launch();
  const folder = join(inject('app'), 'consent');
  mkdirSync(folder);
  const sdk = join(inject('app'), 'node_modules/@tidemark/web/dist/sdk');
  cpSync(sdk, join(folder, 'sdk'), { recursive: true });
  writeFileSync(
    join(folder, 'index.html'),
    `<!doctype html><title>Consent</title><link rel="icon" href="data:,">
     <button id="dead">Buy</button><script src="/sdk/tidemark.js"></script>`,
  );
  app = await serve(folder);
});
afterAll(async () => {
  await browser.close();
  await app.close();
});
beforeEach(async () => {
  sink = await startSink();
  ({ page, context, thrown, lines } = await open(browser, app.origin));
  requests = [];
  page.on('request', (request) => requests.push(request.url()));
});
afterEach(async () => {
  expect(thrown).toEqual([]);
  await context.close();
  await sink.close();
});

const init = (more) =>
  page.evaluate(
    ([endpoint, more]) => {
      window.errors = [];
      const onError = (error) => window.errors.push(error.code);
      window.tidemark.init({ writeKey: 'wk', endpoint, onError, ...more });
    },
    [sink.origin, more],
  );
const flush = () => page.evaluate(() => window.tidemark.flush());
const decide = (analytics) =>
  page.evaluate((analytics) => window.tidemark.setConsent({ analytics }), analytics);

test('undecided: no request, a hint; on a grant everything goes with its own time', async () => {
  await init({});
  const before = Date.now();
  await page.evaluate(() => {
    const attributes = { v: 1 };
    window.tidemark.track('early.call', attributes);
    attributes.v = 2;
  });
  await page.click('#dead');
  expect(await flush()).toMatchObject({ sent: 0, dropped: 0, held: 3 });
  await until(() => lines.filter((line) => line.includes('3 events held: no consent yet')).length, 1);
  expect(requests).toEqual([]);
  await decide(true);
  // The button does nothing: two seconds later that is told as well.
  await until(() => sink.names().sort(), ['consent.changed', 'early.call', 'page.viewed', 'ui.clicked', 'ui.dead_click']);
  const early = sink.events().find((event) => event.event_name === 'early.call');
  expect(early.attributes).toEqual({ v: 1 });
  expect(early.context.page.title).toBe('Consent');
  // The hint came two seconds after the call.
  expect(Date.parse(early.occurred_at)).toBeLessThan(before + 1000);
});

test('denied: no request, and what is called is counted; a later grant tells nothing of before', async () => {
  await page.evaluate(() => { document.cookie = 'tidemark=of-an-earlier-visit;path=/'; });
  await init({ consent: { analytics: false } });
  await page.evaluate(() => window.tidemark.track('early.call'));
  expect(await flush()).toEqual({
    sent: 0, accepted: 0, duplicate: 0, rejected: 0, dropped: 2, held: 0,
  });
  expect(requests).toEqual([]);
  expect(await page.evaluate(() => document.cookie)).toBe('');
  await decide(true);
  await page.evaluate(() => window.tidemark.track('late.call'));
  await until(async () => (await flush()) && sink.names(), ['consent.changed', 'late.call']);
  expect(sink.events()[0].context.page.title).toBe('Consent');
});

test('a denial forgets what waits; calls beyond the bound are counted', async () => {
  await init({ capture: { pages: false } });
  await page.evaluate(() => {
    for (let call = 0; call < 1200; call++) window.tidemark.track('early.call');
  });
  const { held, dropped } = await flush();
  expect(held + dropped).toBe(1200);
  expect(dropped).toBeGreaterThanOrEqual(200);
  await decide(false);
  expect(await flush()).toMatchObject({ dropped: held, held: 0 });
  expect(requests).toEqual([]);
});

test('wrong options cost themselves and not the SDK', async () => {
  const flushed = await page.evaluate(
    (endpoint) => {
      const { init, track, page, setConsent, flush } = window.tidemark;
      window.errors = [];
      const onError = (error) => window.errors.push(error.code);
      init({ onError, get writeKey() { throw new Error('mine'); } });
      init({ onError });
      setConsent(null);
      init({
        writeKey: 'wk', endpoint, onError, consent: null, capture: null,
        flushIntervalMs: -1, maxBatchEvents: Infinity,
      });
      init({ onError, writeKey: 'wk', endpoint });
      track(undefined);
      track(null);
      track(Symbol('no'));
      setConsent({ get analytics() { throw new Error('mine'); } });
      setConsent({ analytics: true });
      track('still.alive');
      page();
      return flush();
    },
    sink.origin,
  );
  await until(() => sink.names(), ['page.viewed', 'consent.changed', 'still.alive', 'page.viewed']);
  expect(await page.evaluate(() => window.errors)).toEqual([
    ...Array(6).fill('invalid_options'),
    'already_started',
    ...Array(3).fill('invalid_event_name'),
    'internal',
  ]);
  expect(flushed).toMatchObject({ sent: 4, rejected: 3 });
});

test.each([
  [401, 'unknown_write_key'],
  [403, 'origin_not_allowed'],
])('a %i is told once, with what to do', async (status, code) => {
  sink.answers.push({ status }, { status });
  await init({ consent: { analytics: true } });
  await flush();
  await page.evaluate(() => window.tidemark.track('second.call'));
  await flush();
  expect(sink.calls.length).toBe(2);
  expect(await page.evaluate(() => window.errors)).toEqual([code]);
  expect(lines.filter((line) => line.startsWith(`[tidemark] ${code}: `)).length).toBe(1);
});
