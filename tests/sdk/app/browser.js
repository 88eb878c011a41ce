// Chromium: launched for a test file, or as a process of its own that can be killed.

import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { expect } from 'vitest';

const executablePath =
  process.env.TIDEMARK_CHROMIUM ??
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

/** Root needs no sandbox; and the back/forward cache is what a person has. */
const options = {
  executablePath,
  args: ['--no-sandbox'],
  ignoreDefaultArgs: ['--disable-back-forward-cache'],
};

export const launch = () => chromium.launch(options);

/** Opens a page, in a context of its own where none is given; `thrown` are its errors. */
export const open = async (browser, url, context) => {
  context ??= await browser.newContext();
  const page = await context.newPage();
  const thrown = [];
  const lines = [];
  page.on('pageerror', (error) => thrown.push(error.message));
  page.on('console', (message) => lines.push(message.text()));
  await page.goto(url);
  return { page, context, thrown, lines };
};

/** A folder for a profile that survives its browser; `remove` when done. */
export const profile = () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-profile-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) };
};

/** Chromium as a process group of its own, on that profile; `kill` is `kill -9` of all of it. */
export const start = async (folder) => {
  const flags = ['--no-sandbox', '--headless=new', '--no-first-run', '--disable-gpu', '--remote-debugging-port=0'];
  const child = spawn(executablePath, [...flags, `--user-data-dir=${folder}`, 'about:blank'], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const url = await new Promise((resolve, reject) => {
    let told = '';
    child.stderr.on('data', (chunk) => {
      told += chunk;
      const found = /ws:\/\/\S+/.exec(told);
      if (found) resolve(found[0]);
    });
    child.on('exit', () => reject(new Error(`Chromium ended: ${told}`)));
  });
  const browser = await chromium.connectOverCDP(url);
  const ended = new Promise((resolve) => child.on('exit', resolve));
  return {
    context: browser.contexts()[0],
    kill: async () => {
      process.kill(-child.pid, 'SIGKILL');
      await ended;
    },
  };
};

/** Waits until it is true, and shows the difference when it never is. */
export const until = (actual, expected, timeout = 15_000) =>
  expect.poll(actual, { timeout, interval: 20 }).toEqual(expected);
