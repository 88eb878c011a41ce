-- The base table: one row an accepted event, as the edge judged it.
--
-- The journey's end. Rollups and reports are computed from these rows; nothing
-- is ever updated here, and rows leave by `expires_at` or by an erasure.
--
-- * Partitions follow received_at, so that an insert touches one partition and
--   late events do not scatter. The sort key follows occurred_at, because that
--   is what people ask for.
-- * An absent UUID is the nil UUID and an absent text is empty, which costs no
--   null map; where absence differs from a value, the column is Nullable.
-- * `attributes` holds the event's own data. The paths typed here are a short
--   frozen list: the numbers and ids that rollups and reports read. A value that
--   does not fit its typed path, or that no column type can hold, stands in
--   `attributes_misfit` instead, so that one odd value never costs an event.
--
-- * Every member of the envelope's context has a column, because the context is
--   closed (schemas/events/envelope.json).
--
-- The list of typed paths is repeated in collector/src/store/attributes, and the
-- columns in collector/src/store/row.rs; tests hold them together.
CREATE TABLE IF NOT EXISTS events_raw
(
    tenant_id         UUID                          COMMENT 'The organisation that owns the event, from its write key'                 CODEC(ZSTD(1)),
    site_id           UUID                          COMMENT 'The web property of the tenant, from its write key'                       CODEC(ZSTD(1)),
    event_id          UUID                          COMMENT 'The event''s own id; with tenant_id the key by which a resend is known'   CODEC(ZSTD(1)),
    event_name        LowCardinality(String)        COMMENT 'What happened, as dotted lower-case words',
    schema_version    LowCardinality(String)        COMMENT 'The catalogue''s version (1-0-0) that the sender named; empty = newest',
    occurred_at       DateTime64(3, 'UTC')          COMMENT 'When it happened, ms, corrected for the sender''s clock skew'             CODEC(Delta(8), ZSTD(1)),
    received_at       DateTime64(3, 'UTC')          COMMENT 'When the edge received it, ms'                                            CODEC(Delta(8), ZSTD(1)),
    session_id        UUID                          COMMENT 'The visit; nil = none'                                                    CODEC(ZSTD(1)),
    anonymous_id      UUID                          COMMENT 'The pseudonymous browser; nil = none'                                     CODEC(ZSTD(1)),
    user_id           String                        COMMENT 'The pseudonymous person, only with consent; empty = none'                 CODEC(ZSTD(1)),
    source            LowCardinality(String)        COMMENT 'web, widget, voice_ws or server; empty = not said',

    page_url          String                        COMMENT 'Origin and path; never a query or a fragment'                             CODEC(ZSTD(1)),
    page_path         String                        COMMENT 'The path of page_url'                                                     CODEC(ZSTD(1)),
    page_referrer     String                        COMMENT 'Origin and path of the page before'                                       CODEC(ZSTD(1)),
    page_title        String                        COMMENT 'The document''s title, sanitised'                                         CODEC(ZSTD(1)),

    user_agent        LowCardinality(String)        COMMENT 'The User-Agent text',
    viewport_width    UInt16                        COMMENT 'Width of the viewport, CSS px; 0 = not said'                              CODEC(T64, ZSTD(1)),
    viewport_height   UInt16                        COMMENT 'Height of the viewport, CSS px; 0 = not said'                             CODEC(T64, ZSTD(1)),
    screen_width      UInt16                        COMMENT 'Width of the whole screen, CSS px; 0 = not said'                          CODEC(T64, ZSTD(1)),
    screen_height     UInt16                        COMMENT 'Height of the whole screen, CSS px; 0 = not said'                         CODEC(T64, ZSTD(1)),
    locale            LowCardinality(String)        COMMENT 'BCP 47 language tag of the visitor',

    consent_analytics Nullable(Bool)                COMMENT 'Consent to analytics at the event; NULL = the sender did not say',
    consent_ads       Nullable(Bool)                COMMENT 'Consent to advertising at the event; NULL = the sender did not say',
    consent_mode      LowCardinality(String)        COMMENT 'full or cookieless; empty = not said, which means full',

    app_version       LowCardinality(String)        COMMENT 'Version of the site or app that was running',
    environment       LowCardinality(String)        COMMENT 'Deployment stage, e.g. production',
    gtm_container_id  LowCardinality(String)        COMMENT 'The GTM container that loaded the tag; empty = none',

    campaign_source   LowCardinality(String)        COMMENT 'utm_source',
    campaign_medium   LowCardinality(String)        COMMENT 'utm_medium',
    campaign_name     LowCardinality(String)        COMMENT 'utm_campaign',
    campaign_term     LowCardinality(String)        COMMENT 'utm_term',
    campaign_content  LowCardinality(String)        COMMENT 'utm_content',

    sdk_name          LowCardinality(String)        COMMENT 'The sender''s library',
    sdk_version       LowCardinality(String)        COMMENT 'The sender''s library version',
    sdk_detects       Array(LowCardinality(String)) COMMENT 'Event names that the page judges itself; the collector judges none of them',

    country           LowCardinality(String)        COMMENT 'ISO 3166-1 alpha-2, by the edge',
    region            LowCardinality(String)        COMMENT 'Region of the country, by the edge',
    client_ip_prefix  String                        COMMENT 'IPv4 /24 or IPv6 /48; the full address is never stored'                   CODEC(ZSTD(1)),

    attributes        JSON(
        max_dynamic_paths = 256,
        max_dynamic_types = 8,
        `action`                  LowCardinality(Nullable(String)),
        `agent.id`                Nullable(String),
        `ai.conversation_id`      Nullable(String),
        `ai.duration_ms`          Nullable(Float64),
        `ai.success`              Nullable(Bool),
        `ai.tool_name`            LowCardinality(Nullable(String)),
        `cost`                    Nullable(Float64),
        `duration_ms`             Nullable(Float64),
        `error_type`              LowCardinality(Nullable(String)),
        `feature_name`            LowCardinality(Nullable(String)),
        `is_follow_up`            Nullable(Bool),
        `kb.results_count`        Nullable(Int64),
        `kb.search_ms`            Nullable(Float64),
        `message_type`            LowCardinality(Nullable(String)),
        `metric_type`             LowCardinality(Nullable(String)),
        `model_used`              LowCardinality(Nullable(String)),
        `response_time_ms`        Nullable(Float64),
        `satisfaction_score`      Nullable(Float64),
        `success`                 Nullable(Bool),
        `thread_id`               Nullable(String),
        `tokens_consumed`         Nullable(Int64),
        `voice.barge_in_ms`       Nullable(Float64),
        `voice.first_response_ms` Nullable(Float64),
        `voice.session_id`        Nullable(String)
    )                                               COMMENT 'The event''s own data; dotted keys are paths; NULL = absent'              CODEC(ZSTD(1)),
    attributes_misfit String                        COMMENT 'JSON object from path to value: what did not fit its column; empty = all' CODEC(ZSTD(1)),

    expires_at        DateTime('UTC')               COMMENT 'When the row may be deleted, s; received_at and the retention then valid' CODEC(Delta(4), ZSTD(1)),

    INDEX ix_session_id session_id TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX ix_user_id    user_id    TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (tenant_id, site_id, toDate(occurred_at), event_name, occurred_at)
TTL expires_at
COMMENT 'One row an accepted event';
