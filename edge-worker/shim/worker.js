// What the runtime loads: the two classes that it knows, handed to Rust.
//
// wasm-bindgen makes a new instance of the module by itself at the first call
// after a trap. An object made by the old instance must then be made anew,
// because its memory is gone: that is all this file adds. What a Durable Object
// knows is in its storage, so that nothing is lost with it.
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import * as rust from "./glue.js";

export default class Edge extends WorkerEntrypoint {
  fetch(request) {
    return rust.fetch(request, this.env, this.ctx);
  }
}

export class DedupeShard extends DurableObject {
  #shard;
  #instance;

  fetch(request) {
    return this.#living().fetch(request);
  }

  alarm() {
    return this.#living().alarm();
  }

  #living() {
    // This call also replaces a module that has trapped, before the comparison.
    const { instanceId } = rust.__worker_init_state();
    if (this.#instance !== instanceId) {
      this.#shard = new rust.DedupeShard(this.ctx, this.env);
      this.#instance = instanceId;
    }
    return this.#shard;
  }
}
