// Does the page say of struggle what a careful human would say?

import { beforeAll, expect, test } from 'vitest';
import { runAll } from './app/run.js';
import { KINDS, PARTS, scenarios } from './app/scenarios.js';
import { score, words } from './app/score.js';

let results;
beforeAll(async () => {
  results = await runAll(scenarios);
  for (const half of PARTS) {
    const part = results.filter(({ scenario }) => scenario.half === half);
    for (const kind of KINDS) {
      const { precision, recall } = score(part, kind);
      console.log(`${half} ${kind}: precision ${words(precision)}, recall ${words(recall)}`);
    }
  }
  for (const { scenario, told, reasons, thrown } of results) {
    const wrong = told.filter((kind) => !scenario.says.includes(kind)).map((kind) => `+${kind}`);
    const missed = scenario.says.filter((kind) => !told.includes(kind)).map((kind) => `-${kind}`);
    if (wrong.length || missed.length || thrown.length) {
      console.log(`${scenario.half} ${scenario.name}: ${[...wrong, ...missed, ...thrown].join(' ')} [${reasons.join(' | ')}]`);
    }
  }
});

test('every person could do what they were told', () => {
  expect(results.flatMap(({ scenario, thrown }) => thrown.map((error) => `${scenario.name}: ${error}`))).toEqual([]);
});

test('the set is large enough, and of many kinds', () => {
  expect(scenarios.length).toBeGreaterThanOrEqual(80);
  expect(new Set(scenarios.map(({ widget }) => widget)).size).toBeGreaterThanOrEqual(40);
  for (const kind of ['rage', 'dead']) {
    const there = scenarios.filter(({ says }) => says.includes(kind)).length;
    expect(there, kind).toBeGreaterThanOrEqual(25);
    expect(scenarios.length - there, kind).toBeGreaterThanOrEqual(25);
  }
  for (const kind of ['slow', 'thrash', 'back', 'abandoned']) {
    expect(scenarios.filter(({ says }) => says.includes(kind)).length, kind).toBeGreaterThanOrEqual(10);
  }
  expect(new Set(scenarios.map(({ half }) => half))).toEqual(new Set(PARTS));
});

test.each(['rage', 'dead', 'error'])('%s clicks: precision at least 0.95, recall at least 0.90', (kind) => {
  const { precision, recall } = score(results.filter(({ scenario }) => scenario.half !== 'blind'), kind);
  expect(precision.share, words(precision)).toBeGreaterThanOrEqual(0.95);
  expect(recall.share, words(recall)).toBeGreaterThanOrEqual(0.9);
});

// What is wrong with them is in docs/struggle.md. A busy machine adds some: this only keeps it from falling far.
test.each(['rage', 'dead', 'error'])('%s clicks on pages by somebody who had not seen the rules: not far below what was', (kind) => {
  const { precision, recall } = score(results.filter(({ scenario }) => scenario.half === 'blind'), kind);
  expect(precision.share, words(precision)).toBeGreaterThanOrEqual(0.5);
  expect(recall.share, words(recall)).toBeGreaterThanOrEqual(0.5);
});
