// What the page reports by itself: clicks, the rage among them, and routes.

import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { launch, open, until } from './app/browser.js';
import { serve, startSink } from './app/sink.js';

describe('captured without a call', () => {
  let browser, app, sink, page, context, thrown;

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
    const url = `${app.origin}/basket?consent=granted&endpoint=${sink.origin}`;
    ({ page, context, thrown } = await open(browser, url));
    // The engine listens from here on.
    await until(() => sink.names().includes('page.viewed'), true);
  });
  afterEach(async () => {
    expect(thrown).toEqual([]);
    await context.close();
    await sink.close();
  });

  const press = async (selector, times) => {
    for (let turn = 0; turn < times; turn++) await page.click(selector);
  };
  const told = (name) => sink.events().filter((event) => event.event_name === name);
  /** Ends every open series: a click elsewhere, on something that answers itself. */
  const settle = async () => {
    await page.click('#field');
    await until(() => told('ui.clicked').some(({ attributes }) => attributes.selector === '#field'), true);
  };

  test('three clicks on a dead button are three clicks and one incident', async () => {
    await press('#dead', 3);
    await until(() => told('ui.rage_click').length, 1);
    await settle();
    const clicks = told('ui.clicked').filter(({ attributes }) => attributes.selector === '#dead');
    expect(clicks.length).toBe(3);
    expect(clicks[0].attributes).toMatchObject({ tag: 'button', text: 'Buy now' });
    expect(Number.isInteger(clicks[0].attributes.x)).toBe(true);
    const [{ attributes }] = told('ui.rage_click');
    expect(attributes).toMatchObject({ selector: '#dead', click_count: 3 });
    expect(attributes.reason).toMatch(/^3 of 3 clicks within \d+ ms got no answer$/);
    expect(told('ui.rage_click').length).toBe(1);
  });

  test('a scroll that ended before the click is no answer to it', async () => {
    // The browser tells a scroll a frame late: after the click that comes right behind it.
    await page.evaluate(() => {
      document.body.style.minHeight = '300vh';
      addEventListener('pointerup', () => scrollBy(0, 1));
    });
    await press('#dead', 3);
    await until(() => told('ui.rage_click').length, 1);
    expect(told('ui.rage_click')[0].attributes.click_count).toBe(3);
  });

  test.each([
    ['a stepper', '#plus'],
    ['a button whose answer is far away', '#far'],
    ['a text field', '#field'],
    ['a checkbox behind its label', 'label'],
  ])('%s is no rage', async (_, selector) => {
    await press(selector, 5);
    await until(() => told('ui.clicked').length, 5);
    await settle();
    await page.evaluate(() => window.tidemark.flush());
    expect(told('ui.rage_click')).toEqual([]);
  });

  test('a masked name is not read and an ignored part is not seen', async () => {
    await press('#hidden-name', 1);
    await press('#unseen', 3);
    await settle();
    const texts = told('ui.clicked').map(({ attributes }) => attributes.text);
    expect(texts).toEqual([undefined, 'Coupon']);
    expect(told('ui.rage_click')).toEqual([]);
  });

  test('what is typed is never told', async () => {
    await page.fill('#field', 'SECRET-4711');
    await press('#field', 1);
    await until(() => told('ui.clicked').length, 1);
    expect(JSON.stringify(sink.calls)).not.toContain('SECRET');
  });

  test('clicks of scripts are not clicks of people', async () => {
    await page.evaluate(() => document.getElementById('dead').click());
    await settle();
    expect(told('ui.clicked').length).toBe(1);
  });

  test('a route of the History API is a page of its own, a query is not', async () => {
    await page.evaluate(() => {
      history.pushState({}, '', '/checkout?step=1');
      document.title = 'Checkout';
    });
    await until(() => told('page.viewed').length, 2);
    await page.evaluate(() => history.replaceState({}, '', '/checkout?step=2'));
    await page.goBack();
    await until(() => told('page.viewed').length, 3);
    const [, routed, back] = told('page.viewed');
    expect(routed.attributes).toEqual({ kind: 'route' });
    expect(routed.context.page).toMatchObject({
      url: `${app.origin}/checkout`,
      referrer: `${app.origin}/basket`,
      title: 'Checkout',
    });
    expect(back.context.page.path).toBe('/basket');
  });
});
