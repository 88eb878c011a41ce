// KV is away: the list of sites comes from the collector all the same, and events are taken.
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { siteList } from './support/site-list.js';
import { batch, event, OTHER_SITE, post, settings, SITE, verdicts } from './support/world.js';

test('a KV that throws costs nobody an event', async () => {
  const collector = await startCollector();
  collector.siteList = siteList([SITE, OTHER_SITE]);
  const config = fileURLToPath(new URL('support/kv.capnp', import.meta.url));
  const edge = await startEdge({ vars: settings(collector, { TIDEMARK_SITES: '' }), config });
  for (const _ of [1, 2]) expect(verdicts(await post(edge, batch([event()])))).toEqual(['accepted']);
  expect((await post(edge, batch([event()]), { query: '?write_key=wk_evil' })).status).toBe(401);
  expect(await (await fetch(`${edge.url}/kv`)).json()).toBeGreaterThanOrEqual(2);
  expect(edge.log()).toContain('copy_away');
  expect(collector.batches).toHaveLength(2);
  await edge.stop();

  // Neither is there: the caller keeps its events, and is told when to come back.
  collector.siteList.respond = () => null;
  const without = await startEdge({ vars: settings(collector, { TIDEMARK_SITES: '' }), config });
  const refused = await post(without, batch([event()]));
  expect([refused.status, refused.body.error.code, refused.headers.get('retry-after')]).toEqual([503, 'collector_unavailable', '5']);
  await without.stop();
  await collector.stop();
});
