// What waits when a page is left: it arrives, once, now or with the next page.

import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { launch, open, until } from './app/browser.js';
import { serve, startSink } from './app/sink.js';

let browser, app, sink;
const address = () => `${app.origin}/basket?consent=granted&flush=60000&endpoint=${sink.origin}`;
const bursts = () => sink.events().filter((event) => event.event_name === 'exit.burst');

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

/** Tracks `count` events of `size` bytes and leaves the page a task later. */
const burst = async (page, count, size) => {
  await page.evaluate(() => window.tidemark.flush());
  await page.evaluate(
    ([count, size]) => {
      const text = 'x'.repeat(size);
      for (let index = 0; index < count; index++) window.tidemark.track('exit.burst', { index, text });
      setTimeout(() => (location.href = 'about:blank'));
    },
    [count, size],
  );
};

test('25 KB do not wait for their time', async () => {
  const { page, context } = await open(browser, address());
  await page.evaluate(() => window.tidemark.flush());
  await page.evaluate(() => {
    const text = 'x'.repeat(900);
    for (let index = 0; index < 40; index++) window.tidemark.track('exit.burst', { index, text });
  });
  await until(() => bursts().length > 10, true);
  await context.close();
});

test('what exceeds the quota of a page that is left goes with the next one, under its ids', async () => {
  const { page, context } = await open(browser, address());
  await burst(page, 80, 900);
  await page.waitForURL('about:blank');
  await page.goto(address());
  await page.evaluate(() => window.tidemark.flush());
  await until(() => new Set(bursts().map((event) => event.attributes.index)).size, 80);
  expect(new Set(bursts().map((event) => event.event_id)).size).toBe(80);
  expect(bursts().length).toBe(80);
  await until(() => page.evaluate(() => document.cookie.split('=')[0]), 'tidemark');
  await context.close();
});

test('a request under way when the page is left is not sent again', async () => {
  const { page, context } = await open(browser, address());
  for (let turn = 1; turn <= 5; turn++) {
    await page.evaluate(() => window.tidemark.flush());
    await page.evaluate(() => {
      window.tidemark.track('exit.burst', {});
      window.tidemark.flush();
      setTimeout(() => (location.href = 'about:blank'));
    });
    await page.waitForURL('about:blank');
    await page.goto(address());
    await until(() => new Set(bursts().map((event) => event.event_id)).size, turn);
  }
  expect(bursts().length).toBe(5);
  await context.close();
});
