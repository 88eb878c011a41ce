// Chromium, a page of the app in it, and waiting for what is to become true.

import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { expect } from 'vitest';

const executablePath =
  process.env.TIDEMARK_CHROMIUM ??
  ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

/** Root needs no sandbox, and Chromium needs to be told. */
export const launch = () => chromium.launch({ executablePath, args: ['--no-sandbox'] });

/** Opens a page in a context of its own; fails a test whose page throws. */
export const open = async (browser, url) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const thrown = [];
  const lines = [];
  page.on('pageerror', (error) => thrown.push(error.message));
  page.on('console', (message) => lines.push(message.text()));
  await page.goto(url);
  return { page, context, thrown, lines };
};

/** Waits until it is true, and shows the difference when it never is. */
export const until = (actual, expected) =>
  expect.poll(actual, { timeout: 10_000, interval: 20 }).toEqual(expected);
