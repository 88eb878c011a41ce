// What is tracked arrives, once, whatever the network, the disk and the person do.

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launch, open, profile, start, until } from './app/browser.js';
import { call, init, onDisk, startSink, startSite } from './app/site.js';

let browser, site, sink;
beforeAll(async () => {
  browser = await launch();
  site = await startSite();
});
afterAll(async () => {
  await browser.close();
  await site.close();
});
beforeEach(async () => {
  sink = await startSink();
});
afterEach(() => sink.close());

const burst = (page, count, size = 10) =>
  page.evaluate(
    ([count, size]) => {
      const text = 'x'.repeat(size);
      for (let index = 0; index < count; index++) window.tidemark.track('exit.burst', { index, text });
    },
    [count, size],
  );
const indices = () => new Set(sink.named('exit.burst').map((event) => event.attributes.index));
/** Each index came, and none under two ids. */
const arrived = async (count) => {
  await until(() => indices().size, count);
  expect(new Set(sink.ids('exit.burst')).size).toBe(count);
};

/** An endpoint of which nobody is there: connections are refused. */
const away = 'http://127.0.0.1:9';

describe('the durable queue', () => {
  test('a tracked event is committed within 250 ms, and removed after its verdict', async () => {
    const { page, context } = await open(browser, site.origin);
    await init(page, sink, { flushIntervalMs: 60_000 });
    await call(page, 'flush');
    const windows = await page.evaluate(async () => {
      const committed = [];
      const { put } = IDBObjectStore.prototype;
      let began;
      const done = () => committed.push(performance.now() - began);
      IDBObjectStore.prototype.put = function (...args) {
        this.transaction.addEventListener('complete', done);
        return put.apply(this, args);
      };
      for (let turn = 0; turn < 20; turn++) {
        const before = committed.length;
        began = performance.now();
        window.tidemark.track('queue.window', { turn });
        while (committed.length === before) await new Promise((resolve) => setTimeout(resolve, 1));
      }
      return committed;
    });
    windows.sort((a, b) => a - b);
    console.log(`commit window ms: median ${windows[10].toFixed(0)}, longest ${windows[19].toFixed(0)}`);
    expect(await onDisk(page)).toBe(20);
    await call(page, 'flush');
    await until(() => onDisk(page), 0);
    await context.close();
  });

  test('a flush in the handler of a click takes that click with it, and waits for its verdict', async () => {
    const { page, context } = await open(browser, site.origin);
    await init(page, sink, { flushIntervalMs: 60_000 });
    await call(page, 'flush');
    await page.evaluate(() => {
      window.dead.addEventListener('click', () => (window.flushed = window.tidemark.flush()));
    });
    await page.click('#dead');
    expect(await page.evaluate(() => window.flushed)).toMatchObject({ sent: 1, accepted: 1, held: 0 });
    await context.close();
  });

  test('kill -9 of the browser, without a network: what was committed goes with the next page', async () => {
    const { folder, remove } = profile();
    let chromium = await start(folder);
    let page = await chromium.context.newPage();
    await page.goto(site.origin);
    await init(page, { origin: away });
    await burst(page, 200);
    await until(() => onDisk(page), 200);
    await chromium.kill();

    chromium = await start(folder);
    page = await chromium.context.newPage();
    await page.goto(site.origin);
    await init(page, sink);
    await arrived(200);
    await until(() => onDisk(page), 0);
    await chromium.kill();
    remove();
  });

  test('a reload without a network loses nothing', async () => {
    const { page, context } = await open(browser, site.origin);
    await init(page, { origin: away });
    // What comes before the module is there goes by a plain beacon, which nobody takes here.
    await call(page, 'flush');
    await burst(page, 30);
    await page.reload();
    await init(page, { origin: away });
    await until(() => onDisk(page), 30);
    await page.reload();
    await init(page, sink);
    await arrived(30);
    expect(sink.ids('exit.burst').length).toBe(30);
    await until(() => onDisk(page), 0);
    await context.close();
  });

  test('offline nothing is tried; online it goes at once', async () => {
    const { page, context } = await open(browser, site.origin);
    await init(page, sink);
    await call(page, 'flush');
    await context.setOffline(true);
    await burst(page, 10);
    expect(await call(page, 'flush')).toMatchObject({ sent: 0, held: 10 });
    await context.setOffline(false);
    await arrived(10);
    await context.close();
  });

  test('five tabs: each sends its own, and one that died is adopted once', async () => {
    const context = await browser.newContext();
    const tabs = [];
    for (let tab = 0; tab < 5; tab++) {
      const opened = await open(browser, site.origin, context);
      await init(opened.page, sink, { flushIntervalMs: 60_000 });
      await call(opened.page, 'flush');
      tabs.push(opened.page);
    }
    for (const [tab, page] of tabs.entries()) {
      await page.evaluate((tab) => {
        for (let index = 0; index < 10; index++) {
          window.tidemark.track('exit.burst', { index: tab * 10 + index });
        }
      }, tab);
    }
    await until(() => onDisk(tabs[0]), 50);
    // A renderer that crashes says nothing to anybody.
    const session = await context.newCDPSession(tabs[4]);
    session.send('Page.crash').catch(() => {});
    await new Promise((resolve) => tabs[4].once('crash', resolve));

    const last = await open(browser, site.origin, context);
    await init(last.page, sink, { flushIntervalMs: 500 });
    const ofDead = () => sink.named('exit.burst').filter((event) => event.attributes.index >= 40);
    await until(() => ofDead().length, 10);
    // The living were asked, and keep theirs.
    expect(indices().size).toBe(10);
    await Promise.all(tabs.slice(0, 4).map((page) => call(page, 'flush')));
    await arrived(50);
    expect(sink.ids('exit.burst').length).toBe(50);
    await until(() => onDisk(last.page), 0);
    await context.close();
  });

  test('a page that comes back from the back/forward cache sends what is its own', async () => {
    const { page, context } = await open(browser, `${site.origin}/a`);
    await init(page, { origin: away });
    await page.evaluate(() => (window.isCached = true));
    await burst(page, 5);
    await until(() => onDisk(page), 5);
    await page.goto(`${site.origin}/b`);
    await init(page, sink);
    await arrived(5);
    await call(page, 'flush');
    await page.goBack({ waitUntil: 'commit' });
    expect(await page.evaluate(() => window.isCached)).toBe(true);
    // The first page knows that another one adopted its events.
    await until(() => page.evaluate(async () => (await window.tidemark.flush()).held), 0);
    expect(sink.ids('exit.burst').length).toBe(5);
    await context.close();
  });

  test('storage blocked or full: memory and network carry on, and it is told', async () => {
    for (const broken of ['blocked', 'full']) {
      const context = await browser.newContext();
      await context.addInitScript((broken) => {
        if (broken === 'blocked') {
          IDBFactory.prototype.open = () => {
            throw new DOMException('blocked', 'SecurityError');
          };
          Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('blocked', 'SecurityError'); } });
          Object.defineProperty(document, 'cookie', { get() { throw new DOMException('blocked', 'SecurityError'); }, set() {} });
        } else {
          IDBObjectStore.prototype.put = () => {
            throw new DOMException('full', 'QuotaExceededError');
          };
        }
      }, broken);
      const { page, thrown } = await open(browser, site.origin, context);
      await init(page, sink, { flushIntervalMs: 300 });
      await burst(page, 20);
      await arrived(20);
      await until(() => page.evaluate(() => window.errors), ['storage_failed']);
      expect(thrown).toEqual([]);
      sink.calls.length = 0;
      await context.close();
    }
  });
});

