// What is captured without a call (docs/capture.md): each part with what it records, what
// it never does, and its switch. Real input in a real browser.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launch, open, until } from './app/browser.js';
import { call, init, startSink, startSite } from './app/site.js';

const HEAD = '<!doctype html><title>Site</title><link rel="icon" href="data:,"><script src="/sdk/tidemark.js"></script>';

let browser, sink, site, other;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());
beforeEach(async () => {
  sink = await startSink();
  site = await startSite();
  other = await startSite({ html: '<!doctype html><title>Other</title>' });
});
afterEach(() => Promise.all([sink.close(), site.close(), other.close()]));

/** The parts that are loaded apart, where one of them is switched on. */
const APART = { forms: true, abandonedForms: true, links: true, downloads: true, media: true, frames: true, health: true };
const FILE = '/sdk/tidemark.capture.js';
/** Whether the page has taken the file in: its frames and roots are listened to from then on. */
const isThere = (page, asked) => async () =>
  site.requests.filter((path) => path === FILE).length > asked && page.evaluate(() => performance.getEntriesByName(document.querySelector('script[src]').src.replace('.js', '.capture.js')).length);

/** A page of that body, with the parts that are loaded apart as well. */
const visit = async (body, more = {}, path = '/shop') => {
  site.html = HEAD + body;
  const opened = await open(browser, site.origin + path);
  const asked = site.requests.filter((path) => path === FILE).length;
  await init(opened.page, sink, { capture: APART, flushIntervalMs: 100, ...more });
  await call(opened.page, 'flush');
  if (!more.capture) {
    await until(isThere(opened.page, asked), 1);
    // A module is run in a task after it has come.
    await opened.page.evaluate(() => new Promise((done) => setTimeout(() => setTimeout(done))));
  }
  return opened;
};
const told = (name) => sink.named(name).map(({ attributes }) => attributes);
const leave = (page) => page.goto(`${other.origin}/away`);
/** What is hidden goes to another tab: a window in the background has no visibility to lose. */
const hide = (page, isHidden) =>
  page.evaluate((isHidden) => {
    const hidden = { hidden: true, visibilityState: 'hidden' };
    for (const name in hidden) {
      if (isHidden) Object.defineProperty(document, name, { value: hidden[name], configurable: true });
      else delete document[name];
    }
    document.dispatchEvent(new Event('visibilitychange'));
  }, isHidden);

test('a router in the fragment: its paths are pages, and no other fragment is', async () => {
  const { page, context, thrown } = await visit('<a href="#part">Part</a><p id="part">Here</p>', {}, '/app/');
  const go = (hash) => page.evaluate((hash) => (location.hash = hash), hash);
  const viewed = () => sink.named('page.viewed').map(({ context }) => context.page.path);
  await until(viewed, ['/app/']);
  await go('#/faq');
  await until(viewed, ['/app/', '/app/faq']);
  // A query of its own, and a part of the page, are the same page.
  await go('#/faq?open=3');
  await go('#!/orders');
  await until(viewed, ['/app/', '/app/faq', '/app/orders']);
  await go('#part');
  await until(viewed, ['/app/', '/app/faq', '/app/orders', '/app/']);
  await go('#other');
  await page.evaluate(() => window.tidemark.track('item.seen'));
  await until(() => sink.named('item.seen').map(({ context }) => context.page.path), ['/app/']);
  expect(viewed()).toEqual(['/app/', '/app/faq', '/app/orders', '/app/']);
  expect(thrown).toEqual([]);
  await context.close();
});

