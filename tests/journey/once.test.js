// An event that is sent again is answered `duplicate` and stored once.

import { randomUUID } from 'node:crypto';

import { expect, inject, test } from 'vitest';

import { rowsOfEvents } from './rows.js';
import { batch, event, post } from './shop/post.js';

const stack = inject('stack');

/** The verdicts of an answer, in order. */
function verdicts({ answer }) {
  return answer.verdicts.map((one) => one.verdict);
}

test('the same batch posted twice is a duplicate the second time and adds no row', async () => {
  const sent = batch([event('demo.posted', { n: 1 }), event('demo.posted', { n: 2 }), event('page.viewed')]);
  const ids = sent.events.map((one) => one.event_id);

  const first = await post(stack, sent);
  expect(first.status).toBe(200);
  expect(first.answer).toMatchObject({ batch_id: sent.batch_id, accepted: 3, duplicate: 0, rejected: 0, dropped: 0 });
  expect(first.answer.verdicts.map((one) => one.event_id)).toEqual(ids);
  expect(await rowsOfEvents(stack, ids)).toHaveLength(3);

  const second = await post(stack, sent);
  expect(second.status).toBe(200);
  expect(verdicts(second)).toEqual(['duplicate', 'duplicate', 'duplicate']);
  expect(second.answer).toMatchObject({ accepted: 0, duplicate: 3, rejected: 0, dropped: 0 });
  expect(await rowsOfEvents(stack, ids)).toHaveLength(3);
});

test('the same batch by the edge and by the collector\'s own endpoint is stored once', async () => {
  const sent = batch([event('demo.posted', { n: 1 }), event('demo.posted', { n: 2 })]);
  expect(verdicts(await post(stack, sent))).toEqual(['accepted', 'accepted']);
  expect(verdicts(await post({ ...stack, edge: stack.collector }, sent))).toEqual(['duplicate', 'duplicate']);
  expect(await rowsOfEvents(stack, sent.events.map((one) => one.event_id))).toHaveLength(2);
});

test('the same batch posted twenty times at once is accepted once', async () => {
  const sent = batch([event('demo.posted', { n: 1 }), event('demo.posted', { n: 2 })]);
  const answers = await Promise.all(Array.from({ length: 20 }, () => post(stack, sent)));
  expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200));
  const accepted = answers.filter((one) => verdicts(one).includes('accepted'));
  expect(accepted.map(verdicts)).toEqual([['accepted', 'accepted']]);
  expect(await rowsOfEvents(stack, sent.events.map((one) => one.event_id))).toHaveLength(2);
});

test('an id that comes again with another body: the first one stands', async () => {
  const anonymous_id = randomUUID();
  const first = event('demo.posted', { version: 'first' }, { anonymous_id });
  const other = event('demo.other', { version: 'second' }, { anonymous_id, event_id: first.event_id });
  expect(verdicts(await post(stack, batch([first])))).toEqual(['accepted']);
  expect(verdicts(await post(stack, batch([other])))).toEqual(['duplicate']);
  const rows = await rowsOfEvents(stack, [first.event_id]);
  expect(rows).toHaveLength(1);
  expect(rows[0].attributes).toEqual({ version: 'first' });
});

test('an id that stands twice in one batch is stored once', async () => {
  const one = event('demo.posted', { n: 1 });
  const answer = await post(stack, batch([one, { ...one, attributes: { n: 2 } }]));
  expect(verdicts(answer)).toEqual(['accepted', 'duplicate']);
  expect(await rowsOfEvents(stack, [one.event_id])).toHaveLength(1);
});

test('a batch without event ids is the same batch when its batch_id is', async () => {
  const sent = batch([event('demo.posted', { n: 1 }), event('demo.posted', { n: 2 })]);
  for (const one of sent.events) {
    delete one.event_id;
  }
  const first = await post(stack, sent);
  const second = await post(stack, sent);
  expect(verdicts(first)).toEqual(['accepted', 'accepted']);
  expect(verdicts(second)).toEqual(['duplicate', 'duplicate']);
  const ids = first.answer.verdicts.map((one) => one.event_id);
  expect(second.answer.verdicts.map((one) => one.event_id)).toEqual(ids);
  expect(await rowsOfEvents(stack, ids)).toHaveLength(2);
});
