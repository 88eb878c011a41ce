// The build puts the engine's glue and its modules at the DOM behind the name
// `tidemark-engine` (xtask/src/sdk.rs); this is what they offer.

import type { Consent, Flushed, Options } from './types.js';

/** The engine, bound to the page. */
export interface Connected {
  track(name: string, attributes: unknown, at: number): void;
  page(at: number): void;
  setConsent(consent: Consent): void;
  flush(): Promise<Flushed>;
}

/** What the wasm module imports, by module. */
export declare const imports: WebAssembly.Imports;

/** Starts on an instance of the module. */
export declare function connect(
  instance: WebAssembly.Instance,
  options: Options,
  report: (code: string, detail: unknown) => void,
): Connected;