test('page.left: how long it was seen, how far down, and on which page', async () => {
  const { page, context, thrown } = await visit('<div style="height:4000px">Tall</div>', {}, '/list');
  await page.mouse.move(200, 200);
  await page.mouse.wheel(0, 1000);
  await page.waitForFunction(() => window.scrollY === 1000);
  const { height, all } = await page.evaluate(() => ({ height: innerHeight, all: document.documentElement.scrollHeight }));
  await page.evaluate(() => {
    history.pushState({}, '', '/item');
    document.body.innerHTML = '<p>Short</p>';
    window.tidemark.track('item.seen');
  });
  await until(() => told('page.left').length, 1);
  const [route] = sink.named('page.left');
  expect(route.context.page.path).toBe('/list');
  expect(route.attributes.kind).toBe('route');
  expect(route.attributes.scroll_depth).toBeCloseTo((1000 + height) / all, 1);
  expect(route.attributes.visible_ms).toBeGreaterThan(0);
  expect(route.attributes.visible_ms).toBeLessThanOrEqual(route.attributes.duration_ms);
  expect(sink.named('item.seen')[0].context.page.path).toBe('/item');

  // Hidden and seen again: the parts add up, and nothing is told twice.
  await hide(page, true);
  await until(() => told('page.left').length, 2);
  await hide(page, false);
  await page.evaluate(() => new Promise((done) => setTimeout(done, 30)));
  await leave(page);
  await until(() => told('page.left').map(({ kind }) => kind), ['route', 'hidden', 'unload']);
  const [, hidden, unload] = told('page.left');
  expect(hidden.scroll_depth).toBe(1);
  expect(hidden.visible_ms + unload.visible_ms).toBeLessThanOrEqual(unload.duration_ms);
  expect(unload.visible_ms).toBeGreaterThanOrEqual(25);
  expect(sink.named('page.left')[2].context.page.path).toBe('/item');
  expect(thrown).toEqual([]);
  await context.close();
});

test('page.left: what comes back from the back/forward cache is seen anew and left anew', async () => {
  const { page, context } = await visit('<p>Here</p>');
  await page.evaluate(() => (window.isCached = true));
  await leave(page);
  await until(() => told('page.left').length, 1);
  await page.goBack({ waitUntil: 'commit' });
  expect(await page.evaluate(() => window.isCached)).toBe(true);
  await until(() => sink.named('page.viewed').length, 2);
  await leave(page);
  await until(() => told('page.left').map(({ kind }) => kind), ['unload', 'unload']);
  await context.close();
});

test('page.left: an app that scrolls an element of its own, and the Navigation API', async () => {
  const { page, context } = await visit(
    '<style>body{margin:0}#app{height:100vh;overflow:auto}</style><main id="app"><div style="height:3000px">Tall</div></main>',
    {},
    '/app',
  );
  await page.mouse.move(200, 200);
  await page.mouse.wheel(0, 600);
  await page.waitForFunction(() => document.querySelector('#app').scrollTop === 600);
  const depth = await page.evaluate(() => (600 + innerHeight) / 3000);
  await page.evaluate(() => {
    navigation.addEventListener('navigate', (event) => event.intercept({ handler: async () => {} }));
    return navigation.navigate('/app/next').finished.then(() => true);
  });
  await until(() => told('page.left').length, 1);
  expect(told('page.left')[0].scroll_depth).toBeCloseTo(depth, 1);
  await until(() => sink.named('page.viewed').map(({ context }) => context.page.path), ['/app', '/app/next']);
  await context.close();
});

test('error.captured: once each, counted after, without what is personal', async () => {
  const { page, context } = await visit('<button id="b">Fail</button>');
  await page.evaluate(() => {
    // A script whose address has a query, as its frames then have.
    const script = document.createElement('script');
    script.textContent = `window.fail = () => { throw new TypeError('no basket of ann@example.org at https://shop.example/cart?token=abc'); };
//# sourceURL=https://shop.example/app.js?token=secret123`;
    document.head.append(script);
    for (let turn = 0; turn < 5; turn++) setTimeout(() => window.fail());
    Promise.reject(new RangeError('out of stock'));
    Promise.reject('a text');
    const image = new Image();
    image.src = '/missing.png?user=ann@example.org';
    document.body.append(image);
  });
  await until(() => told('error.captured').length, 4);
  await leave(page);
  await until(() => told('error.captured').length, 5);
  const all = told('error.captured');
  const [first] = all.filter((one) => one['exception.type'] === 'TypeError');
  expect(first).toMatchObject({ kind: 'error', handled: false, count: 1, 'code.line.number': 1 });
  expect(first['exception.message']).toBe('no basket of [email] at https://shop.example/cart');
  expect(first['exception.stacktrace']).toMatch(/at window\.fail \(https:\/\/shop\.example\/app\.js:1:\d+\)/);
  expect(first['code.file.path']).toBe('https://shop.example/app.js');
  expect(all.filter((one) => one['exception.type'] === 'TypeError').map(({ count }) => count)).toEqual([1, 4]);
  expect(all.find((one) => one['exception.type'] === 'RangeError')).toMatchObject({ kind: 'rejection', 'exception.message': 'out of stock' });
  expect(all.find((one) => one['exception.message'] === 'a text')).toMatchObject({ kind: 'rejection' });
  expect(all.find(({ kind }) => kind === 'resource')['code.file.path']).toBe(`${site.origin}/missing.png`);
  expect(/secret123|token=|ann@example/.exec(JSON.stringify(sink.batches()))).toBe(null);
  await context.close();
});

