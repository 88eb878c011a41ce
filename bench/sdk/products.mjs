// What is measured: each product as its own documentation starts it, with its default settings and click
// capture on where it has it. A page has `bench.start()` and `bench.track(n)`; every event carries
// `marker-<n>`, by which the sink counts arrivals whatever the product's format.

import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

import { build } from 'esbuild';

const EVENT = `{ marker: 'marker-' + n, plan: 'team', seats: 3, price: 12.5, path: '/checkout/payment' }`;

/** Each product's page: what it imports, how it starts at `sink`, how it takes an event. */
const SOURCES = {
  none: { start: '', track: '' },
  Tidemark: {
    start: `tidemark.init({ writeKey: 'wk_bench', endpoint: sink, consent: { analytics: true } });`,
    track: `tidemark.track('bench.event', ${EVENT});`,
    tag: 'tidemark.js',
  },
  PostHog: {
    imports: `import posthog from 'posthog-js';`,
    // It takes a headless browser for a robot, and sends nothing.
    start: `posthog.init('phc_bench', { api_host: sink, defaults: '2025-05-24', opt_out_useragent_filter: true });`,
    track: `posthog.capture('bench event', ${EVENT});`,
    clicks: true,
  },
  Snowplow: {
    imports: `import { newTracker, trackPageView, trackSelfDescribingEvent } from '@snowplow/browser-tracker';
      import { ButtonClickTrackingPlugin, enableButtonClickTracking } from '@snowplow/browser-plugin-button-click-tracking';`,
    start: `newTracker('sp', sink, { appId: 'bench', encodeBase64: false, plugins: [ButtonClickTrackingPlugin()] });
      enableButtonClickTracking(); trackPageView();`,
    track: `trackSelfDescribingEvent({ event: { schema: 'iglu:org.example/bench/jsonschema/1-0-0', data: ${EVENT} } });`,
    clicks: true,
  },
  Segment: {
    imports: `import { AnalyticsBrowser } from '@segment/analytics-next';`,
    start: `window.analytics = AnalyticsBrowser.load(
        { writeKey: 'bench', cdnURL: sink },
        { integrations: { 'Segment.io': { apiHost: sink.replace('http://', '') + '/v1', protocol: 'http' } } });
      window.analytics.page();`,
    track: `window.analytics.track('bench event', ${EVENT});`,
  },
  Amplitude: {
    imports: `import * as amplitude from '@amplitude/analytics-browser';`,
    start: `amplitude.init('bench', undefined, { serverUrl: sink + '/2/httpapi', autocapture: { elementInteractions: true } });`,
    track: `amplitude.track('bench event', ${EVENT});`,
    clicks: true,
  },
};

/** Every product's name; the page without one first. */
export const NAMES = Object.keys(SOURCES);
/** Whether the product hears clicks by itself, as Tidemark does. */
export const hearsClicks = (name) => name === 'Tidemark' || Boolean(SOURCES[name].clicks);

const page = (name, script) => `<!doctype html><meta charset="utf-8"><title>Bench</title><link rel="icon" href="data:,">
<main id="app"><h1>Shop</h1>${Array.from({ length: 40 }, (_, at) => `<section class="card"><h2>Thing ${at}</h2>
<p>Words about it.</p><button id="b${at}" class="buy">Buy ${at}</button> <output id="o${at}">0</output></section>`).join('\n')}</main>
<script>
  window.handled = []; window.longest = 0;
  let began, own; addEventListener('click', () => { began = performance.now(); }, true);
  document.getElementById('app').addEventListener('click', (event) => {
    own = performance.now();
    if (event.target.className === 'buy') event.target.nextElementSibling.textContent++;
    own = performance.now() - own;
  });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration);
  }).observe({ type: 'longtask', buffered: true });
</script>
${script}
<script>addEventListener('click', () => { window.handled.push(performance.now() - began - own); });</script>`;

/** Builds every product's page into `folder`; gives the Brotli bytes of the scripts that each loads at once. */
export async function buildPages(folder, dist, peers) {
  mkdirSync(folder, { recursive: true });
  const loaded = {};
  for (const [name, { imports = '', start, track, tag }] of Object.entries(SOURCES)) {
    const built = await build({
      stdin: {
        contents: `${imports}
          const sink = new URLSearchParams(location.search).get('sink');
          window.bench = { start() { ${start} }, track(n) { ${track} } };`,
        resolveDir: peers,
      },
      bundle: true, minify: true, format: 'iife', platform: 'browser', write: false, logLevel: 'error',
      define: { 'process.env.NODE_ENV': '"production"' },
    });
    const script = built.outputFiles[0].contents;
    writeFileSync(join(folder, `${name}.js`), script);
    loaded[name] = brotliCompressSync(script).length;
    const tags = tag ? `<script src="/${tag}"></script>` : '';
    writeFileSync(join(folder, `${name}.html`), page(name, `${tags}<script src="/${name}.js"></script>`));
  }
  for (const file of ['tidemark.js', 'tidemark.wasm']) {
    copyFileSync(join(dist, 'sdk', file), join(folder, file));
  }
  return loaded;
}
