// What the Custom HTML tag does with a data layer, without a browser: the page is a few objects.
// Its way to ClickHouse from a real page is tested in tests/journey.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';

import { transform } from 'esbuild';
import { expect, test } from 'vitest';

const TAG = readFileSync(path.join(import.meta.dirname, 'custom-html-tag.html'), 'utf8');
const SESSION = '0198c0de-0000-7000-8000-000000000002';

/** The tag's script with its `{{variables}}` replaced, as a container does it. */
function script(variables = {}) {
  const values = {
    'Tidemark edge': 'https://t.example.org',
    'Tidemark write key': 'wk_test',
    'Tidemark analytics consent': 'granted',
    'Tidemark options': {},
    'Container ID': 'GTM-TEST123',
    ...variables,
  };
  const source = /<script>([\s\S]*)<\/script>/.exec(TAG)[1];
  return source.replace(/\{\{([^}]+)\}\}/g, (_, name) => JSON.stringify(values[name]) ?? 'undefined');
}

/** A page with a data layer; `calls` are what waits for the SDK, `scripts` what was inserted. */
function pageWith(layer, stored, cookie = '') {
  const scripts = [];
  const heard = {};
  const document = {
    cookie,
    createElement: () => ({}),
    head: { appendChild: (element) => scripts.push(element.src) },
  };
  const window = {
    dataLayer: layer,
    localStorage: { getItem: (key) => (key === 'tidemark' ? stored : null) },
    addEventListener: (name, listener, capture) => {
      heard[name] = { listener, capture };
    },
  };
  const context = vm.createContext({ window, document });
  return {
    window,
    scripts,
    heard,
    fire: (variables) => vm.runInContext(script(variables), context),
    // Values are compared across realms, so by their JSON.
    calls: () => JSON.parse(JSON.stringify(window.tidemark.q)),
    layer: () => JSON.parse(JSON.stringify(window.dataLayer)),
    tracked: () => window.tidemark.q.filter(([method]) => method === 'track').map(([, [name]]) => name),
  };
}

/** What `gtag('consent', how, signals)` leaves in a data layer: an arguments object. */
function consent(how, signals) {
  const said = typeof signals === 'string' ? { analytics_storage: signals } : signals;
  return { 0: 'consent', 1: how, 2: said, length: 3 };
}

test('it loads the SDK from the edge and starts it with the container id', () => {
  const page = pageWith([]);
  page.fire();
  expect(page.scripts).toEqual(['https://t.example.org/sdk/tidemark.js']);
  expect(page.calls()).toEqual([['init', [{
    writeKey: 'wk_test',
    endpoint: 'https://t.example.org',
    consent: { analytics: true, ads: false },
    gtm: { containerId: 'GTM-TEST123' },
  }]]]);
});

test('what is captured, and what separates struggle from use, is the site\'s to say', () => {
  const page = pageWith([]);
  const said = { capture: { clicks: false, frames: true }, struggle: { rageClicks: 4, exempt: '.drum' } };
  page.fire({ 'Tidemark options': said });
  expect(page.calls()[0][1][0]).toMatchObject(said);
});

test('it starts once however often it fires', () => {
  const page = pageWith(undefined);
  page.fire();
  page.fire();
  expect(page.scripts).toHaveLength(1);
  expect(page.calls()).toHaveLength(1);
});

test('it forwards events by name and leaves the container to itself', () => {
  const page = pageWith([]);
  page.fire({ 'Tidemark options': { eventNames: { addToCart: 'commerce.add_to_cart' } } });
  const element = { nodeType: 1 };
  page.window.dataLayer.push({ event: 'gtm.dom' });
  page.window.dataLayer.push({ event: 'addToCart', sku: 'mug', 'gtm.uniqueEventId': 4, eventCallback() {}, element });
  page.window.dataLayer.push({ event: 'signup_click' }, { event: 'Bad Name' }, { event: 7 }, null, { noEvent: true });
  page.window.dataLayer.push({ event: 'toString' });
  expect(page.calls().slice(1)).toEqual([
    ['track', ['commerce.add_to_cart', { sku: 'mug' }]],
    ['track', ['signup_click', {}]],
  ]);
});

