// Runs in workerd: the edge, with a clock that POST /clock?ms= turns; GET /salts gives the days of the salts that are kept.
import edge, { Keeper as Own } from './worker.js';

export { DedupeShard } from './worker.js';

const Real = Date;
let shiftMs = 0;
globalThis.Date = class extends Real {
  constructor(...parts) {
    super(...(parts.length > 0 ? parts : [Real.now() + shiftMs]));
  }

  static now() {
    return Real.now() + shiftMs;
  }
};

export class Keeper extends Own {
  days() {
    return this.ctx.storage.sql.exec('SELECT day, made_at_ms FROM salt').toArray();
  }
}

export default {
  async fetch(request, env, context) {
    const url = new URL(request.url);
    if (url.pathname === '/clock') {
      shiftMs = Number(url.searchParams.get('ms'));
      return new Response();
    }
    if (url.pathname === '/salts') return Response.json(await env.KEEPER.getByName('salts').days());
    return edge.fetch(request, env, context);
  },
};
