// Without consent nothing is stored and nothing is sent; a withdrawal takes effect at once.

import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';

import { until } from './until.js';
import { countByName, rowsOfSession } from './rows.js';
import { startBrowser } from './shop/browser.js';
import { ADDRESS, NOTHING_STORED, visit } from './shop/visit.js';

const stack = inject('stack');
let browser;
let visitor;
beforeAll(async () => {
  browser = await startBrowser();
});
afterEach(() => visitor?.close());
afterAll(() => browser?.close());

/** Uses everything that the demo has. */
async function useTheShop(page) {
  await page.getByRole('button', { name: 'One more: Storm lantern' }).click();
  for (let hits = 0; hits < 3; hits += 1) {
    await page.getByTestId('dead-button').click();
  }
  await page.getByTestId('error-button').click();
  await page.getByTestId('email').fill(ADDRESS);
  await page.getByTestId('letter-submit').click();
  await page.getByTestId('chat-input').fill('When is low water?');
  await page.getByTestId('chat-send').click();
  await page.getByTestId('line-office').nth(1).waitFor();
  await page.getByTestId('send-invalid').click();
  await page.getByTestId('link-dry-bag').click();
  await page.getByTestId('back').click();
}

test('an unanswered banner: nothing is stored, nothing is asked of the edge', async () => {
  visitor = await visit(browser, stack);
  expect(await visitor.page.getByTestId('consent').isVisible()).toBe(true);
  await useTheShop(visitor.page);
  expect(await visitor.stored()).toEqual(NOTHING_STORED);
  await visitor.leave();
  expect(visitor.requests()).toEqual([]);
});

test('a refusal: nothing is stored, nothing is asked of the edge', async () => {
  visitor = await visit(browser, stack);
  await visitor.page.getByTestId('consent-decline').click();
  await useTheShop(visitor.page);
  expect(await visitor.stored()).toEqual(NOTHING_STORED);
  await visitor.leave();
  expect(visitor.requests()).toEqual([]);
});

// The demo does not even load the SDK before a yes. Other pages do: then the SDK itself must be silent.
test.for([
  ['denied', { analytics: false }],
  ['not known', {}],
])('an SDK that is loaded while consent is %s fetches its own files and no more', async ([, consent]) => {
  visitor = await visit(browser, stack);
  const { page } = visitor;
  await page.clock.install();
  await page.evaluate(({ edge, key, given }) => {
    window.tidemark = { q: [
      ['init', [{ writeKey: key, endpoint: edge, flushIntervalMs: 100, consent: given }]],
      ['track', ['demo.before_consent', { n: 1 }]],
    ] };
    const script = document.createElement('script');
    script.src = new URL('/sdk/tidemark.js', edge).href;
    document.head.append(script);
  }, { edge: visitor.edge, key: stack.write_key, given: consent });
  await visitor.sdkRuns();
  await page.evaluate(() => {
    window.tidemark.track('demo.loaded', { n: 2 });
    window.tidemark.page();
    return window.tidemark.flush();
  });
  for (let hits = 0; hits < 3; hits += 1) {
    await page.getByTestId('dead-button').click();
  }
  await page.clock.runFor(120_000);

  expect(await visitor.stored()).toEqual(NOTHING_STORED);
  await visitor.leave();
  expect(visitor.calls()).toEqual([]);
  for (const request of visitor.requests()) {
    expect(request.method).toBe('GET');
  }
});

test('a withdrawal empties the storage and ends the sending; a new yes begins a new visitor', async () => {
  visitor = await visit(browser, stack);
  const { page } = visitor;
  await visitor.accept();
  await page.getByTestId('dead-button').click();
  await visitor.flush();
  const first = await visitor.session();
  expect(countByName(await rowsOfSession(stack, first))).toEqual({ 'page.viewed': 1, 'ui.clicked': 1 });

  await page.getByTestId('privacy-choices').click();
  await page.getByTestId('consent-decline').click();
  const callsBefore = visitor.calls().length;
  await useTheShop(page);
  await visitor.flush();
  // The browser removes a database when its last transaction is over.
  await until('the database is gone', async () => (await visitor.stored()).databases.length === 0);
  expect(await visitor.stored()).toEqual(NOTHING_STORED);
  expect(visitor.calls().length).toBe(callsBefore);

  await page.getByTestId('privacy-choices').click();
  await page.getByTestId('consent-accept').click();
  await page.getByTestId('dead-button').click();
  await visitor.flush();
  const last = visitor.sent().at(-1);
  expect(last.event_name).toBe('ui.clicked');
  expect(last.session_id).not.toBe(first);
  expect(countByName(await rowsOfSession(stack, last.session_id))).toMatchObject({ 'ui.clicked': 1 });
  expect(JSON.stringify(visitor.sent())).not.toContain('estimate-delivery');
});
