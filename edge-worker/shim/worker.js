// What the runtime loads: the classes that it knows, handed to Rust.
//
// wasm-bindgen makes a new instance of the module by itself at the first call
// after a trap. An object made by the old instance must then be made anew,
// because its memory is gone: that is all this file adds. What a Durable Object
// knows is in its storage, so that nothing is lost with it.
import { DurableObject } from "cloudflare:workers";
import * as rust from "./glue.js";

// The module's futures go on by this. The runtime's own is a call out of the engine; what a settled promise has to do
// waits in the same queue, and costs none.
const settled = Promise.resolve();
globalThis.queueMicrotask = (work) => void settled.then(work);

// Before there is a call: the first one would wait for it.
rust.prepare();

// A plain object: of a class the runtime makes one for each call.
export default {
  fetch(request, env, context) {
    const answer = rust.fetch(request, env, context);
    // A caller that hangs up must not end a delivery half-way.
    context.waitUntil(answer);
    return answer;
  },

  queue(batch, env) {
    return rust.queue(batch, env);
  },
};

/** The key of what no caller may call: a method with a name could be, by RPC. */
const living = Symbol("living");

/** A Durable Object whose decisions are the Rust class of that name. */
const object = (name) =>
  class extends DurableObject {
    #object;
    #instance;

    fetch(request) {
      return this[living]().fetch(request);
    }

    alarm() {
      return this[living]().alarm();
    }

    [living]() {
      // This call also replaces a module that has trapped, before the comparison.
      const { instanceId } = rust.__worker_init_state();
      if (this.#instance !== instanceId) {
        this.#object = new rust[name](this.ctx, this.env);
        this.#instance = instanceId;
      }
      return this.#object;
    }
  };

// What every batch needs is called as a method: no request, no response, no stream.
export class DedupeShard extends object("DedupeShard") {
  claim(body, settled, name) {
    return this[living]().claim(body, settled, name);
  }

  wait(body) {
    return this[living]().wait(body);
  }

  settle(settled, _, name) {
    return this[living]().settle(settled, name);
  }
}

export class Limiter extends object("Limiter") {
  charge(charge) {
    return this[living]().charge(charge);
  }
}

export class Outbox extends object("Outbox") {}
export class Keeper extends object("Keeper") {}
