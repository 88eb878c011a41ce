// The demo's own promises: every verdict is shown, and the shop fits a phone and a keyboard.

import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';

import { startBrowser } from './shop/browser.js';
import { visit } from './shop/visit.js';

const stack = inject('stack');
let browser;
let visitor;
beforeAll(async () => {
  browser = await startBrowser();
});
afterEach(() => visitor?.close());
afterAll(() => browser?.close());

test('each event stands in the panel with its verdict, a refused one with code and place', async () => {
  visitor = await visit(browser, stack);
  const { page } = visitor;
  expect(await page.getByTestId('panel-state').textContent()).toContain('Nothing is loaded, stored or sent');
  await visitor.accept();
  await page.getByTestId('send-invalid').click();
  const refused = page.locator('[data-testid="verdict-row"][data-verdict="rejected"]');
  await refused.waitFor();

  expect(await refused.getAttribute('data-event')).toBe('chat_interaction');
  expect(await refused.textContent()).toContain('missing_field · /attributes/thread_id');
  await visitor.flush();
  const count = async (verdict) => Number(await page.getByTestId(`total-${verdict}`).textContent());
  // The page view and the click on the button that sends the refused event.
  expect(await count('accepted')).toBe(2);
  expect(await count('rejected')).toBe(1);
  expect(await count('duplicate')).toBe(0);
  expect(await count('dropped')).toBe(0);
  expect(await page.getByTestId('verdict-row').count()).toBe(3);
});

test('a banner can be answered and a product bought by keyboard alone', async () => {
  visitor = await visit(browser, stack);
  const { page } = visitor;
  await page.getByTestId('consent-decline').focus();
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await visitor.sdkRuns();
  expect(await page.getByTestId('consent').isVisible()).toBe(false);
  await page.getByRole('button', { name: 'One more: Wave mug' }).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Space');
  expect(await page.getByTestId('quantity-wave-mug').textContent()).toBe('2');
});

test('at the width of a phone nothing is cut off and everything has a name', async () => {
  visitor = await visit(browser, stack, { viewport: { width: 360, height: 740 } });
  const { page } = visitor;
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  await visitor.accept();
  await page.getByTestId('dead-button').click();
  await page.getByTestId('verdict-row').first().waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);

  const outline = await page.locator('body').ariaSnapshot();
  const unnamed = outline.split('\n').filter((line) => /^\s*- (button|textbox|link)(:| *$)/.test(line));
  expect(unnamed).toEqual([]);
});
