// The entry for script tags: `window.tidemark`, after what the stub queued.

import { createClient } from './client.js';
import type { Tidemark } from './types.js';

/** A queued call: the function's name and its arguments. */
type Call = [keyof Tidemark, unknown[]];

declare global {
  interface Window {
    tidemark?: Partial<Tidemark> & { q?: Call[] };
  }
}

const { src } = document.currentScript as HTMLScriptElement;
const stub = window.tidemark;
// A second tag on one page leaves the first client alone.
if (!stub?.init || stub.q) {
  const client = createClient(() => new URL('tidemark.wasm', src));
  window.tidemark = client;
  for (const [name, args] of stub?.q ?? []) {
    (client[name] as ((...args: unknown[]) => unknown) | undefined)?.(...args);
  }
}
