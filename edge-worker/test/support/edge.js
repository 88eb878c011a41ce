// A real workerd with the real bundle, on a port of its own choosing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';

const CONFIG = fileURLToPath(new URL('../../workerd.capnp', import.meta.url));

/** What still runs: a test that fails half-way leaves nothing behind. */
const running = new Set();
afterAll(() => running.forEach((child) => child.kill('SIGKILL')));

/** The program itself: npm's `workerd` is a script around it, which kill -9 would leave without it. */
function workerd() {
  const require = createRequire(import.meta.url);
  const names = { 'linux-x64': 'linux-64', 'linux-arm64': 'linux-arm64', 'darwin-x64': 'darwin-64', 'darwin-arm64': 'darwin-arm64' };
  const name = names[`${process.platform}-${process.arch}`];
  return join(dirname(require.resolve(`@cloudflare/workerd-${name}/package.json`)), 'bin', 'workerd');
}

/** A new empty directory, which goes when the tests end. */
export function directory(name) {
  return mkdtempSync(join(process.env.TIDEMARK_EDGE_TEST_DIR ?? tmpdir(), `${name}-`));
}

/**
 * Starts an edge: `vars` are its settings, `storage` the directory of its Durable Objects,
 * `files` that of the SDK, `config` another one than the edge's own. Returns its address, what it logged, and the ways to end it.
 */
export async function startEdge({ vars = {}, storage = directory('storage'), files = directory('files'), config = CONFIG } = {}) {
  const child = spawn(
    workerd(),
    [
      'serve',
      config,
      '--socket-addr=http=127.0.0.1:0',
      `--directory-path=do-storage=${storage}`,
      `--directory-path=sdk-files=${files}`,
      '--control-fd=3',
    ],
    { env: { PATH: process.env.PATH, ...vars }, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] },
  );
  const log = [];
  child.stdout.on('data', (bytes) => log.push(String(bytes)));
  child.stderr.on('data', (bytes) => log.push(String(bytes)));
  running.add(child);
  const exited = once(child, 'exit').finally(() => running.delete(child));
  const port = await Promise.race([
    listening(child.stdio[3]),
    exited.then(() => {
      throw new Error(`workerd ended:\n${log.join('')}`);
    }),
  ]);
  const end = async (signal) => {
    child.kill(signal);
    await exited;
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    pid: child.pid,
    storage,
    log: () => log.join(''),
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

/** The port that workerd reports on its control channel once it listens. */
async function listening(control) {
  let text = '';
  for await (const bytes of control) {
    text += bytes;
    for (const line of text.split('\n')) {
      if (!line.endsWith('}')) continue;
      const message = JSON.parse(line);
      if (message.event === 'listen' && message.socket === 'http') return message.port;
    }
  }
  throw new Error('workerd closed its control channel');
}
