// The package built by bundlers other than Vite, in Chromium: each finds the module, or holds it inside.

import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { launch, open, until } from './app/browser.js';
import { inlined, withEsbuild, withWebpack } from './app/build.js';
import { serve, startSink } from './app/sink.js';

let browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

test.each([
  ['webpack 5', withWebpack, 1],
  ['esbuild', withEsbuild, 1],
  ['esbuild, as one script with the module inside', inlined, 0],
])('built by %s', async (_, build, modules) => {
  const app = await serve(await build(inject('app')));
  const sink = await startSink();
  const asked = [];
  const { page, context, thrown } = await open(browser, 'about:blank');
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(`${app.origin}/basket?consent=granted&endpoint=${sink.origin}`);
  await until(() => sink.names().sort(), ['basket.opened', 'page.viewed']);
  expect(asked.filter((url) => url.endsWith('.wasm')).length).toBe(modules);
  expect(sink.events().find(({ event_name: name }) => name === 'basket.opened').attributes.by).toBe('[email]');
  expect(await page.evaluate(() => window.errors)).toEqual([]);
  expect(thrown).toEqual([]);
  await context.close();
  await sink.close();
  await app.close();
});
