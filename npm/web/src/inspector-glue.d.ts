// The build puts the inspector's glue and module behind the name `tidemark-inspector`
// (xtask/src/inspector.rs); this is what it offers.

/** The module, packed by gzip. */
export declare const packed: Uint8Array<ArrayBuffer>;

/** Starts the compiled module. */
export declare function initSync(options: { module: WebAssembly.Module }): unknown;

/** The journal and its panel, which stands in the page once it is made. */
export declare class Inspector {
  take(step: unknown[]): void;
}
