// Every line of the table in docs/consent.md, which core's state machine writes, in a
// page with the real functions of consent tools: what is stored, sent, held and told.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launch, open } from './app/browser.js';
import { startSink, startSite } from './app/site.js';

const LOADING = { cmpStatus: 'loading' };
const tcf = (gdprApplies, eventStatus, ids) => ({
  cmpStatus: 'loaded',
  gdprApplies,
  eventStatus,
  purpose: { consents: Object.fromEntries(ids.map((id) => [id, true])) },
});
const MEASURE = [1, 8, 9, 10];
const EVERY = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const google = (analytics, ads) =>
  Object.fromEntries(
    [['analytics_storage', analytics], ['ad_storage', ads], ['ad_user_data', ads], ['ad_personalization', ads]].filter(
      ([, word]) => word,
    ),
  );
const [yes, no] = ['granted', 'denied'];

const STATES = {
  'Nothing said, in an opt-in or unknown region': [],
  'Nothing said, in an opt-out region': [['region', true]],
  'A consent tool is awaited, in an opt-out region': [['region', true], ['tcf', LOADING]],
  'Granted by a call': [['setConsent', { analytics: true }]],
  'Denied by a call': [['setConsent', { analytics: false, ads: false }]],
  'Opted out': [['setConsent', { analytics: true }], ['optOut']],
  'Global Privacy Control is on, in an opt-out region': [['region', true], ['gpc', true]],
  'Granted by a call after Global Privacy Control': [['gpc', true], ['setConsent', { analytics: true }]],
  'Granted by TCF': [['tcf', tcf(true, 'tcloaded', MEASURE)]],
};
const SIGNALS = {
  '`setConsent({analytics: true})`': ['setConsent', { analytics: true }],
  '`setConsent({analytics: false})`': ['setConsent', { analytics: false }],
  '`setConsent({analytics: true, ads: true})`': ['setConsent', { analytics: true, ads: true }],
  '`setConsent({ads: false})`': ['setConsent', { ads: false }],
  '`setConsent({})`': ['setConsent', {}],
  '`optOut()`': ['optOut'],
  '`optIn()`': ['optIn'],
  'Google default, all granted': ['default', google(yes, yes)],
  'Google default, all denied': ['default', google(no, no)],
  'Google default, all unset': ['default', {}],
  'Google default, all granted, `wait_for_update`': ['default', { ...google(yes, yes), wait_for_update: 60_000 }],
  'the time of `wait_for_update` is over': ['default', { wait_for_update: 1 }],
  'Google update, all granted': ['update', google(yes, yes)],
  'Google update, `analytics_storage` alone granted': ['update', google(yes)],
  'Google update, all denied': ['update', google(no, no)],
  'Google update, all unset': ['update', {}],
  'TCF is loading': ['tcf', LOADING],
  'TCF failed': ['tcf', { cmpStatus: 'error' }],
  'TCF: the GDPR does not apply': ['tcf', tcf(false, 'tcloaded', EVERY)],
  'TCF asks (`cmpuishown`)': ['tcf', tcf(true, 'cmpuishown', EVERY)],
  'TCF: no purpose': ['tcf', tcf(true, 'tcloaded', [])],
  'TCF: purposes 1, 8, 9, 10': ['tcf', tcf(true, 'useractioncomplete', MEASURE)],
  'TCF: purposes 8, 9, 10, not 1': ['tcf', tcf(true, 'tcloaded', [8, 9, 10])],
  'TCF: every purpose': ['tcf', tcf(true, 'tcloaded', EVERY)],
  'Global Privacy Control on': ['gpc', true],
  'Global Privacy Control off': ['gpc', false],
  'Do Not Track on': ['dnt', true],
  'Do Not Track off': ['dnt', false],
  // Where the visitor is is known at the start; when it is heard does not matter.
  'the region is opt-in': ['region', false],
  'the region is opt-out': ['region', true],
};

