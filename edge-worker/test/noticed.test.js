// What is noticed about an event on its way: by the head of its call, by its page, by its sender's clock.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { batch, event, OTHER_SITE, OTHER_WRITE_KEY, PAGE_ORIGIN, post, settings, SITE, verdicts } from './support/world.js';

const BOT = 'Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)';
const PHONE = 'Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1';
const CHROME = 'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36';

let collector;
let edge;

beforeAll(async () => {
  collector = await startCollector();
  const sites = [SITE, { ...OTHER_SITE, bots: 'drop' }];
  edge = await startEdge({ vars: settings(collector, { TIDEMARK_SITES: JSON.stringify(sites) }) });
});
beforeEach(() => collector.forget());
afterAll(async () => {
  await edge.stop();
  await collector.stop();
});

/** What the collector hears of an event that is sent so. */
async function noticed(headers, changes = {}, ofBatch = {}) {
  const answer = await post(edge, batch([event(changes)], ofBatch), { headers });
  expect(verdicts(answer)).toEqual(['accepted']);
  const [{ flags, device_class }] = collector.batches.at(-1).events;
  return [device_class, flags];
}

test.each([
  ['an iPhone', { 'user-agent': PHONE }, 'mobile'],
  ['a phone by its hints', { 'user-agent': CHROME, 'sec-ch-ua-mobile': '?1', 'sec-ch-ua-platform': '"Android"' }, 'mobile'],
  ['a tablet by its hints', { 'user-agent': CHROME, 'sec-ch-ua-mobile': '?0', 'sec-ch-ua-platform': '"Android"' }, 'tablet'],
  ['a computer by its hints', { 'user-agent': 'new', 'sec-ch-ua-mobile': '?0', 'sec-ch-ua-platform': '"macOS"' }, 'desktop'],
  ['a library in a server', { 'user-agent': 'python-requests/2.32.3' }, 'other'],
])('%s', async (_, headers, expected) => {
  expect(await noticed(headers)).toEqual([expected, undefined]);
});

test('automated clients are flagged, and libraries where a page should be', async () => {
  expect(await noticed({ 'user-agent': BOT })).toEqual(['bot', ['bot']]);
  expect(await noticed({ 'user-agent': 'python-requests/2.32.3', origin: PAGE_ORIGIN })).toEqual(['bot', ['bot']]);
});

test('where the site drops automated clients, they are told so, and nothing is forwarded', async () => {
  const other = { query: `?write_key=${OTHER_WRITE_KEY}` };
  const driven = event({ context: { device: { automated: true } } });
  const dropped = await post(edge, batch([event(), { ...event(), event_name: 'No' }]), { ...other, headers: { 'user-agent': BOT } });
  expect(dropped.body).toMatchObject({ dropped: 1, rejected: 1, verdicts: [{ code: 'bot' }, { code: 'invalid_event_name' }] });
  expect(verdicts(await post(edge, batch([driven, event()]), other))).toEqual(['dropped', 'accepted']);
  expect(collector.batches.map(({ events }) => events.length)).toEqual([1]);
});

test('a page that a program drives, and a clock that is days off, are flagged', async () => {
  const sent_at = new Date(Date.now() - 48 * 3_600_000).toISOString();
  expect(await noticed({ 'user-agent': PHONE }, { context: { device: { automated: true } } }, { sent_at })).toEqual([
    'mobile',
    ['automated', 'clock_skew'],
  ]);
});

test('what a sender says of itself is not believed', async () => {
  expect(await noticed({ 'user-agent': PHONE }, { flags: ['bot'], device_class: 'desktop' })).toEqual(['mobile', undefined]);
});
