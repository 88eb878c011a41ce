// The salt of a day is destroyed 48 hours after it was made, by an alarm that nobody has to wake.
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { until } from './support/until.js';
import { batch, event, post, settings, SITE, verdicts } from './support/world.js';

const LIFETIME_MS = 48 * 3_600_000;

test('after 48 hours the salt is gone, and with it who was who', async () => {
  const collector = await startCollector();
  const config = fileURLToPath(new URL('support/clock.capnp', import.meta.url));
  const vars = settings(collector, { TIDEMARK_SITES: JSON.stringify([{ ...SITE, cookieless: true }]) });
  const edge = await startEdge({ vars, config });
  const turn = (ms) => fetch(`${edge.url}/clock?ms=${ms}`, { method: 'POST' });
  const salts = async () => (await fetch(`${edge.url}/salts`)).json();
  // Made 48 hours ago, all but three seconds: what is left of its time passes here.
  await turn(3_000 - LIFETIME_MS);
  collector.now = () => Date.now() + 3_000 - LIFETIME_MS;
  const uncounted = event({ occurred_at: undefined, context: { consent: { analytics: false, mode: 'cookieless' } } });
  expect(verdicts(await post(edge, batch([uncounted])))).toEqual(['accepted']);
  expect(collector.batches[0].events[0].anonymous_id).toMatch(/^[0-9a-f]{8}-/);
  expect(await salts()).toHaveLength(1);
  await turn(0);
  expect(await salts()).toHaveLength(1);
  await until('the alarm has destroyed it', async () => (await salts()).length === 0, 15_000);
  await edge.stop();
  await collector.stop();
}, 40_000);
