-- Rows that ClickHouse refused: where they stand in the log, and why.
--
-- The rows themselves are in the collector's data directory, in the lane's file
-- of dead letters, from where `tidemark replay` sends them again. Telling of one
-- twice leaves one row; ask with FINAL.
CREATE TABLE IF NOT EXISTS dead_letters
(
    log_id       UUID                   COMMENT 'The log',
    lane         UInt16                 COMMENT 'The lane of that log',
    offset       UInt64                 COMMENT 'The place in that lane',
    tenant_id    UUID                   COMMENT 'The organisation that owns the event',
    site_id      UUID                   COMMENT 'The web property',
    event_id     UUID                   COMMENT 'The event''s own id',
    received_at  DateTime64(3, 'UTC')   COMMENT 'When it was received, ms',
    refused_by   LowCardinality(String) COMMENT 'The table that it was to go into',
    code         UInt32                 COMMENT 'ClickHouse''s code; 0 = the record could not be read',
    reason       LowCardinality(String) COMMENT 'The code''s name, e.g. INCORRECT_DATA',
    buried_at    DateTime64(3, 'UTC')   DEFAULT now64(3) COMMENT 'When it was told, ms'
)
ENGINE = ReplacingMergeTree(buried_at)
ORDER BY (log_id, lane, offset)
COMMENT 'One row an event that ClickHouse refused';
