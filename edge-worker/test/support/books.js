// Runs in workerd: the edge, with a data set that keeps its points; GET /points gives them.
import Edge from './worker.js';

export { DedupeShard } from './worker.js';

const points = [];

export default class extends Edge {
  constructor(context, env) {
    super(context, { ...env, COUNTERS: { writeDataPoint: (point) => void points.push(point) } });
  }

  fetch(request) {
    return new URL(request.url).pathname === '/points' ? Response.json(points) : super.fetch(request);
  }
}
