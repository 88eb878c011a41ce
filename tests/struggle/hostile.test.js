// Pages that are hard on whoever looks at them: nothing of ours is thrown into them, and
// what can be seen is still told. And nothing is looked at while nobody clicks.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, serve } from './app/visit.js';

let browser, world;
beforeAll(async () => {
  browser = await launch();
  world = await serve();
});
afterAll(async () => {
  await browser.close();
  await world.close();
});

const DEAD = '<button id="b">Buy</button>';

test.each([
  ['prototypes are frozen', `<script>[Object, Array, Element, Node, Window, HTMLElement, CanvasRenderingContext2D, Clipboard].forEach((one) => Object.freeze(one.prototype));</script>${DEAD}`],
  ['there are 100,000 nodes', `${DEAD}<div id="l"></div><script>l.innerHTML = '<i></i>'.repeat(100000);</script>`],
  ['ids are odd', '<form id="b#:.[" class="a:b [c]"><input name="id"><input name="matches"><button type="button" id="b" name="1 2">Buy</button></form>'],
  ['fetch and the clocks are replaced', `<script>window.fetch = () => { throw new Error('fetch'); }; const perf = performance.now.bind(performance); performance.now = () => perf();</script>${DEAD}`],
  ['every object has a toJSON that throws', `<script>Object.prototype.toJSON = () => { throw new Error('toJSON'); };</script>${DEAD}`],
  ['document.write', '<script>document.write(\'<button id="b">Buy</button>\')</script>'],
  ['a frame of another origin', `<iframe src="data:text/html,<p>x" width="100" height="50"></iframe>${DEAD}`],
])('%s: three clicks in vain are told, and nothing is thrown', async (name, body) => {
  const { page, told, thrown, close } = await world.visit(browser, body);
  for (let turn = 0; turn < 4; turn++) await page.locator('#b').click({ delay: 30, noWaitAfter: true });
  if (name.startsWith('fetch')) {
    // Nothing can leave: the page goes on all the same.
    await expect.poll(() => page.evaluate(() => document.title)).toBe('Hostile');
  } else {
    await expect.poll(() => told('ui.rage_click').length, { timeout: 20_000 }).toBe(1);
  }
  expect(thrown).toEqual([]);
  await close();
});

test('nothing is observed while no click is pending', async () => {
  const count = `<script>
    window.active = new Set();
    const { observe, disconnect } = MutationObserver.prototype;
    MutationObserver.prototype.observe = function (...args) { active.add(this); return observe.apply(this, args); };
    MutationObserver.prototype.disconnect = function () { active.delete(this); return disconnect.call(this); };
  </script>`;
  const { page, thrown, close } = await world.visit(browser, `${count}<p id="t">0</p><button id="b">Count</button>
    <script>setInterval(() => { for (let n = 0; n < 10; n++) t.textContent++; }, 10); b.onclick = () => { b.textContent += '!'; };</script>`);
  const active = () => page.evaluate(() => window.active.size);
  expect(await active()).toBe(0);
  await page.mouse.down();
  await page.locator('#b').click();
  expect(await active()).toBe(1);
  await expect.poll(active, { timeout: 20_000 }).toBe(0);
  expect(thrown).toEqual([]);
  await close();
});

test('what is hooked while a click is pending is the page\'s own again', async () => {
  const { page, close } = await world.visit(browser, `${DEAD}<script>const own = window.alert; b.onclick = () => { window.during = window.alert !== own; }; window.isOwn = () => window.alert === own;</script>`);
  await page.locator('#b').click();
  expect(await page.evaluate(() => window.during)).toBe(true);
  await expect.poll(() => page.evaluate(() => window.isOwn()), { timeout: 20_000 }).toBe(true);
  await close();
});

test('exempt by selector, and thresholds of the site', async () => {
  const { page, told, close } = await world.visit(
    browser,
    '<div class="drum"><button id="a">Drum</button></div><button id="b">Buy</button>',
    "struggle: { exempt: '.drum', rageClicks: 5, deadMs: 500 }",
  );
  for (let turn = 0; turn < 6; turn++) await page.locator('#a').click();
  for (let turn = 0; turn < 4; turn++) await page.locator('#b').click();
  await expect.poll(() => told('ui.dead_click').length, { timeout: 20_000 }).toBe(1);
  const [{ attributes }] = told('ui.dead_click');
  expect(attributes.selector).toBe('#b');
  expect(attributes.waited_ms).toBeLessThan(2000);
  await page.evaluate(() => window.tidemark.flush());
  expect(told('ui.rage_click')).toEqual([]);
  await close();
});
