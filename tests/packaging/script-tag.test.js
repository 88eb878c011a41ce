// The script that a tag loads: it finds its module beside itself and does what
// the stub queued.

import { writeFileSync, mkdirSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { launch, open, until } from './app/browser.js';
import { serve, startSink } from './app/sink.js';

let browser, app, sink;

beforeAll(async () => {
  browser = await launch();
  sink = await startSink();
  const folder = join(inject('app'), 'script-tag');
  mkdirSync(folder);
  cpSync(join(inject('app'), 'node_modules/@tidemark/web/dist/sdk'), join(folder, 'sdk'), {
    recursive: true,
  });
  const tag = `<script>
    window.tidemark = { q: [
      ['init', [{ writeKey: 'wk_tag', endpoint: '${sink.origin}', consent: { analytics: true } }]],
      ['track', ['tag.loaded', { early: true }]],
      ['unknown', []],
    ] };
  </script><script async src="/sdk/tidemark.js"></script>`;
  writeFileSync(join(folder, 'index.html'), `<!doctype html><title>Tag</title>${tag}${tag.split('</script>')[1]}</script>`);
  app = await serve(folder);
});
afterAll(async () => {
  await browser.close();
  await app.close();
  await sink.close();
});

test('what the stub queued is done, once, and the functions are there', async () => {
  const { page, context, thrown } = await open(browser, app.origin);
  await until(() => page.evaluate(() => typeof window.tidemark.flush), 'function');
  const flushed = await page.evaluate(() => window.tidemark.flush());
  expect(flushed).toEqual({ sent: 2, accepted: 2, duplicate: 0, rejected: 0, dropped: 0, held: 0 });
  expect(sink.names().sort()).toEqual(['page.viewed', 'tag.loaded']);
  expect(sink.calls[0].url).toBe('/v1/events/batch?write_key=wk_tag');
  expect(thrown).toEqual([]);
  await context.close();
});
