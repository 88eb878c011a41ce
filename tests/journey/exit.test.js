// What happens last before a page is left arrives too.

import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';

import { countByName, rowsOfSession } from './rows.js';
import { startBrowser } from './shop/browser.js';
import { visit } from './shop/visit.js';
import { until } from './until.js';

const stack = inject('stack');
let browser;
let visitor;
beforeAll(async () => {
  browser = await startBrowser();
});
afterEach(() => visitor?.close());
afterAll(() => browser?.close());

/** Waits until every event that the page sent is stored, and gives the session's rows. */
async function rowsOnceStored(names) {
  const session = await visitor.session();
  return until(`the rows ${JSON.stringify(names)}`, async () => {
    const rows = await rowsOfSession(stack, session);
    return Object.keys(names).every((name) => rows.some((row) => row.event_name === name)) && rows;
  });
}

test('events in the same task as the navigation leave by beacon and are stored once', async () => {
  visitor = await visit(browser, stack);
  const { page } = visitor;
  await visitor.accept();
  await visitor.flush();
  await Promise.all([
    page.waitForURL('about:blank'),
    page.evaluate(() => {
      window.tidemark.track('demo.leaving', { step: 1 });
      window.tidemark.track('demo.leaving', { step: 2 });
      window.location.href = 'about:blank';
    }),
  ]);
  const rows = await rowsOnceStored({ 'demo.leaving': 2, 'page.left': 1 });
  expect(countByName(rows)).toEqual({ 'page.viewed': 1, 'page.left': 1, 'demo.leaving': 2 });
  expect(visitor.calls().at(-1)).toMatchObject({ path: '/v1/events/batch', isBeacon: true });
});

test('a visitor who accepts, clicks and closes the tab is not lost', async () => {
  visitor = await visit(browser, stack);
  const { page } = visitor;
  await visitor.accept();
  await page.getByTestId('dead-button').click();
  await page.close({ runBeforeUnload: true });
  const rows = await rowsOnceStored({ 'page.viewed': 1, 'page.left': 1, 'ui.clicked': 1 });
  expect(countByName(rows)).toEqual({ 'page.viewed': 1, 'page.left': 1, 'ui.clicked': 1 });
});

test('rage that is cut off by leaving is told all the same', async () => {
  visitor = await visit(browser, stack);
  const { page } = visitor;
  await visitor.accept();
  await visitor.hit(page.getByTestId('dead-button'), 3);
  await visitor.leave();
  const rows = await rowsOnceStored({ 'ui.rage_click': 1, 'page.left': 1 });
  expect(countByName(rows)).toEqual({ 'page.viewed': 1, 'page.left': 1, 'ui.clicked': 3, 'ui.rage_click': 1 });
});
