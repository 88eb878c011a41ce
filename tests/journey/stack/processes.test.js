// The check that no process remains can fail: it finds one that does.

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';

import { expect, test } from 'vitest';

import { until } from '../until.js';
import { leftBehind } from './processes.js';

test('a process that still runs is found by its pid and by the data folder in its command line', async () => {
  const data = `/tmp/${randomUUID()}`;
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()', `${data}/edge`]);
  const gone = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  try {
    // Until the new program has replaced the fork, the command line is the parent's.
    const found = await until('the process is found', () => {
      const all = leftBehind({ edge: child.pid, clickhouse: null }, data);
      return all.length === 2 && all;
    });
    expect(found[0]).toEqual({ name: 'edge', pid: child.pid });
    expect(found[1]).toMatchObject({ pid: child.pid });
  } finally {
    child.kill('SIGKILL');
    await gone;
  }
  expect(leftBehind({ edge: child.pid }, data)).toEqual([]);
});
