// Runs in workerd: the edge, with a data set that keeps its points; GET /points gives them.
import edge from './worker.js';

export { DedupeShard } from './worker.js';

const points = [];

export default {
  fetch(request, env, context) {
    if (new URL(request.url).pathname === '/points') return Response.json(points);
    const COUNTERS = { writeDataPoint: (point) => void points.push(point) };
    return edge.fetch(request, { ...env, COUNTERS }, context);
  },
};
