// Imported where there is no page: silent, harmless, and typed.

import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';

const CALLS = `
  init({ writeKey: 'wk', endpoint: 'https://events.example' });
  track('server.rendered', { ok: true });
  page();
  setConsent({ analytics: true });
  identify('u_7');
  register({ plan: 'team' });
  timeEvent('server.rendered');
  trackVoiceMetrics({ firstResponseMs: 7 });
  trackToolExecution('goto', 'navigation', 3, true);
  trackKBSearch('returns', 2, 8);
  optOut();
  optIn();
  reset();
  const flushed = await flush();
  // Reading the modules' files is Node's own and is over a turn later.
  await new Promise((resolve) => setImmediate(resolve));
  const kept = process.getActiveResourcesInfo().filter((kind) => !/Pipe|CloseReq/.test(kind));
  if (flushed.sent !== 0 || kept.length > 0) {
    throw new Error(JSON.stringify({ flushed, kept }));
  }
`;

const run = (source) =>
  spawnSync(process.execPath, ['--input-type=module', '--eval', source], {
    cwd: inject('app'),
    encoding: 'utf8',
    timeout: 20_000,
  });

const SILENT = { status: 0, signal: null, stdout: '', stderr: '' };

describe('in Node', () => {
  test('an import and every call are silent and leave nothing open', () => {
    const names =
      'init, track, page, setConsent, flush, identify, register, timeEvent, optOut, optIn, reset, ' +
      'trackVoiceMetrics, trackToolExecution, trackKBSearch';
    const ran = run(`import { ${names} } from '@tidemark/web';${CALLS}`);
    expect(ran).toMatchObject(SILENT);
  });

  test('the build for browsers can be imported too, by a server that picks it', () => {
    const ran = run(
      `import * as web from './node_modules/@tidemark/web/dist/browser.js';
       if (web.init === web.track) throw new Error('not the build for browsers');
       web.track('server.rendered');
       web.setConsent({});
       web.page();
       web.init({ writeKey: 'wk', endpoint: 'https://events.example' });
       if ((await web.flush()).sent !== 0) throw new Error('sent');`,
    );
    expect(ran).toMatchObject(SILENT);
  });

  test('the wasm module and the script are reachable by name', () => {
    const require = createRequire(join(inject('app'), 'main.js'));
    for (const name of ['tidemark.wasm', 'sdk/tidemark.js', 'sdk/tidemark.wasm', 'package.json']) {
      expect(require.resolve(`@tidemark/web/${name}`)).toContain('node_modules');
    }
  });
});

describe('in TypeScript', () => {
  const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript')), 'tsc.js');
  const check = (name, source, resolution) => {
    const file = join(inject('app'), name);
    writeFileSync(file, source);
    const options = ['--noEmit', '--strict', '--target', 'es2022', '--skipLibCheck', 'false'];
    const modules = ['--module', resolution === 'bundler' ? 'esnext' : resolution];
    const all = [tsc, ...options, ...modules, '--moduleResolution', resolution, file];
    return () => execFileSync(process.execPath, all, { encoding: 'utf8' });
  };

  test.each(['bundler', 'node16'])('right calls compile (%s)', (resolution) => {
    const source = `import { init, track, flush, type Flushed } from '@tidemark/web';
      init({ writeKey: 'wk', endpoint: 'https://e.example', consent: { analytics: true } });
      track('basket.opened', { total: 12.5, items: [{ sku: 'a' }] });
      const flushed: Flushed = await flush();
      export default flushed.held;`;
    expect(check(`right-${resolution}.mts`, source, resolution)()).toBe('');
  });

  test('wrong calls do not', () => {
    const source = `import { init, track } from '@tidemark/web';
      init({ endpoint: 'https://e.example' });
      track('basket.opened', { at: new Date() });`;
    expect(check('wrong.mts', source, 'bundler')).toThrow();
  });
});
