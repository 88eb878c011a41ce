// The site, built by those who do not need a configuration for it and by those who do.

import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import * as esbuild from 'esbuild';
import webpack from 'webpack';

const PACKAGE = 'node_modules/@tidemark/web';

/** Makes `folder` with the site's page in it; gives where its script goes. */
const place = (app, folder) => {
  mkdirSync(join(app, folder));
  cpSync(join(app, 'index.html'), join(app, folder, 'index.html'));
  return join(app, folder, 'main.js');
};

/** Built by webpack, which finds the module by itself. */
export const withWebpack = (app) =>
  new Promise((resolve, reject) => {
    place(app, 'webpack');
    const path = join(app, 'webpack');
    webpack({ context: app, mode: 'production', entry: './main.js', output: { path, filename: 'main.js' } }, (error, stats) => {
      if (error || stats.hasErrors() || stats.hasWarnings()) reject(error ?? new Error(stats.toString()));
      else resolve(path);
    });
  });

/** Built by esbuild, which leaves an address alone: the module is put beside the script. */
export const withEsbuild = async (app) => {
  const outfile = place(app, 'esbuild');
  await esbuild.build({ absWorkingDir: app, entryPoints: ['main.js'], bundle: true, format: 'esm', outfile });
  cpSync(join(app, PACKAGE, 'dist/tidemark.wasm'), join(app, 'esbuild/tidemark.wasm'));
  return join(app, 'esbuild');
};

/** Built by esbuild into one script for any tag: the module is inside. */
export const inlined = async (app) => {
  const outfile = place(app, 'inlined');
  await esbuild.build({
    absWorkingDir: app,
    entryPoints: ['main.js'],
    bundle: true,
    format: 'iife',
    alias: { '@tidemark/web': '@tidemark/web/inline' },
    outfile,
  });
  return join(app, 'inlined');
};

/** A worker that imports the package, as one module. */
export const worker = (app, source) =>
  esbuild.build({
    stdin: { contents: source, resolveDir: app },
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    outfile: join(app, 'worker/worker.js'),
  });
