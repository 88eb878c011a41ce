// What a registry, an editor and a debugger make of the tarball.

import { execFile } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { expect, inject, test } from 'vitest';

const require = createRequire(import.meta.url);
const installed = (name) => join(inject('app'), 'node_modules/@tidemark/web', name);

test('publint has nothing to say', async () => {
  const tarball = readFileSync(inject('tarball'));
  const { messages } = await publint({ pack: { tarball: new Uint8Array(tarball).buffer }, strict: true });
  expect(messages).toEqual([]);
});

test('the types are right wherever an ES module is resolved', async () => {
  const cli = join(dirname(require.resolve('@arethetypeswrong/cli/package.json')), 'dist/index.js');
  // The engine's files have no types, for nobody imports them by hand; there is no build for require().
  const untyped = ['tidemark.wasm', 'sdk/tidemark.wasm', 'sdk/tidemark.twin.js', 'sdk/tidemark.inspector.js', 'sdk/tidemark.capture.js', 'sdk/tidemark.vitals.js'];
  const options = ['--profile', 'esm-only', '--exclude-entrypoints', ...untyped];
  const ran = await promisify(execFile)(process.execPath, [cli, inject('tarball'), ...options, '--format', 'json']);
  const { analysis } = JSON.parse(ran.stdout);
  expect(Object.keys(analysis.entrypoints).sort()).toEqual(['.', './inline', './package.json', './sdk/stub.js', './sdk/tidemark.js']);
  // What is left concerns resolution from CommonJS and by the algorithm of Node 10.
  const kinds = analysis.problems.filter(({ resolutionKind }) => /node16-esm|bundler/.test(resolutionKind));
  expect(kinds).toEqual([]);
});

test('all entries offer the same functions', async () => {
  const names = async (name) => Object.keys(await import(installed(name))).sort();
  const offered = await names('dist/browser.js');
  expect(offered).toContain('track');
  expect(await names('dist/node.js')).toEqual(offered);
  expect(await names('dist/inline.js')).toEqual(offered);
});

test.each(['browser', 'node', 'sdk/tidemark'])('the map of %s.js holds its sources and nothing of the machine that built it', (name) => {
  const map = JSON.parse(readFileSync(installed(`dist/${name}.js.map`), 'utf8'));
  expect(map.sources.filter((source) => !/^tidemark:\/\/\/(npm\/web|sdk-wasm)\/src\/|^tidemark:\/\/\/\w+\.js$/.test(source))).toEqual([]);
  expect(map.sources.some((source) => source.includes('npm/web/src/'))).toBe(true);
  expect(map.sourcesContent.length).toBe(map.sources.length);
  expect(map.sourcesContent.every((text) => text.length > 0)).toBe(true);
  const script = readFileSync(installed(`dist/${name}.js`), 'utf8');
  // What every visitor loads does not name its map.
  expect(script.includes('sourceMappingURL')).toBe(!name.startsWith('sdk/'));
});

test('nothing is packed that is not named, and no path of a machine', () => {
  const files = readdirSync(installed('dist'));
  expect(files).toEqual(expect.arrayContaining(['browser.js', 'inline.js', 'node.js', 'sdk', 'tidemark.wasm', 'types']));
  expect(files.filter((name) => !/\.(js|js\.map|wasm)$|^(sdk|types)$/.test(name))).toEqual([]);
  expect(readdirSync(installed('dist/sdk'), { withFileTypes: true }).filter((entry) => entry.isDirectory())).toEqual([]);
  const root = join(import.meta.dirname, '../..');
  for (const name of files.filter((file) => /\.(js|map)$/.test(file))) {
    expect(readFileSync(installed(join('dist', name)), 'utf8').includes(root), name).toBe(false);
  }
});
