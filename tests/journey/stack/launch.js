// Starts the whole stack as a person would, in a folder of its own, and ends it with an interrupt.

import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { leftBehind } from './processes.js';
import { until } from '../until.js';

const REPOSITORY = path.resolve(import.meta.dirname, '../../..');
// The first start on a fresh machine builds everything.
const READY_DEADLINE_MS = 20 * 60_000;
const STOP_DEADLINE_MS = 40_000;

/** Starts `cargo xtask up`; gives its ready line and `stop()`, which fails when a process remains. */
export async function launch() {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidemark-journey-'));
  const data = path.join(folder, 'data');
  const logPath = path.join(folder, 'up.log');
  const log = openSync(logPath, 'w');
  const child = spawn('cargo', ['xtask', 'up', '--json', '--ports', 'auto', '--data', data], {
    cwd: REPOSITORY,
    stdio: ['ignore', 'pipe', log],
  });
  closeSync(log);
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve({ error: error.message }));
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });

  try {
    const ready = await firstReadyLine(child, ended);
    return { ready, stop: () => stop(child, ended, data, folder, logPath) };
  } catch (error) {
    child.kill('SIGINT');
    throw new Error(`${error.message}\n--- the end of ${logPath}\n${tail(logPath)}`, { cause: error });
  }
}

function firstReadyLine(child, ended) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('cargo xtask up did not become ready')), READY_DEADLINE_MS);
    const finish = (settle, value) => {
      clearTimeout(timer);
      settle(value);
    };
    // The lines stay read after the first, so that the pipe never fills.
    createInterface({ input: child.stdout }).on('line', (line) => {
      const message = line.startsWith('{') ? JSON.parse(line) : {};
      if (message.ready === true) {
        finish(resolve, message);
      }
    });
    ended.then((end) => finish(reject, new Error(`cargo xtask up ended before it was ready: ${JSON.stringify(end)}`)));
  });
}

async function stop(child, ended, data, folder, logPath) {
  let end = null;
  ended.then((how) => {
    end = how;
  });
  // A part that was restarted has another pid than the ready line says.
  const { pids } = JSON.parse(readFileSync(path.join(data, 'up.json'), 'utf8'));
  if (!child.kill('SIGINT')) {
    throw new Error(`cargo xtask up had ended before it was asked to\n--- the end of ${logPath}\n${tail(logPath)}`);
  }
  await until('cargo xtask up ends after SIGINT', () => end, STOP_DEADLINE_MS);
  const remaining = leftBehind(pids, data);
  if (remaining.length > 0 || end.code !== 0) {
    throw new Error(
      `after SIGINT the stack ended with ${JSON.stringify(end)} and left these processes: ` +
        `${JSON.stringify(remaining)}\n--- the end of ${logPath}\n${tail(logPath)}`,
    );
  }
  rmSync(folder, { recursive: true, force: true });
}

function tail(file) {
  return readFileSync(file, 'utf8').split('\n').slice(-40).join('\n');
}
