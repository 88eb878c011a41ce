-- Where in the log events of erased people stood: a place, and no person.
--
-- With it every place of the log is accounted for after an erasure too, and an audit
-- knows which sums of nobody in particular still count what is gone. Telling of one
-- twice leaves one row; ask with FINAL.
CREATE TABLE IF NOT EXISTS erased_places
(
    log_id      UUID                 COMMENT 'The log'                                         CODEC(ZSTD(1)),
    lane        UInt16               COMMENT 'The lane of that log'                            CODEC(ZSTD(1)),
    offset      UInt64               COMMENT 'The place in that lane'                          CODEC(Delta(8), ZSTD(1)),
    tenant_id   UUID                 COMMENT 'The organisation'                                CODEC(ZSTD(1)),
    site_id     UUID                 COMMENT 'The web property'                                CODEC(ZSTD(1)),
    occurred_at DateTime64(3, 'UTC') COMMENT 'When the event occurred, ms'                     CODEC(Delta(8), ZSTD(1)),
    received_at DateTime64(3, 'UTC') COMMENT 'When the event was received, ms'                 CODEC(Delta(8), ZSTD(1)),
    erasure_id  UUID                 COMMENT 'The erasure, whose receipt the collector keeps'  CODEC(ZSTD(1)),
    told_at     DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was told, ms'
)
ENGINE = ReplacingMergeTree(told_at)
ORDER BY (log_id, lane, offset)
TTL toDateTime(received_at) + INTERVAL 2 YEAR
COMMENT 'One row an event that was erased';
