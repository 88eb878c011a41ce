// What is captured where it is switched on: a file of its own (docs/capture.md).

export { watchMore } from '../../../sdk-wasm/src/browser/watch/more.js';