test('error.captured: of another origin\'s script only that there was one; and no more than twenty', async () => {
  const { page, context } = await visit('');
  await context.route(`${other.origin}/lib.js`, (route) => route.fulfill({ contentType: 'text/javascript', body: 'setTimeout(() => { throw new Error("inner") })' }));
  await page.evaluate(
    (origin) => new Promise((done) => document.head.append(Object.assign(document.createElement('script'), { src: `${origin}/lib.js`, onload: () => setTimeout(done, 50) }))),
    other.origin,
  );
  await until(() => told('error.captured').map((one) => one['exception.message']), ['Script error.']);
  expect(told('error.captured')[0]).toEqual({ kind: 'error', 'exception.type': 'Error', 'exception.message': 'Script error.', handled: false, count: 1 });
  await page.evaluate(() => {
    for (let turn = 0; turn < 50; turn++) Promise.reject(new Error(`number ${turn}`));
  });
  await call(page, 'flush');
  await until(() => told('error.captured').length, 20);
  await leave(page);
  await until(() => told('page.left').length, 1);
  expect(told('error.captured').length).toBe(20);
  await context.close();
});

const FORM = `<form id="signup" name="signup" action="/done"><input name="company"><input name="card" autocomplete="cc-number">
  <input type="password" name="pin_of_jo"><input name="diary" data-tidemark="mask"><input name="private" data-tidemark="ignore">
  <select name="plan"><option>A<option>B</select><button>Join</button></form>`;

test('forms: begun, submitted, with what was touched and never what was typed', async () => {
  const { page, context, thrown } = await visit(FORM);
  await page.click('[name=private]');
  await page.keyboard.type('zebra one');
  await page.click('[name=company]');
  await page.keyboard.type('zebra two');
  await page.click('[name=plan]');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.click('[name=pin_of_jo]');
  await page.keyboard.type('zebra three');
  await page.click('button');
  await page.waitForURL('**/done*');
  await until(() => told('form.submitted').length, 1);
  expect(told('form.started')).toEqual([{ selector: '#signup', form_name: 'signup', field_name: 'company' }]);
  const [{ duration_ms, ...submitted }] = told('form.submitted');
  expect(submitted).toEqual({ selector: '#signup', form_name: 'signup', fields_touched_count: 3, fields_count: 6, valid: true });
  expect(duration_ms).toBeGreaterThan(0);
  expect(told('form.abandoned')).toEqual([]);
  expect(/zebra|pin_of_jo/.exec(JSON.stringify(sink.batches()))).toBe(null);
  expect(thrown).toEqual([]);
  await context.close();
});

test('forms: abandoned with the last field, whose name is kept back where it is secret', async () => {
  for (const [field, name] of [['company', 'company'], ['card', '[text]'], ['pin_of_jo', '[password]'], ['diary', '[text]']]) {
    const before = told('form.abandoned').length;
    const { page, context } = await visit(FORM);
    await page.click(`[name=${field}]`);
    await page.keyboard.type('zebra');
    await leave(page);
    await until(() => told('form.abandoned').length, before + 1);
    expect(told('form.abandoned').at(-1)).toMatchObject({
      selector: '#signup', form_name: 'signup', field_name: name, fields_touched_count: 1, fields_count: 6, reason: 'left after 1 of 6 fields',
    });
    await context.close();
  }
  expect(/zebra|pin_of_jo|diary/.exec(JSON.stringify(sink.batches()))).toBe(null);
});

test('forms: left for another route, and left alone for long', async () => {
  const { page, context } = await visit(`${FORM}<a id="home" href="/home">Home</a><script>
    document.querySelector('#home').onclick = (event) => { event.preventDefault(); history.pushState({}, '', '/home'); document.querySelector('form').remove(); };</script>`, {}, '/join');
  await page.click('[name=company]');
  await page.keyboard.type('zebra');
  await page.click('#home');
  await until(() => told('form.abandoned').length, 1);
  expect(sink.named('form.abandoned')[0].context.page.path).toBe('/join');
  await context.close();

  const idle = await visit(FORM, { struggle: { abandonMs: 300 } });
  await idle.page.click('[name=company]');
  await idle.page.keyboard.type('zebra');
  await until(() => told('form.abandoned').length, 2);
  await idle.context.close();
});

