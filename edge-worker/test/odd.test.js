// Calls as no client of ours makes them: odd framing, coding, paths, keys, origins, types and clocks. Each has its exact
// answer; what workerd refuses by itself, before the edge is asked, is told apart.
import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { batch, event, OTHER_WRITE_KEY, PAGE_ORIGIN, post, settings, SITE, OTHER_SITE, verdicts, WRITE_KEY } from './support/world.js';

const PORT_KEY = 'wk_port';
const ORIGINS = ['https://shop.example:8443', 'http://localhost:3000', 'https://xn--bcher-kva.example', 'https://own.example:443', 'https://*.port.example:8443', 'http://[::1]:3000'];

let collector;
let edge;

beforeAll(async () => {
  collector = await startCollector();
  const sites = [SITE, OTHER_SITE, { ...SITE, write_key: PORT_KEY, site: 'port', origins: ORIGINS }];
  edge = await startEdge({ vars: settings(collector, { TIDEMARK_SITES: JSON.stringify(sites) }) });
});
beforeEach(() => collector.forget());
afterAll(async () => {
  expect(verdicts(await post(edge, batch([event()])))).toEqual(['accepted']);
  expect(collector.faults).toEqual([]);
  await edge.stop();
  await collector.stop();
});

/** Far longer than any answer takes: what is open then hangs. */
const PATIENCE_MS = 10_000;

/** Sends bytes as they are, and ends its side; gives the status, the code and the head of what comes back. */
function raw(bytes) {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(edge.port, '127.0.0.1', () => socket.end(bytes));
    const patience = setTimeout(() => reject(new Error('no answer')), PATIENCE_MS);
    socket.on('data', (data) => (text += data.toString('latin1'))).on('error', reject);
    socket.on('close', () => {
      clearTimeout(patience);
      const [head, body] = text.split('\r\n\r\n');
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1]), code: /"code":"(\w+)"/.exec(body)?.[1], head });
    });
  });
}

const EMPTY = '{"events":[]}';
const TARGET = `/v1/events?write_key=${WRITE_KEY}`;

/** A call's bytes; `headers` are lines. */
function call({ method = 'POST', target = TARGET, body = EMPTY, type = 'text/plain', length = [`Content-Length: ${Buffer.byteLength(body)}`], host = ['Host: a'], headers = [], version = 'HTTP/1.1' } = {}) {
  const lines = [`${method} ${target} ${version}`, ...host, 'Connection: close', ...(type ? [`Content-Type: ${type}`] : []), ...length, ...headers, '', ''];
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), Buffer.from(body)]);
}
const chunked = (...chunks) => chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
const CHUNKED = ['Transfer-Encoding: chunked'];
const OPTIONS = (origin, more = {}) => call({ method: 'OPTIONS', body: '', type: null, headers: [...(origin ? [`Origin: ${origin}`] : []), ...(more.headers ?? [])], ...(more.target ? { target: more.target } : {}) });

