// Once for all test files: a running stack, provided to the tests as `stack`.

import { readFileSync } from 'node:fs';

import { launch } from './launch.js';

/** Starts the stack, or takes the one that TIDEMARK_UP_JSON names; gives the function that ends it. */
export default async function setup(project) {
  const running = process.env.TIDEMARK_UP_JSON;
  if (running) {
    project.provide('stack', JSON.parse(readFileSync(running, 'utf8')));
    return undefined;
  }
  const { ready, stop } = await launch();
  project.provide('stack', ready);
  return () => stop().catch((error) => {
    // The runner tells of an error at the end, and yet exits with 0.
    process.exitCode = 1;
    throw error;
  });
}
