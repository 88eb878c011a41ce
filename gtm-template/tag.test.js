// What the Custom HTML tag does with a data layer, without a browser: the page is a few objects.
// Its way to ClickHouse from a real page is tested in tests/journey.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';

import { transform } from 'esbuild';
import { expect, test } from 'vitest';

const TAG = readFileSync(path.join(import.meta.dirname, 'custom-html-tag.html'), 'utf8');

/** The tag's script with its `{{variables}}` replaced, as a container does it. */
function script(variables = {}) {
  const values = {
    'Tidemark edge': 'https://t.example.org',
    'Tidemark write key': 'wk_test',
    'Tidemark analytics consent': 'granted',
    'Tidemark event names': {},
    'Container ID': 'GTM-TEST123',
    ...variables,
  };
  const source = /<script>([\s\S]*)<\/script>/.exec(TAG)[1];
  return source.replace(/\{\{([^}]+)\}\}/g, (_, name) => JSON.stringify(values[name]) ?? 'undefined');
}

/** A page with a data layer; `calls` are what waits for the SDK, `scripts` what was inserted. */
function pageWith(layer) {
  const scripts = [];
  const document = {
    createElement: () => ({}),
    head: { appendChild: (element) => scripts.push(element.src) },
  };
  const window = { dataLayer: layer };
  const context = vm.createContext({ window, document });
  return {
    window,
    scripts,
    fire: (variables) => vm.runInContext(script(variables), context),
    // Values are compared across realms, so by their JSON.
    calls: () => JSON.parse(JSON.stringify(window.tidemark.q)),
    tracked: () => window.tidemark.q.filter(([method]) => method === 'track').map(([, [name]]) => name),
  };
}

/** What `gtag('consent', how, signals)` leaves in a data layer: an arguments object. */
function consent(how, analytics_storage) {
  return { 0: 'consent', 1: how, 2: { analytics_storage }, length: 3 };
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

test('it works on a page without a data layer, and starts once however often it fires', () => {
  const page = pageWith(undefined);
  page.fire();
  page.fire();
  expect(page.scripts).toHaveLength(1);
  expect(page.calls()).toHaveLength(1);
});

test('it forwards events by name and leaves the container to itself', () => {
  const page = pageWith([]);
  page.fire({ 'Tidemark event names': { addToCart: 'commerce.add_to_cart' } });
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

test('earlier pushes follow, but not those that were made under a refusal', () => {
  const page = pageWith([
    consent('default', 'denied'),
    { event: 'under_refusal' },
    consent('update', 'granted'),
    { event: 'under_consent' },
  ]);
  page.fire();
  expect(page.tracked()).toEqual(['under_consent']);
});

test.for([undefined, null, '', 'denied', false, 'false', 0])('the consent %s is none: nothing earlier is forwarded', (value) => {
  const page = pageWith([{ event: 'early_bird' }]);
  page.fire({ 'Tidemark analytics consent': value });
  expect(page.calls()[0][1][0].consent).toEqual({ analytics: false, ads: false });
  expect(page.tracked()).toEqual([]);
});

test('a choice in the data layer is passed on, before the events of the same push', () => {
  const page = pageWith([]);
  page.fire({ 'Tidemark analytics consent': 'denied' });
  page.window.dataLayer.push(consent('update', 'granted'), { event: 'after_consent' });
  page.window.dataLayer.push({ 0: 'consent', 1: 'update', 2: { ad_storage: 'denied' }, length: 3 });
  expect(page.calls().slice(1)).toEqual([
    ['setConsent', [{ analytics: true, ads: false }]],
    ['track', ['after_consent', {}]],
  ]);
});

test('the container\'s own push still answers, and a trap in a pushed object hurts nobody', () => {
  const layer = [];
  layer.push = () => 'from the container';
  const page = pageWith(layer);
  page.fire();
  expect(page.window.dataLayer.push({ event: 'signup_click' })).toBe('from the container');
  const trap = { event: 'trapped', get value() { throw new Error('trap'); } };
  expect(page.window.dataLayer.push(trap)).toBe('from the container');
  expect(page.tracked()).toEqual(['signup_click']);
});

test('it is ECMAScript 5, which is all that a container\'s editor takes', async () => {
  // esbuild rewrites newer syntax for an older target; where there is none, both prints are equal.
  const print = (target) => transform(script(), { target, charset: 'utf8' }).then(({ code }) => code);
  expect(await print('es5')).toBe(await print('esnext'));
});
