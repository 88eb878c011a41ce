// Imported in tests of other projects, where jsdom pretends to be a page.

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { expect, inject, test } from 'vitest';

const JSDOM = pathToFileURL(createRequire(import.meta.url).resolve('jsdom')).href;
const PRETENCE = `
  import jsdom from '${JSDOM}';
  const { window } = new jsdom.JSDOM('<title>Shop</title><button>Buy</button>', {
    url: 'https://shop.example/basket', pretendToBeVisual: true,
  });
  // As the runners of tests do it: whatever a page has is a global.
  for (const name of Object.getOwnPropertyNames(window)) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value: window[name], configurable: true });
  }
  for (const name of ['navigator', 'localStorage', 'addEventListener', 'removeEventListener', 'dispatchEvent', 'Event', 'history', 'location']) {
    Object.defineProperty(globalThis, name, {
      value: typeof window[name] === 'function' && name[0] === name[0].toLowerCase() ? window[name].bind(window) : window[name],
      configurable: true,
    });
  }`;
const CALLS = `
  const errors = [];
  web.init({ writeKey: 'wk', endpoint: 'https://events.example', onError: (error) => errors.push(error.code), ...OPTIONS });
  web.track('basket.opened', { items: 3 });
  web.page();
  document.querySelector('button').click();
  const flushed = await web.flush();
  console.log(JSON.stringify({ flushed, errors, stored: window.localStorage.length }));
  process.exit();`;

const run = (which, options) => {
  const source = `${PRETENCE}
    globalThis.fetch = async (url) => { throw new TypeError('no network in tests: ' + url); };
    const OPTIONS = ${JSON.stringify(options)};
    const web = await import('${which}');${CALLS}`;
  const ran = spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: inject('app'),
    encoding: 'utf8',
    timeout: 20_000,
  });
  expect(ran).toMatchObject({ status: 0, signal: null, stderr: '' });
  return JSON.parse(ran.stdout);
};

const NOTHING = { sent: 0, accepted: 0, duplicate: 0, rejected: 0, dropped: 0, held: 0 };
const BROWSER = './node_modules/@tidemark/web/dist/browser.js';

test('the import that Node resolves is silent', () => {
  expect(run('@tidemark/web', { consent: { analytics: true } })).toEqual({ flushed: NOTHING, errors: [], stored: 0 });
});

test('the build for browsers, which some runners pick, holds what nobody allowed', () => {
  const { flushed, errors, stored } = run(BROWSER, {});
  expect(flushed).toMatchObject({ sent: 0, dropped: 0 });
  expect(flushed.held).toBeGreaterThanOrEqual(2);
  expect([errors, stored]).toEqual([[], 0]);
});

test('with consent and no network it tells that it could not load, and throws nothing', () => {
  const { flushed, errors } = run(BROWSER, { consent: { analytics: true } });
  expect(flushed.sent).toBe(0);
  expect(errors).toEqual(['load_failed']);
});
