import type { Flushed, Tidemark } from './types.js';

/** A call that waits: the function, its arguments, when it was, and who waits for its answer. */
export type Queued = [
  name: keyof Tidemark,
  args: unknown[],
  at?: number,
  resolve?: (flushed: Promise<Flushed>) => void,
];