describe('a page that is left', () => {
  test.each([[200, 10], [80, 900]])('%i events of %i characters queued at once arrive, now or with the next page', async (count, size) => {
    const { page, context } = await open(browser, site.origin);
    await init(page, sink, { flushIntervalMs: 60_000 });
    // The server answers: what is handed to the browser at the end is taken for delivered.
    await call(page, 'track', 'first.word');
    await call(page, 'flush');
    await page.evaluate(
      ([count, size]) => {
        const text = 'x'.repeat(size);
        for (let index = 0; index < count; index++) window.tidemark.track('exit.burst', { index, text });
        setTimeout(() => (location.href = '/next'));
      },
      [count, size],
    );
    await page.waitForURL('**/next');
    await init(page, sink);
    await arrived(count);
    expect(sink.ids('exit.burst').length).toBe(count);
    await context.close();
  });

  test('exit bodies go as they are, others compressed where it pays, and no preflight is made', async () => {
    const { page, context } = await open(browser, site.origin);
    await init(page, sink, { flushIntervalMs: 60_000 });
    await burst(page, 50);
    await call(page, 'flush');
    await arrived(50);
    const [first] = sink.calls.filter((call) => call.method === 'POST');
    expect(first.encoding).toBe('gzip');
    expect(first.bytes).toBeLessThan(first.body.length / 2);
    await page.evaluate(() => {
      window.tidemark.track('last.word', { text: 'x'.repeat(3000) });
      setTimeout(() => (location.href = '/next'));
    });
    await until(() => sink.named('last.word').length, 1);
    expect(sink.calls.at(-1).encoding).toBeUndefined();
    expect(sink.calls.filter(({ method }) => method === 'OPTIONS')).toEqual([]);
    await context.close();
  });

  test('a batch that compression gains little for goes as it is, and any where the site wants none', async () => {
    for (const [events, more] of [[3, {}], [50, { gzip: false }]]) {
      sink.calls.length = 0;
      const { page, context } = await open(browser, site.origin);
      await init(page, sink, { flushIntervalMs: 60_000, ...more });
      await burst(page, events);
      await call(page, 'flush');
      await arrived(events);
      expect(sink.calls.map(({ method, encoding, type }) => [method, encoding, type])).toEqual([['POST', undefined, 'text/plain']]);
      await context.close();
    }
  });

  test('a page that is left before a batch is compressed sends it first, within the quota of its beacons', async () => {
    const { page, context } = await open(browser, site.origin);
    await init(page, sink, { flushIntervalMs: 60_000 });
    await call(page, 'track', 'a.one');
    await call(page, 'flush');
    await page.evaluate(() => {
      // One that never ends: the batch is still being compressed when the page is left.
      window.CompressionStream = function () {
        return new TransformStream({ transform() {}, flush: () => new Promise(() => {}) });
      };
      const text = 'x'.repeat(900);
      for (let index = 0; index < 80; index++) window.tidemark.track('exit.burst', { index, text });
      setTimeout(() => (location.href = '/next'), 50);
    });
    await page.waitForURL('**/next');
    await init(page, sink);
    await arrived(80);
    expect(sink.ids('exit.burst').length).toBe(80);
    await context.close();
  });

  test('a page that is left while a batch is compressed sends it', async () => {
    const { page, context } = await open(browser, site.origin);
    await init(page, sink, { flushIntervalMs: 60_000 });
    await call(page, 'flush');
    await page.evaluate(() => {
      for (let index = 0; index < 90; index++) window.tidemark.track('exit.burst', { index });
      window.tidemark.flush();
      location.href = '/next';
    });
    await page.waitForURL('**/next');
    await init(page, sink);
    await arrived(90);
    await context.close();
  });
});

