-- Events that reached the collector and are not stored: one row each.
--
-- With events_raw and the verdicts that are `duplicate` they sum up to what was
-- received. The value at fault is never here, nor a name that a sender chose:
-- the code and the place in the event are.
CREATE TABLE IF NOT EXISTS rejected_events
(
    tenant_id   UUID                   COMMENT 'The organisation that it was sent to'                     CODEC(ZSTD(1)),
    site_id     UUID                   COMMENT 'The web property'                                         CODEC(ZSTD(1)),
    event_id    UUID                   COMMENT 'The event''s own id; nil = it had none'                   CODEC(ZSTD(1)),
    received_at DateTime64(3, 'UTC')   COMMENT 'When it was received, ms'                                 CODEC(Delta(8), ZSTD(1)),
    expires_at  DateTime('UTC')        COMMENT 'When the row may be deleted, s'                           CODEC(Delta(4), ZSTD(1)),
    verdict     LowCardinality(String) COMMENT 'rejected or dropped',
    code        LowCardinality(String) COMMENT 'Why; docs/reference/verdicts.md lists the codes',
    pointer     LowCardinality(String) COMMENT 'JSON pointer to the fault; empty = the event as a whole',
    hop         LowCardinality(String) COMMENT 'Who refused it: edge or collector',
    log_id      UUID                   COMMENT 'The log that the row came from'                           CODEC(ZSTD(1)),
    lane        UInt16                 COMMENT 'The lane of that log'                                     CODEC(ZSTD(1)),
    offset      UInt64                 COMMENT 'The place in that lane'                                   CODEC(Delta(8), ZSTD(1)),

    INDEX ix_offset offset TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (tenant_id, site_id, code, received_at)
TTL expires_at
COMMENT 'One row an event that was rejected or dropped';
