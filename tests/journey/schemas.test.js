// A tenant's own schema: registered by the command line, carried to the edge by the signed site list, and judged by
// there as at the collector.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { expect, inject, test } from 'vitest';

import { query, rowsOfEvents, settled } from './rows.js';
import { batch, event, post } from './shop/post.js';
import { until } from './until.js';

const stack = inject('stack');
const REPOSITORY = path.resolve(import.meta.dirname, '../..');

/** A name that no other run has registered. */
const NAME = `order_placed_${Date.now().toString(36).replace(/^[0-9]/, 'a')}`;

const SCHEMA = {
  'x-self': { vendor: 'shop', name: NAME, format: 'jsonschema', version: '1-0-0' },
  description: 'An order was placed.',
  type: 'object',
  required: ['total'],
  properties: {
    total: { description: 'What is paid.', type: 'number', minimum: 0, 'x-unit': 'EUR', examples: [12.5] },
    coupon: { description: 'Its kind.', type: 'string', enum: ['none', 'season'], examples: ['none'] },
  },
};

/** `tidemark schema register`, as an operator would. */
async function register(schema) {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-schema-'));
  const file = path.join(folder, `${schema['x-self'].name}.json`);
  writeFileSync(file, JSON.stringify(schema));
  const tidemark = ['run', '--quiet', '-p', 'tidemark-collector', '--bin', 'tidemark', '--'];
  const command = ['schema', 'register', file, '--schemas', path.join(stack.data_dir, 'schemas'), '--tenant', 'demo'];
  try {
    await promisify(execFile)('cargo', [...tidemark, ...command], { cwd: REPOSITORY });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Each verdict without the words for people. */
const judged = ({ answer }) => answer.verdicts.map(({ verdict, code, pointer }) => ({ verdict, code, pointer }));

/** What the collector was told of rejected events: an event that the edge rejects never comes there. */
async function rejectedByCollector(ids) {
  await settled(stack);
  const sql = 'SELECT code, pointer, hop FROM rejected_events WHERE has({ids:Array(UUID)}, event_id) ORDER BY offset';
  return query(stack, sql, { ids: `[${ids.map((id) => `'${id}'`).join(',')}]` });
}

test('a registered schema reaches the edge, which rejects what the collector would, by the same code and place', async () => {
  const before = event(NAME, { total: 'twelve' });
  expect(judged(await post(stack, batch([before])))).toEqual([{ verdict: 'accepted' }]);

  await register(SCHEMA);
  // What is broken in every way, and what is not: the same bytes for both.
  const broken = batch([
    event(NAME, { total: 'twelve' }),
    event(NAME, {}),
    event(NAME, { total: -1 }),
    event(NAME, { total: 1, coupon: 'birthday' }),
  ]);
  const expected = [
    { verdict: 'rejected', code: 'wrong_type', pointer: '/attributes/total' },
    { verdict: 'rejected', code: 'missing_field', pointer: '/attributes/total' },
    { verdict: 'rejected', code: 'out_of_range', pointer: '/attributes/total' },
    { verdict: 'rejected', code: 'not_in_enum', pointer: '/attributes/coupon' },
  ];
  // The edge asks for its list every two seconds, at a call; until then the collector behind it judges alone.
  await until('the edge judges by the schema', async () => {
    const probe = event(NAME, {});
    const [{ verdict }] = judged(await post(stack, batch([probe])));
    return verdict === 'rejected' && (await rejectedByCollector([probe.event_id])).length === 0;
  }, 60_000);

  const bytes = JSON.stringify(broken);
  const ids = JSON.parse(bytes).events.map(({ event_id }) => event_id);
  expect(judged(await post(stack, bytes))).toEqual(expected);
  expect(await rejectedByCollector(ids)).toEqual([]);
  expect(judged(await post({ ...stack, edge: stack.collector }, bytes))).toEqual(expected);
  const told = await rejectedByCollector(ids);
  expect(told.map(({ code, pointer }) => ({ verdict: 'rejected', code, pointer }))).toEqual(expected);

  const fine = event(NAME, { total: 12.5, coupon: 'season' });
  expect(judged(await post(stack, batch([fine])))).toEqual([{ verdict: 'accepted' }]);
  expect(await rowsOfEvents(stack, [fine.event_id])).toHaveLength(1);
  expect(await rowsOfEvents(stack, ids)).toEqual([]);
}, 120_000);
