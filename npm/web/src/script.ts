// The entry for script tags: `window.tidemark`, after what the stub queued.

import { createClient } from './client.js';
import type { Queued } from './queued.js';
import type { Tidemark } from './types.js';

declare global {
  interface Window {
    tidemark?: Partial<Tidemark> & { q?: Queued[] };
  }
}

const { src } = document.currentScript as HTMLScriptElement;
const stub = window.tidemark;
// A second tag on one page leaves the first client alone.
if (!stub?.init || stub.q) {
  const client = createClient({
    wasm: () => new URL('tidemark.wasm', src),
    twin: () => import(new URL('tidemark.twin.js', src).href),
    capture: () => import(new URL('tidemark.capture.js', src).href),
    vitals: () => import(new URL('tidemark.vitals.js', src).href),
    inspector: () => import(new URL('tidemark.inspector.js', src).href),
  });
  window.tidemark = client;
  for (const [name, args, at, resolve] of stub?.q ?? []) {
    const call = client[name] as ((...args: unknown[]) => unknown) | undefined;
    // The time at which it was tracked stands behind its arguments.
    const result = call?.(...(name === 'track' ? [args[0], args[1], at] : args));
    resolve?.(result as never);
  }
}
