// Measures the edge on workerd, beside a validator written by hand in JavaScript; the last line is JSON.
//
// CPU is that of the whole workerd process, HTTP and Durable Objects included; the collector is a stub in a
// process of its own. Latencies are those of one connection, and mean little on a machine that is busy.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { batch, EVENTS } from './batches.mjs';
import { startWorkerd } from './workerd.mjs';

const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const BATCHES = 1_500;
const WARM_UP = 1_500;
const CONNECTIONS = 4;
const PUT_OFF_MS = 8_000;

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

function post(url, body) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const call = request(url, { method: 'POST', agent, headers: { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) } }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk)).on('end', () => resolve({ ms: performance.now() - began, status: response.statusCode, text: String(Buffer.concat(chunks)) }));
    });
    call.on('error', reject);
    call.end(body);
  });
}

/** Sends the bodies, so many at once; gives CPU a body and the times of each, and fails where one is not accepted. */
async function drive(server, path, bodies, events, atOnce) {
  const before = server.cpuMs();
  const times = [];
  let next = 0;
  const worker = async () => {
    while (next < bodies.length) {
      const body = bodies[next++];
      const answer = await post(server.url + path, body);
      if (answer.status !== 200 || JSON.parse(answer.text).accepted !== events) throw new Error(`${answer.status} ${answer.text.slice(0, 500)}`);
      times.push(answer.ms);
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: atOnce }, worker));
  const wallMs = performance.now() - began;
  // What is put off (marks, told and committed within seconds) is counted with what put it off.
  if (atOnce > 1) await new Promise((resolve) => setTimeout(resolve, PUT_OFF_MS));
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return { cpuMs: (server.cpuMs() - before) / bodies.length, p50: at(0.5), p95: at(0.95), p99: at(0.99), perS: (1_000 * bodies.length) / wallMs };
}

async function measure(server, path) {
  const bodies = (count, events = EVENTS) => Array.from({ length: count }, () => batch(events));
  await drive(server, path, bodies(WARM_UP), EVENTS, CONNECTIONS);
  const many = await drive(server, path, bodies(BATCHES), EVENTS, CONNECTIONS);
  const one = await drive(server, path, bodies(300), EVENTS, 1);
  const single = await drive(server, path, bodies(300, 1), 1, 1);
  const hundred = await drive(server, path, bodies(200, 100), 100, 1);
  return { many, one, single, hundred };
}

const folder = mkdtempSync(join(tmpdir(), 'tidemark-bench-edge-'));
const stub = fork(file('collector.mjs'));
process.once('exit', () => {
  stub.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});
const [collectorPort] = await once(stub, 'message');
const site = {
  write_key: 'wk_bench',
  tenant_id: '11111111-1111-4111-8111-111111111111',
  site_id: '22222222-2222-4222-8222-222222222222',
  tenant: 'bench',
  site: 'bench',
  origins: [],
  limits: { tenant_events_per_minute: 100_000_000, person_events_per_minute: 1_000_000 },
};
const vars = {
  TIDEMARK_SITES: JSON.stringify([site]),
  TIDEMARK_COLLECTOR_URL: `http://127.0.0.1:${collectorPort}`,
  TIDEMARK_HOP_KEY_ID: 'k1',
  TIDEMARK_HOP_SECRET: 'the secret of the hop',
  TIDEMARK_SALT_SECRET: 'the secret of the salt',
};
const startEdge = () => startWorkerd(file('../../edge-worker/workerd.capnp'), [`--directory-path=do-storage=${mkdtempSync(join(folder, 'do-'))}`, `--directory-path=sdk-files=${folder}`], vars);

// Cold: the first call of a fresh process, the best of five, because a busy machine only ever adds.
const cold = [];
for (let round = 0; round < 5; round += 1) {
  const server = await startEdge();
  cold.push((await post(`${server.url}/v1/events/batch?write_key=wk_bench`, batch())).ms);
  await server.stop();
  agent.destroy();
}
const edge = await startEdge();
const measured = await measure(edge, '/v1/events/batch?write_key=wk_bench');
await edge.stop();
const baseline = await startWorkerd(file('baseline.capnp'));
const byHand = await measure(baseline, '/');
await baseline.stop();
stub.disconnect();
agent.destroy();

const round = (value) => Math.round(value * 1_000) / 1_000;
console.log(
  JSON.stringify({
    figures: {
      batch_bytes: batch().length,
      cpu_ms_per_batch_of_50: round(measured.many.cpuMs),
      cpu_us_per_event: round((1_000 * measured.many.cpuMs) / EVENTS),
      requests_per_cpu_second: round(1_000 / measured.many.cpuMs),
      requests_per_second: round(measured.many.perS),
      cpu_ms_single_event: round(measured.single.cpuMs),
      p50_ms: round(measured.one.p50),
      p99_ms: round(measured.one.p99),
      p95_ms_single_event: round(measured.single.p95),
      p95_ms_batch_of_100: round(measured.hundred.p95),
      cold_first_request_ms: round(Math.min(...cold)),
    },
    peers: {
      'validator by hand in JavaScript, cpu_ms_per_batch_of_50': round(byHand.many.cpuMs),
      'validator by hand in JavaScript, requests_per_cpu_second': round(1_000 / byHand.many.cpuMs),
      'validator by hand in JavaScript, p99_ms': round(byHand.one.p99),
    },
  }),
);
