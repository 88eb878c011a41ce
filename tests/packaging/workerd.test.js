// Imported in workerd, the runtime of Cloudflare's workers: the same import is silent there.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import workerd from 'workerd';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { worker } from './app/build.js';

const SOURCE = `
  import * as tidemark from '@tidemark/web';
  tidemark.track('at.start');
  export default {
    async fetch() {
      tidemark.init({ writeKey: 'wk', endpoint: 'https://events.example' });
      tidemark.track('server.rendered', { ok: true });
      tidemark.page();
      tidemark.setConsent({ analytics: true });
      return Response.json(await tidemark.flush());
    },
  };`;
const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "worker.js", esModule = embed "worker.js")],
      compatibilityDate = "2026-04-01",
      globalOutbound = "nowhere",
    )),
    (name = "nowhere", network = (allow = [])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);`;

let child, origin;
let told = '';

beforeAll(async () => {
  const folder = join(inject('app'), 'worker');
  await worker(inject('app'), SOURCE);
  writeFileSync(join(folder, 'config.capnp'), CONFIG);
  child = spawn(workerd, ['serve', join(folder, 'config.capnp'), '--control-fd=3'], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  child.stdout.on('data', (text) => (told += text));
  child.stderr.on('data', (text) => (told += text));
  origin = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdio[3] }).on('line', (line) => {
      const { event, port } = JSON.parse(line);
      if (event === 'listen') resolve(`http://127.0.0.1:${port}`);
    });
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`workerd ended with ${code}: ${told}`)));
  });
});
afterAll(async () => {
  child.removeAllListeners('exit');
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
});

test('every call is silent, at the start and in a request', async () => {
  const response = await fetch(origin);
  expect(response.status).toBe(200);
  const flushed = await response.json();
  expect(flushed).toEqual({ sent: 0, accepted: 0, duplicate: 0, rejected: 0, dropped: 0, held: 0 });
  expect(told).toBe('');
});

test('it is the build for servers, a few hundred bytes', () => {
  const bundled = readFileSync(join(inject('app'), 'worker/worker.js'), 'utf8');
  expect(bundled).not.toContain('tidemark.wasm');
  expect(bundled.length).toBeLessThan(5000);
});