test('GA4\'s commerce goes by the catalogue\'s names, from the layer and from gtag()', () => {
  const page = pageWith([]);
  page.fire();
  const items = [{ item_id: 'mug', price: 12.5, quantity: 2 }];
  page.window.dataLayer.push({ ecommerce: null }, { event: 'view_item', ecommerce: { currency: 'EUR', items } });
  page.window.dataLayer.push({ 0: 'event', 1: 'purchase', 2: { transaction_id: 'o_1', value: 25, currency: 'EUR', items }, length: 3 });
  page.window.dataLayer.push({ 0: 'event', 1: 'tutorial_begin', length: 2 }, { 0: 'config', 1: 'G-1', length: 2 });
  expect(page.calls().slice(1)).toEqual([
    ['track', ['commerce.view', {
      'commerce.product_id': 'mug', 'commerce.price': 12.5, 'commerce.quantity': 2, 'commerce.currency': 'EUR',
    }]],
    ['track', ['commerce.purchase', {
      'commerce.order_id': 'o_1', 'commerce.items_count': 2, 'commerce.value': 25, 'commerce.currency': 'EUR',
    }]],
    ['track', ['tutorial_begin', {}]],
  ]);
});

test('a name of one\'s own choosing goes before GA4\'s', () => {
  const page = pageWith([]);
  page.fire({ 'Tidemark options': { eventNames: { purchase: 'shop.bought' } } });
  page.window.dataLayer.push({ event: 'purchase', total: 3 });
  expect(page.calls()[1]).toEqual(['track', ['shop.bought', { total: 3 }]]);
});

test('earlier pushes follow, and a refusal among them forgets what was before it', () => {
  const page = pageWith([
    { event: 'before_refusal' },
    consent('update', 'denied'),
    { event: 'under_refusal' },
    consent('update', 'granted'),
    { event: 'under_consent' },
  ]);
  page.fire({ 'Tidemark analytics consent': undefined });
  expect(page.calls()[0][1][0].consent).toEqual({ analytics: true, ads: false });
  expect(page.tracked()).toEqual(['under_consent']);
});

test.for([undefined, null, '', 0, 'maybe'])('where the variable says %s nobody has decided: the SDK holds', (value) => {
  const page = pageWith([{ event: 'early_bird' }]);
  page.fire({ 'Tidemark analytics consent': value });
  expect(page.calls()[0][1][0].consent).toEqual({ ads: false });
  expect(page.tracked()).toEqual(['early_bird']);
});

test.for(['denied', false, 'false'])('the consent %s is a refusal: nothing earlier is forwarded', (value) => {
  const page = pageWith([consent('update', 'granted'), { event: 'early_bird' }]);
  page.fire({ 'Tidemark analytics consent': value });
  expect(page.calls()[0][1][0].consent).toEqual({ analytics: false, ads: false });
  expect(page.tracked()).toEqual([]);
});

test.for(['granted', 'denied'])('a default that says %s is no choice of the visitor', (word) => {
  const page = pageWith([consent('default', word)]);
  page.fire({ 'Tidemark analytics consent': undefined });
  page.window.dataLayer.push(consent('default', word));
  expect(page.calls()).toHaveLength(1);
  expect(page.calls()[0][1][0].consent).toEqual({ ads: false });
});

test('a choice in the data layer is passed on, before the events of the same push', () => {
  const page = pageWith([]);
  page.fire({ 'Tidemark analytics consent': 'denied' });
  page.window.dataLayer.push(consent('update', 'granted'), { event: 'after_consent' });
  page.window.dataLayer.push(consent('update', { ad_storage: 'granted', ad_user_data: 'granted' }));
  page.window.dataLayer.push(consent('update', { ad_personalization: 'granted' }));
  expect(page.calls().slice(1)).toEqual([
    ['setConsent', [{ analytics: true, ads: false }]],
    ['track', ['after_consent', {}]],
    ['setConsent', [{ analytics: true, ads: false }]],
    ['setConsent', [{ analytics: true, ads: true }]],
  ]);
});

test('the global push enriches, writes the data layer and sends, once', () => {
  const page = pageWith([], `0198c0de-0000-7000-8000-000000000001 ${SESSION} 1 2`);
  page.fire();
  page.window.tidemarkTag.push({ event_type: 'feature_usage', feature_name: 'export', success: true });
  const [entry] = page.layer();
  expect(entry).toEqual({
    event: 'tidemark_event',
    event_name: 'feature_usage',
    occurred_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    session_id: SESSION,
    feature_name: 'export',
    success: true,
  });
  expect(page.calls().slice(1)).toEqual([['track', ['feature_usage', { feature_name: 'export', success: true }]]]);
});

