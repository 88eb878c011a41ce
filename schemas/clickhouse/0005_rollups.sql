-- What is computed from events_raw, brought up to date about once a second.
--
-- A statement adds the base rows of a range of offsets, and with them, in the
-- same part, a row that says up to where: `is_mark`, log_id, lane, mark_offset.
-- So a rollup is never half way, and says itself what is in it. Therefore:
--
-- * no PARTITION BY: an insert is one part;
-- * the TTL leaves marks alone, and so does whoever deletes rows here;
-- * in a row that is no mark, log_id, lane and mark_offset are empty.
--
-- Sums and states are merged when they are asked for: sum(events),
-- avgMerge(avg_response_time), uniqMerge(unique_users), with `NOT is_mark` or a
-- tenant_id, which no mark has. Days and hours are of UTC, by occurred_at. The
-- statements that fill them are in rollups/.
--
-- `uniq` is exact up to 65,536 different values a key, and within a percent
-- beyond; user_analytics_summary has a row a person, and is exact.

CREATE TABLE IF NOT EXISTS user_analytics_summary
(
    tenant_id             UUID   COMMENT 'The organisation',
    site_id               UUID   COMMENT 'The web property',
    user_id               String COMMENT 'The pseudonymous person; empty = known as a visitor alone',
    anonymous_id          UUID   COMMENT 'The visitor, where there is no user_id; nil = none',
    date                  Date   COMMENT 'The day of occurred_at, UTC',
    total_events          SimpleAggregateFunction(sum, UInt64)    COMMENT 'Events',
    chat_interactions     SimpleAggregateFunction(sum, UInt64)    COMMENT 'Events chat_interaction',
    threads_created       SimpleAggregateFunction(sum, UInt64)    COMMENT 'Events thread_lifecycle with the action created',
    feature_interactions  SimpleAggregateFunction(sum, UInt64)    COMMENT 'Events feature_usage',
    total_tokens_consumed SimpleAggregateFunction(sum, Int64)     COMMENT 'Tokens of chat_interaction',
    avg_response_time     AggregateFunction(avg, Float64)         COMMENT 'Duration of performance_metric, ms',
    is_mark               Bool   COMMENT 'A watermark, no data',
    log_id                UUID   COMMENT 'Of a watermark: the log',
    lane                  UInt16 COMMENT 'Of a watermark: the lane',
    mark_offset           SimpleAggregateFunction(max, UInt64)    COMMENT 'Of a watermark: everything below is in'
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant_id, site_id, user_id, anonymous_id, date, is_mark, log_id, lane)
TTL date + INTERVAL 2 YEAR DELETE WHERE NOT is_mark
COMMENT 'A person and day';

CREATE TABLE IF NOT EXISTS daily_metrics
(
    tenant_id           UUID   COMMENT 'The organisation',
    site_id             UUID   COMMENT 'The web property',
    date                Date   COMMENT 'The day of occurred_at, UTC',
    total_events        SimpleAggregateFunction(sum, UInt64)   COMMENT 'Events',
    total_messages      SimpleAggregateFunction(sum, UInt64)   COMMENT 'Events message.sent, message.received and chat_interaction',
    total_conversations SimpleAggregateFunction(sum, UInt64)   COMMENT 'Events conversation.started, and thread_lifecycle with the action created',
    total_tokens        SimpleAggregateFunction(sum, Int64)    COMMENT 'tokens_consumed of all events',
    unique_users        AggregateFunction(uniq, String)        COMMENT 'Different user_id',
    unique_visitors     AggregateFunction(uniq, UUID)          COMMENT 'Different anonymous_id',
    unique_sessions     AggregateFunction(uniq, UUID)          COMMENT 'Different session_id',
    avg_response_time   AggregateFunction(avg, Float64)        COMMENT 'response_time_ms of all events that have one, ms',
    agent_count         AggregateFunction(uniq, String)        COMMENT 'Different agent.id',
    workflow_executions SimpleAggregateFunction(sum, UInt64)   COMMENT 'Events workflow.executed',
    error_count         SimpleAggregateFunction(sum, UInt64)   COMMENT 'Events error_tracking, error.captured, agent.error and workflow.failed',
    is_mark             Bool   COMMENT 'A watermark, no data',
    log_id              UUID   COMMENT 'Of a watermark: the log',
    lane                UInt16 COMMENT 'Of a watermark: the lane',
    mark_offset         SimpleAggregateFunction(max, UInt64)   COMMENT 'Of a watermark: everything below is in'
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant_id, site_id, date, is_mark, log_id, lane)
TTL date + INTERVAL 2 YEAR DELETE WHERE NOT is_mark
COMMENT 'A site and day';

