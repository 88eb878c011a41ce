// Before all files: there is a bundle, and a folder for what the tests write, which goes afterwards.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export default function setup() {
  for (const file of ['worker.js', 'worker.wasm']) {
    const path = fileURLToPath(new URL(`../../build/${file}`, import.meta.url));
    if (!existsSync(path)) throw new Error(`${path} is missing: run \`cargo xtask edge\``);
  }
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-edge-'));
  process.env.TIDEMARK_EDGE_TEST_DIR = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}
