// npm @clickhouse/client, with its defaults and with each option that changes what goes over the wire.

import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';

import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { start } from './server.js';

let server;
let client;
// The client writes each failure to the console as well; the tests look at what it throws.
const quiet = { log: { level: 127 } };

beforeAll(async () => {
  server = await start('--reader', 'reader', '--reader-password', 'r3ad');
  client = createClient({ url: server.url, ...quiet });
});

afterAll(async () => {
  await client?.close();
  await server?.stop();
});

/** Makes a table with one of each kind of column, and gives its name. */
async function table(engine = 'MergeTree ORDER BY id') {
  const name = `t_${randomUUID().replaceAll('-', '')}`;
  await client.command({
    query: `CREATE TABLE ${name} (id UInt64, name LowCardinality(String), tags Array(String), at DateTime64(3, 'UTC'),
            score Nullable(Float64), counts Map(String, UInt32), body JSON) ENGINE = ${engine}`,
  });
  return name;
}

const row = (id) => ({
  id: String(id),
  name: `n${id % 7}`,
  tags: ['a', 'it\'s\t"b"'],
  at: '2026-01-02 03:04:05.678',
  score: id % 2 ? 0.5 : null,
  counts: { x: id },
  body: { deep: { list: [1, 2] } },
});

test('rows go in and come out as they were', async () => {
  const name = await table();
  const rows = Array.from({ length: 1_000 }, (_, id) => row(id));
  const inserted = await client.insert({ table: name, values: rows, format: 'JSONEachRow' });
  expect(inserted.executed).toBe(true);
  expect(inserted.summary.written_rows).toBe('1000');
  const result = await client.query({
    query: `SELECT * FROM ${name} WHERE id >= {from: UInt64} AND has(tags, {tag: String}) ORDER BY id LIMIT 2`,
    query_params: { from: 998, tag: 'it\'s\t"b"' },
    format: 'JSONEachRow',
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
  });
  expect(result.response_headers['x-clickhouse-format']).toBe('JSONEachRow');
  const body = { deep: { list: ['1', '2'] } };
  expect(await result.json()).toEqual([{ ...row(998), body }, { ...row(999), body }]);
  const whole = await client.query({ query: `SELECT count() AS n FROM ${name}`, format: 'JSON' });
  expect(await whole.json()).toMatchObject({ rows: 1, data: [{ n: 1_000 }] });
});

test('parameters of every kind are bound', async () => {
  const result = await client.query({
    query: `SELECT {text: String} AS text, {list: Array(Int32)} AS list, {map: Map(String, UInt8)} AS map,
            {nothing: Nullable(String)} AS nothing, {when: DateTime('UTC')} AS at, {yes: Bool} AS yes`,
    query_params: { text: 'a\n\'b\'\\', list: [1, -2], map: { k: 3 }, nothing: null, when: new Date(Date.UTC(2026, 0, 2)), yes: true },
    format: 'JSONEachRow',
  });
  expect(await result.json()).toEqual([
    { text: 'a\n\'b\'\\', list: [1, -2], map: { k: 3 }, nothing: null, at: '2026-01-02 00:00:00', yes: true },
  ]);
  // Long ones go as a form.
  const long = await client.query({
    query: 'SELECT length({text: String}) AS n',
    query_params: { text: 'x'.repeat(200_000) },
    format: 'JSONEachRow',
    use_multipart_params: true,
  });
  expect(await long.json()).toEqual([{ n: 200_000 }]);
});

test.each([
  ['gzip', { request: true, response: true }],
  ['brotli', { request: { codec: 'br' }, response: { codec: 'br' } }],
])('requests and responses are packed with %s', async (_, compression) => {
  const name = await table();
  const packed = createClient({ url: server.url, compression, ...quiet });
  const rows = Array.from({ length: 5_000 }, (_, id) => row(id));
  await packed.insert({ table: name, values: Readable.from(rows, { objectMode: true }), format: 'JSONEachRow' });
  const result = await packed.query({ query: `SELECT id FROM ${name} ORDER BY id`, format: 'JSONEachRow' });
  expect(result.response_headers['content-encoding']).toBe(compression.response.codec ?? 'gzip');
  expect(await result.json()).toHaveLength(5_000);
  await expect(packed.query({ query: 'SELECT nope' })).rejects.toMatchObject({ code: '47' });
  await packed.close();
});

test('a million rows stream both ways in bounded memory', async () => {
  await client.command({ query: 'CREATE TABLE sink (id UInt64, name String) ENGINE = Null' });
  await server.ask('SELECT 1');
  const before = server.peakMib();
  const read = await client.query({
    query: "SELECT number AS id, leftPad(toString(number), 100, '0') AS name FROM numbers(1000000)",
    format: 'JSONEachRow',
  });
  let count = 0;
  let last;
  for await (const rows of read.stream()) {
    count += rows.length;
    last = rows.at(-1);
  }
  expect(count).toBe(1_000_000);
  expect(last.json()).toEqual({ id: 999_999, name: '999999'.padStart(100, '0') });

  function* rows() {
    for (let id = 0; id < 1_000_000; id += 1) {
      yield { id, name: 'x'.repeat(100) };
    }
  }
  const written = await client.insert({
    table: 'sink',
    values: Readable.from(rows(), { objectMode: true }),
    format: 'JSONEachRow',
    clickhouse_settings: { max_insert_block_size: '65536', min_insert_block_size_rows: '65536' },
  });
  expect(written.summary.written_rows).toBe('1000000');
  // Each way is over 100 MB.
  expect(server.peakMib() - before).toBeLessThan(200);
});

