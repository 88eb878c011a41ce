// Looks for processes that should be gone.

import { existsSync, readFileSync, readdirSync } from 'node:fs';

/**
 * What still runs of a stack: the parts of its pids by name, and, where there is a /proc, every
 * process whose command line names the stack's data folder.
 */
export function leftBehind(pids, data) {
  const byPid = Object.entries(pids).filter(([, pid]) => pid !== null && isRunning(pid)).map(([name, pid]) => ({ name, pid }));
  return [...byPid, ...byCommandLine(data)];
}

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code !== 'ESRCH';
  }
}

function byCommandLine(data) {
  if (!existsSync('/proc/self/cmdline')) {
    return [];
  }
  const found = [];
  for (const entry of readdirSync('/proc')) {
    const command = /^\d+$/.test(entry) ? commandLine(entry) : '';
    if (command.includes(data)) {
      found.push({ name: command, pid: Number(entry) });
    }
  }
  return found;
}

function commandLine(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    return ''; // It ended between the listing and the look.
  }
}
