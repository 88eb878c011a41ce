// The baseline: what somebody would write by hand in JavaScript. It validates, and does nothing else.
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const NAME = /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const FIELDS = new Set(['event_id', 'event_name', 'schema_version', 'occurred_at', 'session_id', 'anonymous_id', 'user_id', 'source', 'attributes', 'context']);
const TYPES = { selector: 'string', tag: 'string', text: 'string', x: 'number', y: 'number', kind: 'string' };
const DAY_MS = 86_400_000;

function fault(event, now) {
  if (typeof event !== 'object' || event === null || Array.isArray(event)) return 'not_an_object';
  for (const field of Object.keys(event)) if (!FIELDS.has(field)) return 'unknown_field';
  if (typeof event.event_name !== 'string' || event.event_name.length > 128 || !NAME.test(event.event_name)) return 'invalid_event_name';
  for (const field of ['event_id', 'session_id', 'anonymous_id']) {
    if (event[field] !== undefined && (typeof event[field] !== 'string' || !UUID.test(event[field]))) return 'invalid_uuid';
  }
  if (typeof event.occurred_at !== 'string' || !TIME.test(event.occurred_at)) return 'invalid_timestamp';
  const occurred = Date.parse(event.occurred_at);
  if (Number.isNaN(occurred)) return 'invalid_timestamp';
  if (occurred < now - 7 * DAY_MS) return 'too_old';
  if (occurred > now + DAY_MS) return 'in_future';
  if (typeof event.attributes !== 'object' || event.attributes === null) return 'wrong_type';
  for (const [name, value] of Object.entries(event.attributes)) {
    if (TYPES[name] !== undefined && typeof value !== TYPES[name]) return 'wrong_type';
  }
  return null;
}

export default {
  async fetch(request) {
    const now = Date.now();
    const body = await request.json();
    const counts = { accepted: 0, rejected: 0 };
    const verdicts = body.events.map((event) => {
      const code = fault(event, now);
      counts[code ? 'rejected' : 'accepted'] += 1;
      return code ? { event_id: event.event_id, verdict: 'rejected', code } : { event_id: event.event_id, verdict: 'accepted' };
    });
    return Response.json({ batch_id: body.batch_id, verdicts, ...counts });
  },
};
