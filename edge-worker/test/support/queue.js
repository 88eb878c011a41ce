// Runs in workerd: the edge, with a queue that refuses with the words of QUEUE_SAYS.
import Edge from './worker.js';

export { DedupeShard } from './worker.js';

export default class extends Edge {
  constructor(context, env) {
    const sendBatch = async () => {
      throw new Error(env.QUEUE_SAYS);
    };
    super(context, { ...env, HOLD: { sendBatch } });
  }
}
