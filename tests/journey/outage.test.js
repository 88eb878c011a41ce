// The edge is restarted and the collector killed while pages send: whatever was answered `accepted` is stored once.

import { readFileSync } from 'node:fs';
import path from 'node:path';

import { expect, inject, test } from 'vitest';

import { query } from './rows.js';
import { batch, event, post } from './shop/post.js';
import { until } from './until.js';

const stack = inject('stack');
const DEADLINE_MS = 45_000;
const SENDERS = 3;
const SENT_AT_LEAST = 60;

/** The pids as `up.json` has them now. */
function pids() {
  return JSON.parse(readFileSync(path.join(stack.data_dir, 'up.json'), 'utf8')).pids;
}

async function killed(part) {
  const before = pids()[part];
  process.kill(before, 'SIGKILL');
  await until(`${part} runs again`, () => pids()[part] !== before, DEADLINE_MS);
}

/** Posts a batch until it is answered with verdicts, as the SDK does; gives the answer. */
function sent(one) {
  return until('the batch gets its verdicts', async () => {
    const got = await post(stack, one);
    return got.status === 200 && got.answer;
  }, DEADLINE_MS);
}

/** Sends batches, one after the other, until told to stop; gives the ids that are promised, and those that were sent. */
function sender(mark) {
  const promised = new Set();
  const all = [];
  let going = true;
  let answered = 0;
  const done = (async () => {
    while (going) {
      const one = batch([event('demo.posted', { mark }), event('demo.posted', { mark }), event('demo.posted', { mark })]);
      all.push(...one.events.map(({ event_id }) => event_id));
      for (const { event_id, verdict } of (await sent(one)).verdicts) {
        // A resend whose first answer was lost is told duplicate: it is stored as well.
        expect(['accepted', 'duplicate']).toContain(verdict);
        promised.add(event_id);
      }
      answered += 1;
    }
  })();
  return {
    answered: () => answered,
    stop: async () => {
      going = false;
      await done;
      return { promised, all };
    },
  };
}

test('collector killed, edge killed, both killed: every accepted event is in ClickHouse exactly once', { timeout: 180_000 }, async () => {
  const mark = `outage-${Date.now()}`;
  const senders = Array.from({ length: SENDERS }, () => sender(mark));
  const answered = () => senders.reduce((sum, one) => sum + one.answered(), 0);
  const more = (count) => {
    const from = answered();
    return until(`${count} more batches are answered`, () => answered() >= from + count, DEADLINE_MS);
  };
  await more(5);
  await killed('collector');
  await more(5);
  await killed('edge');
  await more(5);
  await Promise.all([killed('collector'), killed('edge')]);
  await until('enough was sent', () => answered() * 3 >= SENT_AT_LEAST, DEADLINE_MS);
  const ended = await Promise.all(senders.map((one) => one.stop()));

  const promised = new Set(ended.flatMap((one) => [...one.promised]));
  const all = new Set(ended.flatMap((one) => one.all));
  expect(promised).toEqual(all);
  const stored = () => query(stack, "SELECT toString(event_id) AS id, count() AS n FROM events_raw WHERE event_name = 'demo.posted' AND attributes.mark::String = {mark:String} GROUP BY id", { mark });
  const rows = await until('everything is stored', async () => {
    const found = await stored();
    return found.length >= promised.size && found;
  }, DEADLINE_MS);
  expect(rows.filter(({ n }) => Number(n) !== 1)).toEqual([]);
  expect(new Set(rows.map(({ id }) => id))).toEqual(promised);

  // The edge keeps nothing back, and its books are even.
  const series = await until('nothing is held', async () => {
    const text = await (await fetch(new URL('/metrics', stack.edge))).text();
    return /^tidemark_edge_outbox_events 0$/m.test(text) && text;
  }, DEADLINE_MS);
  expect(series).toMatch(/^tidemark_edge_dead_events_total 0$/m);
});