test('link.followed: by click, middle click and keyboard, without query and fragment', async () => {
  const link = () => `<a id="out" class="partner" href="${other.origin.replace('127.0.0.1', 'localhost')}/offer?id=ann@example.org#top">Our partner</a>`;
  const html = `${link()}<br><a id="in" href="/inside">Inside</a><br><a id="no" href="http://localhost:1/no" onclick="event.preventDefault()">No</a><br><a id="mail" href="mailto:ann@example.org">Mail</a>`;
  const { page, context } = await visit(html);
  const opened = context.waitForEvent('page');
  await page.click('#out', { button: 'middle' });
  await opened;
  await until(() => told('link.followed').length, 1);
  expect(told('link.followed')[0]).toEqual({
    'url.full': `${other.origin.replace('127.0.0.1', 'localhost')}/offer`, 'url.domain': 'localhost', outbound: true, new_tab: true, text: 'Our partner', selector: '#out',
  });
  for (const kept of ['#no', '#mail']) await page.click(kept);
  await page.click('#out', { button: 'right' });
  await page.focus('#out');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/offer*');
  await until(() => told('link.followed').length, 2);
  expect(told('link.followed')[1].new_tab).toBe(false);
  await page.goBack({ waitUntil: 'commit' });
  await page.click('#in');
  await page.waitForURL('**/inside');
  expect(told('link.followed').length).toBe(2);
  expect(JSON.stringify(sink.named('link.followed'))).not.toContain('ann@');
  await context.close();
});

test('file.downloaded: by extension, by attribute, and what a script makes to be saved', async () => {
  const { page, context } = await visit(`<a id="pdf" href="/manuals/Trail.PDF?for=ann">Manual</a><br><a id="as" href="/export" download="report.csv">Export</a><br>
    <button id="make">Make</button><script>make.onclick = () => { const a = document.createElement('a'); a.href = URL.createObjectURL(new Blob(['a,b'])); a.download = 'made.csv'; document.body.append(a); a.click(); a.remove(); };</script>`);
  await context.route('**/manuals/**', (route) => route.fulfill({ contentType: 'application/octet-stream', headers: { 'content-disposition': 'attachment' }, body: 'x' }));
  for (const [what, count] of [['#pdf', 1], ['#as', 2], ['#make', 3]]) {
    await page.click(what);
    await until(() => told('file.downloaded').length, count);
  }
  expect(told('file.downloaded')).toEqual([
    { 'url.full': `${site.origin}/manuals/Trail.PDF`, 'file.name': 'Trail.PDF', 'file.extension': 'pdf', text: 'Manual', selector: '#pdf' },
    { 'url.full': `${site.origin}/export`, 'file.name': 'report.csv', 'file.extension': 'csv', text: 'Export', selector: '#as' },
    { 'url.full': 'blob:', 'file.name': 'made.csv', 'file.extension': 'csv', selector: expect.any(String) },
  ]);
  expect(told('link.followed')).toEqual([]);
  await context.close();
});

/** Half a second of silence as a WAV file, and players of it. */
const SOUND = `<script>
  const size = 4000, data = new DataView(new ArrayBuffer(44 + size));
  const put = (at, text) => [...text].forEach((sign, index) => data.setUint8(at + index, sign.charCodeAt(0)));
  put(0, 'RIFF'); data.setUint32(4, 36 + size, true); put(8, 'WAVEfmt '); data.setUint32(16, 16, true); data.setUint16(20, 1, true);
  data.setUint16(22, 1, true); data.setUint32(24, 8000, true); data.setUint32(28, 8000, true); data.setUint16(32, 1, true);
  data.setUint16(34, 8, true); put(36, 'data'); data.setUint32(40, size, true);
  for (let at = 44; at < data.byteLength; at++) data.setUint8(at, 128);
  const url = URL.createObjectURL(new Blob([data], { type: 'audio/wav' }));
  for (const media of document.querySelectorAll('audio')) media.src = url;
</script>`;

