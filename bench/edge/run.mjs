// Measures the edge on workerd, beside a validator written by hand in JavaScript; the last line is JSON.
//
//   node bench/edge/run.mjs [--collector FILE --clickhouse FILE]
//
// CPU is that of the whole workerd process, HTTP and Durable Objects included; the collector is a stub in a
// process of its own. Beside it what nobody can do without: a worker that reads and answers, and one that packs
// and posts what it read in between. With the two programs also the way through the edge into the real collector. Latencies
// are those of one connection, and mean little on a machine that is busy.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { batch, EVENTS } from './batches.mjs';
import { accepted, client, drive } from './drive.mjs';
import { edgeVars, HOP, SALT_SECRET, SITE } from './site.mjs';
import { startStack } from './stack.mjs';
import { startWorkerd } from './workerd.mjs';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const BATCHES = 1_500;
const WARM_UP = 1_500;
const CONNECTIONS = 4;
const PUT_OFF_MS = 8_000;
/** Fresh processes of which the first call is timed. */
const COLD = 5;
const INGEST = '/v1/events/batch?write_key=wk_bench';
/** Longer than all of it takes on a machine that is busy: what is later hangs, and is told where. */
const WHOLE_MS = 900_000;

let doing = 'start';
setTimeout(() => {
  console.error(`the bench hangs at: ${doing}`);
  process.exit(1);
}, WHOLE_MS).unref();
function say(what) {
  doing = what;
  console.error(`  ${what}`);
}

const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const bodies = (count, events = EVENTS) => Array.from({ length: count }, () => batch(events));

/** Drives bodies of 50 events over all connections; CPU a body. */
async function cost(server, to, path, count) {
  const before = server.cpuMs();
  const times = await drive(to, path, bodies(count), EVENTS, CONNECTIONS);
  // What is put off (marks, told and committed within seconds) is counted with what put it off.
  await rest(PUT_OFF_MS);
  return { cpuMs: (server.cpuMs() - before) / count, ...times };
}

/** CPU a body of a server that is warm; what warming it put off is over before. */
async function warmCost(server, to, path) {
  await drive(to, path, bodies(WARM_UP), EVENTS, CONNECTIONS);
  await rest(PUT_OFF_MS);
  return cost(server, to, path, BATCHES);
}

async function measure(server, path) {
  const to = client(server.url, CONNECTIONS);
  const many = await warmCost(server, to, path);
  const one = await drive(to, path, bodies(300), EVENTS, 1);
  const before = server.cpuMs();
  const single = await drive(to, path, bodies(300, 1), 1, 1);
  const singleCpuMs = (server.cpuMs() - before) / 300;
  const hundred = await drive(to, path, bodies(200, 100), 100, 1);
  return { many, one, single, singleCpuMs, hundred };
}

/** What the first call of a fresh process takes: the best of some, because a busy machine only ever adds. */
async function cold(start, path) {
  const times = [];
  for (let round = 0; round < COLD; round += 1) {
    const server = await start();
    const to = client(server.url, 1);
    times.push(await accepted(to, path, batch(), EVENTS));
    to.rest();
    await server.stop();
  }
  return Math.min(...times);
}

const { values: programs } = parseArgs({ options: { collector: { type: 'string' }, clickhouse: { type: 'string' } } });
const folder = mkdtempSync(join(tmpdir(), 'tidemark-bench-edge-'));
const stub = fork(file('collector.mjs'));
process.once('exit', () => {
  stub.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
const [collectorPort] = await once(stub, 'message');
const startEdge = (collector = `http://127.0.0.1:${collectorPort}`) =>
  startWorkerd(
    file('../../edge-worker/workerd.capnp'),
    [`--directory-path=do-storage=${mkdtempSync(join(folder, 'do-'))}`, `--directory-path=sdk-files=${folder}`],
    edgeVars(collector),
  );
const startBaseline = () => startWorkerd(file('baseline.capnp'));
const startFloor = () => startWorkerd(file('floor.capnp'), [], { COLLECTOR: `http://127.0.0.1:${collectorPort}` });

say('first calls of fresh processes');
const coldMs = await cold(startEdge, INGEST);
const coldByHandMs = await cold(startBaseline, '/');
say('batches, the collector a stub');
const edge = await startEdge();
const measured = await measure(edge, INGEST);
await edge.stop();
say('the validator by hand');
const baseline = await startBaseline();
const byHand = await measure(baseline, '/');
await baseline.stop();
say('the floor');
const floor = await startFloor();
const toFloor = client(floor.url, CONNECTIONS);
const answering = await warmCost(floor, toFloor, '/');
const posting = await warmCost(floor, toFloor, '/hop');
await floor.stop();

const round = (value) => Math.round(value * 1_000) / 1_000;
const real = {};
if (programs.collector) {
  say('into the real collector');
  const stack = await startStack({ ...programs, folder: join(folder, 'stack'), site: SITE, hop: HOP, saltSecret: SALT_SECRET });
  const front = await startEdge(stack.url);
  const to = client(front.url, 1);
  await drive(to, INGEST, bodies(200), EVENTS, 1);
  const single = await drive(to, INGEST, bodies(500, 1), 1, 1);
  const hundred = await drive(to, INGEST, bodies(300, 100), 100, 1);
  await front.stop();
  await stack.stop();
  real.p50_ms_single_event_into_collector = round(single.p50);
  real.p95_ms_single_event_into_collector = round(single.p95);
  real.p50_ms_batch_of_100_into_collector = round(hundred.p50);
  real.p95_ms_batch_of_100_into_collector = round(hundred.p95);
}

console.log(
  JSON.stringify({
    figures: {
      batch_bytes: batch().length,
      cpu_ms_per_batch_of_50: round(measured.many.cpuMs),
      cpu_us_per_event: round((1_000 * measured.many.cpuMs) / EVENTS),
      requests_per_cpu_second: round(1_000 / measured.many.cpuMs),
      requests_per_second: round(measured.many.perS),
      cpu_ms_single_event: round(measured.singleCpuMs),
      p50_ms: round(measured.one.p50),
      p99_ms: round(measured.one.p99),
      p95_ms_single_event: round(measured.single.p95),
      p95_ms_batch_of_100: round(measured.hundred.p95),
      cold_first_request_ms: round(coldMs),
      ...real,
    },
    peers: {
      'validator by hand in JavaScript, cpu_ms_per_batch_of_50': round(byHand.many.cpuMs),
      'validator by hand in JavaScript, requests_per_cpu_second': round(1_000 / byHand.many.cpuMs),
      'validator by hand in JavaScript, p99_ms': round(byHand.one.p99),
      'a body read and answered, cpu_ms_per_batch_of_50': round(answering.cpuMs),
      'a body read, packed, posted and answered, cpu_ms_per_batch_of_50': round(posting.cpuMs),
      'validator by hand in JavaScript, cold_first_request_ms': round(coldByHandMs),
    },
  }),
);
// The stub serves for as long as it lives, and would keep this process.
process.exit(0);
