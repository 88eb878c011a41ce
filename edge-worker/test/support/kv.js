// Runs in workerd: the edge, with a KV that throws at every call; GET /kv tells how often it was asked.
import Edge from './worker.js';

export { DedupeShard } from './worker.js';

let asked = 0;

class KvNamespace {
  get() {
    asked += 1;
    throw new Error('KV GET failed: 500 Internal Server Error');
  }

  put() {
    asked += 1;
    throw new Error('KV PUT failed: 500 Internal Server Error');
  }
}

export default class extends Edge {
  constructor(context, env) {
    super(context, { ...env, COPIES: new KvNamespace() });
  }

  fetch(request) {
    return new URL(request.url).pathname === '/kv' ? Response.json(asked) : super.fetch(request);
  }
}
