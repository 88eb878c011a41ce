// One visitor with a fresh profile in the demo shop, and everything that the page asks of the edge.

import { until } from '../until.js';
import { tapWire } from './wire.js';

/** An address like a careless campaign link's. */
export const CAMPAIGN_PATH = '/?email=jo%40example.org&utm_source=tide-notes&token=s3cr3t#top';
/** The address that the page holds and that no row may hold. */
export const ADDRESS = 'jo@example.org';
/** What `stored()` gives when nothing is stored. */
export const NOTHING_STORED = { cookies: [], localStorage: {}, sessionStorage: {}, databases: [], caches: [] };

/** Opens a page of the stack's demo, led to the edge by a tapped wire; `close()` ends the profile. */
export async function visit(browser, stack, { path = CAMPAIGN_PATH, ...options } = {}) {
  const wire = await tapWire(stack.edge);
  const context = await browser.newContext({
    viewport: { width: 1440, height: 940 },
    reducedMotion: 'reduce',
    ...options,
  });
  const config = { endpoint: wire.url, write_key: stack.write_key, site: 'shop' };
  await context.route('**/config.js', (route) => route.fulfill({
    contentType: 'text/javascript',
    body: `window.TIDEMARK_DEMO = ${JSON.stringify(config)};`,
  }));
  const page = await context.newPage();
  await page.goto(new URL(path, stack.demo).href);
  return new Visit(stack, context, page, wire);
}

class Visit {
  #stack;
  #context;
  #wire;

  constructor(stack, context, page, wire) {
    this.#stack = stack;
    this.#context = context;
    this.#wire = wire;
    /** Playwright's page. */
    this.page = page;
    /** Where this visit reaches the edge. */
    this.edge = wire.url;
  }

  /** Answers the consent banner with yes and waits until the SDK runs. */
  async accept() {
    await this.page.getByTestId('consent-accept').click();
    await this.sdkRuns();
  }

  /** Waits until the SDK has taken over from the stub queue and what it had to send is sent. */
  async sdkRuns() {
    await until('the SDK replaces the stub queue', () =>
      this.page.evaluate(() => Boolean(window.tidemark?.flush) && !window.tidemark.q));
    await this.flush();
  }

  /**
   * Clicks a button again and again, as fast as clicks go; gives the milliseconds that it took. The
   * button is in view beforehand, because the scrolling would count as the page's answer to a click.
   */
  async hit(button, times) {
    await button.scrollIntoViewIfNeeded();
    await this.page.evaluate(() => new Promise((resolve) => {
      requestAnimationFrame(() => requestAnimationFrame(resolve));
    }));
    const begun = performance.now();
    for (let hits = 0; hits < times; hits += 1) {
      await button.click();
    }
    return performance.now() - begun;
  }

  /** Sends what waits and gives the SDK's own sums. */
  flush() {
    return this.page.evaluate(() => window.tidemark.flush());
  }

  /** Every request to the edge so far: method, path, whether it is a beacon, and its text. */
  requests() {
    return [...this.#wire.taken];
  }

  /** Requests to the edge that carry something, that is, all but the SDK's own files and what the site tells it. */
  calls() {
    return this.requests().filter(({ path }) => !path.startsWith('/sdk/') && path !== '/v1/site-settings');
  }

  /** Every event that the page has sent, with its envelope; one that was sent again counts once. */
  sent() {
    const events = this.calls().flatMap((call) => JSON.parse(call.text).events);
    return [...new Map(events.map((event) => [event.event_id, event])).values()];
  }

  /** The id of the visit's one session, once the page has sent something. */
  async session() {
    await until('the page sends an event with a session_id', () => this.sent().length > 0);
    const sessions = new Set(this.sent().map((event) => event.session_id));
    if (sessions.size !== 1) {
      throw new Error(`one visit, but the sessions ${[...sessions]}`);
    }
    return [...sessions][0];
  }

  /** What the browser keeps for the demo's origin and the edge's: all empty in a fresh profile. */
  async stored() {
    const cookies = await this.#context.cookies([this.#stack.demo, this.edge]);
    const rest = await this.page.evaluate(async () => ({
      localStorage: { ...localStorage },
      sessionStorage: { ...sessionStorage },
      databases: await indexedDB.databases(),
      caches: await caches.keys(),
    }));
    return { cookies, ...rest };
  }

  /**
   * Leaves the demo, so that everything that wants to be sent at the exit is, and then asks for
   * something on the same wire: what left before it has passed when that has arrived.
   */
  async leave() {
    await this.page.goto('about:blank');
    await this.page.goto(`${this.edge}/health`);
    await until('the wire has carried what left the page', () =>
      this.#wire.taken.some((request) => request.path === '/health'));
    this.#wire.taken.splice(0, Infinity, ...this.#wire.taken.filter(({ path }) => !/^\/(health|favicon)/.test(path)));
  }

  /** Ends the profile and the wire. */
  async close() {
    await this.#context.close();
    await this.#wire.close();
  }
}
