// The picture of the demo: taken by every run, kept in docs/images only when it is asked for.

import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

import { afterAll, beforeAll, expect, inject, test } from 'vitest';

import { startBrowser } from './shop/browser.js';
import { ADDRESS, visit } from './shop/visit.js';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');
const FOLDER = process.env.TIDEMARK_UPDATE_SCREENSHOTS === '1' ? 'docs/images' : 'target/journey';

const stack = inject('stack');
let browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(() => browser?.close());

async function takePicture(page, name) {
  const file = path.join(REPOSITORY, FOLDER, name);
  mkdirSync(path.dirname(file), { recursive: true });
  await page.screenshot({ path: file });
  expect(statSync(file).size).toBeGreaterThan(20_000);
}

/** What somebody does who has trouble with a voucher. */
async function goShopping(visitor) {
  const { page } = visitor;
  await page.getByTestId('email').fill(ADDRESS);
  await page.getByTestId('letter-submit').click();
  await visitor.accept();
  await page.getByRole('button', { name: 'One more: Storm lantern' }).click();
  await page.getByTestId('chat-input').fill('Does my voucher work?');
  await page.getByTestId('chat-send').click();
  await page.getByTestId('line-office').nth(1).waitFor();
  await visitor.flush();
  await visitor.hit(page.getByTestId('dead-button'), 3);
  await page.locator('[data-testid="verdict-row"][data-event="ui.rage_click"]').waitFor();
  await page.getByTestId('send-invalid').click();
  await page.locator('[data-testid="verdict-row"][data-verdict="rejected"]').waitFor();
}

test.for([
  ['demo.png', { viewport: { width: 1440, height: 940 } }],
  ['demo-phone.png', { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2 }],
])('%s', async ([name, options]) => {
  const visitor = await visit(browser, stack, options);
  const { page } = visitor;
  await goShopping(visitor);
  await page.locator('body').hover({ position: { x: 4, y: 4 } });
  if (name === 'demo-phone.png') {
    await page.getByTestId('panel').scrollIntoViewIfNeeded();
  }
  await takePicture(page, name);
  await visitor.close();
});
