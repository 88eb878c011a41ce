// Runs scenarios with a product in Chromium, several at a time, each in a context of
// its own, and says what the product told of each.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { act } from './person.js';
import { products } from './products.js';
import { bundle, startSink, startSite } from './site.js';

const executablePath =
  process.env.TIDEMARK_CHROMIUM ??
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

/** How Chromium is started: root needs no sandbox; the back/forward cache is what a person has. */
export const chromiumOptions = {
  executablePath,
  args: ['--no-sandbox'],
  ignoreDefaultArgs: ['--disable-back-forward-cache'],
};

/** Visits at a time: a visit waits more than it works. */
const AT_A_TIME = 10;
/** What a person does after the page is there: looks. */
const LOOK_MS = 700;
/** After the last press: what is told is told within three seconds, and is sent. */
const AFTER_MS = 3200;
/** After the last step: what is told at once is sent. A late answer is told later than what came in time. */
const SENT_MS = 900;
const LATE_MS = 3000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** How long a person takes, roughly: what they wait, and a second for what they do. */
const lengthOf = ({ steps }) => steps.reduce((sum, step) => sum + (step.startsWith('wait') ? Number(step.slice(5)) : 1000), 0);

const visit = async (browser, { site, sink, product }, scenario) => {
  const hasTouch = scenario.steps.some((step) => step.startsWith('tap '));
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, hasTouch });
  const page = await context.newPage();
  const thrown = [];
  page.on('dialog', (dialog) => pause(400).then(() => dialog.accept()).catch(() => {}));
  try {
    await page.goto(`${site.origin}/${scenario.name}/`);
    if (product.ready) await page.evaluate(product.ready);
    await pause(LOOK_MS);
    await act(page, scenario.steps);
    const least = scenario.says.includes('slow') ? LATE_MS : SENT_MS;
    await pause(Math.max(least, (page.pressedAt ?? 0) + AFTER_MS - Date.now()));
  } catch (error) {
    thrown.push(error.message);
  }
  await context.close();
  const bodies = sink.bodies(scenario.name);
  return { scenario, told: [...product.told(bodies)], reasons: product.reasons?.(bodies) ?? [], thrown };
};

/** What a product told of each scenario; `from` is where its package is. */
export const runAll = async (scenarios, name = 'Tidemark', from = undefined, atATime = AT_A_TIME) => {
  const product = products[name];
  const script = product.source ? await bundle(product.source, from) : '';
  const sink = await startSink();
  const source = product.source ? '/product.js' : '/sdk/tidemark.js';
  const head = (visitor) => `<script src="${source}"></script><script>${product.start(`${sink.origin}/${visitor}`)}</script>`;
  const site = await startSite(scenarios, head, script);
  const browser = await chromium.launch(chromiumOptions);
  const results = [];
  // The longest first: none of them is waited for alone at the end.
  const waiting = [...scenarios].sort((one, other) => lengthOf(other) - lengthOf(one));
  const worker = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      results.push(await visit(browser, { site, sink, product }, next));
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
  await browser.close();
  await site.close();
  await sink.close();
  return results;
};
