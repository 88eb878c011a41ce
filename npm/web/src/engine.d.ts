// The build puts the engine's glue behind the name `tidemark-engine`
// (xtask/src/sdk.rs); this is what it offers.

/** What the wasm module imports, by module. */
export declare const imports: WebAssembly.Imports;

/** Binds the glue to an instance; the page takes what it returns. */
export declare function connect(instance: WebAssembly.Instance): unknown;
