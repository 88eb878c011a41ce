// The build puts the engine's glue behind the name `tidemark-engine`
// (xtask/src/sdk.rs); this is what it offers.

/** What the wasm module imports, by module. */
export declare const imports: WebAssembly.Imports;

/** Binds the glue to what an instance or the twin exports; the page takes what it returns. */
export declare function connect(exports: Record<string, unknown>): unknown;
