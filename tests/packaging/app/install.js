// Installs the tarball into a fresh folder outside of the workspace and builds
// the app there, once for all tests.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'vite';

const root = resolve(import.meta.dirname, '../../..');

const tarball = () => {
  if (process.env.TIDEMARK_TARBALL) return resolve(process.env.TIDEMARK_TARBALL);
  const folder = join(root, 'target/npm');
  const found = existsSync(folder)
    ? readdirSync(folder).filter((name) => /^tidemark-web-.*\.tgz$/.test(name))
    : [];
  if (found.length !== 1) {
    throw new Error(`expected one tarball in ${folder}, found ${found.length}: run cargo xtask pack`);
  }
  return join(folder, found[0]);
};

export default async ({ provide }) => {
  const app = mkdtempSync(join(tmpdir(), 'tidemark-packaging-'));
  cpSync(join(import.meta.dirname, 'site'), app, { recursive: true });
  writeFileSync(join(app, 'package.json'), '{ "private": true, "type": "module" }');
  // It has no dependencies, so nothing is fetched.
  const options = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  const packed = tarball();
  execFileSync('npm', ['install', ...options, packed], { cwd: app, stdio: 'inherit' });
  await build({ root: app, configFile: false, logLevel: 'warn' });
  provide('app', app);
  provide('tarball', packed);
  return () => rmSync(app, { recursive: true, force: true });
};
