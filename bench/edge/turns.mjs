// Two or more edges by turns, on a machine that is not quiet: CPU a batch of 50 events, with what is put off.
//
//   node bench/edge/turns.mjs TURNS CONFIG CONFIG…
//
// A CONFIG is a workerd.capnp with its build/ beside it: a copy of edge-worker's two before a change, say. Each turn starts
// each of them afresh, every second one in the other order. Compare figures of one run alone.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { batch, EVENTS } from './batches.mjs';
import { client, drive } from './drive.mjs';
import { edgeVars } from './site.mjs';
import { startWorkerd } from './workerd.mjs';

const BATCHES = 1_500;
const CONNECTIONS = 4;
const PUT_OFF_MS = 8_000;
const INGEST = '/v1/events/batch?write_key=wk_bench';

const [turns, ...configs] = process.argv.slice(2);
if (!(Number(turns) > 0) || configs.length === 0) {
  console.error('usage: node bench/edge/turns.mjs TURNS CONFIG CONFIG…');
  process.exit(1);
}
const folder = mkdtempSync(join(tmpdir(), 'tidemark-bench-turns-'));
const stub = fork(fileURLToPath(new URL('collector.mjs', import.meta.url)));
process.once('exit', () => {
  stub.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
const [port] = await once(stub, 'message');
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** CPU a batch of one fresh edge, once it is warm. */
async function turn(config) {
  const paths = [`--directory-path=do-storage=${mkdtempSync(join(folder, 'do-'))}`, `--directory-path=sdk-files=${folder}`];
  const edge = await startWorkerd(config, paths, edgeVars(`http://127.0.0.1:${port}`));
  const to = client(edge.url, CONNECTIONS);
  const some = async () => {
    const bodies = Array.from({ length: BATCHES }, () => batch());
    const before = edge.cpuMs();
    await drive(to, INGEST, bodies, EVENTS, CONNECTIONS);
    await rest(PUT_OFF_MS);
    return (edge.cpuMs() - before) / BATCHES;
  };
  await some();
  const cpuMs = await some();
  await edge.stop();
  return cpuMs;
}

const figures = new Map(configs.map((config) => [config, []]));
for (let round = 0; round < Number(turns); round += 1) {
  for (const config of round % 2 ? [...configs].reverse() : configs) figures.get(config).push(await turn(config));
}
for (const [config, times] of figures) {
  const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length;
  console.log(`${config}: ${mean.toFixed(3)} ms (${times.map((ms) => ms.toFixed(3)).join(', ')})`);
}
process.exit(0);