test.for([
  [`other=1; tidemark=0198c0de-0000-7000-8000-000000000001%20${SESSION}%201; more=2`, SESSION],
  ['nottidemark=x; tidemark=', undefined],
  ['tidemark=%', undefined],
])('the session in the cookie %s', ([cookie, wanted]) => {
  const page = pageWith([], undefined, cookie);
  page.fire();
  page.window.tidemarkTag.push({ event_name: 'any.event' });
  expect(page.layer()[0].session_id).toBe(wanted);
});

test('the global push has the name that the options give it, beside what is there, and takes anything', () => {
  const page = pageWith([]);
  page.window.netraAnalytics = { sessionId: 'theirs' };
  page.fire({ 'Tidemark options': { global: 'netraAnalytics' } });
  const { netraAnalytics } = page.window;
  for (const wrong of [undefined, null, 7, 'text', {}, { event_name: 'Not A Name' }]) {
    netraAnalytics.push(wrong);
  }
  expect(netraAnalytics.sessionId).toBe('theirs');
  expect(page.tracked()).toEqual([]);
  expect(page.layer().map((entry) => entry.session_id)).not.toContain(SESSION);
});

test('what people typed does not go into the data layer, which other tags read', () => {
  const page = pageWith([]);
  page.fire();
  const folder = path.join(import.meta.dirname, '../schemas/events');
  const free = readdirSync(folder).flatMap((file) => Object
    .entries(JSON.parse(readFileSync(path.join(folder, file), 'utf8')).properties)
    .filter(([, attribute]) => attribute['x-free-text']).map(([name]) => name));
  expect(free.length).toBeGreaterThan(0);
  page.window.tidemarkTag.push({ event: 'any.event', kept: 1, ...Object.fromEntries(free.map((name) => [name, 'typed'])) });
  expect(Object.keys(page.layer()[0]).filter((name) => free.includes(name))).toEqual([]);
  expect(page.calls()[1][1][1]).toMatchObject(Object.fromEntries(free.map((name) => [name, 'typed'])));
});

test('a configured event of the DOM becomes an event with its detail', () => {
  const page = pageWith([]);
  page.fire({ 'Tidemark options': { domEvents: { netra_chat_message: 'chat_interaction' } } });
  const { listener, capture } = page.heard.netra_chat_message;
  expect(capture).toBe(true);
  listener({ detail: { thread_id: 't_1', message_type: 'user_prompt' } });
  listener({ detail: null });
  expect(page.calls().slice(1)).toEqual([
    ['track', ['chat_interaction', { thread_id: 't_1', message_type: 'user_prompt' }]],
    ['track', ['chat_interaction', {}]],
  ]);
  expect(page.layer()[0]).toMatchObject({ event: 'tidemark_event', event_name: 'chat_interaction', thread_id: 't_1' });
});

test('the container\'s own push still answers, and a trap in a pushed object hurts nobody', () => {
  const layer = [];
  layer.push = () => 'from the container';
  const page = pageWith(layer);
  page.fire();
  expect(page.window.dataLayer.push({ event: 'signup_click' })).toBe('from the container');
  const trap = { event: 'trapped', get value() { throw new Error('trap'); } };
  expect(page.window.dataLayer.push(trap)).toBe('from the container');
  page.window.tidemarkTag.push(trap);
  expect(page.tracked()).toEqual(['signup_click']);
});

test('a trap among the earlier pushes costs itself alone', () => {
  const page = pageWith([{ event: 'trapped', get value() { throw new Error('trap'); } }, { event: 'early_bird' }]);
  page.fire();
  page.window.dataLayer.push({ event: 'later' });
  expect(page.tracked()).toEqual(['early_bird', 'later']);
});

test('it is ECMAScript 5, which is all that a container\'s editor takes', async () => {
  // esbuild rewrites newer syntax for an older target; where there is none, both prints are equal.
  const print = (target) => transform(script(), { target, charset: 'utf8' }).then(({ code }) => code);
  expect(await print('es5')).toBe(await print('esnext'));
});
