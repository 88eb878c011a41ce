import { imports } from 'tidemark-engine';

/** What a started module or its twin exports. */
export type Exports = Record<string, unknown>;

/** Steps that were told, each `[time, kind, …]`; what is pushed later is heard as well. */
export type Steps = unknown[][];

/** Where the two builds of the engine are, what is captured apart, and the inspector. */
export interface Place {
  wasm(): URL;
  twin(): Promise<{ start(imports: unknown): Exports }>;
  capture(): Promise<unknown>;
  vitals(): Promise<unknown>;
  inspector(): Promise<{ inspect(steps: Steps): Promise<void> }>;
}

const instantiate = async (url: URL): Promise<Exports> => {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  // Compiled while it comes, whatever type its server names.
  const typed = new Response(response.body, { headers: { 'content-type': 'application/wasm' } });
  const { instance } = await WebAssembly.instantiateStreaming(typed, imports);
  return instance.exports;
};

/** Whether the browser or the page's policy takes no wasm: a network that fails is neither. */
const isRefused = (error: unknown): boolean =>
  typeof WebAssembly !== 'object' || error instanceof WebAssembly.CompileError;

/**
 * Fetches and starts the module, while it streams. Where there is no wasm, or `twin` asks
 * for it, its twin in JavaScript is loaded and started.
 */
export async function load(place: Place, twin: boolean): Promise<Exports> {
  if (!twin) {
    try {
      return await instantiate(place.wasm());
    } catch (error) {
      if (!isRefused(error)) throw error;
    }
  }
  return (await place.twin()).start(imports);
}
