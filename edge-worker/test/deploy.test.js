// What a deployment to Cloudflare would upload, checked by wrangler itself without network or account.
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { directory } from './support/edge.js';

const EDGE = fileURLToPath(new URL('../', import.meta.url));

/** The bindings that a deployment to an environment has, by their names. */
async function dryRun(environment) {
  const wrangler = join(dirname(createRequire(import.meta.url).resolve('wrangler/package.json')), 'bin', 'wrangler.js');
  const out = directory('dry-run');
  const env = { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: out };
  const { stdout } = await promisify(execFile)(process.execPath, [wrangler, 'deploy', '--dry-run', '--outdir', out, `--env=${environment}`], { cwd: EDGE, env });
  expect(existsSync(join(out, 'worker.js'))).toBe(true);
  return [...stdout.matchAll(/^env\.(\w+)/gm)].map(([, name]) => name).sort();
}

test('wrangler deploy --dry-run passes in each environment, with the same bindings', { timeout: 60_000 }, async () => {
  const [none, staging, production] = await Promise.all(['', 'staging', 'production'].map(dryRun));
  const some = ['ASSETS', 'COPIES', 'COUNTERS', 'DEAD_LETTERS', 'DEDUPE', 'HOLD', 'KEEPER', 'LIMITS', 'OUTBOX', 'REQUESTS', 'TIDEMARK_COLLECTOR_URL', 'TIDEMARK_HOP_KEY_ID'];
  expect(none).toEqual(expect.arrayContaining(some));
  expect([staging, production]).toEqual([none, none]);
});

test('both runtimes are told the same compatibility date', () => {
  const date = (file, pattern) => pattern.exec(readFileSync(join(EDGE, file), 'utf8'))?.[1];
  const cloudflare = date('wrangler.toml', /compatibility_date = "([\d-]+)"/);
  expect(cloudflare).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  expect(date('workerd.capnp', /compatibilityDate = "([\d-]+)"/)).toBe(cloudflare);
});
