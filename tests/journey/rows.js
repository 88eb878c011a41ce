// Reads ClickHouse over its HTTP interface, the way any client would, once what was acknowledged is there.

import { until } from './until.js';

/** The rows of a query, as objects. `params` fill the query's `{name:Type}` places. */
export async function query(stack, sql, params = {}) {
  const url = new URL(stack.clickhouse);
  url.searchParams.set('database', 'tidemark');
  url.searchParams.set('default_format', 'JSONEachRow');
  for (const [name, value] of Object.entries(params)) {
    url.searchParams.set(`param_${name}`, value);
  }
  const response = await fetch(url, { method: 'POST', body: sql });
  const text = await response.text();
  if (!response.ok) {
    throw new Error(`ClickHouse said ${response.status}: ${text}`);
  }
  return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

/**
 * Resolves when the collector's log holds nothing that ClickHouse lacks: what is read then is all there is of
 * what was acknowledged before.
 */
export function settled(stack) {
  return until('the log has drained into ClickHouse', async () => {
    const response = await fetch(`${stack.collector}/metrics`);
    return /^tidemark_log_lag_entries 0$/m.test(await response.text());
  }, 30_000);
}

/** Every column of events; the typed paths of `attributes` that an event does not have are left out. */
async function events(stack, condition, params) {
  await settled(stack);
  const rows = await query(stack, `SELECT * FROM events_raw WHERE ${condition} ORDER BY occurred_at`, params);
  return rows.map((row) => ({ ...row, attributes: withoutNulls(row.attributes) }));
}

function withoutNulls(object) {
  const kept = Object.entries(object)
    .map(([name, value]) => [name, value?.constructor === Object ? withoutNulls(value) : value])
    .filter(([, value]) => value !== null && !(value.constructor === Object && Object.keys(value).length === 0));
  return Object.fromEntries(kept);
}

/** Every column of every row of a session, in the order in which the events occurred. */
export function rowsOfSession(stack, session) {
  return events(stack, 'session_id = {session:UUID}', { session });
}

/** Every column of the rows that have one of these event ids. */
export function rowsOfEvents(stack, eventIds) {
  return events(stack, 'has({ids:Array(UUID)}, event_id)', {
    ids: `[${eventIds.map((id) => `'${id}'`).join(',')}]`,
  });
}

/**
 * How many rows each event name has: `{ 'ui.clicked': 3 }`. Not the grant itself, which is told
 * where it came after the start.
 */
export function countByName(rows) {
  const counts = {};
  for (const row of rows.filter(({ event_name }) => event_name !== 'consent.changed')) {
    counts[row.event_name] = (counts[row.event_name] ?? 0) + 1;
  }
  return counts;
}

/** Every text that looks like an e-mail address, plain or percent-encoded, anywhere in the rows. */
export function addressesIn(rows) {
  return JSON.stringify(rows).match(/[\w.+-]+(?:@|%40)[\w-]+\.[\w.]+/gi) ?? [];
}