describe('an endpoint that answers', () => {
  const answers = {
    'nothing, and closes': (response) => response.destroy(),
    500: (response) => response.writeHead(500).end('no'),
    '429 with Retry-After': (response) => response.writeHead(429, { 'retry-after': '1' }).end(),
    garbage: (response) => response.writeHead(200).end('<html>sign in</html>'),
    'an empty success': (response) => response.writeHead(204).end(),
  };
  test.each(Object.keys(answers))('%s: the same batch goes again', async (name) => {
    let failures = 2;
    sink.answer = (response) => failures-- > 0 && (answers[name](response), true);
    const { page, context, thrown } = await open(browser, site.origin);
    await init(page, sink);
    await burst(page, 3);
    await call(page, 'flush');
    await until(() => sink.batches().length, 3);
    const [first, second, third] = sink.batches();
    expect([second.batch_id, third.batch_id]).toEqual([first.batch_id, first.batch_id]);
    expect(third.events).toEqual(first.events);
    expect(thrown).toEqual([]);
    await until(() => onDisk(page), 0);
    await context.close();
  });

  test('413: halves, until they pass', async () => {
    sink.answer = (response, { body }) => body.length > 6000 && (response.writeHead(413).end(), true);
    const { page, context } = await open(browser, site.origin);
    await init(page, sink);
    await burst(page, 100);
    await call(page, 'flush');
    const small = () => sink.batches().filter((batch) => JSON.stringify(batch).length <= 6000);
    await until(() => new Set(small().flatMap((batch) => batch.events.map((event) => event.event_id))).size, 100);
    await context.close();
  });

  test('another 4xx: never again, and counted', async () => {
    sink.answer = (response) => (response.writeHead(400).end(), true);
    const { page, context } = await open(browser, site.origin);
    await init(page, sink);
    await burst(page, 3);
    expect(await call(page, 'flush')).toMatchObject({ sent: 0, dropped: 3, held: 0 });
    await until(() => onDisk(page), 0);
    expect(sink.calls.length).toBe(1);
    await context.close();
  });

  test('not at all: an incident still leaves within a second', async () => {
    const { page, context } = await open(browser, site.origin);
    await init(page, sink, { flushIntervalMs: 60_000 });
    await call(page, 'flush');
    const tells = ({ body }) => body.includes('"event_name":"ui.rage_click"');
    sink.answer = (response, call) => !tells(call);
    await call(page, 'track', 'slow.batch');
    await page.evaluate(() => void window.tidemark.flush());
    await until(() => sink.named('slow.batch').length, 1);
    for (let press = 0; press < 3; press++) await page.click('#dead');
    await until(() => sink.named('ui.rage_click').length, 1);
    const [incident] = sink.named('ui.rage_click');
    const came = sink.calls.find(tells).at;
    // A series ends a second after its last click; then it leaves.
    console.log(`incident told ${came - Date.parse(incident.occurred_at)} ms after the last click`);
    await context.close();
  });
});

