// The Google Tag Manager tag, fired as a container fires a Custom HTML tag.

import { readFileSync } from 'node:fs';
import path from 'node:path';

import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest';

import { countByName, rowsOfSession } from './rows.js';
import { startBrowser } from './shop/browser.js';
import { visit } from './shop/visit.js';
import { until } from './until.js';

const TAG = readFileSync(path.resolve(import.meta.dirname, '../../gtm-template/custom-html-tag.html'), 'utf8');
const stack = inject('stack');
let browser;
let visitor;
beforeAll(async () => {
  browser = await startBrowser();
});
afterEach(() => visitor?.close());
afterAll(() => browser?.close());

/** A page with a data layer, where nobody has answered the demo's own banner. */
async function open() {
  visitor = await visit(browser, stack, { path: '/goods/watch-cap?email=jo%40example.org' });
  await visitor.page.evaluate(() => {
    window.dataLayer = [{ event: 'gtm.js', 'gtm.start': 1 }, { event: 'early_bird', n: 1 }];
  });
}

/** Replaces `{{variables}}` by JavaScript values, then inserts script elements anew, as a container does. */
async function fire(consent) {
  const variables = {
    'Tidemark edge': visitor.edge,
    'Tidemark write key': stack.write_key,
    'Tidemark analytics consent': consent,
    'Tidemark options': {
      eventNames: { addToCart: 'commerce.add_to_cart' },
      domEvents: { netra_chat_message: 'chat_interaction' },
      global: 'netraAnalytics',
    },
    'Container ID': 'GTM-TEST123',
  };
  const html = TAG.replace(/\{\{([^}]+)\}\}/g, (_, name) => {
    if (!(name in variables)) {
      throw new Error(`the tag names a variable that README.md does not: ${name}`);
    }
    return JSON.stringify(variables[name]).replaceAll('<', '\\u003c');
  });
  await visitor.page.evaluate((source) => {
    const holder = document.createElement('div');
    holder.innerHTML = source;
    for (const inert of holder.querySelectorAll('script')) {
      const script = document.createElement('script');
      script.text = inert.text;
      document.body.append(script);
    }
  }, html);
}

test('pushes of the page arrive as rows with the container id', async () => {
  await open();
  await fire('granted');
  await visitor.sdkRuns();
  await visitor.page.evaluate(() => {
    const { dataLayer } = window;
    dataLayer.push({ event: 'gtm.click', 'gtm.element': document.body });
    dataLayer.push({ event: 'signup_click', plan: 'team', seats: 3, 'gtm.uniqueEventId': 7, eventCallback() {} });
    dataLayer.push({ event: 'addToCart', sku: 'wave-mug' });
    dataLayer.push({ event: 'Not A Name' }, { user: 'no event at all' });
  });
  await fire('granted'); // A tag that fires twice starts nothing twice.
  await visitor.flush();

  const rows = await rowsOfSession(stack, await visitor.session());
  expect(countByName(rows)).toEqual({ 'page.viewed': 1, early_bird: 1, signup_click: 1, 'commerce.add_to_cart': 1 });
  const signup = rows.find((row) => row.event_name === 'signup_click');
  expect(signup.attributes).toMatchObject({ plan: 'team' });
  expect(Object.keys(signup.attributes).sort()).toEqual(['plan', 'seats']);
  for (const row of rows) {
    expect(row.gtm_container_id).toBe('GTM-TEST123');
    expect(row.page_path).toBe('/goods/watch-cap');
    expect(JSON.stringify(row)).not.toContain('example.org');
  }
});

test('GA4 commerce, a chat\'s DOM event and the global push arrive by the catalogue\'s names', async () => {
  await open();
  await fire('granted');
  await visitor.sdkRuns();
  await visitor.page.evaluate(() => {
    const items = [{ item_id: 'sku_4711', item_name: 'Trail shoe', price: 89.9, quantity: 2 }];
    window.dataLayer.push({ event: 'purchase', ecommerce: { transaction_id: 'o_1042', value: 179.8, currency: 'EUR', items } });
    function gtag() {
      window.dataLayer.push(arguments);
    }
    gtag('event', 'view_item', { currency: 'EUR', items });
    document.body.dispatchEvent(new CustomEvent('netra_chat_message', {
      detail: { thread_id: 't_1', message_id: 'm_1', message_type: 'user_prompt', prompt_length: 42, is_follow_up: false },
    }));
    window.netraAnalytics.push({ event_type: 'feature_usage', feature_name: 'export', action: 'opened', success: true });
  });
  await visitor.flush();

  const session = await visitor.session();
  const rows = await rowsOfSession(stack, session);
  expect(countByName(rows)).toEqual({
    'page.viewed': 1, early_bird: 1, 'commerce.purchase': 1, 'commerce.view': 1, chat_interaction: 1, feature_usage: 1,
  });
  const row = (name) => rows.find((candidate) => candidate.event_name === name);
  expect(JSON.stringify(row('commerce.purchase').attributes)).toContain('o_1042');
  expect(JSON.stringify(row('commerce.view').attributes)).toContain('sku_4711');
  expect(JSON.stringify(row('chat_interaction').attributes)).toContain('t_1');
  for (const one of rows) {
    expect(one.gtm_container_id).toBe('GTM-TEST123');
  }
  // The other tags of the page read it in the layer, with the session of our rows.
  const pushed = await visitor.page.evaluate(() => window.dataLayer.filter(({ event }) => event === 'tidemark_event'));
  expect(pushed.map(({ event_name, session_id }) => [event_name, session_id])).toEqual([
    ['chat_interaction', session],
    ['feature_usage', session],
  ]);
});

test('a refusal sends nothing until the container says that consent was given', async () => {
  await open();
  await fire('denied');
  await visitor.sdkRuns();
  const push = (event) => visitor.page.evaluate((name) => window.dataLayer.push({ event: name }), event);
  const choose = (choice) => visitor.page.evaluate((analytics_storage) => {
    function gtag() {
      window.dataLayer.push(arguments);
    }
    gtag('consent', 'update', { analytics_storage });
  }, choice);

  await push('before_consent');
  await visitor.flush();
  expect(visitor.calls()).toEqual([]);

  await choose('granted');
  await push('after_consent');
  await visitor.flush();
  await choose('denied');
  await push('after_withdrawal');
  await visitor.flush();

  const session = await visitor.session();
  const rows = await until('the row after consent', async () => {
    const found = await rowsOfSession(stack, session);
    return found.some((row) => row.event_name === 'after_consent') && found;
  });
  const names = rows.map((row) => row.event_name);
  expect(names).not.toContain('before_consent');
  expect(names).not.toContain('after_withdrawal');
  expect(JSON.stringify(visitor.sent())).not.toMatch(/before_consent|after_withdrawal|early_bird/);
});
