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

test('wrangler deploy --dry-run passes and sees every binding', { timeout: 60_000 }, async () => {
  const wrangler = join(dirname(createRequire(import.meta.url).resolve('wrangler/package.json')), 'bin', 'wrangler.js');
  const out = directory('dry-run');
  const env = { ...process.env, CLOUDFLARE_CF_FETCH_ENABLED: 'false', WRANGLER_SEND_METRICS: 'false', WRANGLER_LOG_PATH: out };
  const { stdout } = await promisify(execFile)(process.execPath, [wrangler, 'deploy', '--dry-run', '--outdir', out], { cwd: EDGE, env });
  for (const seen of ['env.DEDUPE (DedupeShard)', 'env.ASSETS', 'env.TIDEMARK_SITES', 'env.TIDEMARK_COLLECTOR_URL', 'env.TIDEMARK_HOP_KEY_ID']) {
    expect(stdout).toContain(seen);
  }
  expect(existsSync(join(out, 'worker.js'))).toBe(true);
});

test('both runtimes are told the same compatibility date', () => {
  const date = (file, pattern) => pattern.exec(readFileSync(join(EDGE, file), 'utf8'))?.[1];
  const cloudflare = date('wrangler.toml', /compatibility_date = "([\d-]+)"/);
  expect(cloudflare).toMatch(/^\d{4}-\d{2}-\d{2}$/);
  expect(date('workerd.capnp', /compatibilityDate = "([\d-]+)"/)).toBe(cloudflare);
});
