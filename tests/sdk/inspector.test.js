// The inspector: what a developer sees with `init({ debug: true })`, and what nobody
// else ever loads.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launch, open, until } from './app/browser.js';
import { call, init, startSink, startSite } from './app/site.js';

const INSPECTOR = '/sdk/tidemark.inspector.js';
const NOTHING_CAPTURED = { pages: false, clicks: false, rageClicks: false };

let browser, sink, site;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());
beforeEach(async () => {
  sink = await startSink();
  site = await startSite();
});
afterEach(async () => {
  await sink.close();
  await site.close();
});

/** A page whose closed shadow roots the test, and nothing in the page, can look into. */
const watched = async () => {
  const context = await browser.newContext();
  await context.addInitScript(() => {
    const attach = Element.prototype.attachShadow;
    Element.prototype.attachShadow = function (options) {
      window.panel = attach.call(this, options);
      window.panelMode = options.mode;
      return window.panel;
    };
  });
  return open(browser, site.origin, context);
};
const debug = (page, more = {}) => init(page, sink, { debug: true, capture: NOTHING_CAPTURED, ...more });
const text = (page) => page.evaluate(() => window.panel?.querySelector('section').textContent ?? '');
/** The stages of the newest event of that name, in order. */
const journey = (page, name) =>
  page.evaluate((name) => {
    const items = [...(window.panel?.querySelectorAll('.events > li') ?? [])];
    const item = items.find((item) => item.querySelector('.name').textContent === name);
    return [...(item?.querySelectorAll('.journey li > span') ?? [])].map((stage) => stage.textContent);
  }, name);

test('a page that does not ask for the inspector loads no byte of it', async () => {
  const { page, context } = await open(browser, site.origin);
  const asked = [];
  page.on('request', (request) => asked.push(request.url()));
  await init(page, sink);
  await call(page, 'track', 'a.one', { by: 'ann@example.org' });
  await page.click('#dead');
  expect((await call(page, 'flush')).accepted).toBe(2);
  await page.goto(`${site.origin}/next`);
  expect(asked.length).toBeGreaterThan(0);
  expect([...asked, ...site.requests].filter((url) => url.includes('inspector'))).toEqual([]);
  await context.close();
});

test('each stage of an event is seen: captured, redacted, held, queued, sent, verdict', async () => {
  const { page, context, thrown } = await watched();
  await debug(page, { consent: {} });
  await call(page, 'track', 'a.one', { by: 'ann@example.org', n: 1 });
  await until(() => journey(page, 'a.one'), ['captured', 'redacted', 'held for consent']);
  expect(sink.calls).toEqual([]);
  expect(await text(page)).toContain('consent undecided');

  await call(page, 'setConsent', { analytics: true });
  // On disk before anything is sent: nobody flushes here.
  await until(() => journey(page, 'a.one'), ['captured', 'redacted', 'held for consent', 'queued']);
  await call(page, 'flush');
  await until(async () => (await journey(page, 'a.one')).slice(3), ['queued', 'sent', 'accepted']);
  expect(await page.evaluate(() => window.panel.querySelector('.state').textContent)).toBe('accepted');
  expect(await text(page)).toContain(sink.ids('a.one')[0]);
  expect(site.requests.filter((path) => path === INSPECTOR)).toEqual([INSPECTOR]);
  expect(thrown).toEqual([]);
  await context.close();
});

test('a redaction is shown with its rule and its pointer, and the value is not', async () => {
  const { page, context, lines } = await watched();
  await debug(page);
  const secret = { note: 'write to ann@example.org', deep: { 'a/b': 'GB82 WEST 1234 5698 7654 32' } };
  await call(page, 'track', 'a.one', secret);
  await until(() => page.evaluate(() => [...(window.panel?.querySelectorAll('.found li') ?? [])].map((found) => [...found.children].map((child) => child.textContent))), [
    ['email', '/attributes/note', 'in the page'],
    ['iban', '/attributes/deep/a~1b', 'at the edge'],
  ]);
  await call(page, 'flush');
  const shown = await text(page);
  expect(shown).toContain('write to [email]');
  expect(shown + lines.join()).not.toMatch(/ann@example|WEST 1234/);
  await context.close();
});

test('a schema error is told in the console with its pointer, and in the panel, once', async () => {
  sink.answer = (response, { body }) => {
    const { batch_id, events } = JSON.parse(body);
    const verdicts = events.map(({ event_id }) => ({
      event_id, verdict: 'rejected', code: 'wrong_type', pointer: '/attributes/commerce.value', detail: 'another type',
    }));
    response.end(JSON.stringify({ batch_id, verdicts, accepted: 0, duplicate: 0, rejected: events.length, dropped: 0 }));
    return true;
  };
  const { page, context, lines } = await watched();
  await debug(page);
  await call(page, 'track', 'commerce.purchase', { 'commerce.value': 'ann@example.org' });
  const told = () => lines.filter((line) => line.includes('commerce.purchase'));
  await until(() => told().length, 1);
  // Before the server has seen it.
  expect(sink.calls).toEqual([]);
  expect(told()[0]).toMatch(/^\[tidemark\] commerce\.purchase\/attributes\/commerce\.value wrong_type: .+ \{.*pointer: .+\}$/);
  await call(page, 'flush');
  await until(async () => (await journey(page, 'commerce.purchase')).includes('rejected'), true);
  expect(told().length).toBe(1);
  expect(await page.evaluate(() => window.panel.querySelector('.problem').textContent)).toContain('/attributes/commerce.value');
  expect(lines.join()).not.toContain('ann@example');
  await context.close();
});