/** The table's lines, by state. */
const rows = () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/consent.md'), 'utf8');
  const [, ...sections] = text.split('<!-- table')[1].split('<!-- /table -->')[0].split('\n### ');
  return sections.flatMap((section) => {
    const [title, ...lines] = section.split('\n');
    return lines
      .filter((line) => /^\| [^s-]|^\| setC/.test(line) && !line.startsWith('| signal'))
      .map((line) => {
        const [signal, store, identify, send, cookieless, held, ads, work] = line.split('|').slice(1, -1).map((cell) => cell.trim());
        return { title, signal, store, identify, send, cookieless, held, ads, work };
      });
  });
};

let browser, site;
beforeAll(async () => {
  browser = await launch();
  site = await startSite();
  // The page of the test has no SDK: each line of the table gets a frame that has.
  site.html = (path) => (path === '/frame' ? FRAME : '<!doctype html><title>Lines</title>');
});
afterAll(async () => {
  await browser.close();
  await site.close();
});

/** A browser's profile with an endpoint of its own: tests run beside one another, since they mostly wait. */
const visit = async () => {
  const sink = await startSink();
  const { page, context, thrown } = await open(browser, site.origin);
  const leave = async () => {
    await context.close();
    await sink.close();
  };
  return { page, sink, thrown, leave };
};

/** What a visitor's browser says is the test's to say; `looks` counts who asked. */
const FRAME = `<!doctype html><script>
  window.looks = 0;
  Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => (window.looks++, window.gpc) });
  Object.defineProperty(Navigator.prototype, 'doNotTrack', { get: () => (window.dnt ? '1' : null) });
</script><script src="/sdk/tidemark.js"></script>`;

/** A frame in that state, then with that signal; what came of it. */
const see = async ({ page, sink }, said, signal, mode) => {
  const seen = await page.evaluate(
    async ([said, signal, endpoint, mode]) => {
      const frame = document.createElement('iframe');
      frame.src = '/frame';
      await new Promise((loaded) => {
        frame.onload = loaded;
        document.body.append(frame);
      });
      const inside = frame.contentWindow;
      const { tidemark } = inside;
      const heard = [];
      const command = (action) => (given) => {
        inside.dataLayer = inside.dataLayer || [];
        inside.dataLayer.push(['consent', action, given]);
      };
      const acts = {
        setConsent: tidemark.setConsent,
        optOut: tidemark.optOut,
        optIn: tidemark.optIn,
        default: command('default'),
        update: command('update'),
        gpc: (on) => { inside.gpc = on; },
        dnt: (on) => { inside.dnt = on; },
        region: () => {},
        tcf: (data) => {
          inside.tcfData = data;
          if (inside.__tcfapi) heard.forEach((callback) => callback(data, true));
          else inside.__tcfapi = (command, version, callback) => {
            if (command !== 'addEventListener' || version !== 2) throw new Error(command);
            heard.push(callback);
            callback(inside.tcfData, true);
          };
        },
      };
      // Until the page was looked at again, where that is how it is heard.
      const act = async ([kind, given]) => {
        acts[kind](given);
        if (!['gpc', 'dnt', 'tcf', 'default', 'update'].includes(kind)) return;
        const before = inside.looks;
        const end = performance.now() + 20_000;
        while (inside.looks < before + 1 && performance.now() < end) await new Promise((done) => setTimeout(done, 5));
        await new Promise((done) => setTimeout(done));
      };
      const isOptOut = [...said, signal].filter(([kind]) => kind === 'region').at(-1)?.[1];
      tidemark.init({
        writeKey: 'wk', endpoint, capture: { pages: false, clicks: false, rageClicks: false },
        flushIntervalMs: 60_000,
        consent: { mode, region: 'US-CA', [isOptOut ? 'optOutRegions' : 'optInRegions']: ['US'] },
      });
      for (const each of said) await act(each);
      await tidemark.flush();
      tidemark.track('row.before');
      await act(signal);
      await tidemark.flush();
      tidemark.track('row.after');
      const flushed = await tidemark.flush();
      const store = document.cookie.includes('tidemark=');
      // A purge is asked for at once, and done when the browser has done it.
      const end = performance.now() + 5000;
      let databases;
      do databases = (await indexedDB.databases()).map(({ name }) => name);
      while (!store && databases.length && performance.now() < end);
      frame.remove();
      return { flushed, store, databases };
    },
    [said, signal, sink.origin, mode],
  );
  const events = sink.batches().flatMap((batch) => batch.events.map((event) => ({ ...event, batch })));
  sink.calls.length = 0;
  // The next line is another visitor's.
  await page.evaluate(() => {
    document.cookie = 'tidemark=;path=/;max-age=0';
    localStorage.clear();
    sessionStorage.clear();
    return new Promise((resolve) => {
      const request = indexedDB.deleteDatabase('tidemark');
      request.onsuccess = request.onerror = resolve;
    });
  });
  const named = (name) => events.filter((event) => event.event_name === name);
  return {
    ...seen,
    after: named('row.after')[0],
    before: named('row.before').length > 0,
    told: named('consent.changed').map((event) => event.attributes.signal),
  };
};

