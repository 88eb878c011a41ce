// Runs in workerd: hands every call to one dedupe shard.
export { DedupeShard } from './worker.js';

export default {
  fetch: (request, env) => env.DEDUPE.getByName('shard').fetch(request),
};
