// Runs in workerd: the edge, with a KV that throws at every call; GET /kv tells how often it was asked.
import edge from './worker.js';

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

export default {
  fetch(request, env, context) {
    if (new URL(request.url).pathname === '/kv') return Response.json(asked);
    return edge.fetch(request, { ...env, COPIES: new KvNamespace() }, context);
  },
};
