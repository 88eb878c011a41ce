// One page with the SDK in it, for tests that look closer than at a score.

import { chromium } from 'playwright-core';
import { chromiumOptions } from './run.js';
import { products } from './products.js';
import { startSink, startSite } from './site.js';

export const launch = () => chromium.launch(chromiumOptions);

/** A site of pages that are given as text, and a sink. */
export const serve = async () => {
  const sink = await startSink();
  const pages = [];
  let more = '';
  const site = await startSite(pages, (name) => {
    const start = products.Tidemark.start(`${sink.origin}/${name}`).replace(/ \}\);$/, `, ${more} });`);
    return `<script src="/sdk/tidemark.js"></script><script>${start}</script>`;
  });
  return {
    close: () => Promise.all([site.close(), sink.close()]),
    /** Opens `body`; `options` are more of init's, as text. */
    visit: async (browser, body, options = '') => {
      const name = `hostile-${pages.length}`;
      more = options;
      // A page's own script comes before ours where it breaks what ours stands on.
      pages.push({ name, html: `<!doctype html><html><head></head><title>Hostile</title><link rel="icon" href="data:,"><body>${body}</body></html>` });
      const context = await browser.newContext({ viewport: { width: 1000, height: 700 } });
      const page = await context.newPage();
      const thrown = [];
      page.on('pageerror', (error) => thrown.push(error.message));
      await page.goto(`${site.origin}/${name}/`);
      await page.evaluate(() => Promise.race([window.tidemark.flush(), new Promise((done) => setTimeout(done, 1500))]).then(() => true));
      const told = (wanted) =>
        sink.bodies(name).flatMap((text) => JSON.parse(text).events).filter(({ event_name }) => event_name === wanted);
      return { page, told, thrown, close: () => context.close() };
    },
  };
};
