// The examples of the package's README, run as they stand there: only addresses are replaced.

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { launch, open, until } from './app/browser.js';
import { serve, startSink } from './app/sink.js';

const README = readFileSync(join(import.meta.dirname, '../../npm/web/README.md'), 'utf8');
const blocks = (language) =>
  [...README.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].filter(([, name]) => name === language).map(([, , text]) => text);
const EDGE = 'https://events.example.com';

let browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

/** Opens a page that holds `html`, with the package's files for script tags beside it. */
const run = async (name, html, check) => {
  const folder = join(inject('app'), name);
  mkdirSync(folder);
  cpSync(join(inject('app'), 'node_modules/@tidemark/web/dist/sdk'), join(folder, 'sdk'), { recursive: true });
  const sink = await startSink();
  const local = (text) => text.replaceAll(`${EDGE}/sdk/`, '/sdk/').replaceAll(EDGE, sink.origin);
  writeFileSync(join(folder, 'index.html'), `<!doctype html><title>Example</title><link rel="icon" href="data:,">${local(html)}`);
  const app = await serve(folder);
  const { page, context, thrown, lines } = await open(browser, app.origin);
  await check(sink, page);
  expect([...thrown, ...lines]).toEqual([]);
  await context.close();
  await app.close();
  await sink.close();
};

describe('scripts', () => {
  const scripts = blocks('js').filter((text) => text.includes('@tidemark/web'));

  test('there are some', () => expect(scripts.length).toBeGreaterThan(0));

  test.each(scripts.map((text, at) => [at + 1, text]))('example %i', async (at, text) => {
    const built = await esbuild.build({
      absWorkingDir: inject('app'),
      stdin: { contents: text, resolveDir: inject('app') },
      bundle: true,
      format: 'esm',
      alias: text.includes('/inline') ? {} : { '@tidemark/web': '@tidemark/web/inline' },
      write: false,
    });
    const code = built.outputFiles[0].text;
    await run(`readme-js-${at}`, `<script type="module">${code}</script>`, async (sink) => {
      for (const [, name] of text.matchAll(/\btrack\('([\w.]+)'/g)) {
        await until(() => sink.names().includes(name), true);
      }
      await until(() => sink.names().includes('page.viewed'), true);
    });
  });
});

describe('pages', () => {
  const pages = blocks('html');

  test('there are some', () => expect(pages.length).toBeGreaterThan(0));

  test.each(pages.map((text, at) => [at + 1, text]))('example %i', (at, text) =>
    run(`readme-html-${at}`, text, async (sink, page) => {
      await until(() => sink.names().includes('page.viewed'), true);
      expect(await page.evaluate(() => typeof window.tidemark.track)).toBe('function');
    }));
});