CREATE TABLE IF NOT EXISTS hourly_metrics
(
    tenant_id           UUID            COMMENT 'The organisation',
    site_id             UUID            COMMENT 'The web property',
    hour                DateTime('UTC') COMMENT 'The hour of occurred_at, UTC, its beginning',
    total_events        SimpleAggregateFunction(sum, UInt64)   COMMENT 'As in daily_metrics',
    total_messages      SimpleAggregateFunction(sum, UInt64)   COMMENT 'As in daily_metrics',
    total_conversations SimpleAggregateFunction(sum, UInt64)   COMMENT 'As in daily_metrics',
    total_tokens        SimpleAggregateFunction(sum, Int64)    COMMENT 'As in daily_metrics',
    unique_users        AggregateFunction(uniq, String)        COMMENT 'As in daily_metrics',
    unique_visitors     AggregateFunction(uniq, UUID)          COMMENT 'As in daily_metrics',
    unique_sessions     AggregateFunction(uniq, UUID)          COMMENT 'As in daily_metrics',
    avg_response_time   AggregateFunction(avg, Float64)        COMMENT 'As in daily_metrics',
    agent_count         AggregateFunction(uniq, String)        COMMENT 'As in daily_metrics',
    workflow_executions SimpleAggregateFunction(sum, UInt64)   COMMENT 'As in daily_metrics',
    error_count         SimpleAggregateFunction(sum, UInt64)   COMMENT 'As in daily_metrics',
    is_mark             Bool   COMMENT 'A watermark, no data',
    log_id              UUID   COMMENT 'Of a watermark: the log',
    lane                UInt16 COMMENT 'Of a watermark: the lane',
    mark_offset         SimpleAggregateFunction(max, UInt64)   COMMENT 'Of a watermark: everything below is in'
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant_id, site_id, hour, is_mark, log_id, lane)
TTL hour + INTERVAL 2 YEAR DELETE WHERE NOT is_mark
COMMENT 'A site and hour, from which days of other time zones are made';

CREATE TABLE IF NOT EXISTS agent_metrics
(
    tenant_id          UUID   COMMENT 'The organisation',
    site_id            UUID   COMMENT 'The web property',
    agent_id           String COMMENT 'agent.id',
    date               Date   COMMENT 'The day of occurred_at, UTC',
    conversation_count SimpleAggregateFunction(sum, UInt64) COMMENT 'Events conversation.started, and thread_lifecycle with the action created',
    message_count      SimpleAggregateFunction(sum, UInt64) COMMENT 'Events message.sent, message.received and chat_interaction',
    avg_response_time  AggregateFunction(avg, Float64)      COMMENT 'response_time_ms of all events that have one, ms',
    total_tokens       SimpleAggregateFunction(sum, Int64)  COMMENT 'tokens_consumed of all events',
    error_count        SimpleAggregateFunction(sum, UInt64) COMMENT 'Events agent.error, error_tracking and workflow.failed',
    satisfaction_score AggregateFunction(avg, Float64)      COMMENT 'satisfaction_score of all events that have one',
    is_mark            Bool   COMMENT 'A watermark, no data',
    log_id             UUID   COMMENT 'Of a watermark: the log',
    lane               UInt16 COMMENT 'Of a watermark: the lane',
    mark_offset        SimpleAggregateFunction(max, UInt64) COMMENT 'Of a watermark: everything below is in'
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant_id, site_id, agent_id, date, is_mark, log_id, lane)
TTL date + INTERVAL 2 YEAR DELETE WHERE NOT is_mark
COMMENT 'An agent and day';

