// The package built by Vite, in Chromium, sending to another origin.

import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, inject, test } from 'vitest';
import { launch, open, until } from './app/browser.js';
import { serve, startSink } from './app/sink.js';

describe('built by Vite', () => {
  let browser, app, sink;
  const address = (consent, more = '') =>
    `${app.origin}/basket?consent=${consent}&endpoint=${sink.origin}${more}`;

  beforeAll(async () => {
    browser = await launch();
    app = await serve(join(inject('app'), 'dist'));
  });
  afterAll(async () => {
    await browser.close();
    await app.close();
  });
  beforeEach(async () => {
    sink = await startSink();
  });
  afterEach(() => sink.close());

  test('an event arrives with consent, clean and complete', async () => {
    const { page, context, thrown } = await open(browser, address('granted', '&token=secret'));
    await until(() => sink.names().sort(), ['basket.opened', 'page.viewed']);
    expect(sink.calls.map(({ method }) => method)).not.toContain('OPTIONS');
    expect(sink.calls[0].url).toBe('/v1/events/batch?write_key=wk_packaging');
    expect(sink.calls[0].type).toMatch(/^text\/plain/);
    expect(JSON.stringify(sink.calls)).not.toMatch(/bob@|ann@|secret/);

    const [batch] = sink.batches();
    expect(batch.context).toMatchObject({
      app: { version: '1.2.3', environment: 'test' },
      consent: { analytics: true, mode: 'full' },
      device: { viewport: { width: 1280, height: 720 } },
      sdk: { name: '@tidemark/web', detects: ['ui.rage_click', 'ui.dead_click', 'ui.error_click', 'ui.backtrack'] },
    });
    const event = sink.events().find((event) => event.event_name === 'basket.opened');
    expect(event).toMatchObject({
      source: 'web',
      attributes: { by: '[email]', total: 12.5 },
      context: {
        page: { url: `${app.origin}/basket`, path: '/basket', title: 'Basket of [email]' },
      },
    });
    expect(event.event_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(event.session_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(Math.abs(Date.parse(event.occurred_at) - Date.now())).toBeLessThan(60_000);

    const told = await page.evaluate(() => window.verdicts);
    expect(told[0][0].accepted).toBe(told[0][1].length);
    expect(thrown).toEqual([]);
    await context.close();
  });

  test.each(['none', 'denied'])('with consent %s nothing leaves and nothing is kept', async (consent) => {
    const { page, context, thrown, lines } = await open(browser, address(consent));
    for (let press = 0; press < 3; press++) await page.click('#dead');
    const flushed = await page.evaluate(() => window.tidemark.flush());
    expect(flushed.sent).toBe(0);
    expect(flushed.held).toBe(consent === 'none' ? 5 : 0);
    expect(await page.evaluate(() => Object.keys(localStorage).concat(document.cookie))).toEqual(['']);
    if (consent === 'none') {
      await until(() => lines.filter((line) => line.includes('no consent yet')).length, 1);
    }
    // Leaving is the last chance for a beacon; the next page's own call is after it.
    await page.goto(`${app.origin}/?consent=granted&endpoint=${sink.origin}`);
    await until(() => sink.names().sort(), ['basket.opened', 'page.viewed']);
    expect(sink.events().every((event) => event.context.page.path === '/')).toBe(true);
    expect(thrown).toEqual([]);
    await context.close();
  });

  test('what waited for consent goes when it is granted, and stays the same visitor', async () => {
    const { page, context } = await open(browser, address('none'));
    await page.evaluate(() => window.tidemark.setConsent({ analytics: true, ads: false }));
    await until(() => sink.names().sort(), ['basket.opened', 'consent.changed', 'page.viewed']);
    expect(sink.batches()[0].context.consent).toEqual({ analytics: true, ads: false, mode: 'full' });
    const ids = (event) => [event.anonymous_id, event.session_id];
    const first = ids(sink.events()[0]);
    await page.goto(address('granted'));
    const both = ['basket.opened', 'basket.opened', 'consent.changed', 'page.left', 'page.viewed', 'page.viewed'];
    await until(() => sink.names().sort(), both);
    expect(sink.events().map(ids)).toEqual(both.map(() => first));
    await page.evaluate(() => window.tidemark.setConsent({ analytics: false }));
    await until(() => page.evaluate(() => document.cookie), '');
    await context.close();
  });

  test('events that are queued when the page is left arrive', async () => {
    const { page } = await open(browser, address('granted', '&flush=60000'));
    await page.evaluate(() => window.tidemark.flush());
    await page.evaluate(() => {
      for (let index = 0; index < 150; index++) window.tidemark.track('exit.burst', { index });
      // A task later, so that this call's own answer reaches the test.
      setTimeout(() => (location.href = 'about:blank'));
    });
    const arrived = () => sink.events().filter((event) => event.event_name === 'exit.burst');
    await until(() => arrived().length >= 150, true);
    expect(arrived().length).toBe(150);
    expect(new Set(arrived().map((event) => event.attributes.index)).size).toBe(150);
    // The browser's end ends this page too. Chromium at times does not answer the closing of
    // a context whose page was left with a keepalive request under way.
  });

  test('a batch that failed goes again under the same ids, after Retry-After', async () => {
    sink.answers.push({ status: 503, headers: { 'retry-after': '1' } });
    const { context } = await open(browser, address('granted'));
    await until(() => sink.batches().length, 2);
    const [first, second] = sink.batches();
    expect(second.batch_id).toBe(first.batch_id);
    expect(second.events).toEqual(first.events);
    expect(Date.parse(second.sent_at) - Date.parse(first.sent_at)).toBeGreaterThanOrEqual(1000);
    await context.close();
  });

  test('half a surrogate pair hides no address and costs no event', async () => {
    const { page, context } = await open(browser, address('granted'));
    await page.evaluate(() => {
      const cut = '\ud83c\udf0a'.slice(0, 1);
      window.tidemark.track('text.cut', { text: `bob@example.org ${cut}`, path: 'a\\b' });
    });
    const told = () => sink.events().filter((event) => event.event_name === 'text.cut');
    await until(() => told().map((event) => event.attributes), [
      { text: '[email] \ufffd', path: 'a\\b' },
    ]);
    await context.close();
  });

  test('wrong calls are told by code and never thrown', async () => {
    const { page, context, thrown } = await open(browser, address('granted'));
    const counted = await page.evaluate(async () => {
      const { track, init, flush, setConsent } = window.tidemark;
      await flush();
      const cycle = {};
      cycle.self = cycle;
      track('Not A Name');
      track('cycle', cycle);
      track('large', { text: Array(9000).fill('some text') });
      track(undefined, () => {});
      track('throws', { toJSON() { throw new Error('mine'); } });
      init();
      init({ writeKey: 'again', endpoint: 'again' });
      setConsent();
      return flush();
    });
    expect(counted.rejected).toBe(5);
    expect(await page.evaluate(() => window.errors)).toEqual([
      'invalid_event_name',
      'invalid_attributes',
      'event_too_large',
      'invalid_event_name',
      'invalid_attributes',
      'invalid_options',
    ]);
    expect(thrown).toEqual([]);
    await context.close();
  });
});
