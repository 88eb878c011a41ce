// The bundle as Cloudflare runs it: workerd under miniflare, with a queue, a bucket and a data set beside it.
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

// The one that wrangler is made for.
const require = createRequire(createRequire(import.meta.url).resolve('wrangler/package.json'));
const { Miniflare } = require('miniflare');

const BUILD = fileURLToPath(new URL('../../build/', import.meta.url));
const QUEUE = 'tidemark-hold';

/** Starts an edge with a queue as its hold; `more` are further options of miniflare. Gives its address, the bucket of dead letters, and the way to end it. */
export async function startOnCloudflare({ vars, maxRetries = 100, more = {} }) {
  const log = [];
  const miniflare = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    modules: [
      { type: 'ESModule', path: `${BUILD}worker.js` },
      { type: 'CompiledWasm', path: `${BUILD}worker.wasm` },
    ],
    modulesRoot: BUILD,
    compatibilityDate: '2026-04-26',
    compatibilityFlags: ['nodejs_compat'],
    bindings: vars,
    durableObjects: {
      DEDUPE: { className: 'DedupeShard', useSQLite: true },
      OUTBOX: { className: 'Outbox', useSQLite: true },
    },
    queueProducers: { HOLD: QUEUE },
    queueConsumers: {
      [QUEUE]: { maxBatchSize: 32, maxBatchTimeout: 0, maxRetries, deadLetterQueue: `${QUEUE}-dead` },
      [`${QUEUE}-dead`]: { maxBatchSize: 32, maxBatchTimeout: 0, maxRetries: 100 },
    },
    r2Buckets: ['DEAD_LETTERS'],
    analyticsEngineDatasets: { COUNTERS: { dataset: 'tidemark_edge' } },
    ...more,
    handleRuntimeStdio(stdout, stderr) {
      for (const stream of [stdout, stderr]) stream.on('data', (bytes) => log.push(String(bytes)));
    },
  });
  const url = String(await miniflare.ready).replace(/\/$/, '');
  const bucket = await miniflare.getR2Bucket('DEAD_LETTERS');
  return {
    url,
    log: () => log.join(''),
    /** What became a dead letter: key and bytes. */
    deadLetters: async () =>
      Promise.all((await bucket.list()).objects.map(async ({ key }) => ({ key, bytes: Buffer.from(await (await bucket.get(key)).arrayBuffer()) }))),
    stop: () => miniflare.dispose(),
  };
}
