SELECT
    tenant_id,
    site_id,
    toDateTime(toStartOfHour(occurred_at), 'UTC') AS hour,
    count() AS total_events,
    countIf(event_name IN ('message.sent', 'message.received', 'chat_interaction')) AS total_messages,
    countIf(
        event_name = 'conversation.started'
        OR (event_name = 'thread_lifecycle' AND attributes.action = 'created')
    ) AS total_conversations,
    sum(ifNull(attributes.tokens_consumed, 0)) AS total_tokens,
    uniqStateIf(user_id, user_id != '') AS unique_users,
    uniqStateIf(anonymous_id, anonymous_id != toUUID('00000000-0000-0000-0000-000000000000')) AS unique_visitors,
    uniqStateIf(session_id, session_id != toUUID('00000000-0000-0000-0000-000000000000')) AS unique_sessions,
    avgStateIf(
        ifNull(attributes.response_time_ms, 0),
        isNotNull(attributes.response_time_ms)
    ) AS avg_response_time,
    uniqStateIf(ifNull(attributes.`agent.id`, ''), isNotNull(attributes.`agent.id`)) AS agent_count,
    countIf(event_name = 'workflow.executed') AS workflow_executions,
    countIf(event_name IN ('error_tracking', 'error.captured', 'agent.error', 'workflow.failed')) AS error_count
FROM events_raw
WHERE {spans}
GROUP BY tenant_id, site_id, hour
