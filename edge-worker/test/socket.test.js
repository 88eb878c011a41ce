// Events over a WebSocket: a message is a body, and is answered by a message.
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { acceptAll, startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { batch, event, PAGE_ORIGIN, settings, WRITE_KEY } from './support/world.js';
import { connectSocket } from './support/socket.js';

let collector;
let edge;

beforeAll(async () => {
  collector = await startCollector();
  edge = await startEdge({ vars: settings(collector) });
});
beforeEach(() => collector.forget());
afterAll(async () => {
  expect(edge.log()).not.toMatch(/Uncaught|Critical|panic/);
  await edge.stop();
  await collector.stop();
});

const PATH = `/v1/events/ws?write_key=${WRITE_KEY}`;

test('an event or a batch a message, and verdicts back, in order', async () => {
  const socket = await connectSocket(edge, PATH, { origin: PAGE_ORIGIN });
  const [single, many] = [event(), batch([event(), event({ event_name: 'NO' })])];
  socket.send(JSON.stringify(single));
  socket.send(Buffer.from(JSON.stringify(many)));
  expect(await socket.next()).toMatchObject({ accepted: 1, verdicts: [{ event_id: single.event_id, verdict: 'accepted' }] });
  expect(await socket.next()).toMatchObject({ batch_id: many.batch_id, accepted: 1, rejected: 1 });
  expect(collector.batches).toHaveLength(2);
  socket.send(JSON.stringify(single));
  expect(await socket.next()).toMatchObject({ duplicate: 1 });
  await socket.end();
});

test("another product's envelope, whose ids may be any text", async () => {
  const socket = await connectSocket(edge, `/api/v1/analytics/events/ws?write_key=${WRITE_KEY}`);
  socket.send(JSON.stringify({ event_name: 'voice.turn_started', session_id: 'call 7', attributes: { 'voice.session_id': 'call 7' } }));
  expect(await socket.next()).toMatchObject({ accepted: 1 });
  expect(collector.batches[0].events[0].session_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5/);
  await socket.end();
});

test('what is no batch is answered, and the socket goes on', async () => {
  const socket = await connectSocket(edge, PATH);
  socket.send('{');
  expect(await socket.next()).toMatchObject({ error: { code: 'invalid_json' } });
  collector.respond = () => ({ status: 503, headers: { 'retry-after': '7' }, body: '{}' });
  socket.send(JSON.stringify(event()));
  const away = await socket.next();
  collector.respond = acceptAll;
  // What keeps the events of a collector that is away may stand between.
  if (away.error) expect(away.error).toMatchObject({ code: 'collector_unavailable', retry_after_s: expect.any(Number) });
  else expect(away.accepted).toBe(1);
  socket.send(JSON.stringify(event()));
  expect(await socket.next()).toMatchObject({ accepted: 1 });
  await socket.end();
});

test.each([
  ['an unknown key in a message', '/v1/events/ws', JSON.stringify({ events: [], write_key: 'wk_nobody' }), 1008],
  ['a message of more than 500 KB', PATH, ' '.repeat(500_001), 1009],
])('%s ends the socket', async (_, path, message, code) => {
  const socket = await connectSocket(edge, path);
  socket.send(message);
  expect(await socket.closed).toBe(code);
});

test('a sender that never waits for answers is told to', async () => {
  let answerNow;
  const gate = new Promise((resolve) => (answerNow = resolve));
  collector.respond = (hop) => gate.then(() => acceptAll(hop));
  const socket = await connectSocket(edge, PATH);
  for (let index = 0; index < 400; index += 1) socket.send(JSON.stringify(event()));
  answerNow();
  expect(await socket.closed).toBe(1013);
});

test('a socket that is silent for too long is closed', async () => {
  const patient = await startEdge({ vars: settings(collector, { TIDEMARK_SOCKET_IDLE_S: '1' }) });
  const socket = await connectSocket(patient, PATH);
  socket.send(JSON.stringify(event()));
  expect((await socket.next()).accepted).toBe(1);
  expect(await socket.closed).toBe(4408);
  await patient.stop();
});

test.each([
  ['an unknown key', '/v1/events/ws?write_key=wk_nobody', {}, 401],
  ['a foreign origin', PATH, { origin: 'https://evil.example' }, 403],
])('a handshake with %s is refused', async (_, path, headers, status) => {
  await expect(connectSocket(edge, path, headers)).rejects.toThrow(String(status));
});

test('a call that is no handshake is told so', async () => {
  const response = await fetch(edge.url + PATH);
  expect([response.status, (await response.json()).error.code]).toEqual([426, 'upgrade_required']);
});
