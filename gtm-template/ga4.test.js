// GA4's events by the catalogue's names: the table in README.md, and values that pages really push.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';

import { expect, test } from 'vitest';

const read = (name) => readFileSync(path.join(import.meta.dirname, name), 'utf8');
const typeOf = (value) => (value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value);
const ga4Events = vm.runInThisContext(`(() => { ${read('src/ga4.js')} return ga4Events; })()`);
const events = (name, params) => ga4Events(name, params, typeOf, Number);

/** Everything that GA4 documents for its items and orders, with values that tell where they went. */
const ORDER = {
  transaction_id: 'transaction_id', value: 101, tax: 102, shipping: 103, coupon: 'coupon', currency: 'EUR',
  search_term: 'search_term', method: 'sso',
  items: [{ item_id: 'item_id', item_name: 'item_name', item_category: 'item_category', price: 104, quantity: 5, coupon: 'no' }],
};

test('the table in README.md says what becomes of each', () => {
  const rows = [...read('README.md').matchAll(/^\| `(\w+)` \| `([\w.]+)` \| (.+) \|$/gm)];
  expect(rows.map(([, ga4]) => ga4)).toEqual(['view_item', 'add_to_cart', 'begin_checkout', 'purchase', 'search', 'login']);
  for (const [, ga4, name, told] of rows) {
    const [[sent, attributes]] = events(ga4, ORDER);
    expect(sent).toBe(name);
    const documented = [...told.matchAll(/`([\w.]+)`/g)].map(([, attribute]) => attribute);
    expect(Object.keys(attributes).sort()).toEqual(documented.sort());
  }
});

test('every attribute is the catalogue\'s, of its type', () => {
  for (const ga4 of ['view_item', 'add_to_cart', 'begin_checkout', 'purchase', 'search', 'login']) {
    for (const [name, attributes] of events(ga4, ORDER)) {
      const { properties } = JSON.parse(read(`../schemas/events/${name}.json`));
      for (const [attribute, value] of Object.entries(attributes)) {
        const { type, enum: values } = properties[attribute];
        expect(type === 'string' ? typeof value === 'string' : Number.isFinite(value), attribute).toBe(true);
        expect(type !== 'integer' || Number.isInteger(value), attribute).toBe(true);
        expect(values ?? [value]).toContain(value);
      }
    }
  }
});

test('one event a product; an order counts its pieces', () => {
  const items = [{ item_id: 'a', price: '0.1', quantity: 3 }, { item_id: 'b', price: 2 }, { item_id: 7, quantity: '2' }];
  expect(events('add_to_cart', { currency: 'eur', value: 9, items }).map(([, attributes]) => attributes)).toEqual([
    { 'commerce.product_id': 'a', 'commerce.price': 0.1, 'commerce.quantity': 3, 'commerce.value': 0.3, 'commerce.currency': 'EUR' },
    { 'commerce.product_id': 'b', 'commerce.price': 2, 'commerce.quantity': 1, 'commerce.value': 2, 'commerce.currency': 'EUR' },
    { 'commerce.product_id': '7', 'commerce.quantity': 2, 'commerce.currency': 'EUR' },
  ]);
  expect(events('purchase', { items })).toEqual([['commerce.purchase', { 'commerce.items_count': 6 }]]);
});

test.for([
  ['no number', 'price', 'cheap'], ['an empty text', 'price', ''], ['less than nothing', 'price', -1],
  ['without end', 'price', Infinity], ['half a piece', 'quantity', 1.5], ['an object', 'item_id', {}],
  ['nothing', 'item_name', null], ['an empty name', 'item_name', ''],
])('what the catalogue would refuse is left out: %s', ([, member, value]) => {
  const [[, attributes]] = events('view_item', { items: [{ [member]: value }] });
  expect(attributes).toEqual(member === 'quantity' ? {} : { 'commerce.quantity': 1 });
});

test('nothing that a page pushes breaks it, and nothing else is taken for GA4\'s', () => {
  for (const params of [undefined, null, 'x', 7, [], { items: 'x' }, { items: [null, 3, 'x'] }, { currency: 'euro' }]) {
    expect(events('add_to_cart', params).length).toBeGreaterThan(0);
    expect(events('purchase', params)).toHaveLength(1);
  }
  for (const name of ['page_view', 'toString', 'constructor', '__proto__', undefined, null, 7]) {
    expect(events(name, ORDER)).toEqual([]);
  }
  expect(events('view_item', { items: Array(300).fill({}) })).toHaveLength(200);
  expect(events('view_item', { items: [{ item_name: 'x'.repeat(300) }] })[0][1]['commerce.product_name']).toHaveLength(256);
});
