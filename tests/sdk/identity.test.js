// Who is here: over pages, tabs and subdomains, and when a session ends.

import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launch, open, until } from './app/browser.js';
import { call, init, startSink, startSite } from './app/site.js';

let browser, site, sink, context;
beforeAll(async () => {
  browser = await launch();
  site = await startSite();
});
afterAll(async () => {
  await browser.close();
  await site.close();
});
beforeEach(async () => {
  sink = await startSink();
  context = await browser.newContext();
});
afterEach(async () => {
  await context.close();
  await sink.close();
});

const tell = async (page, name = 'who.here') => {
  const before = sink.named(name).length;
  await call(page, 'track', name);
  await call(page, 'flush');
  await until(() => sink.named(name).length > before, true);
  return sink.named(name).at(-1);
};
const visit = async (path, more, from = site.origin) => {
  const opened = await open(browser, from + path, context);
  await init(opened.page, sink, more);
  return opened.page;
};

test('another page, another tab: the same visitor, the same session', async () => {
  const page = await visit('/a');
  const first = await tell(page);
  await page.goto(`${site.origin}/b`);
  await init(page, sink);
  const second = await tell(page);
  const third = await tell(await visit('/c'));
  for (const event of [second, third]) {
    expect([event.anonymous_id, event.session_id]).toEqual([first.anonymous_id, first.session_id]);
  }
});

test('another subdomain: the same visitor', async () => {
  // *.localhost is this machine, and `localhost` a public suffix: the level below is the site.
  const at = (name) => `http://${name}.shop.localhost:${site.port}`;
  const first = await tell(await visit('/', {}, at('www')));
  const second = await tell(await visit('/', {}, at('checkout')));
  expect(second.anonymous_id).toBe(first.anonymous_id);
  expect(second.session_id).toBe(first.session_id);
});

test('another campaign begins a session; coming without one does not', async () => {
  const first = await tell(await visit('/?utm_source=letter&utm_campaign=spring'));
  const again = await tell(await visit('/'));
  const other = await tell(await visit('/?utm_source=letter&utm_campaign=autumn'));
  expect(again.session_id).toBe(first.session_id);
  expect(other.session_id).not.toBe(first.session_id);
  expect(other.anonymous_id).toBe(first.anonymous_id);
  const batches = sink.batches().filter((batch) => batch.context.campaign);
  expect(batches[0].context.campaign).toEqual({ source: 'letter', name: 'spring' });
});

test('half an hour without an event in any tab ends the session', async () => {
  const page = await visit('/a');
  const other = await visit('/b');
  const later = (page, minutes) =>
    page.evaluate((minutes) => {
      window.realNow ??= Date.now;
      Date.now = () => window.realNow() + minutes * 60_000;
    }, minutes);
  const first = await tell(page);
  await later(other, 20);
  const kept = await tell(other);
  await later(page, 45);
  const alive = await tell(page);
  expect([kept.session_id, alive.session_id]).toEqual([first.session_id, first.session_id]);
  await later(other, 80);
  const next = await tell(other);
  expect(next.session_id).not.toBe(first.session_id);
  expect(next.anonymous_id).toBe(first.anonymous_id);
});

test('a user is told from then on, an address as its hash; reset is a new visitor', async () => {
  const page = await visit('/');
  const before = await tell(page);
  expect(before.user_id).toBeUndefined();
  await call(page, 'identify', 'u_1042');
  expect((await tell(page)).user_id).toBe('u_1042');
  await call(page, 'identify', ' Ann@Example.org ');
  const digest = createHash('sha256').update('ann@example.org').digest('hex');
  expect((await tell(page)).user_id).toBe(`s1:${digest}`);
  const next = await visit('/next');
  expect((await tell(next)).user_id).toBe(`s1:${digest}`);
  await call(next, 'reset');
  const after = await tell(next);
  expect(after.user_id).toBeUndefined();
  expect(after.anonymous_id).not.toBe(before.anonymous_id);
  expect(JSON.stringify(sink.calls)).not.toMatch(/example\.org/i);
  await call(next, 'identify', 7);
  expect(await next.evaluate(() => window.errors)).toEqual(['invalid_user_id']);
});

test('the visitor decides once whether to be sampled', async () => {
  const page = await visit('/', { sampleRate: 0 });
  await call(page, 'track', 'never.seen');
  expect(await call(page, 'flush')).toMatchObject({ sent: 0, dropped: 1 });
  expect(sink.calls).toEqual([]);
});

test('registered attributes, measured time and the helpers', async () => {
  const page = await visit('/');
  await page.evaluate(async () => {
    const { register, timeEvent, track, trackVoiceMetrics, trackToolExecution, trackKBSearch, trackChat } = window.tidemark;
    register({ plan: 'team', seats: 3 });
    timeEvent('basket.filled');
    await new Promise((resolve) => setTimeout(resolve, 30));
    track('basket.filled', { seats: 4 });
    trackVoiceMetrics({ firstResponseMs: 450, bargeInMs: 80, asrLatencyMs: 120 });
    trackToolExecution('goto', 'navigation', 150, true, 'c_81');
    trackKBSearch('q'.repeat(600), 5, 45, 0.89, 'c_81');
    trackChat({ thread_id: 't', message_id: 'm', message_type: 'user_prompt', prompt_length: 4, is_follow_up: false });
  });
  await call(page, 'flush');
  await until(() => sink.names().length, 7);
  const of = (name) => sink.named(name)[0].attributes;
  expect(of('basket.filled')).toMatchObject({ plan: 'team', seats: 4 });
  expect(of('basket.filled').duration_ms).toBeGreaterThanOrEqual(29);
  expect(of('voice.first_response')['voice.first_response_ms']).toBe(450);
  expect(of('voice.barge_in')['voice.barge_in_ms']).toBe(80);
  expect(of('voice.asr_partial')['voice.asr_latency_ms']).toBe(120);
  expect(of('ai.tool_call_completed')).toMatchObject({
    'ai.tool_name': 'goto', 'ai.tool_category': 'navigation', 'ai.duration_ms': 150,
    'ai.success': true, 'ai.conversation_id': 'c_81',
  });
  expect(of('kb.search')).toMatchObject({ 'kb.results_count': 5, 'kb.search_ms': 45, 'kb.top_score': 0.89 });
  expect(of('kb.search')['kb.query'].length).toBe(500);
  expect(of('chat_interaction')).toMatchObject({ thread_id: 't', message_type: 'user_prompt' });
});

test('an opt-out is kept, whatever is granted, until the opt-in', async () => {
  const page = await visit('/');
  await tell(page);
  await call(page, 'optOut');
  await until(() => page.evaluate(() => document.cookie), '');
  await page.reload();
  const calls = sink.calls.length;
  await init(page, sink);
  await call(page, 'track', 'not.seen');
  expect(await call(page, 'flush')).toMatchObject({ sent: 0, held: 0 });
  expect(sink.calls.length).toBe(calls);
  await call(page, 'optIn');
  await tell(page);
});
