// A stub of the collector: it checks the signature by itself, keeps what it got, and answers as told.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { once } from 'node:events';
import { gunzipSync } from 'node:zlib';

export const HOP_KEY_ID = 'k1';
export const HOP_SECRET = 'the secret of the hop';
export const NEXT_KEY_ID = 'k2';
export const NEXT_SECRET = 'the next secret of the hop';
const KEYS = { [HOP_KEY_ID]: HOP_SECRET, [NEXT_KEY_ID]: NEXT_SECRET };

/** Why a call's signature does not hold, written from the documentation and not from the code. */
function fault(header, path, body, known, nowMs) {
  const [version, keyId, time, tag, ...rest] = String(header).split(',');
  if (version !== 'v1' || !known.includes(keyId) || rest.length > 0) return `form: ${header}`;
  if (!/^\d+$/.test(time) || Math.abs(nowMs - Number(time)) > 300_000) return `time: ${time}`;
  const mac = createHmac('sha256', KEYS[keyId]).update(`v1\n${keyId}\n${time}\n${path}\n`).update(body);
  const expected = mac.digest();
  const given = Buffer.from(tag, 'hex');
  return given.length === 32 && timingSafeEqual(given, expected) ? null : `tag: ${tag}`;
}

/** The answer that accepts every event of a batch. */
export function acceptAll(batch) {
  const verdicts = batch.events.map(({ event_id }) => ({ event_id, verdict: 'accepted' }));
  const body = { batch_id: batch.batch_id ?? null, verdicts, accepted: verdicts.length, duplicate: 0, rejected: 0, dropped: 0 };
  return { status: 200, body };
}

/**
 * Starts a collector on a port (0: any). `respond` may be replaced at any time; it gets the batch and
 * gives (or promises) `{ status, headers?, body }`, or `null` to hang up, or `undefined` never to answer.
 */
export async function startCollector(port = 0) {
  const collector = { batches: [], texts: [], faults: [], codings: [], keys: [HOP_KEY_ID], respond: acceptAll, now: Date.now };
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    if (request.method === 'GET' && collector.siteList) return collector.siteList.answer(request, response);
    const wrong = fault(request.headers['tidemark-signature'], request.url, body, collector.keys, collector.now());
    if (wrong || request.method !== 'POST' || request.url !== '/internal/v1/ingest') {
      collector.faults.push(wrong ?? `${request.method} ${request.url}`);
      response.writeHead(401).end('{"error":{"code":"invalid_signature","detail":""}}');
      return;
    }
    const coding = request.headers['content-encoding'];
    const text = String(coding === 'gzip' ? gunzipSync(body) : body);
    const batch = JSON.parse(text);
    collector.batches.push(batch);
    collector.texts.push(text);
    collector.codings.push(coding);
    const answer = await collector.respond(batch);
    if (answer === null) request.socket.destroy();
    if (!answer) return;
    const told = typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(told);
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  collector.port = server.address().port;
  collector.url = `http://127.0.0.1:${collector.port}`;
  collector.forget = () => {
    collector.batches.length = 0;
    collector.texts.length = 0;
    collector.codings.length = 0;
    collector.faults.length = 0;
    collector.keys = [HOP_KEY_ID];
    collector.respond = acceptAll;
  };
  collector.stop = async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return collector;
}