CREATE TABLE IF NOT EXISTS screen_hotspot_counts
(
    tenant_id       UUID                   COMMENT 'The organisation',
    site_id         UUID                   COMMENT 'The web property',
    hour            DateTime('UTC')        COMMENT 'The hour of occurred_at, UTC, its beginning',
    screen          LowCardinality(String) COMMENT 'The path with ids starred',
    views           SimpleAggregateFunction(sum, UInt64) COMMENT 'Events page.viewed',
    clicks          SimpleAggregateFunction(sum, UInt64) COMMENT 'Events ui.clicked',
    rage_clicks     SimpleAggregateFunction(sum, UInt64) COMMENT 'Events ui.rage_click',
    dead_clicks     SimpleAggregateFunction(sum, UInt64) COMMENT 'Events ui.dead_click',
    error_clicks    SimpleAggregateFunction(sum, UInt64) COMMENT 'Events ui.error_click',
    backtracks      SimpleAggregateFunction(sum, UInt64) COMMENT 'Events ui.backtrack',
    abandoned_tasks SimpleAggregateFunction(sum, UInt64) COMMENT 'Events task.abandoned',
    slow_clicks     SimpleAggregateFunction(sum, UInt64) COMMENT 'Events ui.slow_click, each of which withdraws a dead click',
    sessions        AggregateFunction(uniq, UUID)        COMMENT 'Different session_id',
    is_mark         Bool   COMMENT 'A watermark, no data',
    log_id          UUID   COMMENT 'Of a watermark: the log',
    lane            UInt16 COMMENT 'Of a watermark: the lane',
    mark_offset     SimpleAggregateFunction(max, UInt64) COMMENT 'Of a watermark: everything below is in'
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant_id, site_id, hour, screen, is_mark, log_id, lane)
TTL hour + INTERVAL 2 YEAR DELETE WHERE NOT is_mark
COMMENT 'A screen and hour: views and signs of struggle, from which fact_screen_hotspots is made';

CREATE TABLE IF NOT EXISTS minute_counts
(
    tenant_id         UUID                   COMMENT 'The organisation',
    site_id           UUID                   COMMENT 'The web property',
    minute            DateTime('UTC')        COMMENT 'The minute of occurred_at, UTC, its beginning',
    event_name        LowCardinality(String) COMMENT 'What happened',
    events            SimpleAggregateFunction(sum, UInt64) COMMENT 'Events',
    users             AggregateFunction(uniq, String)      COMMENT 'Different people: user_id, else anonymous_id',
    sessions          AggregateFunction(uniq, UUID)        COMMENT 'Different session_id',
    avg_response_time AggregateFunction(avg, Float64)      COMMENT 'response_time_ms of all events that have one, ms',
    is_mark           Bool   COMMENT 'A watermark, no data',
    log_id            UUID   COMMENT 'Of a watermark: the log',
    lane              UInt16 COMMENT 'Of a watermark: the lane',
    mark_offset       SimpleAggregateFunction(max, UInt64) COMMENT 'Of a watermark: everything below is in'
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant_id, site_id, minute, event_name, is_mark, log_id, lane)
TTL minute + INTERVAL 2 YEAR DELETE WHERE NOT is_mark
COMMENT 'A minute and event name, for what happens now';

CREATE TABLE IF NOT EXISTS consent_ledger
(
    tenant_id         UUID                   COMMENT 'The organisation',
    site_id           UUID                   COMMENT 'The web property',
    anonymous_id      UUID                   COMMENT 'The visitor; nil = none, and in cookieless mode',
    user_id           String                 COMMENT 'The pseudonymous person; empty = none',
    consent_analytics LowCardinality(String) COMMENT 'granted, denied or not_said',
    consent_ads       LowCardinality(String) COMMENT 'granted, denied or not_said',
    consent_mode      LowCardinality(String) COMMENT 'full, cookieless, or empty = not said',
    first_seen        SimpleAggregateFunction(min, DateTime64(3, 'UTC')) COMMENT 'The first event in that state, ms',
    last_seen         SimpleAggregateFunction(max, DateTime64(3, 'UTC')) COMMENT 'The last event in that state, ms',
    events            SimpleAggregateFunction(sum, UInt64)               COMMENT 'Events in that state',
    is_mark           Bool   COMMENT 'A watermark, no data',
    log_id            UUID   COMMENT 'Of a watermark: the log',
    lane              UInt16 COMMENT 'Of a watermark: the lane',
    mark_offset       SimpleAggregateFunction(max, UInt64)               COMMENT 'Of a watermark: everything below is in'
)
ENGINE = AggregatingMergeTree
ORDER BY (tenant_id, site_id, anonymous_id, user_id, consent_analytics, consent_ads, consent_mode, is_mark, log_id, lane)
COMMENT 'The consent states that a visitor''s events carried, kept until the visitor is erased';
