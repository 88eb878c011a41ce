// Starts embedded-clickhouse, as it was built, on a free port and a folder of its own.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

const REPOSITORY = path.resolve(import.meta.dirname, '../..');
const TARGET = process.env.CARGO_TARGET_DIR ?? path.join(REPOSITORY, 'target');
const PAUSE_MS = 25;

/** Gives the server's `url`, `ask(sql)`, `until(sql, answer)`, `peakMib()` and `stop()`. */
export async function start(...args) {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-clients-'));
  const binary = path.join(TARGET, 'debug/embedded-clickhouse');
  const child = spawn(binary, ['--listen', '127.0.0.1:0', '--data', folder, '--log-level', 'warn', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise((resolve, reject) => {
    child.once('exit', resolve);
    child.once('error', () => reject(new Error(`${binary} is missing: cargo build -p tidemark-embedded-clickhouse`)));
  });
  const ready = new Promise((resolve) => {
    createInterface({ input: child.stdout }).once('line', (line) => resolve(JSON.parse(line)));
  });
  const first = await Promise.race([ready, ended]);
  if (!first?.ready) {
    throw new Error(`${binary} ended with ${first} before it was ready`);
  }

  const ask = async (sql, query = '') => {
    const response = await fetch(`${first.url}/?${query}`, { method: 'POST', body: sql });
    return (await response.text()).trimEnd();
  };
  return {
    url: first.url,
    ask,
    async until(sql, answer, deadlineMs = 30_000) {
      const end = performance.now() + deadlineMs;
      for (;;) {
        const got = await ask(sql);
        if (got === answer) {
          return;
        }
        if (performance.now() > end) {
          throw new Error(`${sql} stays ${got}, not ${answer}`);
        }
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    },
    /** The most memory that the process has held so far. */
    peakMib() {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return Number(/VmHWM:\s+(\d+) kB/.exec(status)[1]) / 1024;
    },
    async stop() {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
