// The golden payloads: this build gives each the verdict, and forwards the bytes, that every part agrees on.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { post, settings } from './support/world.js';

const FOLDER = fileURLToPath(new URL('../../schemas/golden/', import.meta.url));
const read = (name) => JSON.parse(readFileSync(FOLDER + name, 'utf8'));
// What is judged here are bytes; 500 events after a thousand others are no person's haste.
const limits = { person_events_per_minute: 1_000_000, tenant_events_per_minute: 10_000_000 };
const SITES = read('sites.json').map((site) => ({ ...site, limits }));
// hop.json is what the collector says behind the hop.
const OTHERS = ['sites.json', 'body.json', 'hop.json'];
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.json') && !OTHERS.includes(name));
const BODIES = read('body.json').cases.map((golden) => [golden.name, golden]);

const CASES = FILES.map((file) => [file, read(file).cases.map((golden) => [golden.name, golden])]);

let collector;
let edge;

beforeAll(async () => {
  collector = await startCollector();
  const vars = settings(collector, { TIDEMARK_SITES: JSON.stringify(SITES) });
  edge = await startEdge({ vars });
});
beforeEach(() => collector.forget());
afterAll(async () => {
  expect(collector.faults).toEqual([]);
  await edge.stop();
  await collector.stop();
});

const STATUS = { invalid_json: 400, invalid_utf8: 400, invalid_batch: 400, body_too_large: 413, too_many_events: 413 };
const UNITS_MS = { s: 1_000, h: 3_600_000, d: 86_400_000 };

/** Puts instants in the place of `$NOW`, `$NOW-8d`, `$RECEIVED+25h`, and repeats the text of `$(12*text)`. */
function at(nowMs, text, receivedMs = nowMs) {
  return text
    .replace(/\$\((\d+)\*([^)]*)\)/g, (_, count, repeated) => repeated.repeat(Number(count)))
    .replace(/\$(NOW|RECEIVED)(?:([+-]\d+)([shd]))?/g, (_, base, count, unit) => {
      const shiftMs = unit ? Number(count) * UNITS_MS[unit] : 0;
      return new Date((base === 'NOW' ? nowMs : receivedMs) + shiftMs).toISOString();
    });
}

/** The members of a batch around its event, each with a comma behind it. */
function frame({ batch = {}, context, context_text }) {
  const members = Object.entries(batch).map(([key, value]) => `"${key}":${JSON.stringify(value)},`);
  const told = context_text ?? (context && JSON.stringify(context));
  return members.join('') + (told ? `"context":${told},` : '');
}

/** What the edge adds behind `occurred_at` to the output that the page writes. */
function withEdgeFields(output, site, receivedAt) {
  const added = `"received_at":"${receivedAt}","tenant_id":"${site.tenant_id}","site_id":"${site.site_id}",`;
  return output.replace(/("occurred_at":"[^"]+",)/, `$1${added}`);
}

/** The text of a body's one event, as it is on the wire. */
function eventText(body) {
  const start = body.indexOf(',"events":[') + ',"events":['.length;
  // Neither where and with what the test calls, nor the key that a visitor without consent has today, is the payload's.
  const text = body.slice(start, body.length - ']}'.length).replace(',"client_ip_prefix":"127.0.0.0/24"', '').replace(',"device_class":"other"', '');
  return text.replace(/"anonymous_id":"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}",/, '');
}

test('there are golden payloads', () => {
  expect(FILES.length).toBeGreaterThan(0);
});

describe.each(CASES)('%s', (_, cases) => {
  test.each(cases)('%s', async (_, golden) => {
    const site = SITES.find((found) => found.site === (golden.site ?? 'open'));
    const nowMs = Date.now();
    const sent = at(nowMs, `{${frame(golden)}"events":[${golden.event}]}`);
    const answer = await post(edge, sent, { query: `?write_key=${encodeURIComponent(site.write_key)}`, headers: golden.agent ? { 'user-agent': golden.agent } : {} });

    expect(answer.status).toBe(200);
    const { verdict, code, pointer } = answer.body.verdicts[0];
    expect({ verdict, code, pointer }).toEqual({ verdict: golden.verdict, code: golden.code, pointer: golden.pointer });
    expect(collector.texts).toHaveLength(golden.verdict === 'accepted' ? 1 : 0);
    if (golden.verdict === 'accepted') {
      const receivedAt = collector.batches[0].received_at;
      expect(eventText(collector.texts[0])).toBe(withEdgeFields(at(nowMs, golden.output, Date.parse(receivedAt)), site, receivedAt));
    }
  });
});

describe('body.json', () => {
  test.each(BODIES)('%s', async (_, golden) => {
    const sent = golden.body_hex ? Buffer.from(golden.body_hex, 'hex') : at(Date.now(), golden.body);
    const answer = await post(edge, sent, { query: `?write_key=${SITES[0].write_key}` });
    if (golden.code) {
      expect(answer.status).toBe(STATUS[golden.code]);
      const { code, pointer } = answer.body.error;
      expect({ code, pointer }).toEqual({ code: golden.code, pointer: golden.pointer });
      expect(collector.texts).toHaveLength(0);
    } else {
      expect(answer.status).toBe(200);
      expect(answer.body.verdicts).toHaveLength(golden.events);
    }
  });
});
