// The real collector with embedded ClickHouse behind it, in folders and on ports of their own.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';

/** Longer than the two take to make their tables on a machine that is busy. */
const READY_MS = 60_000;

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

function start(program, args, log) {
  const out = openSync(log, 'a');
  const child = spawn(program, args, { stdio: ['ignore', out, out] });
  process.once('exit', () => child.kill('SIGKILL'));
  child.once('error', (error) => {
    throw error;
  });
  return child;
}

async function until(what, child, log, holds) {
  const deadline = Date.now() + READY_MS;
  while (!(await holds().catch(() => false))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${what} is not ready:\n${readFileSync(log, 'utf8').slice(-2_000)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Starts both; `site` and `hop` are what the edge is set to. Gives the collector's address, and what ends them. */
export async function startStack({ collector, clickhouse, folder, site, hop, saltSecret }) {
  mkdirSync(folder);
  const [database, listen] = [await freePort(), await freePort()];
  const logs = { clickhouse: join(folder, 'clickhouse.log'), collector: join(folder, 'collector.log') };
  const engine = start(clickhouse, ['--listen', `127.0.0.1:${database}`, '--data', join(folder, 'clickhouse')], logs.clickhouse);
  await until('ClickHouse', engine, logs.clickhouse, async () => (await fetch(`http://127.0.0.1:${database}/ping`)).ok);
  const config = join(folder, 'tidemark.toml');
  writeFileSync(
    config,
    [
      `[server]\nlisten = "127.0.0.1:${listen}"`,
      `[clickhouse]\nurl = "http://127.0.0.1:${database}"`,
      `[data]\ndir = "${join(folder, 'data')}"`,
      `[[hop.keys]]\nid = "${hop.id}"\nsecret = "${hop.secret}"`,
      `[identity]\nsalt_secret = "${saltSecret}"`,
      `[[tenants]]\nid = "${site.tenant_id}"\nslug = "${site.tenant}"`,
      `[[tenants.sites]]\nid = "${site.site_id}"\nslug = "${site.site}"`,
      '[log]\nlevel = "info"\n',
    ].join('\n'),
  );
  const url = `http://127.0.0.1:${listen}`;
  const service = start(collector, ['serve', '--config', config], logs.collector);
  await until('the collector', service, logs.collector, async () => (await fetch(`${url}/health/ready`)).ok);
  const stop = async () => {
    for (const child of [service, engine]) {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
  };
  return { url, stop };
}
