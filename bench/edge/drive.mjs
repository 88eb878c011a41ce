// Sends bodies to a server, and tells what they cost it and how long each took.
import { Agent, request } from 'node:http';

/** Longer than any answer takes: what is later is a fault, and not a figure. */
const ANSWER_MS = 30_000;

/** A client of one server, with so many connections that are kept. A drive leaves none: workerd closes idle ones. */
export function client(url, connections) {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  const post = (path, body) =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      const headers = { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) };
      const call = request(url + path, { method: 'POST', agent, headers, timeout: ANSWER_MS }, (response) => {
        const chunks = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => resolve({ ms: performance.now() - began, status: response.statusCode, text: String(Buffer.concat(chunks)) }));
      });
      call.on('timeout', () => call.destroy(new Error(`${path} is not answered within ${ANSWER_MS} ms`)));
      call.on('error', reject);
      call.end(body);
    });
  return { post, rest: () => agent.destroy() };
}

/** Sends a body, and fails where not all of its events are accepted. */
export async function accepted(to, path, body, events) {
  const answer = await to.post(path, body);
  if (answer.status !== 200 || JSON.parse(answer.text).accepted !== events) throw new Error(`${answer.status} ${answer.text.slice(0, 500)}`);
  return answer.ms;
}

/** Sends the bodies, so many at once; tells the times of each, sorted, and how long all took. */
export async function drive(to, path, bodies, events, atOnce) {
  const times = [];
  let next = 0;
  const worker = async () => {
    while (next < bodies.length) times.push(await accepted(to, path, bodies[next++], events));
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: atOnce }, worker));
  const wallMs = performance.now() - began;
  to.rest();
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(times.length * share))];
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), perS: (1_000 * bodies.length) / wallMs };
}
