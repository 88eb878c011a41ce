// What each product says of the labelled pages: a table, and figures on the last line.
//
// node tests/struggle/bench.js FOLDER, where the peers are installed in that folder.

import { runAll } from './app/run.js';
import { products } from './app/products.js';
import { PARTS, scenarios } from './app/scenarios.js';
import { score, words } from './app/score.js';

const [, , from] = process.argv;
const figures = {};
const peers = {};
for (const name of Object.keys(products)) {
  const results = await runAll(scenarios, name, from);
  const missing = results.filter(({ thrown }) => thrown.length).map(({ scenario }) => scenario.name);
  if (missing.length) console.log(`${name}: not visited: ${missing.join(', ')}`);
  for (const kind of products[name].finds) {
    const parts = { all: results };
    for (const half of PARTS) parts[half] = results.filter(({ scenario }) => scenario.half === half);
    for (const [part, of] of Object.entries(parts)) {
      const { precision, recall, there, traps } = score(of, kind);
      console.log(`| ${name} | ${kind} | ${part} | ${there} / ${traps} | ${words(precision)} | ${words(recall)} |`);
      const figure = { [`${kind}_${part}_precision`]: precision.share, [`${kind}_${part}_recall`]: recall.share };
      if (name === 'Tidemark') Object.assign(figures, figure);
      else peers[name] = { ...peers[name], ...figure };
    }
  }
}
console.log(JSON.stringify({ figures, peers }));
