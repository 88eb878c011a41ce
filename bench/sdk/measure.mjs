// One product on one page: what is measured, and how.

const EVENTS = 100;
/** The slowest hundredth of a round's is more than its first click alone. */
const CLICKS = 200;
/** Between two events, so that a product that batches by time and one that sends each have both to work. */
const EVENT_EVERY_MS = 20;
/** For what is sent later: longer than every product's flush interval. */
const SETTLE_MS = 6500;
const NAVIGATIONS = 10_000;
/** Seconds for which a page that changes all the time is looked at. */
const MUTATING_S = 10;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A share of a sorted list. */
export function quantile(values, share) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

async function open(browser, url, throttle) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  // Time of the thread, not of the wall: what other programs take of the machine is not in it.
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });
  await cdp.send('Emulation.setCPUThrottlingRate', { rate: throttle });
  const read = async (name) => {
    const { metrics } = await cdp.send('Performance.getMetrics');
    return metrics.find((metric) => metric.name === name).value;
  };
  await page.goto(url);
  return { context, page, cdp, read };
}

/** Waits until a product that has started has sent its first event: some load parts of theirs before. */
async function warm(page, sink, isNone) {
  if (isNone) return;
  await page.evaluate(() => window.bench.track(1_000_000));
  const deadline = Date.now() + 15_000;
  while (sink.arrived() === 0 && Date.now() < deadline) await pause(50);
}

/** Start, events, clicks: milliseconds of main-thread tasks, calls, handlers, and what went over the wire. */
export async function work(browser, url, sink, throttle, isNone) {
  sink.take();
  const { context, page, read } = await open(browser, url, throttle);
  await page.evaluate(() => window.bench.start());
  await pause(2000);
  const taskMs = async () => (await read('TaskDuration')) * 1000;
  const startMs = await taskMs();
  await warm(page, sink, isNone);
  await pause(SETTLE_MS - 2000);

  sink.take();
  const before = await taskMs();
  const calls = await page.evaluate(([count, every]) => new Promise((resolve) => {
    const durations = [];
    const next = (n) => {
      if (n === count) {
        resolve(durations);
        return;
      }
      const began = performance.now();
      window.bench.track(n);
      durations.push(performance.now() - began);
      setTimeout(next, every, n + 1);
    };
    next(0);
  }), [EVENTS, EVENT_EVERY_MS]);
  await pause(SETTLE_MS);
  const eventsMs = (await taskMs()) - before;
  const sent = sink.take();

  // Real clicks on many buttons: struggle is not what is measured here.
  const centres = await page.evaluate(() => [...document.querySelectorAll('.buy')].slice(0, 6).map((button) => {
    const { x, y, width, height } = button.getBoundingClientRect();
    return [x + width / 2, y + height / 2];
  }));
  for (let click = 0; click < CLICKS; click += 1) {
    await page.mouse.click(...centres[click % centres.length]);
  }
  const { handled, longest } = await page.evaluate(() => ({ handled: window.handled, longest: window.longest }));
  await context.close();
  return { startMs, eventMs: eventsMs / EVENTS, calls, handled, longest, ...sent };
}

/** 100 events in one task, and the page is left in the same task: how many arrive. */
export async function exit(browser, url, sink, how) {
  const { context, page } = await open(browser, url, 1);
  await page.evaluate(() => window.bench.start());
  await warm(page, sink, false);
  await pause(500);
  sink.take();
  await page.evaluate(([count, isNavigation]) => {
    for (let n = 0; n < count; n += 1) window.bench.track(n);
    if (isNavigation) location.href = 'about:blank';
  }, [EVENTS, how === 'navigation']).catch(() => {});
  if (how === 'close') await page.close();
  const deadline = Date.now() + 5000;
  while (sink.arrived() < EVENTS && Date.now() < deadline) await pause(50);
  const { arrived } = sink.take();
  // Chromium at times does not answer the closing of a context whose page was left in this way.
  await Promise.race([context.close(), pause(3000)]);
  return arrived;
}

/**
 * Milliseconds of main thread a second on a page that changes 1,000 nodes a second, all in the viewport: texts,
 * classes, styles, elements that come and go. Nobody does anything, or somebody clicks every second a button that answers.
 */
export async function mutating(browser, url, isClicking) {
  const { context, page, read } = await open(browser, url, 1);
  await page.evaluate(() => window.bench.start());
  await page.evaluate(() => {
    const cells = Array.from({ length: 1000 }, () => Object.assign(document.createElement('i'), { textContent: '0' }));
    const box = document.createElement('div');
    box.style.cssText = 'position:fixed;left:300px;top:0;width:900px;height:900px;overflow:hidden;font:10px/1 monospace';
    box.append(...cells);
    document.body.append(box);
    let at = 0;
    // 20 at a time, 50 times a second.
    setInterval(() => {
      for (let left = 20; left > 0; left -= 1, at += 1) {
        const cell = cells[at % 1000];
        if (at % 4 === 0) cell.textContent = at % 10;
        else if (at % 4 === 1) cell.className = `c${at % 7}`;
        else if (at % 4 === 2) cell.style.color = `rgb(${at % 256},0,0)`;
        else cell.replaceChildren(Object.assign(document.createElement('b'), { textContent: at % 10 }));
      }
    }, 20);
  });
  await pause(SETTLE_MS);
  const { x, y } = await page.locator('.buy').first().boundingBox();
  const [cpu, began] = [await read('TaskDuration'), Date.now()];
  for (let second = 0; second < MUTATING_S; second += 1) {
    if (isClicking) await page.mouse.click(x + 5, y + 5);
    await pause(Math.max(0, began + (second + 1) * 1000 - Date.now()));
  }
  const ms = ((await read('TaskDuration')) - cpu) * 1000;
  const seconds = (Date.now() - began) / 1000;
  await context.close();
  return ms / seconds;
}

/** Kilobytes of heap that stay after 10,000 routes, above those after the first thousand. */
export async function heap(browser, url) {
  const { context, page, cdp, read } = await open(browser, url, 1);
  await page.evaluate(() => window.bench.start());
  const walk = (count) => page.evaluate((times) => new Promise((resolve) => {
    const next = (left) => {
      for (let at = 0; at < 20; at += 1) history.pushState({}, '', `/route/${(left + at) % 50}`);
      if (left <= 20) resolve();
      else setTimeout(next, 0, left - 20);
    };
    next(times);
  }), count);
  const used = async () => {
    await pause(SETTLE_MS);
    await cdp.send('HeapProfiler.collectGarbage');
    return (await read('JSHeapUsedSize')) / 1024;
  };
  await walk(1000);
  const before = await used();
  await walk(NAVIGATIONS - 1000);
  const after = await used();
  await context.close();
  return after - before;
}
