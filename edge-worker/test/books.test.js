// Every table of counters is even: received = accepted + duplicate + rejected + dropped.
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { batch, counter, event, post, settings, SITE_ID, TENANT_ID } from './support/world.js';

const VERDICTS = ['accepted', 'duplicate', 'rejected', 'dropped'];

/** Sends one event of each verdict, twins, a batch again, and calls that are refused; gives how many events were answered. */
async function everything(edge) {
  const declined = event({ context: { consent: { analytics: false } } });
  const twin = event();
  const sent = batch([event(), twin, twin, event({ event_name: 'NO' }), declined]);
  const answers = [await post(edge, sent), await post(edge, sent), await post(edge, event(), { path: '/v1/events' })];
  expect((await post(edge, '{')).status).toBe(400);
  expect((await post(edge, sent, { query: '?write_key=unknown' })).status).toBe(401);
  for (const { body } of answers) expect(VERDICTS.reduce((sum, verdict) => sum + body[verdict], 0)).toBe(body.verdicts.length);
  return answers;
}

test('the answers, the metrics, and the data points of Analytics Engine', async () => {
  const collector = await startCollector();
  const config = fileURLToPath(new URL('support/books.capnp', import.meta.url));
  const edge = await startEdge({ vars: settings(collector), config });
  const answers = await everything(edge);
  const told = Object.fromEntries(VERDICTS.map((verdict) => [verdict, answers.reduce((sum, { body }) => sum + body[verdict], 0)]));
  expect(told).toEqual({ accepted: 3, duplicate: 4, rejected: 2, dropped: 2 });

  const counted = Object.fromEntries(await Promise.all(VERDICTS.map(async (verdict) => [verdict, await counter(edge, 'events', verdict)])));
  expect(counted).toEqual(told);
  expect(await counter(edge, 'events_received_total')).toBe(11);

  const points = await (await fetch(`${edge.url}/points`)).json();
  const answered = points.filter(({ blobs }) => blobs[1] === 'answered');
  expect(answered).toEqual(
    answers.map(({ body }) => ({
      indexes: [TENANT_ID],
      blobs: [SITE_ID, 'answered', ''],
      doubles: [body.verdicts.length, ...VERDICTS.map((verdict) => body[verdict])],
    })),
  );
  expect(points.filter(({ blobs }) => blobs[1] === 'refused').map(({ blobs }) => blobs[2])).toEqual(['invalid_json', 'unknown_write_key']);
  expect(JSON.stringify(points)).not.toContain(answers[0].body.verdicts[0].event_id);
  await edge.stop();
  await collector.stop();
});
