// What users of such SDKs complain of, where no other test shows that it does not apply
// here. docs/complaints.md lists every complaint with its test.

import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launch, open, until } from './app/browser.js';
import { call, init, startSink, startSite } from './app/site.js';

const ROOT = resolve(import.meta.dirname, '../..');
const DIST = join(ROOT, 'npm/web/dist');

let browser, sink, site;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());
beforeEach(async () => {
  sink = await startSink();
  site = await startSite();
});
afterEach(async () => {
  await sink.close();
  await site.close();
});

test('leaks: a thousand routes with clicks leave no listener and no node behind', async () => {
  const { page, context } = await open(browser, site.origin);
  await init(page, sink, { capture: {} });
  const cdp = await context.newCDPSession(page);
  const walk = async (routes) => {
    for (let clicks = 0; clicks < 10; clicks++) {
      await page.evaluate(async (routes) => {
        for (let route = 0; route < routes; route++) {
          history.pushState({}, '', `/route/${route % 20}`);
          document.title = `Route ${route % 20}`;
          const [button] = [document.createElement('button')];
          button.textContent = 'Next';
          button.id = 'next';
          document.querySelector('#next')?.remove();
          document.body.append(button);
          await new Promise((done) => setTimeout(done));
        }
      }, routes / 10);
      await page.click('#next');
    }
    await call(page, 'flush');
    // Answers are waited for, and listeners with them, for some seconds after a click.
    let counters;
    const read = async () => {
      await cdp.send('HeapProfiler.collectGarbage');
      const { nodes, jsEventListeners } = await cdp.send('Memory.getDOMCounters');
      const before = counters;
      counters = { nodes, jsEventListeners };
      return JSON.stringify(before) === JSON.stringify(counters);
    };
    await expect.poll(read, { timeout: 20_000, interval: 3000 }).toBe(true);
    return counters;
  };
  const before = await walk(100);
  const after = await walk(1000);
  expect(after.jsEventListeners).toBeLessThanOrEqual(before.jsEventListeners);
  expect(after.nodes).toBeLessThanOrEqual(before.nodes + 20);
  await context.close();
});

test('main thread: a call neither compresses, nor requests, nor writes', async () => {
  const { page, context } = await open(browser, site.origin);
  await init(page, sink, { flushIntervalMs: 60_000 });
  await call(page, 'flush');
  const [during, after] = await page.evaluate(async () => {
    const did = [];
    const spy = (owner, name) => {
      const original = owner[name];
      owner[name] = function (...args) {
        did.push(name);
        return new.target ? new original(...args) : original.apply(this, args);
      };
    };
    spy(window, 'fetch');
    spy(window, 'CompressionStream');
    spy(Navigator.prototype, 'sendBeacon');
    spy(Storage.prototype, 'setItem');
    spy(IDBObjectStore.prototype, 'put');
    const cookie = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
    Object.defineProperty(document, 'cookie', { get: () => cookie.get.call(document), set: (text) => did.push('cookie') && cookie.set.call(document, text) });
    // Fewer than make a batch leave on their own.
    for (let index = 0; index < 40; index++) window.tidemark.track('a.one', { index, text: 'x'.repeat(200) });
    const during = [...did];
    await window.tidemark.flush();
    return [during, did];
  });
  expect(during).toEqual([]);
  // The spies see what they are there for.
  expect(after).toEqual(expect.arrayContaining(['fetch', 'CompressionStream', 'put']));
  await context.close();
});

test('ad blockers: script, module, settings and events go by one path of the site itself', async () => {
  const { page, context } = await open(browser, 'about:blank');
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  // The site's own proxy, below a path of its choosing.
  await context.route(`${site.origin}/harbour/**`, async (route) => {
    const url = route.request().url().replace('/harbour', '');
    const to = url.includes('/sdk/') ? url : url.replace(site.origin, sink.origin);
    route.fulfill({ response: await route.fetch({ url: to }) });
  });
  site.html = `<!doctype html><title>Site</title><link rel="icon" href="data:,"><script src="/harbour/sdk/tidemark.js"></script>`;
  await page.goto(site.origin);
  await page.evaluate(() => {
    window.tidemark.init({ writeKey: 'wk', endpoint: `${location.origin}/harbour/`, consent: { analytics: true } });
    window.tidemark.track('a.one');
  });
  expect((await call(page, 'flush')).accepted).toBe(2);
  await until(() => sink.asked.length, 1);
  expect(asked.filter((url) => !url.startsWith(`${site.origin}/harbour/`))).toEqual([`${site.origin}/`]);
  expect(asked.length).toBe(5);
  await context.close();
});

test('phoning home: no built file names a host, and no host is asked but the site and its endpoint', async () => {
  const files = readdirSync(DIST, { recursive: true }).filter((name) => /\.(js|wasm)$/.test(name));
  expect(files).toEqual(expect.arrayContaining(['browser.js', join('sdk', 'tidemark.js'), join('sdk', 'stub.js'), join('sdk', 'tidemark.inspector.js')]));
  for (const name of files) {
    const hosts = readFileSync(join(DIST, name), 'latin1').match(/(https?:)?\/\/[a-z0-9-]+(\.[a-z0-9-]+)*\.(com|net|org|io|dev|cloud|app)\b/g) ?? [];
    expect(hosts, name).toEqual([]);
  }
  const { page, context } = await open(browser, 'about:blank');
  const hosts = new Set();
  page.on('request', (request) => hosts.add(new URL(request.url()).origin));
  await page.goto(site.origin);
  await init(page, sink, { capture: {}, debug: true });
  await call(page, 'track', 'a.one');
  await call(page, 'flush');
  expect([...hosts].sort()).toEqual([site.origin, sink.origin].sort());
  await context.close();
});

test('duplicates: a script that is loaded twice and started twice is one client', async () => {
  site.html = `<!doctype html><title>Twice</title><link rel="icon" href="data:,">${'<script src="/sdk/tidemark.js"></script>'.repeat(2)}`;
  const { page, context } = await open(browser, site.origin);
  await init(page, sink, { capture: {} });
  await init(page, sink, { capture: {} });
  await call(page, 'track', 'a.one');
  await call(page, 'flush');
  expect(await page.evaluate(() => window.errors)).toEqual(['already_started']);
  expect(sink.names().sort()).toEqual(['a.one', 'page.viewed']);
  await context.close();
});

test('every test that docs/complaints.md names is there', () => {
  const table = readFileSync(join(ROOT, 'docs/complaints.md'), 'utf8').split('\n').filter((line) => line.startsWith('| '));
  let named = 0;
  for (const line of table) {
    for (const part of line.split(/;? (?=(?:tests|gtm-template)\/)/)) {
      const file = /^(tests\/[a-z]+\/[a-z-]+|gtm-template\/template)/.exec(part)?.[1];
      if (!file) continue;
      const text = readFileSync(join(ROOT, `${file}.test.js`), 'utf8');
      // A title of a table of cases has places to fill.
      const titles = [...text.matchAll(/\(\s*(['`])(.+?)\1,/g)].map(([, , title]) =>
        new RegExp(`^${title.replace(/[.*+?^$()[\]|\\{}]/g, '\\$&').replace(/%[sidj]/g, '.+')}$`));
      for (const [, title] of part.matchAll(/\*([^*]+)\*/g)) {
        named += 1;
        expect(titles.some((known) => known.test(title)), `${file}: ${title}`).toBe(true);
      }
    }
  }
  expect(named).toBeGreaterThan(30);
});