test('an incident tells its reason, and what is done in the panel is no event', async () => {
  const { page, context } = await watched();
  await debug(page, { capture: { pages: false } });
  await until(() => page.evaluate(() => !!window.panel), true);
  for (let click = 0; click < 3; click++) await page.click('#dead');
  await until(
    () => page.evaluate(() => window.panel.querySelector('.incident .reason')?.textContent ?? ''),
    expect.stringMatching(/^3 (of 3 )?clicks within \d+ ms\b.* answer/),
  );
  const { x, y } = await page.evaluate(() => window.panel.querySelector('summary').getBoundingClientRect().toJSON());
  await page.mouse.click(x + 20, y + 8);
  await until(() => page.evaluate(() => window.panel.querySelectorAll('details[open]').length), 1);
  await call(page, 'flush');
  expect(sink.named('ui.clicked').length).toBe(3);
  await context.close();
});

test('under a strict policy with Trusted Types the panel is whole, and nothing is reported', async () => {
  const inline = `window.reports = []; document.addEventListener('securitypolicyviolation', (event) => reports.push(event.violatedDirective));`;
  const { createHash } = await import('node:crypto');
  const hash = createHash('sha256').update(inline).digest('base64');
  site.html = `<!doctype html><title>Strict</title><link rel="icon" href="data:,"><script>${inline}</script><script src="/sdk/tidemark.js"></script>`;
  site.headers = {
    'content-security-policy': `default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-${hash}'; connect-src 'self' ${sink.origin}; img-src data:; require-trusted-types-for 'script'; trusted-types 'none'`,
  };
  const { page, context, thrown } = await watched();
  await debug(page);
  await call(page, 'track', 'a.one');
  await until(async () => (await journey(page, 'a.one'))[0], 'captured');
  const look = await page.evaluate(() => ({
    reports: window.reports,
    position: getComputedStyle(window.panel.querySelector('section')).position,
    styled: [window.panel.host, ...window.panel.querySelectorAll('*')].filter((element) => element.hasAttribute('style') || element.localName === 'style').length,
    mode: window.panelMode,
    reached: document.querySelector('tidemark-inspector').shadowRoot,
  }));
  expect(look).toEqual({ reports: [], position: 'fixed', styled: 0, mode: 'closed', reached: null });
  expect(thrown).toEqual([]);
  await context.close();
});

test('under a policy without WebAssembly it is told what to add, and events go on', async () => {
  site.headers = { 'content-security-policy': `default-src 'none'; script-src 'self'; connect-src 'self' ${sink.origin}; img-src data:` };
  const { page, context, thrown, lines } = await open(browser, site.origin);
  await debug(page);
  await call(page, 'track', 'a.one');
  expect((await call(page, 'flush')).accepted).toBe(1);
  await until(() => page.evaluate(() => window.errors), ['load_failed']);
  await until(() => lines.some((line) => line.includes("add 'wasm-unsafe-eval' to script-src")), true);
  expect(thrown).toEqual([]);
  await context.close();
});

test('the panel is reached and worked by the keyboard, and everything in it has a name', async () => {
  const { page, context } = await watched();
  await debug(page);
  await call(page, 'track', 'a.one', { n: 1 });
  await until(async () => (await journey(page, 'a.one'))[0], 'captured');
  const focused = () => page.evaluate(() => window.panel.activeElement?.textContent);
  const walked = [];
  await page.focus('#dead');
  for (let press = 0; press < 4; press++) {
    await page.keyboard.press('Tab');
    walked.push(await focused());
    if (press === 2) await page.keyboard.press('Enter');
  }
  expect(walked).toEqual(['Clear', 'Fold', expect.stringContaining('a.one'), expect.stringContaining('"n": 1')]);
  await page.keyboard.press('Escape');
  expect(await focused()).toBe('Open');
  expect(await page.evaluate(() => window.panel.querySelector('.body').hidden)).toBe(true);
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => window.panel.querySelector('.body').hidden)).toBe(false);

  const cdp = await context.newCDPSession(page);
  const { nodes } = await cdp.send('Accessibility.getFullAXTree');
  const named = nodes.map(({ role, name }) => `${role?.value}: ${name?.value}`);
  for (const wanted of ['region: Tidemark inspector', 'button: Clear', 'button: Fold', 'list: Events, newest first', 'list: Journey']) {
    expect(named, wanted).toContain(wanted);
  }
  const unnamed = nodes.filter(({ role, name, ignored }) => !ignored && ['button', 'link', 'region', 'DisclosureTriangle'].includes(role?.value) && !name?.value);
  expect(unnamed).toEqual([]);
  await context.close();
});

test('where the inspector cannot be loaded it is told, and the SDK goes on', async () => {
  const context = await browser.newContext();
  await context.route(`**${INSPECTOR}`, (route) => route.abort());
  const { page, thrown } = await open(browser, site.origin, context);
  await debug(page);
  await call(page, 'track', 'a.one');
  expect((await call(page, 'flush')).accepted).toBe(1);
  await until(() => page.evaluate(() => window.errors), ['load_failed']);
  expect(thrown).toEqual([]);
  await context.close();
});
