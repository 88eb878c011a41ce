// The site whose batches are sent, and an edge's settings for it.
export const SITE = {
  write_key: 'wk_bench',
  tenant_id: '11111111-1111-4111-8111-111111111111',
  site_id: '22222222-2222-4222-8222-222222222222',
  tenant: 'bench',
  site: 'bench',
  origins: [],
  limits: { tenant_events_per_minute: 100_000_000, person_events_per_minute: 1_000_000 },
};
export const HOP = { id: 'k1', secret: 'the secret of the hop, which is long enough' };
export const SALT_SECRET = 'the secret of the salt, which is long enough';

/** The settings of an edge before that collector. */
export function edgeVars(collector) {
  return {
    TIDEMARK_SITES: JSON.stringify([SITE]),
    TIDEMARK_COLLECTOR_URL: collector,
    TIDEMARK_HOP_KEY_ID: HOP.id,
    TIDEMARK_HOP_SECRET: HOP.secret,
    TIDEMARK_SALT_SECRET: SALT_SECRET,
  };
}
