// Runs in workerd: hands every call to one dedupe shard, by the method that its path names. A body is what a claim
// carries; what `settle` is told has the number of its ids behind the token.
export { DedupeShard } from './worker.js';

export default {
  async fetch(request, env) {
    const method = new URL(request.url).pathname.slice(1);
    const body = new Uint8Array(await request.arrayBuffer());
    return new Response(await env.DEDUPE.getByName('shard')[method](body));
  },
};
