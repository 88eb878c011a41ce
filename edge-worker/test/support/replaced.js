// Runs in workerd: the edge, whose dedupe shards and outboxes die when POST /replace says so, as after a failure of the
// runtime: without a word, with whatever they had in memory alone. GET /shards tells how many shards were made.
import edge, { DedupeShard as OwnShard, Outbox as OwnOutbox } from './worker.js';

/** The shards that were called, by name. */
const called = new Set();
let made = 0;

export class DedupeShard extends OwnShard {
  constructor(context, env) {
    super(context, env);
    made += 1;
  }

  claim(body, settled, name) {
    called.add(name);
    return super.claim(body, settled, name);
  }

  die() {
    this.ctx.abort('replaced');
  }
}

export class Outbox extends OwnOutbox {
  die() {
    this.ctx.abort('replaced');
  }
}

/** Every outbox of a tenant. */
const OUTBOXES = 8;

export default {
  async fetch(request, env, context) {
    const url = new URL(request.url);
    if (url.pathname === '/shards') return Response.json(made);
    if (url.pathname === '/replace') {
      const outboxes = Array.from({ length: OUTBOXES }, (_, number) => env.OUTBOX.getByName(`${url.searchParams.get('tenant')}/${number}`));
      const shards = [...called].map((name) => env.DEDUPE.getByName(name));
      const ends = await Promise.allSettled([...shards, ...outboxes].map((object) => object.die()));
      return Response.json(ends.filter(({ status }) => status === 'rejected').length);
    }
    return edge.fetch(request, env, context);
  },
};