test('failures before a result have code, type and status', async () => {
  await expect(client.query({ query: 'SELECT nope' })).rejects.toMatchObject({ code: '47', type: 'UNKNOWN_IDENTIFIER' });
  await expect(client.query({ query: 'SELEC 1' })).rejects.toMatchObject({ code: '62' });
  await expect(client.command({ query: 'DROP TABLE nope' })).rejects.toMatchObject({ code: '60' });
  const bad = Readable.from([{ id: 1 }, { id: 'no' }], { objectMode: true });
  const name = await table();
  await expect(client.insert({ table: name, values: bad, format: 'JSONEachRow' })).rejects.toMatchObject({ code: '27' });
  expect(await server.ask(`SELECT count() FROM ${name}`)).toBe('0');
  const stranger = createClient({ url: server.url, password: 'wrong', ...quiet });
  await expect(stranger.query({ query: 'SELECT 1' })).rejects.toMatchObject({ code: '516' });
  expect(await stranger.ping({ select: true })).toMatchObject({ success: false });
  await stranger.close();
});

test.each([[false], [true]])('a failure inside a result reaches its reader (packed: %s)', async (response) => {
  const reader = createClient({ url: server.url, compression: { response }, ...quiet });
  const result = await reader.query({
    query: "SELECT number, throwIf(number = 300000, 'too late') AS x FROM numbers(500000)",
    format: 'JSONEachRow',
    clickhouse_settings: { max_threads: 1 },
  });
  let seen = 0;
  const reading = (async () => {
    for await (const rows of result.stream()) {
      seen += rows.length;
    }
  })();
  await expect(reading).rejects.toThrow(/too late/);
  expect(seen).toBeGreaterThan(0);
  expect(seen).toBeLessThanOrEqual(300_000);
  await reader.close();
});

test('an abort ends the query in the engine', async () => {
  const controller = new AbortController();
  const query_id = randomUUID();
  const running = `SELECT count() FROM system.processes WHERE query_id = '${query_id}'`;
  const endless = client.query({
    query: 'SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))',
    abort_signal: controller.signal,
    query_id,
  });
  const aborted = expect(endless).rejects.toThrow(/abort/i);
  await server.until(running, '1');
  controller.abort();
  await aborted;
  await server.until(running, '0');
});

test('a result that is closed half-way ends its query, and a KILL reaches the reader', async () => {
  const numbers = (query_id) => client.query({
    query: 'SELECT number FROM numbers(1000000000000)', format: 'JSONEachRow', query_id,
  });
  const closed = await numbers('closed');
  const running = "SELECT count() FROM system.processes WHERE query_id = 'closed'";
  expect(await server.ask(running)).toBe('1');
  closed.close();
  await server.until(running, '0');

  const killed = await numbers('killed');
  await client.command({ query: "KILL QUERY WHERE query_id = 'killed' SYNC" });
  await expect((async () => {
    for await (const rows of killed.stream()) {
      expect(rows.length).toBeGreaterThan(0);
    }
  })()).rejects.toThrow();
});

test('a session keeps temporary tables, and is locked while it is used', async () => {
  const session_id = randomUUID();
  const session = createClient({ url: server.url, session_id, max_open_connections: 1, ...quiet });
  await session.command({ query: 'CREATE TEMPORARY TABLE tmp (a UInt8)' });
  await session.insert({ table: 'tmp', values: [{ a: 1 }, { a: 2 }], format: 'JSONEachRow' });
  const sum = await session.query({ query: 'SELECT sum(a) AS n FROM tmp', format: 'JSONEachRow' });
  expect(await sum.json()).toEqual([{ n: 3 }]);
  const sleeping = client.query({ query: 'SELECT sleep(1)', session_id, query_id: 'sleeping', format: 'JSONEachRow' });
  await server.until("SELECT count() FROM system.processes WHERE query_id = 'sleeping'", '1');
  await expect(client.query({ query: 'SELECT 1', session_id })).rejects.toMatchObject({ code: '373' });
  await (await sleeping).json();
  await session.close();
});

test('connections are kept, and queries run side by side', async () => {
  expect(await client.ping()).toMatchObject({ success: true });
  const results = await Promise.all(Array.from({ length: 30 }, async (_, n) => {
    const result = await client.query({ query: 'SELECT {n: UInt8} AS n', query_params: { n }, format: 'JSONEachRow' });
    return (await result.json())[0].n;
  }));
  expect(results).toEqual(Array.from({ length: 30 }, (_, n) => n));
});

test('exec gives the raw result of any format', async () => {
  const { stream } = await client.exec({ query: 'SELECT number FROM numbers(3) FORMAT CSV' });
  const chunks = [];
  for await (const chunk of stream) {
    chunks.push(chunk);
  }
  expect(Buffer.concat(chunks).toString()).toBe('0\n1\n2\n');
});

test('a reader asks, and nothing else', async () => {
  const reader = createClient({ url: server.url, username: 'reader', password: 'r3ad', compression: { response: true }, ...quiet });
  const result = await reader.query({ query: 'SELECT 1 AS one', format: 'JSONEachRow', clickhouse_settings: { max_threads: 1 } });
  expect(await result.json()).toEqual([{ one: 1 }]);
  await expect(reader.command({ query: 'CREATE TABLE x (a UInt8) ENGINE = Memory' })).rejects.toMatchObject({ code: '164' });
  await expect(reader.query({ query: "SELECT file('/etc/passwd')" })).rejects.toMatchObject({ code: '497' });
  await reader.close();
});
