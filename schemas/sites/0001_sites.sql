-- Tenants, sites and keys. Written for SQLite and PostgreSQL alike: ids are
-- canonical UUID text, instants are Unix milliseconds, booleans are 0 or 1,
-- documents are JSON text. A file that was applied is never changed.

CREATE TABLE tenants (
    id TEXT NOT NULL PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    events_per_minute BIGINT,
    retention_days BIGINT,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL
);

CREATE TABLE sites (
    id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    origins TEXT NOT NULL,
    mode TEXT NOT NULL,
    when_consent_absent TEXT NOT NULL,
    cookieless BIGINT NOT NULL,
    keep_free_text BIGINT NOT NULL,
    person_events_per_minute BIGINT,
    settings TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL,
    UNIQUE (tenant_id, slug)
);

-- A write key is public: it stands in pages, and is told to the edge. What is
-- declared comes from a configuration, and ends when it is no longer there.
CREATE TABLE write_keys (
    id TEXT NOT NULL PRIMARY KEY,
    site_id TEXT NOT NULL REFERENCES sites (id),
    write_key TEXT NOT NULL UNIQUE,
    label TEXT NOT NULL,
    declared BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    last_used_at_ms BIGINT,
    revoked_at_ms BIGINT
);

-- An API key is secret: its digest is kept, and its beginning, to tell it by.
CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    tenant_id TEXT NOT NULL REFERENCES tenants (id),
    sha256 TEXT NOT NULL UNIQUE,
    prefix TEXT NOT NULL,
    label TEXT NOT NULL,
    scopes TEXT NOT NULL,
    declared BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    last_used_at_ms BIGINT,
    revoked_at_ms BIGINT
);

-- One row: how often anything above was changed, use of keys aside. Whoever
-- keeps a copy reads this number to learn whether the copy is old.
CREATE TABLE directory_version (
    id BIGINT NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL
);

INSERT INTO directory_version (id, version) VALUES (1, 0);
