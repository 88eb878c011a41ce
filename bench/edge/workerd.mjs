// Starts a workerd, and reads what it has cost.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

function program() {
  const require = createRequire(import.meta.url);
  const names = { 'linux-x64': 'linux-64', 'linux-arm64': 'linux-arm64' };
  const name = names[`${process.platform}-${process.arch}`];
  if (!name) throw new Error('CPU time is read from /proc: run this on Linux');
  return join(dirname(require.resolve(`@cloudflare/workerd-${name}/package.json`)), 'bin', 'workerd');
}

// Whatever fails, nothing is left behind.
const running = new Set();
process.once('exit', () => running.forEach((child) => child.kill('SIGKILL')));

/** Longer than workerd takes to listen on a machine that is busy. */
const START_MS = 30_000;

/** Starts workerd with a configuration; `args` and `vars` are what it needs besides. Fails where it does not listen in time. */
export async function startWorkerd(config, args = [], vars = {}) {
  const child = spawn(program(), ['serve', config, '--socket-addr=http=127.0.0.1:0', ...args, '--control-fd=3'], {
    env: { PATH: process.env.PATH, ...vars },
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const exited = once(child, 'exit');
  const server = (port) => ({
    port,
    url: `http://127.0.0.1:${port}`,
    cpuMs: () => cpuMs(child.pid),
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  });
  return server(await listening(child));
}

/** The port that workerd tells on its control pipe. */
function listening(child) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`workerd did not listen within ${START_MS} ms`)), START_MS);
    child.once('error', reject);
    child.once('exit', (code, signal) => reject(new Error(`workerd ended (${signal ?? code}) before it listened`)));
    let text = '';
    child.stdio[3].on('data', (bytes) => {
      text += bytes;
      const line = text.split('\n').find((found) => found.includes('"listen"') && found.endsWith('}'));
      if (!line) return;
      clearTimeout(timer);
      child.stdio[3].removeAllListeners('data').unref();
      resolve(JSON.parse(line).port);
    });
  });
}

/** The CPU time of all threads of a process, in milliseconds, to the nanosecond. */
function cpuMs(pid) {
  let ns = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  }
  return ns / 1e6;
}
