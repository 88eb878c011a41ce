// A button that does not answer, hit three times within a second, seen from the page to the table.

import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';

import { addressesIn, countByName, rowsOfSession } from './rows.js';
import { startBrowser } from './shop/browser.js';
import { ADDRESS, visit } from './shop/visit.js';
import { until } from './until.js';

const stack = inject('stack');
let browser;
let visitor;
beforeAll(async () => {
  browser = await startBrowser();
});
afterEach(() => visitor?.close());
afterAll(() => browser?.close());

/** Waits until the rage and the dead click are stored, sends the rest, and gives every row of the session. */
async function rowsAfterRage() {
  const session = await visitor.session();
  for (const name of ['ui.rage_click', 'ui.dead_click']) {
    await until(`${name} is stored`, async () =>
      (await rowsOfSession(stack, session)).some((row) => row.event_name === name));
  }
  expect(await visitor.flush()).toMatchObject({ held: 0, rejected: 0, dropped: 0 });
  return rowsOfSession(stack, session);
}

test('three hits on a dead button are one page view, three clicks, one rage click and one dead click, without the address', async () => {
  visitor = await visit(browser, stack);
  const { page } = visitor;
  // The page holds the address four times: in its own URL, in links, in an input and as text.
  await page.getByTestId('email').fill(ADDRESS);
  await page.getByTestId('letter-submit').click();
  await expect.poll(() => page.getByText(`The next letter goes to ${ADDRESS}.`).isVisible()).toBe(true);
  await visitor.accept();

  expect(await visitor.hit(page.getByTestId('dead-button'), 3)).toBeLessThan(1_000);
  const rows = await rowsAfterRage();

  expect(countByName(rows)).toEqual({ 'page.viewed': 1, 'ui.clicked': 3, 'ui.dead_click': 1, 'ui.rage_click': 1 });
  expect(new Set(rows.map((row) => row.event_id)).size).toBe(6);
  expect(await page.getByTestId('email').inputValue()).toBe(ADDRESS);
  expect(addressesIn(rows)).toEqual([]);
  expect(JSON.stringify(rows)).not.toContain('s3cr3t');
  expect(JSON.stringify(rows)).not.toContain('utm_source');

  for (const row of rows) {
    expect(row.tenant_id).toBe(stack.tenant_id);
    expect(row.site_id).toBe(stack.site_id);
    expect(row.page_url).toBe(new URL('/', stack.demo).href);
    expect(row.page_path).toBe('/');
    expect(row.consent_analytics).toBe(true);
  }
  const rage = rows.find((row) => row.event_name === 'ui.rage_click');
  expect(rage.attributes).toMatchObject({ selector: '#apply-voucher' });
  expect(Number(rage.attributes.click_count)).toBe(3);
  expect(Number(rage.attributes.duration_ms)).toBeLessThan(1_000);
});

test('what was sent and what was stored have paths and no query', async () => {
  visitor = await visit(browser, stack);
  const { page } = visitor;
  await visitor.accept();
  await page.getByTestId('link-wave-mug').click();
  expect(page.url()).toContain('/goods/wave-mug?email=jo%40example.org&utm_source=tide-notes');
  await visitor.flush();

  const sent = visitor.sent();
  expect(sent.filter((event) => event.event_name === 'page.viewed').map((event) => event.context.page.url)).toEqual([
    new URL('/', stack.demo).href,
    new URL('/goods/wave-mug', stack.demo).href,
  ]);
  expect(addressesIn(sent)).toEqual([]);
  const session = await visitor.session();
  const rows = await until('the page that was left is stored', async () => {
    const stored = await rowsOfSession(stack, session);
    return stored.some((row) => row.event_name === 'page.left') && stored;
  });
  expect(countByName(rows)).toEqual({ 'page.viewed': 2, 'page.left': 1, 'ui.clicked': 1 });
  expect(addressesIn(rows)).toEqual([]);
  expect(rows.filter((row) => row.event_name === 'page.viewed').map((row) => row.page_path)).toEqual(['/', '/goods/wave-mug']);
  expect(JSON.stringify(rows)).not.toMatch(/[?]email|utm_source/);
});

test('a stepper that answers is no rage, however fast it is clicked', async () => {
  visitor = await visit(browser, stack);
  const { page } = visitor;
  await visitor.accept();
  await visitor.hit(page.getByRole('button', { name: 'One more: Storm lantern' }), 6);
  expect(await page.getByTestId('quantity-storm-lantern').textContent()).toBe('6');
  // Hits on another control end the stepper's series, so that it has been judged once these are told.
  await visitor.hit(page.getByTestId('dead-button'), 3);
  const rows = await rowsAfterRage();

  expect(countByName(rows)).toEqual({ 'page.viewed': 1, 'ui.clicked': 9, 'ui.dead_click': 1, 'ui.rage_click': 1 });
  expect(rows.find((row) => row.event_name === 'ui.rage_click').attributes.selector).toBe('#apply-voucher');
});

test('a button that is named by an address is told without it', async () => {
  visitor = await visit(browser, stack);
  const { page } = visitor;
  await visitor.accept();
  await page.getByTestId('email').fill(ADDRESS);
  await page.getByTestId('letter-submit').click();
  await page.getByRole('button', { name: `Not ${ADDRESS}?` }).click();
  await visitor.flush();

  const rows = await rowsOfSession(stack, await visitor.session());
  const click = rows.find((row) => row.attributes.selector === '#change-email');
  expect(click.attributes.text).toMatch(/^Not \[[^\]]+\]\??$/);
  expect(addressesIn(visitor.sent())).toEqual([]);
  expect(addressesIn(rows)).toEqual([]);
});

test('a button that throws is told as an error click, and harms nothing', async () => {
  visitor = await visit(browser, stack);
  const { page } = visitor;
  const errors = [];
  page.on('pageerror', (error) => errors.push(error.message));
  await visitor.accept();
  await page.getByTestId('error-button').click();
  const session = await visitor.session();
  await until('the error click is stored', async () =>
    (await rowsOfSession(stack, session)).some((row) => row.event_name === 'ui.error_click'));
  await visitor.flush();

  expect(errors).toEqual(['The delivery rates were not loaded']);
  const rows = await rowsOfSession(stack, session);
  expect(countByName(rows)).toEqual({ 'page.viewed': 1, 'ui.clicked': 1, 'error.captured': 1, 'ui.error_click': 1 });
  const error = rows.find((row) => row.event_name === 'ui.error_click');
  expect(error.attributes).toMatchObject({ selector: '#estimate-delivery' });
  expect(JSON.stringify(error.attributes)).toContain('The delivery rates were not loaded');
});
