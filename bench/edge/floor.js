// The floor: what workerd itself takes for such a call. At `/` a body is read and answered; at `/hop` it is packed and
// posted to the collector in between, whose answer is passed on. Nothing is looked at.
import zlib from 'node:zlib';

/** As long as the answer to 50 events. */
const ANSWER = JSON.stringify({ accepted: 50, verdicts: 'x'.repeat(3_900) });

export default {
  async fetch(request, env) {
    const body = await request.arrayBuffer();
    const headers = { 'content-type': 'application/json' };
    if (new URL(request.url).pathname === '/') return new Response(ANSWER, { headers });
    const packed = zlib.gzipSync(new Uint8Array(body), { level: 1 });
    const answer = await fetch(env.COLLECTOR, { method: 'POST', headers: { ...headers, 'content-encoding': 'gzip' }, body: packed });
    return new Response(await answer.arrayBuffer(), { headers });
  },
};
