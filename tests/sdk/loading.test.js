// How the SDK comes into a page: by the stub, late, under strict policies, without wasm.

import { readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launch, open, until } from './app/browser.js';
import { call, init, startSink, startSite } from './app/site.js';

const root = resolve(import.meta.dirname, '../..');
const stub = readFileSync(join(root, 'npm/web/dist/sdk/stub.js'), 'utf8');
const hash = (kind, text) => `${kind}-${createHash(kind).update(text).digest('base64')}`;

let browser, sink, site;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());
beforeEach(async () => {
  sink = await startSink();
});
afterEach(async () => {
  await sink.close();
  await site.close();
});

/** A page that holds the stub inline and calls it. */
const stubbed = (calls, more = '') => `<!doctype html><title>Stub</title><link rel="icon" href="data:,">
  <script>${stub}</script><script>
  tidemark.init({ writeKey: 'wk', endpoint: '${sink.origin}', script: '/sdk/tidemark.js', capture: { pages: false }, ${more} });
  ${calls}</script>`;

test('what the stub queued is done in order, with its own time', async () => {
  site = await startSite({
    html: () => stubbed(`tidemark.track('first.call', { n: 1 }); tidemark.flush().then((told) => (window.told = told));`, 'consent: { analytics: true }'),
  });
  const before = Date.now();
  const { page, context, thrown } = await open(browser, site.origin);
  await until(() => page.evaluate(() => window.told?.accepted), 1);
  const [event] = sink.named('first.call');
  expect(event.attributes).toEqual({ n: 1 });
  expect(Date.parse(event.occurred_at)).toBeGreaterThanOrEqual(before - 1);
  expect(thrown).toEqual([]);
  await context.close();
});

test.each([
  ['granted: a plain beacon takes it', 'consent: { analytics: true }', 1],
  ['undecided: it is forgotten', '', 0],
  ['denied: it is forgotten', 'consent: { analytics: false }', 0],
])('a page that is left before the script came, %s', async (_, consent, expected) => {
  site = await startSite({ html: (path) => (path === '/next' ? 'next' : stubbed(`tidemark.track('early.bird', { n: 1 });`, consent)) });
  const context = await browser.newContext();
  // The script never comes.
  await context.route('**/sdk/tidemark.js', () => {});
  const page = await context.newPage();
  await page.goto(`${site.origin}/left?token=secret`, { waitUntil: 'commit' });
  await until(() => page.evaluate(() => !!window.tidemark?.q?.length), true);
  await page.goto(`${site.origin}/next`);
  if (expected) await until(() => sink.named('early.bird').length, expected);
  expect(sink.calls.length).toBe(expected);
  if (expected) {
    const [batch] = sink.batches();
    expect(batch.context).toMatchObject({ page: { path: '/left' }, consent: { analytics: true } });
    expect(JSON.stringify(batch)).not.toMatch(/secret|user_id|anonymous_id|session_id/);
    expect(sink.calls[0].type).toMatch(/^text\/plain/);
  }
  await context.close();
});

test('a page that is left before the module came: a plain beacon takes what was tracked', async () => {
  site = await startSite();
  const context = await browser.newContext();
  await context.route('**/sdk/tidemark.wasm', () => {});
  const { page } = await open(browser, `${site.origin}/left`, context);
  await init(page, sink);
  await call(page, 'track', 'early.bird', { n: 1 });
  await page.goto(`${site.origin}/next`);
  await until(() => sink.named('early.bird').length, 1);
  await context.close();
});

const cases = () => {
  const names = ['bounds', 'catalogue', 'consent', 'envelope', 'international', 'page', 'sanitise', 'schema', 'time'];
  const all = [];
  for (const name of names) {
    const { cases } = JSON.parse(readFileSync(join(root, `schemas/golden/${name}.json`), 'utf8'));
    for (const { event } of cases) {
      try {
        const { event_name, attributes } = JSON.parse(event.replace(/\$\((\d+)\*([^)]*)\)/g, (_, n, text) => text.repeat(n)));
        all.push([event_name, attributes]);
      } catch {
        // A payload that is no JSON cannot be tracked.
      }
    }
  }
  return all;
};

test('under a strict policy the twin runs, and writes every golden payload as the module does', async () => {
  const inline = `window.reports = []; document.addEventListener('securitypolicyviolation', (event) => reports.push(event.violatedDirective));`;
  site = await startSite({
    html: `<!doctype html><title>Strict</title><link rel="icon" href="data:,"><script>${inline}</script><script src="/sdk/tidemark.js"></script>`,
  });
  const policy = (at) =>
    `default-src 'none'; script-src 'self' '${hash('sha256', inline)}'; connect-src 'self' ${at}; img-src data:; require-trusted-types-for 'script'; trusted-types tidemark`;
  const written = {};
  for (const build of ['module', 'twin', 'asked']) {
    sink.calls.length = 0;
    site.requests.length = 0;
    site.headers = build === 'twin' ? { 'content-security-policy': policy(sink.origin) } : {};
    const { page, context, thrown } = await open(browser, site.origin);
    await init(page, sink, { capture: { pages: false, clicks: false, rageClicks: false }, twin: build === 'asked' });
    const told = await page.evaluate(async (cases) => {
      for (const [name, attributes] of JSON.parse(cases)) window.tidemark.track(name, attributes);
      let all = {};
      // A flush goes by batches; the last says that nothing is left.
      do {
        const told = await window.tidemark.flush();
        for (const key in told) all[key] = (key === 'held' ? 0 : (all[key] ?? 0)) + told[key];
      } while (all.held);
      return all;
      // As text: Playwright's own way into a page is slow for deep values.
    }, JSON.stringify(cases()));
    written[build] = {
      told,
      // A name is refused before the engine is there, a size by the engine: their order tells when it came.
      errors: (await page.evaluate(() => window.errors)).sort(),
      events: sink.events().map(({ event_name, attributes }) => [event_name, attributes]),
    };
    expect(site.requests.includes('/sdk/tidemark.twin.js'), build).toBe(build !== 'module');
    expect(site.requests.includes('/sdk/tidemark.wasm'), build).toBe(build !== 'asked');
    if (build === 'twin') {
      const reports = await page.evaluate(() => window.reports);
      expect(reports).toEqual(['script-src']);
    }
    expect(thrown).toEqual([]);
    await context.close();
  }
  expect(written.module.events.length).toBeGreaterThan(100);
  expect(written.twin).toEqual(written.module);
  expect(written.asked).toEqual(written.module);
});

