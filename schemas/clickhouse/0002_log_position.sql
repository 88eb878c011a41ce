-- Where a row stands in the log that it came from, and the screen it happened on.
--
-- (log_id, lane, offset) is the row's place: what a block is, what is counted
-- after a doubt, and what a rollup's watermark names. Rows from before the log
-- have the nil log and are in no rollup.
ALTER TABLE events_raw
    ADD COLUMN IF NOT EXISTS log_id UUID   COMMENT 'The log that the row came from; nil = before there was one' CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS lane   UInt16 COMMENT 'The lane of that log'                                        CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS offset UInt64 COMMENT 'The place in that lane'                                      CODEC(Delta(8), ZSTD(1)),
    ADD COLUMN IF NOT EXISTS screen LowCardinality(String) COMMENT 'page_path with ids starred: /orders/*; empty = no page' AFTER page_title,
    ADD INDEX IF NOT EXISTS ix_offset offset TYPE minmax GRANULARITY 1;