test('media: played, paused, ended; nothing of what plays by itself', async () => {
  const { page, context } = await visit(`<audio id="a" title="How it sounds" controls></audio><audio id="loop" autoplay muted loop></audio>
    <button id="play">Play</button><button id="pause">Pause</button>${SOUND}
    <script>play.onclick = () => a.play(); pause.onclick = () => a.pause();</script>`);
  await page.click('#play');
  await page.waitForFunction(() => document.querySelector('#a').currentTime > 0.05);
  await page.click('#pause');
  await until(() => told('media.paused').length, 1);
  await page.click('#play');
  await until(() => told('media.ended').length, 1);
  await call(page, 'flush');
  const names = sink.names().filter((name) => name.startsWith('media.'));
  expect(names).toEqual(['media.played', 'media.paused', 'media.played', 'media.ended']);
  const [paused] = told('media.paused');
  expect(paused).toMatchObject({ 'media.kind': 'audio', selector: '#a', 'media.title': 'How it sounds', 'media.duration_ms': 500 });
  expect(paused['media.position_ms']).toBeGreaterThanOrEqual(50);
  expect(paused['media.played_ms']).toBeGreaterThan(0);
  expect(told('media.ended')[0]['media.position_ms']).toBe(500);
  expect(paused['url.full']).toBeUndefined();
  await context.close();
});

test('web vitals: by a file of its own, asked for only where they are switched on', async () => {
  const { page, context } = await visit('<h1>Large</h1><button id="b">Go</button>');
  await page.click('#b');
  await leave(page);
  expect(site.requests.filter((path) => path.includes('vitals'))).toEqual([]);
  await context.close();

  sink.settings = { capture: { vitals: true } };
  const measured = await visit(`<h1>Large</h1><button id="b">Go</button><script>
    b.onclick = () => { for (const end = performance.now() + 60; performance.now() < end;); };
    new PerformanceObserver(() => (window.isMeasured = true)).observe({ type: 'event', durationThreshold: 16 });</script>`);
  await expect.poll(() => site.requests.filter((path) => path.includes('vitals'))).toEqual(['/sdk/tidemark.vitals.js']);
  await measured.page.waitForLoadState('networkidle');
  await measured.page.click('#b');
  await measured.page.waitForFunction(() => window.isMeasured);
  // The library takes entries in when the page is idle.
  await measured.page.evaluate(() => new Promise((done) => requestIdleCallback(() => requestIdleCallback(done, { timeout: 1500 }), { timeout: 1500 })));
  await leave(measured.page);
  await until(() => [...new Set(told('web_vitals').map(({ name }) => name))].sort(), ['CLS', 'FCP', 'INP', 'LCP', 'TTFB']);
  for (const vital of told('web_vitals')) {
    expect(vital).toMatchObject({ value: expect.any(Number), delta: expect.any(Number), rating: expect.any(String), id: expect.any(String), navigation_type: 'navigate' });
  }
  expect(measured.thrown).toEqual([]);
  await measured.context.close();
});

test('custom elements and frames of the same origin are reached', async () => {
  const { page, context, thrown } = await visit(`<x-box></x-box><iframe srcdoc="<button id=inner>Inside</button><form id=f><input name=q2><button>Send</button></form>" style="margin:50px"></iframe><script>
    customElements.define('x-box', class extends HTMLElement {
      constructor() {
        super();
        this.attachShadow({ mode: 'open' }).innerHTML = '<form id="deep"><input name="town"><button>Save</button></form><a id="out" href="http://localhost:1/x" target="_blank">Out</a>';
        this.shadowRoot.querySelector('form').onsubmit = (event) => event.preventDefault();
      }
    });</script>`);
  await page.click('x-box [name=town]');
  await page.keyboard.type('zebra');
  await page.keyboard.press('Enter');
  await until(() => told('form.submitted').length, 1);
  expect(told('form.started')[0].field_name).toBe('town');
  const opened = context.waitForEvent('page');
  await page.click('x-box #out');
  await opened;
  await until(() => told('link.followed').length, 1);

  const box = await page.locator('iframe').boundingBox();
  await page.frameLocator('iframe').locator('#inner').click();
  await until(() => told('ui.clicked').filter(({ selector }) => selector === '#inner').length, 1);
  const [click] = told('ui.clicked').filter(({ selector }) => selector === '#inner');
  expect(click).toMatchObject({ tag: 'button', text: 'Inside' });
  expect(click.x).toBeGreaterThan(box.x);
  expect(click.y).toBeGreaterThan(box.y);
  await page.frameLocator('iframe').locator('input').click();
  await page.keyboard.type('zebra');
  await until(() => told('form.started').map(({ field_name }) => field_name), ['town', 'q2']);
  // A frame that comes later, and one that goes elsewhere within the site.
  await page.evaluate(() => {
    document.body.append(Object.assign(document.createElement('iframe'), { id: 'late', srcdoc: '<button id=later>Later</button>' }));
  });
  await page.frameLocator('#late').locator('#later').click();
  await until(() => told('ui.clicked').filter(({ selector }) => selector === '#later').length, 1);
  expect(JSON.stringify(sink.batches())).not.toContain('zebra');
  expect(thrown).toEqual([]);
  await context.close();
});

