// Runs in workerd: the edge, with a queue that refuses with the words of QUEUE_SAYS.
import edge from './worker.js';

export { DedupeShard } from './worker.js';

export default {
  fetch(request, env, context) {
    const sendBatch = async () => {
      throw new Error(env.QUEUE_SAYS);
    };
    return edge.fetch(request, { ...env, HOLD: { sendBatch } }, context);
  },
};
