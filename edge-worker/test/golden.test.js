// The golden payloads: this build gives each the verdict, and forwards the bytes, that every part agrees on.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startCollector } from './support/collector.js';
import { startEdge } from './support/edge.js';
import { post, settings } from './support/world.js';

const FOLDER = fileURLToPath(new URL('../../schemas/golden/', import.meta.url));
const read = (name) => JSON.parse(readFileSync(FOLDER + name, 'utf8'));
const SITES = read('sites.json');
const FILES = readdirSync(FOLDER).filter((name) => name.endsWith('.json') && name !== 'sites.json');

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

const UNITS_MS = { s: 1_000, h: 3_600_000, d: 86_400_000 };

/** Puts instants in the place of `$NOW`, `$NOW-8d`, `$NOW+25h`. */
function at(nowMs, text) {
  return text.replace(/\$NOW(?:([+-]\d+)([shd]))?/g, (_, count, unit) => new Date(nowMs + (unit ? Number(count) * UNITS_MS[unit] : 0)).toISOString());
}

/** What the edge adds behind `occurred_at` to the output that the page writes. */
function withEdgeFields(output, site, receivedAt) {
  const added = `"received_at":"${receivedAt}","tenant_id":"${site.tenant_id}","site_id":"${site.site_id}",`;
  return output.replace(/("occurred_at":"[^"]+",)/, `$1${added}`);
}

/** The text of a body's one event, as it is on the wire. */
function eventText(body) {
  const start = body.indexOf(',"events":[') + ',"events":['.length;
  return body.slice(start, body.length - ']}'.length);
}

test('there are golden payloads', () => {
  expect(FILES.length).toBeGreaterThan(0);
});

describe.each(CASES)('%s', (_, cases) => {
  test.each(cases)('%s', async (_, golden) => {
    const site = SITES.find((found) => found.site === (golden.site ?? 'open'));
    const nowMs = Date.now();
    const context = golden.context ? `"context":${JSON.stringify(golden.context)},` : '';
    const sent = `{${context}"events":[${at(nowMs, golden.event)}]}`;
    const answer = await post(edge, sent, { query: `?write_key=${encodeURIComponent(site.write_key)}` });

    expect(answer.status).toBe(200);
    const { verdict, code, pointer } = answer.body.verdicts[0];
    expect({ verdict, code, pointer }).toEqual({ verdict: golden.verdict, code: golden.code, pointer: golden.pointer });
    expect(collector.texts).toHaveLength(golden.verdict === 'accepted' ? 1 : 0);
    if (golden.verdict === 'accepted') {
      const receivedAt = collector.batches[0].received_at;
      expect(eventText(collector.texts[0])).toBe(withEdgeFields(at(nowMs, golden.output), site, receivedAt));
    }
  });
});
