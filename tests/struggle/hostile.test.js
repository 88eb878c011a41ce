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
const ALL_EVENTS = 'click pointerdown pointerup mousedown mouseup pointermove scroll focusin keydown visibilitychange pagehide';
const THROWS = `<script>for (const name of '${ALL_EVENTS}'.split(' ')) for (const on of [window, document]) for (const capture of [true, false])
  on.addEventListener(name, () => { throw new Error('thrown by the page'); }, capture);</script>`;
/** After the page was loaded: a document that is written anew, with a button that does nothing. */
const WRITTEN = `<script>addEventListener('load', () => setTimeout(() => {
  document.open(); document.write('<!doctype html><title>Hostile</title><p>Anew</p>${DEAD}'); document.close(); window.isWritten = true;
}, 900));</script>`;
const HEALTH = 'capture: { health: true, frames: true }';

/** The page is hidden, which is when it is told what could not be seen. */
const hide = (page) =>
  page.evaluate(() => {
    Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  });

test.each([
  ['every handler throws', `${DEAD}${THROWS}`, { throws: true }],
  ['prototypes are frozen', `<script>[Object, Array, Element, Node, Window, HTMLElement, CanvasRenderingContext2D, Clipboard].forEach((one) => Object.freeze(one.prototype));</script>${DEAD}`, { blind: ['frozen_prototype'] }],
  ['there are 100,000 nodes', `${DEAD}<div id="l"></div><script>l.innerHTML = '<i></i>'.repeat(100000);</script>`, {}],
  ['ids and class names are odd', '<form id="b#:.[" class="a:b [c] \'><&"><input name="id"><input name="matches"><input name="closest"><button type="button" id="b" name="1 2" class="😀 --x">Buy</button></form>', {}],
  ['fetch is replaced and the clocks are', `<script>const own = window.fetch; window.fetch = function (...args) { return own.apply(this, args); }; const perf = performance.now.bind(performance); performance.now = () => perf();</script>${DEAD}`, { blind: ['replaced_fetch'] }],
  ['every object has a toJSON that throws', `<script>Object.prototype.toJSON = () => { throw new Error('toJSON'); };</script>${DEAD}`, {}],
  ['the page goes through document.write while it is loaded', '<script>document.write(\'<button id="b">Buy</button>\')</script>', {}],
  ['the page is written anew after it was loaded', `<p>Before</p>${WRITTEN}`, { blind: ['document_write'], ready: () => window.isWritten }],
  ['there is a frame of another origin', `<iframe src="data:text/html,<p>x" width="100" height="50"></iframe>${DEAD}`, { blind: ['cross_origin_frame'] }],
])('%s: clicks in vain are told, nothing is thrown, and what was not seen is said', async (name, body, { throws, blind = [], ready }) => {
  const { page, told, thrown, close } = await world.visit(browser, body, HEALTH);
  if (ready) await page.waitForFunction(ready);
  // The file that says what was not seen has come.
  await page.waitForFunction(() => performance.getEntriesByType('resource').some(({ name, responseEnd }) => name.endsWith('capture.js') && responseEnd));
  for (let turn = 0; turn < 4; turn++) await page.locator('#b').click({ delay: 30, noWaitAfter: true });
  await expect.poll(() => told('ui.rage_click').length, { timeout: 20_000 }).toBe(1);
  expect(told('ui.rage_click')[0].attributes.selector).toContain('#b');
  expect(told('ui.clicked').length).toBeGreaterThanOrEqual(3);
  // What the page calls by itself is told as well.
  await page.evaluate(() => { window.tidemark.track('hostile.called', { n: 1 }); return window.tidemark.flush().then(() => true); });
  expect(told('hostile.called')).toHaveLength(1);
  await hide(page);
  if (blind.length) {
    await expect.poll(() => told('sdk.health').length, { timeout: 20_000 }).toBe(1);
    expect(told('sdk.health')[0].attributes).toMatchObject({ blind_spots: blind, errors_count: 0 });
  } else {
    await expect.poll(() => told('page.left').length, { timeout: 20_000 }).toBe(1);
    expect(told('sdk.health')).toEqual([]);
  }
  // Of errors there are the page's own alone.
  expect(throws ? thrown.filter((message) => message !== 'thrown by the page') : thrown).toEqual([]);
  await close();
});

test('fetch that throws: the page goes on, and nothing is thrown into it', async () => {
  const { page, thrown, close } = await world.visit(browser, `<script>window.fetch = () => { throw new Error('fetch'); };</script>${DEAD}`);
  for (let turn = 0; turn < 4; turn++) await page.locator('#b').click({ delay: 30, noWaitAfter: true });
  await expect.poll(() => page.evaluate(() => document.title)).toBe('Hostile');
  expect(thrown).toEqual([]);
  await close();
});

test('the target is removed while it is clicked: nothing is thrown, and the next click is told', async () => {
  const { page, told, thrown, close } = await world.visit(browser, `<div><button id="a">Gone</button></div><button id="c">Too</button><hr>${DEAD}<script>
    a.onpointerdown = () => a.parentElement.remove(); c.onclick = () => c.remove(); </script>`, HEALTH);
  for (const id of ['a', 'c']) {
    const { x, y } = await page.locator(`#${id}`).boundingBox();
    await page.mouse.click(x + 5, y + 5);
  }
  for (let turn = 0; turn < 4; turn++) await page.locator('#b').click({ delay: 30, noWaitAfter: true });
  await expect.poll(() => told('ui.rage_click').length, { timeout: 20_000 }).toBe(1);
  expect(told('ui.clicked').map(({ attributes }) => attributes.selector)).toContain('#c');
  expect(told('ui.dead_click').filter(({ attributes }) => attributes.selector !== '#b')).toEqual([]);
  expect(thrown).toEqual([]);
  await close();
});

test('a page that is written anew is told as it is left, and its errors are', async () => {
  const { page, told, thrown, close } = await world.visit(browser, `<p>Before</p>${WRITTEN}`);
  await page.waitForFunction(() => window.isWritten);
  await page.evaluate(() => { setTimeout(() => { throw new Error('after it was written'); }); });
  await expect.poll(() => thrown.length, { timeout: 20_000 }).toBe(1);
  await hide(page);
  await expect.poll(() => told('page.left').length, { timeout: 20_000 }).toBe(1);
  expect(told('error.captured').map(({ attributes }) => attributes['exception.message'])).toEqual(['after it was written']);
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
