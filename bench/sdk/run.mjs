// Measures the SDK and its peers in one run, interleaved, in the system's Chromium. Milliseconds of the main
// thread are the browser's own (TaskDuration), above those of a page without an SDK in the same round. The last
// line on stdout is one JSON object: `figures` of the SDK, and the same of each of `peers`.
//
//   node bench/sdk/run.mjs <folder of the built SDK> <folder with the peers' node_modules> [rounds]

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { chromium } from 'playwright-core';

import { exit, heap, mutating, quantile, work } from './measure.mjs';
import { buildPages, hearsClicks, NAMES } from './products.mjs';
import { servePages, startSink } from './servers.mjs';

const [dist, peers, rounds = '3'] = process.argv.slice(2);
const ROUNDS = Number(rounds);
const THROTTLES = [1, 4];
const OURS = 'Tidemark';

const say = (line) => process.stderr.write(`${line}\n`);
const folder = mkdtempSync(join(tmpdir(), 'tidemark-bench-sdk-'));
const loaded = await buildPages(folder, resolve(dist), resolve(peers));
const pages = await servePages(folder);
const sink = await startSink();
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  // Without the last, Chromium lets a page push 200 routes in ten seconds.
  args: ['--no-sandbox', '--disable-ipc-flooding-protection'],
});
const address = (name) => `${pages.origin}/${name}.html?sink=${sink.origin}`;

const runs = Object.fromEntries(NAMES.map((name) => [name, { 1: [], 4: [], navigation: [], close: [] }]));
for (let round = 1; round <= ROUNDS; round += 1) {
  for (const name of NAMES) {
    say(`round ${round} of ${ROUNDS}: ${name}`);
    for (const throttle of THROTTLES) {
      runs[name][throttle].push(await work(browser, address(name), sink, throttle, name === 'none'));
    }
    if (name !== 'none') {
      for (const how of ['navigation', 'close']) {
        runs[name][how].push(await exit(browser, address(name), sink, how));
      }
    }
  }
}
for (const name of NAMES) {
  say(`10,000 routes: ${name}`);
  runs[name].heap = await heap(browser, address(name));
}
/** Percent of the main thread on a page that changes 1,000 nodes a second, above the page without an SDK, by turns. */
const added = { idle: [], clicking: [] };
for (let round = 1; round <= ROUNDS; round += 1) {
  for (const how of Object.keys(added)) {
    say(`1,000 nodes a second, ${how}: round ${round} of ${ROUNDS}`);
    const none = await mutating(browser, address('none'), how === 'clicking');
    const ours = await mutating(browser, address(OURS), how === 'clicking');
    added[how].push((ours - none) / 10);
  }
}
await browser.close();
pages.close();
sink.close();
rmSync(folder, { recursive: true });

const median = (values) => quantile(values, 0.5);
const rounded = (value) => Math.round(value * 1000) / 1000;

/** The figures of one product, by name. */
function figuresOf(name) {
  const told = {};
  for (const throttle of THROTTLES) {
    const mine = runs[name][throttle];
    const none = runs.none[throttle];
    const above = (key) => median(mine.map((run, round) => run[key] - none[round][key]));
    const calls = mine.flatMap((run) => run.calls);
    told[`init_ms_${throttle}x`] = above('startMs');
    told[`task_us_per_event_${throttle}x`] = above('eventMs') * 1000;
    told[`track_ms_p50_${throttle}x`] = quantile(calls, 0.5);
    told[`track_ms_p99_${throttle}x`] = quantile(calls, 0.99);
    const handled = (all) => all.flatMap((run) => run.handled);
    if (hearsClicks(name)) {
      told[`click_ms_p50_${throttle}x`] = quantile(handled(mine), 0.5);
      told[`click_ms_p99_${throttle}x`] = quantile(handled(mine), 0.99);
    }
    // What the throttle's own pauses put between two listeners that do nothing.
    if (name === OURS) told[`click_ms_p99_${throttle}x_page_alone`] = quantile(handled(none), 0.99);
    // 0: no task of 50 ms or more, which is what the browser reports.
    told[`longest_task_ms_${throttle}x`] = median(mine.map((run) => run.longest));
  }
  told.wire_bytes_per_100_events = median(runs[name][1].map((run) => run.bytes));
  told.requests_per_100_events = median(runs[name][1].map((run) => run.requests));
  told.arrived_of_100 = Math.min(...runs[name][1].map((run) => run.arrived));
  told.heap_kb_after_10000_routes = runs[name].heap - runs.none.heap;
  told.exit_by_navigation_of_100 = Math.min(...runs[name].navigation);
  told.exit_by_close_of_100 = Math.min(...runs[name].close);
  if (name !== OURS) {
    told.script_brotli_bytes = loaded[name];
  }
  return Object.fromEntries(Object.entries(told).map(([key, value]) => [key, rounded(value)]));
}

const figures = figuresOf(OURS);
for (const [how, shares] of Object.entries(added)) {
  figures[`mutating_${how}_added_percent`] = rounded(median(shares));
}
const others = Object.fromEntries(NAMES.filter((name) => name !== OURS && name !== 'none').map((name) => [name, figuresOf(name)]));
const columns = [OURS, ...Object.keys(others)];
say(`\n| | ${columns.join(' | ')} |\n|---|${columns.map(() => '---').join('|')}|`);
for (const key of Object.keys({ ...figures, script_brotli_bytes: 0 })) {
  const cells = columns.map((name) => (name === OURS ? figures : others[name])[key] ?? '–');
  say(`| ${key.replaceAll('_', ' ')} | ${cells.join(' | ')} |`);
}
process.stdout.write(`${JSON.stringify({ figures, peers: others })}\n`);