test.each([
  // Coding.
  ['an empty Content-Encoding', { headers: ['Content-Encoding:'] }, 200],
  ['a list with an empty member', { headers: ['Content-Encoding: , gzip'] }, 415, 'unsupported_encoding'],
  ['identity twice', { headers: ['Content-Encoding: identity, identity'] }, 415, 'unsupported_encoding'],
  ['two headers of codings', { headers: ['Content-Encoding: gzip', 'Content-Encoding: identity'] }, 415, 'unsupported_encoding'],
  ['any coding', { headers: ['Content-Encoding: *'] }, 415, 'unsupported_encoding'],
  ['a coding with a weight', { headers: ['Content-Encoding: gzip;q=1'] }, 415, 'unsupported_encoding'],
  ['two codings in the query: the first', { target: `${TARGET}&encoding=identity&encoding=gzip` }, 200],
  // Framing.
  ['chunks', { length: CHUNKED, body: `${chunked('{"eve', 'nts":[]}')}0\r\n\r\n` }, 200],
  ['chunks of one byte', { length: CHUNKED, body: `${chunked(...EMPTY)}0\r\n\r\n` }, 200],
  ['chunks with a trailer', { length: CHUNKED, body: `${chunked(EMPTY)}0\r\nX-Trailer: 1\r\n\r\n` }, 200],
  ['no chunk at all', { length: CHUNKED, body: '0\r\n\r\n' }, 400, 'invalid_json'],
  ['a chunk whose size is none', { length: CHUNKED, body: 'zz\r\n{}\r\n0\r\n\r\n' }, 400, 'body_broken'],
  ['chunks that break off', { length: CHUNKED, body: '5\r\n{"ev' }, 400, 'body_broken'],
  ['chunks and a length: the chunks hold', { length: ['Content-Length: 5', ...CHUNKED], body: `${chunked(EMPTY)}0\r\n\r\n` }, 200],
  ['neither length nor chunks', { length: [], body: '' }, 400, 'invalid_json'],
  ['a length that is longer than the body', { length: ['Content-Length: 5000'] }, 400, 'body_broken'],
  ['a length of more than 64 bits', { length: ['Content-Length: 99999999999999999999999'] }, 413, 'body_too_large'],
  ['a length of 500,001 that never comes', { length: ['Content-Length: 500001'], body: '' }, 413, 'body_too_large'],
  ['Expect: 100-continue', { headers: ['Expect: 100-continue'] }, 200],
  ['HTTP/1.0', { version: 'HTTP/1.0' }, 200],
  ['an upgrade to HTTP/2', { headers: ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'] }, 200],
  ['a header that is folded', { headers: ['X-A: b', ' folded'] }, 200],
  // Methods.
  ...['GET', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND', 'QUERY', 'SEARCH'].map((method) => [method, { method }, 405, 'method_not_allowed']),
  ['a method that another header names', { method: 'GET', headers: ['X-HTTP-Method-Override: POST'] }, 405, 'method_not_allowed'],
  // Paths.
  ['a path with a slash more in front', { target: `//v1/events?write_key=${WRITE_KEY}` }, 404, 'not_found'],
  ['a path with a slash more behind', { target: `/v1/events/?write_key=${WRITE_KEY}` }, 404, 'not_found'],
  ['a path with a dot', { target: `/v1/./events?write_key=${WRITE_KEY}` }, 200],
  ['a path with an escaped slash', { target: `/v1%2fevents?write_key=${WRITE_KEY}` }, 404, 'not_found'],
  ['a path with an escaped letter', { target: `/v1/%65vents?write_key=${WRITE_KEY}` }, 404, 'not_found'],
  ['a path in capitals', { target: `/V1/EVENTS?write_key=${WRITE_KEY}` }, 404, 'not_found'],
  ['a path with a parameter', { target: `/v1/events;a=b?write_key=${WRITE_KEY}` }, 404, 'not_found'],
  ['a way round to the hop', { target: `/v1/../internal/v1/ingest?write_key=${WRITE_KEY}` }, 404, 'not_found'],
  ['a query behind a fragment', { target: `/v1/events#?write_key=${WRITE_KEY}` }, 401, 'unknown_write_key'],
  ...['/sdk/', '/sdk///', '/sdk/../../etc/passwd', '/sdk/%2e%2e/%2e%2e/etc/passwd', '/sdk/..%2f..%2fetc%2fpasswd', '/sdk/..%5c..%5ca', '/sdk/a%00.js', `/sdk/${'a/'.repeat(3_000)}`, `/sdk/${'a'.repeat(300)}`].map((target) => [
    `a file at ${target.slice(0, 30)}`, { method: 'GET', target, body: '', length: [], type: null }, 404, 'not_found',
  ]),
  // Queries.
  ['a query of 60 KB', { target: `${TARGET}&x=${'q'.repeat(60_000)}` }, 200],
  ['2,000 times the same key', { target: `/v1/events?${Array(2_000).fill(`write_key=${WRITE_KEY}`).join('&')}` }, 200],
  ['a name with an escape', { target: `/v1/events?%77rite_key=${WRITE_KEY}` }, 200],
  // Keys where none is read.
  ['a key behind a semicolon', { target: `/v1/events?a=b;write_key=${WRITE_KEY}` }, 401, 'unknown_write_key'],
  ['a key by another case', { target: `/v1/events?Write_Key=${WRITE_KEY}` }, 401, 'unknown_write_key'],
  ['a key in a list', { target: `/v1/events?write_key[]=${WRITE_KEY}` }, 401, 'unknown_write_key'],
  ['a key behind a blank', { target: `/v1/events?write_key=+${WRITE_KEY}` }, 401, 'unknown_write_key'],
  ['a key in capitals', { target: `/v1/events?write_key=${WRITE_KEY.toUpperCase()}` }, 401, 'unknown_write_key'],
  ['a key in a header of its own', { target: '/v1/events', headers: [`X-Write-Key: ${WRITE_KEY}`] }, 401, 'unknown_write_key'],
  ['a key in a cookie', { target: '/v1/events', headers: [`Cookie: write_key=${WRITE_KEY}`] }, 401, 'unknown_write_key'],
  ['a key as a password', { target: '/v1/events', headers: [`Authorization: Basic ${Buffer.from(`${WRITE_KEY}:`).toString('base64')}`] }, 401, 'unknown_write_key'],
  ['a key without a scheme', { target: '/v1/events', headers: [`Authorization: ${WRITE_KEY}`] }, 401, 'unknown_write_key'],
  ['two bearers', { target: '/v1/events', headers: [`Authorization: Bearer ${WRITE_KEY}`, `Authorization: Bearer ${WRITE_KEY}`] }, 401, 'unknown_write_key'],
  ['a key in an event', { target: '/v1/events', body: JSON.stringify(batch([event({ write_key: WRITE_KEY })])) }, 401, 'unknown_write_key'],
  ['a key that is a number', { target: '/v1/events', body: '{"events":[],"write_key":7}' }, 400, 'invalid_batch'],
  ['a key that is a list', { target: '/v1/events', body: `{"events":[],"write_key":["${WRITE_KEY}"]}` }, 400, 'invalid_batch'],
  ['a key of another name', { body: `{"events":[],"api_key":"${WRITE_KEY}"}` }, 400, 'invalid_batch'],
  // What `sendBeacon` makes of what it is given.
  ['a form as a beacon', { type: 'application/x-www-form-urlencoded;charset=UTF-8', body: `data=${EMPTY}` }, 415, 'unsupported_media_type'],
  ['a FormData as a beacon', { type: 'multipart/form-data; boundary=----x' }, 415, 'unsupported_media_type'],
  ['a buffer as a beacon', { type: null }, 415, 'unsupported_media_type'],
  ['a text as a beacon', { type: 'text/plain;charset=UTF-8' }, 200],
  ['a type in capitals', { type: 'TEXT/PLAIN' }, 200],
  ['another JSON', { type: 'application/cloudevents+json' }, 415, 'unsupported_media_type'],
  ['two types in one', { type: 'application/json, application/json' }, 415, 'unsupported_media_type'],
  ['bytes', { type: 'application/octet-stream' }, 415, 'unsupported_media_type'],
  ['a type of 5,000 bytes', { type: `text/plain;${'x'.repeat(5_000)}` }, 200],
  // Bodies.
  ['null', { body: 'null' }, 400, 'invalid_batch'],
  ['an empty list', { body: '[]' }, 400, 'invalid_batch'],
  ['a list of events without a batch', { body: JSON.stringify([event()]) }, 400, 'invalid_batch'],
  ['events that are null', { body: '{"events":null}' }, 400, 'invalid_batch'],
  ['a byte order mark', { body: `\ufeff${EMPTY}` }, 400, 'invalid_json'],
  ['UTF-16', { body: Buffer.from(EMPTY, 'utf16le'), length: [`Content-Length: ${EMPTY.length * 2}`] }, 400, 'invalid_json'],
])('%s', async (_, parts, status, code) => {
  const answer = await raw(call(parts));
  expect([answer.status, answer.code]).toEqual([status, code]);
});

test.each([
  ['two lengths', { length: ['Content-Length: 13', 'Content-Length: 14'] }],
  ['a length below nothing', { length: ['Content-Length: -1'] }],
  ['chunks within another coding', { length: ['Transfer-Encoding: gzip, chunked'], body: '0\r\n\r\n' }],
  ['no host', { host: [] }],
  ['a host with a user', { host: ['Host: u:p@evil.example'] }],
  ['a method that nobody knows', { method: 'FOO' }],
  ['a method in small letters', { method: 'post' }],
  ['a tunnel', { method: 'CONNECT', target: 'a:80', body: '' }],
  ['a header without a colon', { headers: ['Nonsense'] }],
  ['NUL in a header', { headers: ['X-A: b\0c'] }],
  ['a query of 500 KB', { target: `${TARGET}&x=${'q'.repeat(500_000)}` }],
])('%s: workerd answers by itself, and the edge hears nothing', async (_, parts) => {
  const before = await (await fetch(`${edge.url}/metrics`)).text();
  const answer = await raw(call({ body: JSON.stringify(batch([event()])), ...parts }));
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.code).toBeUndefined();
  expect(await (await fetch(`${edge.url}/metrics`)).text()).toBe(before);
  expect(collector.batches).toEqual([]);
});

test.each([
  ['without an origin', undefined, {}, 403],
  ['without a method', PAGE_ORIGIN, {}, 204],
  ['for a method that is not taken', PAGE_ORIGIN, { headers: ['Access-Control-Request-Method: DELETE'] }, 204],
  ['for headers that are not taken', PAGE_ORIGIN, { headers: ['Access-Control-Request-Method: POST', 'Access-Control-Request-Headers: x-evil, cookie'] }, 204],
  ['from a public page to a private network', PAGE_ORIGIN, { headers: ['Access-Control-Request-Private-Network: true'] }, 204],
  ['with two origins', `${PAGE_ORIGIN}, https://evil.example`, {}, 403],
  ['of a path that reads', PAGE_ORIGIN, { target: '/health' }, 405],
  ['of a path that is not there', PAGE_ORIGIN, { target: '/v1/nothing' }, 404],
])('a preflight %s', async (_, origin, more, status) => {
  const answer = await raw(OPTIONS(origin, more));
  expect(answer.status).toBe(status);
  // What is allowed is always the same, whatever was asked for: a browser compares.
  const told = (name) => new RegExp(`^${name}: ([^\r]*)`, 'im').exec(answer.head)?.[1];
  expect(told('access-control-allow-methods')).toBe(status === 204 ? 'POST' : undefined);
  expect(told('access-control-allow-headers')).toBe(status === 204 ? 'content-type, authorization, idempotency-key' : undefined);
  expect([told('access-control-allow-credentials'), told('access-control-allow-private-network')]).toEqual([undefined, undefined]);
});

test.each([
  ['another port', WRITE_KEY, 'https://shop.example:8443', 403],
  ['the port that is listed', PORT_KEY, 'https://shop.example:8443', 200],
  ['no port where one is listed', PORT_KEY, 'https://shop.example', 403],
  ['a port of the own machine', PORT_KEY, 'http://localhost:3000', 200],
  ['the next port of it', PORT_KEY, 'http://localhost:3001', 403],
  ['an address of the own machine', PORT_KEY, 'http://[::1]:3000', 200],
  ["the scheme's own port, which no browser tells", PORT_KEY, 'https://own.example', 200],
  ['a subdomain at the port that is listed', PORT_KEY, 'https://a.port.example:8443', 200],
  ['a subdomain at another port', PORT_KEY, 'https://a.port.example', 403],
  ['a name in another script, as browsers tell it', PORT_KEY, 'https://xn--bcher-kva.example', 200],
  ['a subdomain in another script', WRITE_KEY, 'https://xn--bcher-kva.preview.example', 200],
  ['capitals', WRITE_KEY, 'https://SHOP.example', 403],
  ['a full stop behind', WRITE_KEY, 'https://shop.example.', 403],
  ['a slash behind', WRITE_KEY, 'https://shop.example/', 403],
  ['a user in front', WRITE_KEY, 'https://shop.example@evil.example', 403],
  ['a path that ends like a subdomain', WRITE_KEY, 'https://evil.example/.preview.example', 403],
  ['a fragment that ends like a subdomain', WRITE_KEY, 'https://evil.example#.preview.example', 403],
  ['a subdomain without a name', WRITE_KEY, 'https://.preview.example', 403],
  ['the wildcard itself', WRITE_KEY, 'https://*.preview.example', 403],
  ['an extension', WRITE_KEY, 'chrome-extension://abcdefghijklmnop', 403],
  ['a file', WRITE_KEY, 'file://', 403],
  ['two in one', WRITE_KEY, `${PAGE_ORIGIN} https://evil.example`, 403],
])('an origin of %s', async (_, key, origin, status) => {
  const answer = await raw(call({ target: `/v1/events?write_key=${key}`, headers: [`Origin: ${origin}`] }));
  expect([answer.status, answer.code]).toEqual([status, status === 200 ? undefined : 'origin_not_allowed']);
});

const AT_MOST = 500_000;
const filled = (bytes, padding = () => ' ') => {
  const text = JSON.stringify(batch([event()]));
  return text + Array.from({ length: bytes - text.length }, padding).join('');
};
// What hardly packs, so that the ratio is not what speaks.
const noise = (bytes) => {
  const sent = batch([event()], { events: [] });
  const room = bytes - JSON.stringify({ ...sent, events: [event({ attributes: { a: '' } })] }).length;
  const letters = Array.from({ length: room }, () => 'abcdefghijklmnopqrstuvwxyz0123456789'[Math.floor(Math.random() * 36)]).join('');
  return JSON.stringify({ ...sent, events: [event({ attributes: { a: letters } })] });
};

test.each([
  ['500,000 bytes', () => filled(AT_MOST), {}, 200],
  ['500,001 bytes', () => filled(AT_MOST + 1), {}, 413],
  ['500,000 bytes in gzip', () => gzipSync(noise(AT_MOST)), { 'content-encoding': 'gzip' }, 200],
  ['500,001 bytes in gzip', () => gzipSync(noise(AT_MOST + 1)), { 'content-encoding': 'gzip' }, 413],
  ['500,000 bytes in deflate', () => deflateSync(noise(AT_MOST)), { 'content-encoding': 'deflate' }, 200],
  ['500,001 bytes in deflate', () => deflateSync(noise(AT_MOST + 1)), { 'content-encoding': 'deflate' }, 413],
])('%s', async (_, body, headers, status) => {
  const answer = await post(edge, body(), { headers });
  expect([answer.status, answer.body.error?.code]).toEqual([status, status === 200 ? undefined : 'body_too_large']);
  // An event of its own that is as large as a batch may be is not one that an event may be.
  if (headers['content-encoding'] && status === 200) expect(answer.body.verdicts[0].code).toBe('event_too_large');
});

test('500 good events are taken, 501 are not, and 500 times one is one', async () => {
  // Each batch is of a visitor of its own: who sends how much is another test's.
  const some = (count) => {
    const anonymous_id = randomUUID();
    return Array.from({ length: count }, () => event({ anonymous_id }));
  };
  expect((await post(edge, batch(some(500)))).body.accepted).toBe(500);
  const over = await post(edge, batch(some(501)));
  expect([over.status, over.body.error.code]).toEqual([413, 'too_many_events']);
  expect((await post(edge, batch(Array(500).fill(some(1)[0])))).body).toMatchObject({ accepted: 1, duplicate: 499 });
});

test('10,000 events in a batch are refused whole, small, large and packed', async () => {
  const some = (make) => JSON.stringify(batch(Array.from({ length: 10_000 }, make)));
  const [small, large] = [some(() => 1), some(() => event())];
  for (const [body, headers, code] of [
    [small, {}, 'too_many_events'],
    [gzipSync(small), { 'content-encoding': 'gzip' }, 'too_many_events'],
    [large, {}, 'body_too_large'],
    [gzipSync(large), { 'content-encoding': 'gzip' }, 'body_too_large'],
  ]) {
    const answer = await post(edge, body, { headers });
    expect([answer.status, answer.body.error.code]).toEqual([413, code]);
  }
  expect(collector.batches).toEqual([]);
});

const HOUR_MS = 3_600_000;
const HOURS = (hours) => new Date(Date.now() + hours * HOUR_MS).toISOString();

test.each([
  ['1970', () => '1970-01-01T00:00:00Z', true],
  ['the last instant', () => '9999-12-31T23:59:59.999Z', true],
  ['a leap second', () => '2016-12-31T23:59:60Z', true],
  ['nearly a day ahead', () => HOURS(23.9), false],
  ['more than a day ahead', () => HOURS(24.1), true],
  ['nearly a day behind', () => HOURS(-23.9), false],
  ['more than a day behind', () => HOURS(-24.1), true],
])('a sent_at of %s: taken, and flagged where it is beyond belief', async (_, sentAt, flagged) => {
  const sent_at = sentAt();
  // What happened as it was sent, by the same clock, where that can be corrected.
  const occurred_at = flagged ? new Date().toISOString() : sent_at;
  expect(verdicts(await post(edge, batch([event({ occurred_at })], { sent_at })))).toEqual(['accepted']);
  const [forwarded] = collector.batches[0].events;
  expect([forwarded.flags ?? [], collector.batches[0].sent_at]).toEqual([flagged ? ['clock_skew'] : [], undefined]);
  expect(Math.abs(Date.parse(forwarded.occurred_at) - Date.now())).toBeLessThan(60_000);
});

test.each([
  ['sent_at', '"0001-01-01T00:00:00Z"'],
  ['sent_at', '"2026-02-30T00:00:00Z"'],
  ['sent_at', '"+012026-01-01T00:00:00Z"'],
  ['sent_at', '"1767225600000"'],
  ['sent_at', '1767225600000'],
  ['sent_at', '""'],
  ['clock_offset_ms', '1e308'],
  ['clock_offset_ms', '1e400'],
  ['clock_offset_ms', '0.5'],
  ['clock_offset_ms', '"5"'],
  ['clock_offset_ms', '18446744073709551616'],
])('%s of %s is no clock', async (member, value) => {
  const answer = await post(edge, `{"events":[],"${member}":${value}}`);
  expect([answer.status, answer.body.error]).toMatchObject([400, { code: 'invalid_batch', pointer: `/${member}` }]);
});

test.each(['9007199254740993', '-9223372036854775808', '9223372036854775807', '86400001', '-86400001'])('a clock_offset_ms of %s is not believed', async (offset) => {
  const sent = JSON.stringify(batch([event()])).replace('{', `{"clock_offset_ms":${offset},`);
  expect(verdicts(await post(edge, sent))).toEqual(['accepted']);
  expect(collector.batches[0].events[0].flags).toEqual(['clock_skew']);
});

test('keys of two sites in two places are told apart, whatever else is odd about them', async () => {
  const conflict = await raw(call({ target: `/v1/events?write_key=${WRITE_KEY}&%77rite_key=${OTHER_WRITE_KEY}` }));
  expect([conflict.status, conflict.code]).toEqual([401, 'write_key_conflict']);
});

test('HEAD of a path that takes events has no body', async () => {
  const answer = await raw(call({ method: 'HEAD', body: '', length: [], type: null }));
  expect([answer.status, answer.code]).toEqual([405, undefined]);
  expect(answer.head).toMatch(/^allow: POST, OPTIONS\r?$/im);
});
