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

/** Starts workerd with a configuration; `args` and `vars` are what it needs besides. */
export async function startWorkerd(config, args = [], vars = {}) {
  const child = spawn(program(), ['serve', config, '--socket-addr=http=127.0.0.1:0', ...args, '--control-fd=3'], {
    env: { PATH: process.env.PATH, ...vars },
    stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
  });
  // Whatever fails, nothing is left behind.
  process.once('exit', () => child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  let text = '';
  for await (const bytes of child.stdio[3]) {
    text += bytes;
    const line = text.split('\n').find((found) => found.includes('"listen"') && found.endsWith('}'));
    if (line) {
      const { port } = JSON.parse(line);
      return {
        port,
        url: `http://127.0.0.1:${port}`,
        cpuMs: () => cpuMs(child.pid),
        stop: async () => {
          child.kill('SIGTERM');
          await exited;
        },
      };
    }
  }
  throw new Error('workerd ended before it listened');
}

/** The CPU time of all threads of a process, in milliseconds, to the nanosecond. */
function cpuMs(pid) {
  let ns = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
  }
  return ns / 1e6;
}