test('a browser without WebAssembly gets the twin', async () => {
  site = await startSite();
  const context = await browser.newContext();
  await context.addInitScript(() => delete window.WebAssembly);
  const { page, thrown } = await open(browser, site.origin, context);
  await init(page, sink);
  await call(page, 'track', 'without.wasm', { by: 'ann@example.org' });
  await call(page, 'flush');
  expect(sink.named('without.wasm')[0].attributes).toEqual({ by: '[email]' });
  expect(thrown).toEqual([]);
  await context.close();
});

test('the stub loads a script that has its digest, and none that has not, under Trusted Types', async () => {
  const script = readFileSync(join(root, 'npm/web/dist/sdk/tidemark.js'));
  for (const [integrity, comes] of [[hash('sha384', script), true], [hash('sha384', 'another'), false]]) {
    site = await startSite({
      html: () => stubbed(`tidemark.track('with.digest'); tidemark.flush();`, `integrity: '${integrity}', consent: { analytics: true }`),
      headers: { 'content-security-policy': "require-trusted-types-for 'script'; trusted-types tidemark" },
    });
    const { page, context, thrown } = await open(browser, site.origin);
    if (comes) await until(() => sink.named('with.digest').length, 1);
    else await until(() => site.requests.includes('/sdk/tidemark.js'), true);
    expect(await page.evaluate(() => !!window.tidemark.q)).toBe(!comes);
    expect(thrown).toEqual([]);
    await context.close();
    if (comes) await site.close();
  }
});

test('before consent: no request but the script, no storage, and one line that says why', async () => {
  site = await startSite();
  const { page, context, lines } = await open(browser, site.origin);
  const before = site.requests.length;
  await page.evaluate((endpoint) => {
    window.tidemark.init({ writeKey: 'wk', endpoint, capture: { pages: false } });
    ['a.one', 'a.two', 'a.three'].forEach((name) => window.tidemark.track(name));
  }, sink.origin);
  await until(() => lines.filter((line) => line.includes('3 events held: no consent yet')).length, 1);
  expect(site.requests.length).toBe(before);
  expect(sink.calls).toEqual([]);
  const kept = await page.evaluate(async () => [
    document.cookie, localStorage.length, sessionStorage.length, (await indexedDB.databases()).length,
  ]);
  expect(kept).toEqual(['', 0, 0, 0]);
  await context.close();
});

test('what the site tells its pages is asked for once, after consent, and nothing waits for it', async () => {
  site = await startSite();
  const { page, context, thrown } = await open(browser, site.origin);
  await init(page, sink, { consent: {} });
  await call(page, 'track', 'a.one');
  await page.waitForLoadState('networkidle');
  expect(sink.asked).toEqual([]);
  await call(page, 'setConsent', { analytics: true });
  await until(() => sink.asked, ['/v1/site-settings?write_key=wk']);
  await call(page, 'setConsent', { analytics: true, ads: true });
  expect((await call(page, 'flush')).accepted).toBeGreaterThan(0);
  expect(sink.asked.length).toBe(1);
  await context.close();

  for (const answer of ['broken', 'null', 'absent']) {
    sink.calls.length = 0;
    const context = await browser.newContext();
    await context.route('**/v1/site-settings*', (route) =>
      answer === 'absent' ? route.abort() : route.fulfill({ body: answer, headers: { 'access-control-allow-origin': '*' } }));
    const { page } = await open(browser, site.origin, context);
    await init(page, sink);
    await call(page, 'track', 'a.two');
    expect((await call(page, 'flush')).accepted, answer).toBe(1);
    expect(await page.evaluate(() => window.errors), answer).toEqual([]);
    await context.close();
  }
  expect(thrown).toEqual([]);
});

test.each([[true, true], [false, undefined]])('a browser that a program drives (%s) says so', async (driven, expected) => {
  site = await startSite();
  const context = await browser.newContext();
  await context.addInitScript((driven) => Object.defineProperty(navigator, 'webdriver', { get: () => driven }), driven);
  const { page } = await open(browser, site.origin, context);
  await init(page, sink);
  await call(page, 'track', 'a.one');
  await call(page, 'flush');
  expect(sink.batches()[0].context.device.automated).toBe(expected);
  await context.close();
});
