// The inspector's entry: loaded for `init({ debug: true })` alone, never with a page.

import { initSync, Inspector, packed } from 'tidemark-inspector';
import type { Steps } from './load.js';

/** Shows the steps that were told, and each that is told from now on. */
export async function inspect(steps: Steps): Promise<void> {
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  initSync({ module: await compiled(await new Response(unpacked).arrayBuffer()) });
  const inspector = new Inspector();
  let isBroken = false;
  const take = (step: unknown[]): void => {
    if (isBroken) return;
    try {
      inspector.take(step);
    } catch (error) {
      // What broke once is not whole again; the SDK goes on without it.
      isBroken = true;
      console.error('[tidemark] the inspector stopped:', error);
    }
  };
  steps.splice(0).forEach(take);
  steps.push = (...told) => {
    told.forEach(take);
    return 0;
  };
}

/** Compiled aside: a browser takes no large module at once on its main thread. */
async function compiled(bytes: ArrayBuffer): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    const remedy =
      typeof WebAssembly === 'object'
        ? "while you debug, add 'wasm-unsafe-eval' to script-src of the page's Content-Security-Policy"
        : 'this browser has none, so look at the page in another one';
    throw new Error(`the inspector needs WebAssembly: ${remedy}. Events go on without it.`, { cause });
  }
}