describe('docs/consent.md', () => {
  const all = rows();
  test('its table is read whole', () => {
    expect(all.length).toBe(Object.keys(STATES).length * Object.keys(SIGNALS).length);
  });

  test.concurrent.each(Object.keys(STATES))('%s', async (title) => {
    const visited = await visit();
    const different = [];
    for (const row of all.filter((row) => row.title === title)) {
      const seen = await see(visited, STATES[title], SIGNALS[row.signal]);
      const { after } = seen;
      const actual = {
        signal: row.signal,
        store: seen.store,
        identify: !!after?.anonymous_id,
        send: !!after,
        held: seen.flushed.held > 0,
        ads: after ? after.batch.context.consent.ads : 'not told',
        told: seen.told.at(-1),
      };
      const sends = row.send === 'yes';
      // The region is known at the start, which is no news.
      const isNews = !row.signal.startsWith('the region');
      const isTold = isNews && /tells the grant \(`(.*?)`\)/.exec(row.work)?.[1];
      const expected = {
        signal: row.signal,
        store: row.store === 'yes',
        identify: row.identify === 'yes',
        send: sends,
        held: row.held === 'yes',
        ads: sends ? { yes: true, no: false, '–': undefined }[row.ads] : 'not told',
        // A grant of the state before may have been told as well.
        told: isTold || seen.told.at(-1),
      };
      // What may not be stored is gone, whatever was there before.
      if (!expected.store && seen.databases.length) actual.databases = seen.databases;
      if (/releases/.test(row.work) && !seen.before) actual.before = seen.before;
      if (/forgets/.test(row.work) && row.store === 'yes') actual.before = seen.before;
      if (JSON.stringify(actual) !== JSON.stringify(expected)) different.push({ actual, expected });
    }
    await visited.leave();
    expect(different).toEqual([]);
    expect(visited.thrown).toEqual([]);
  }, 240_000);

  test.concurrent('cookieless mode: counted without any id, and nothing is stored', async () => {
    const visited = await visit();
    const titles = ['Nothing said, in an opt-in or unknown region', 'Opted out'];
    for (const row of all.filter((row) => titles.includes(row.title))) {
      const { store, after, databases } = await see(visited, STATES[row.title], SIGNALS[row.signal], 'cookieless');
      const what = `${row.title}: ${row.signal}`;
      const isCounted = row.cookieless === 'in its mode';
      expect([what, store, !!after]).toEqual([what, row.store === 'yes', row.send === 'yes' || isCounted]);
      if (isCounted) {
        expect(after.batch.context.consent.mode).toBe('cookieless');
        expect(JSON.stringify(after)).not.toMatch(/anonymous_id|session_id|user_id/);
        expect(databases).toEqual([]);
      }
    }
    await visited.leave();
    expect(visited.thrown).toEqual([]);
  }, 240_000);
});
