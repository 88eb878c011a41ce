import { imports } from 'tidemark-engine';

/** Fetches and instantiates the module, while it streams where the server names its type. */
export async function load(url: string | URL): Promise<WebAssembly.Instance> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const module =
    response.headers.get('content-type') === 'application/wasm'
      ? await WebAssembly.instantiateStreaming(response, imports)
      : await WebAssembly.instantiate(await response.arrayBuffer(), imports);
  return module.instance;
}
