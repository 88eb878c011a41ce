-- What was noticed about an event on its way, by the edge or the public endpoint.
--
-- flags holds closed words: bot (the caller has the name of an automated client),
-- automated (the page says that a program drives its browser), clock_skew (the
-- sender's clock is more than a day off, and its times stand uncorrected). Events from
-- before these columns have none.
ALTER TABLE events_raw
    ADD COLUMN IF NOT EXISTS device_class LowCardinality(String) COMMENT 'desktop, mobile, tablet, bot or other, by the edge; empty = not looked at' AFTER user_agent,
    ADD COLUMN IF NOT EXISTS flags Array(LowCardinality(String)) COMMENT 'bot, automated, clock_skew; by the edge' AFTER client_ip_prefix;

-- frontend_events (0006) tells both, so that its reports can leave automated clients out.
CREATE OR REPLACE VIEW frontend_events AS
SELECT
    event_id,
    occurred_at AS timestamp,
    user_id,
    if(session_id = toUUID('00000000-0000-0000-0000-000000000000'), '', toString(session_id)) AS session_id,
    CAST(event_name, 'String') AS event_type,
    multiIf(
        event_name IN ('agent.created', 'agent.deployed', 'agent.error', 'agent.updated'), 'agent',
        event_name IN ('ai.tool_call_completed', 'ai.tool_call_started', 'ai.tool_chain_completed'), 'ai',
        event_name IN ('booking.confirmed', 'booking.slot_hold'), 'booking',
        event_name IN ('chat_interaction', 'thread_lifecycle'), 'chat',
        event_name IN ('commerce.add_to_cart', 'commerce.checkout', 'commerce.purchase', 'commerce.view'), 'commerce',
        event_name IN ('consent.changed'), 'consent',
        event_name IN ('conversation.ended', 'conversation.started'), 'conversation',
        event_name IN ('document.deleted', 'document.uploaded'), 'document',
        event_name IN ('error.captured'), 'error',
        event_name IN ('feature_usage'), 'feature',
        event_name IN ('feedback_submission', 'survey_response'), 'feedback',
        event_name IN ('file.downloaded'), 'file',
        event_name IN ('form.abandoned', 'form.started', 'form.submitted'), 'form',
        event_name IN ('kb.hit', 'kb.search'), 'kb',
        event_name IN ('link.followed'), 'link',
        event_name IN ('media.ended', 'media.paused', 'media.played'), 'media',
        event_name IN ('message.received', 'message.sent'), 'message',
        event_name IN ('page.left', 'page.viewed'), 'page',
        event_name IN ('web_vitals'), 'performance',
        event_name IN ('sdk.health'), 'sdk',
        event_name IN ('search.performed'), 'search',
        event_name IN ('session.ended', 'session.started'), 'session',
        event_name IN ('task.abandoned', 'task.completed', 'task.started'), 'task',
        event_name IN ('error_tracking', 'performance_metric'), 'technical',
        event_name IN ('ui.backtrack', 'ui.clicked', 'ui.cursor_thrashed', 'ui.dead_click', 'ui.error_click', 'ui.rage_click', 'ui.slow_click'), 'ui',
        event_name IN ('user.invited', 'user.joined', 'user.logged_in'), 'user',
        event_name IN ('voice.asr_partial', 'voice.barge_in', 'voice.first_response', 'voice.turn_started'), 'voice',
        event_name IN ('workflow.completed', 'workflow.created', 'workflow.executed', 'workflow.failed'), 'workflow',
        ''
    ) AS event_category,
    CAST(ifNull(attributes.action, ''), 'String') AS event_action,
    CAST(coalesce(attributes.feature_name, attributes.metric_type, attributes.error_type, ''), 'String') AS event_label,
    multiIf(
        event_name = 'chat_interaction', toFloat64(ifNull(attributes.tokens_consumed, 0)),
        event_name IN ('performance_metric', 'feature_usage'), ifNull(attributes.duration_ms, 0),
        0.0
    ) AS event_value,
    toJSONString(attributes) AS properties,
    CAST(user_agent, 'String') AS user_agent,
    client_ip_prefix AS ip_address,
    CAST(country, 'String') AS country_code,
    page_path,
    page_title,
    page_referrer AS referrer,
    CAST(gtm_container_id, 'String') AS gtm_container_id,
    CAST(environment, 'String') AS environment,
    CAST(app_version, 'String') AS app_version,
    toDate(occurred_at) AS date,
    toHour(occurred_at) AS hour,
    tenant_id,
    site_id,
    CAST(device_class, 'String') AS device_class,
    CAST(flags, 'Array(String)') AS flags
FROM events_raw;