test('consent that is withdrawn while a batch is under way: no attempt follows, nothing is kept, nothing waits', async () => {
  let answer;
  sink.answer = (response) => {
    answer = () => response.writeHead(503).end();
    return true;
  };
  const { page, context } = await open(browser, site.origin);
  await init(page, sink, { flushIntervalMs: 60_000 });
  await call(page, 'track', 'a.one');
  await page.evaluate(() => {
    window.flushed = window.tidemark.flush();
  });
  await until(() => sink.calls.length, 1);
  await call(page, 'track', 'a.two');
  await until(() => onDisk(page), 2);
  await call(page, 'setConsent', { analytics: false });
  sink.answer = () => false;
  answer();
  expect(await page.evaluate(() => window.flushed)).toMatchObject({ sent: 0, dropped: 2, held: 0 });
  const kept = () => page.evaluate(async () => [document.cookie, (await indexedDB.databases()).length]);
  await until(kept, ['', 0]);
  await call(page, 'setConsent', { analytics: true });
  await call(page, 'track', 'a.three');
  await call(page, 'flush');
  expect(sink.names().sort()).toEqual(['a.one', 'a.three', 'consent.changed']);
  await context.close();
});

test('what others wrote into storage costs no batch: a line or a user that is no JSON is passed over', async () => {
  const { page, context } = await open(browser, site.origin);
  const id = '0190f5f6-7e2a-7c3b-9d4e-5f60718293a4';
  const times = [Date.now(), Date.now(), 0].map((number) => `${number}`.padStart(15, '0'));
  await page.evaluate(
    async ([line, now]) => {
      // The user's text ends in half of an escape.
      document.cookie = `tidemark=${encodeURIComponent(`${line} u\\q`)};path=/`;
      const id = `${now.toString(16).padStart(12, '0').replace(/.{8}/, '$&-')}-7c3b-9d4e-5f60718293a4`;
      const left = `{"event_id":"${id}","event_name":"left.behind","occurred_at":"${new Date(now).toISOString()}","source":"web","attributes":{}}`;
      const lines = ['no json', '[1]', '{"a":', left.replace('{}', '{"a":"\\q"}'), left, ''].join('\n');
      await new Promise((resolve, reject) => {
        const request = indexedDB.open('tidemark', 1);
        request.onupgradeneeded = () => request.result.createObjectStore('chunks').put(lines, 'dead:1');
        request.onerror = reject;
        request.onsuccess = () => resolve(request.result.close());
      });
    },
    [[id, id, ...times].join(' '), Date.now()],
  );
  await init(page, sink, { flushIntervalMs: 300 });
  await call(page, 'track', 'still.works');
  await until(() => sink.named('left.behind').length, 1);
  await until(() => sink.named('still.works').length, 1);
  const [event] = sink.named('still.works');
  expect(event.anonymous_id).not.toBe(id);
  expect(event.user_id).toBeUndefined();
  await context.close();
});

test('a clock that is set back or ahead loses nothing and keeps ids apart', async () => {
  const { page, context } = await open(browser, site.origin);
  await init(page, sink);
  await page.evaluate(() => {
    const { now } = Date;
    window.tidemark.track('exit.burst', { index: 0 });
    Date.now = () => now() - 3 * 3_600_000;
    window.tidemark.track('exit.burst', { index: 1 });
    Date.now = () => now() + 2 * 86_400_000;
    window.tidemark.track('exit.burst', { index: 2 });
    Date.now = now;
  });
  await call(page, 'flush');
  await arrived(3);
  await context.close();
});

test('a hook sees each event before it leaves, changes it or keeps it back', async () => {
  const { page, context } = await open(browser, site.origin);
  const counted = await page.evaluate((endpoint) => {
    const { init, track, flush } = window.tidemark;
    init({
      writeKey: 'wk', endpoint, consent: { analytics: true }, capture: { pages: false },
      beforeSend: (event) => {
        if (event.event_name === 'kept.back') return null;
        if (event.event_name === 'hook.throws') throw new Error('mine');
        return { ...event, attributes: { ...event.attributes, seen: true } };
      },
    });
    ['kept.back', 'hook.throws', 'goes.on'].forEach((name) => track(name));
    return flush();
  }, sink.origin);
  expect(counted).toMatchObject({ accepted: 1, dropped: 2, held: 0 });
  expect(sink.events().map((event) => [event.event_name, event.attributes])).toEqual([['goes.on', { seen: true }]]);
  await context.close();
});