test('sdk.health: once a page, what could not be seen; and nothing where all is well', async () => {
  const well = await visit('<button id="b">Go</button>');
  await well.page.click('#b');
  await leave(well.page);
  await until(() => told('page.left').length, 1);
  expect(told('sdk.health')).toEqual([]);
  await well.context.close();

  const { page, context } = await visit(`<iframe src="${other.origin.replace('127.0.0.1', 'localhost')}/ad" width="100" height="50"></iframe><x-shut></x-shut><button id="b">Go</button><script>
    customElements.define('x-shut', class extends HTMLElement {
      constructor() { super(); this.attachShadow({ mode: 'closed' }).innerHTML = '<button>Closed</button>'; }
    });
    Object.freeze(HTMLMediaElement.prototype);</script>`);
  await page.click('x-shut');
  await page.click('#b');
  await hide(page, true);
  await until(() => told('sdk.health').length, 1);
  const [{ uptime_ms, ...health }] = told('sdk.health');
  expect(health.blind_spots.sort()).toEqual(['closed_shadow_root', 'cross_origin_frame', 'frozen_prototype']);
  expect(health).toMatchObject({ errors_count: 0, rejected_count: 0, dropped_queue_full_count: 0 });
  expect(uptime_ms).toBeGreaterThan(0);
  await hide(page, false);
  await leave(page);
  await until(() => told('page.left').length, 3);
  expect(told('sdk.health').length).toBe(1);
  await context.close();
});

/** A page on which every part has something to tell. */
const ALL = () => `<iframe srcdoc="<button id=inner>Inside</button>"></iframe><iframe src="data:text/html,x"></iframe>${FORM}<a id="out" target="_blank" href="http://localhost:1/x">Out</a>
  <a id="pdf" href="/a.pdf" download>File</a><audio id="a"></audio><button id="play">Play</button>${SOUND}<script>play.onclick = () => a.play();</script>`;
const useAll = async (page) => {
  await page.frameLocator('iframe').first().locator('#inner').click();
  await page.click('[name=company]');
  await page.keyboard.type('zebra');
  for (const what of ['#play', '#out', '#pdf']) await page.click(what);
  await page.waitForFunction(() => document.querySelector('#a').ended);
  await page.evaluate(() => setTimeout(() => { throw new Error('told'); }));
  await call(page, 'flush');
  await leave(page);
};
const PARTS = {
  pages: 'page.viewed', leaves: 'page.left', errors: 'error.captured', forms: 'form.started', abandonedForms: 'form.abandoned',
  links: 'link.followed', downloads: 'file.downloaded', media: 'media.played', health: 'sdk.health', clicks: 'ui.clicked',
};

test('what is loaded apart is off, and not asked for, unless it is switched on', async () => {
  const { page, context } = await visit(ALL(), { capture: {} });
  await useAll(page);
  await until(() => ['page.viewed', 'page.left', 'error.captured', 'ui.clicked'].filter((name) => !sink.names().includes(name)), []);
  const others = sink.names().filter((name) => /^(form|link|file|media|sdk|web)/.test(name));
  expect(others).toEqual([]);
  expect(site.requests.filter((path) => /capture|vitals/.test(path))).toEqual([]);
  await context.close();
});

test('each part is told where it is on, and not where the page says so, or the site', async () => {
  const first = await visit(ALL());
  await useAll(first.page);
  await until(() => Object.values(PARTS).filter((name) => !sink.names().includes(name)), []);
  await first.context.close();

  const off = Object.fromEntries([...Object.keys(PARTS), 'rageClicks', 'deadClicks', 'errorClicks', 'cursor', 'backtracks'].map((part) => [part, false]));
  sink.calls.length = 0;
  const second = await visit(ALL(), { capture: off });
  await useAll(second.page);
  await second.context.close();
  expect(sink.names()).toEqual([]);

  // What the site says holds where the page says nothing, and where it says more it wins.
  sink.settings = { capture: off };
  const third = await visit(ALL(), { capture: { links: true } });
  await until(() => sink.asked.length, 3);
  await until(isThere(third.page, 1), 1);
  await third.page.waitForLoadState('networkidle');
  sink.calls.length = 0;
  await useAll(third.page);
  await until(() => new Set(sink.names()), new Set(['link.followed']));
  await third.context.close();
});
