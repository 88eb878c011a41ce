// A part that dies is started again, and what was acknowledged before is there once and still known.

import { readFileSync } from 'node:fs';
import path from 'node:path';

import { expect, inject, test } from 'vitest';

import { rowsOfEvents } from './rows.js';
import { batch, event, post } from './shop/post.js';
import { until } from './until.js';

const stack = inject('stack');
const RESTART_DEADLINE_MS = 45_000;

/** The pids as `up.json` has them now. */
function pids() {
  return JSON.parse(readFileSync(path.join(stack.data_dir, 'up.json'), 'utf8')).pids;
}

async function killed(part) {
  const before = pids()[part];
  process.kill(before, 'SIGKILL');
  await until(`${part} runs again`, () => pids()[part] !== before, RESTART_DEADLINE_MS);
}

test.for(['edge', 'collector', 'clickhouse'])('%s is killed: it comes back, and once stays once', async (part) => {
  const sent = batch([event('demo.posted', { before: part }), event('demo.posted', { before: part })]);
  const ids = sent.events.map((one) => one.event_id);
  expect((await post(stack, sent)).answer.accepted).toBe(2);
  expect((await post(stack, sent)).answer.duplicate).toBe(2);

  await killed(part);
  // A connection that the edge kept to the part that died may cost one refused call.
  const again = await until('the batch gets its verdicts', async () => {
    const got = await post(stack, sent);
    return got.status === 200 && got;
  });
  expect(again.answer).toMatchObject({ accepted: 0, duplicate: 2 });
  expect(await rowsOfEvents(stack, ids)).toHaveLength(2);

  const next = event('demo.posted', { after: part });
  const answer = await until('a new event gets its verdict', async () => {
    const got = await post(stack, batch([next]));
    return got.status === 200 && got.answer;
  });
  expect(answer.accepted + answer.duplicate).toBe(1);
  // While the part was still away the edge held it.
  await until('it is stored', async () => (await rowsOfEvents(stack, [next.event_id])).length === 1, RESTART_DEADLINE_MS);
});
