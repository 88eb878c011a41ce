// What the runtime loads: the classes that it knows, handed to Rust.
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

  queue(batch) {
    return rust.queue(batch, this.env);
  }
}

/** A Durable Object whose decisions are the Rust class of that name. */
const object = (name) =>
  class extends DurableObject {
    #object;
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
        this.#object = new rust[name](this.ctx, this.env);
        this.#instance = instanceId;
      }
      return this.#object;
    }
  };

export class DedupeShard extends object("DedupeShard") {}
export class Outbox extends object("Outbox") {}
export class Limiter extends object("Limiter") {}
export class Keeper extends object("Keeper") {}
