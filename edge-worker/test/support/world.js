// What the tests share: one site, its settings, its events, and a way to send them.
import { randomUUID } from 'node:crypto';
import { HOP_KEY_ID, HOP_SECRET } from './collector.js';

export const TENANT_ID = '11111111-1111-4111-8111-111111111111';
export const SITE_ID = '22222222-2222-4222-8222-222222222222';
export const WRITE_KEY = 'wk_shop';
export const OTHER_WRITE_KEY = 'wk_other';
export const PAGE_ORIGIN = 'https://shop.example';

export const SITE = {
  write_key: WRITE_KEY,
  tenant_id: TENANT_ID,
  site_id: SITE_ID,
  tenant: 'acme',
  site: 'shop',
  origins: [PAGE_ORIGIN, 'https://*.preview.example'],
};
export const OTHER_SITE = { ...SITE, write_key: OTHER_WRITE_KEY, site_id: '33333333-3333-4333-8333-333333333333', site: 'other', origins: [] };

/** The settings of an edge before a collector. */
export function settings(collector, changes = {}) {
  return {
    TIDEMARK_SITES: JSON.stringify([SITE, OTHER_SITE]),
    TIDEMARK_COLLECTOR_URL: collector.url,
    TIDEMARK_HOP_KEY_ID: HOP_KEY_ID,
    TIDEMARK_HOP_SECRET: HOP_SECRET,
    TIDEMARK_METRICS: 'public',
    // Most tests want to hear of a collector that is away; those of the hold take this back.
    TIDEMARK_HOLD: 'off',
    ...changes,
  };
}

/** A valid event, now. */
export function event(changes = {}) {
  return { event_id: randomUUID(), event_name: 'signup_click', occurred_at: new Date().toISOString(), attributes: {}, ...changes };
}

/** A batch of events with a name of its own. */
export function batch(events, changes = {}) {
  return { batch_id: randomUUID(), events, ...changes };
}

/** Posts a body; gives status, headers and the JSON answer. */
export async function post(edge, body, { path = '/v1/events/batch', query = `?write_key=${WRITE_KEY}`, headers = {} } = {}) {
  const response = await fetch(`${edge.url}${path}${query}`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain', ...headers },
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** The verdicts of an answer, as words. */
export function verdicts(answer) {
  return answer.body.verdicts.map(({ verdict }) => verdict);
}

/** One counter of an edge, or without a label the series of that very name; 0 where it has not counted yet. */
export async function counter(edge, name, label) {
  const text = await (await fetch(`${edge.url}/metrics`)).text();
  const line = text
    .split('\n')
    .find((found) => (label ? found.startsWith(`tidemark_edge_${name}_total{`) && found.includes(`"${label}"`) : found.startsWith(`tidemark_edge_${name} `)));
  return line ? Number(line.split(' ').at(-1)) : 0;
}
