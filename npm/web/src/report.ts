// Tells the developer, and nobody else, what went wrong.

import type { ErrorCode, Options, TidemarkError } from './types.js';

// Asked late: where a server imports this file there is no location.
const isLocal = (): boolean => /^(localhost|127\.|\[::1])/.test(globalThis.location?.hostname);

/** Hands an error to the page's own listener; on localhost a line says it too. */
export function reporter(options: Partial<Options>): (code: string, detail: unknown) => void {
  return (code, detail) => {
    try {
      if (code === 'consent_pending') {
        if (isLocal()) console.info(`[tidemark] ${detail} events held: no consent yet`);
        return;
      }
      if (isLocal()) console.warn(`[tidemark] ${code}:`, detail);
      const error = Object.assign(new Error(String(detail)), { name: 'TidemarkError', code: code as ErrorCode });
      options.onError?.(error satisfies TidemarkError);
    } catch {
      // The listener's own failure is not ours to pass on.
    }
  };
}
