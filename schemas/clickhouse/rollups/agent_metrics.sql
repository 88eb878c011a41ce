SELECT
    tenant_id,
    site_id,
    assumeNotNull(attributes.`agent.id`) AS agent_id,
    toDate(occurred_at) AS date,
    countIf(
        event_name = 'conversation.started'
        OR (event_name = 'thread_lifecycle' AND attributes.action = 'created')
    ) AS conversation_count,
    countIf(event_name IN ('message.sent', 'message.received', 'chat_interaction')) AS message_count,
    avgStateIf(
        ifNull(attributes.response_time_ms, 0),
        isNotNull(attributes.response_time_ms)
    ) AS avg_response_time,
    sum(ifNull(attributes.tokens_consumed, 0)) AS total_tokens,
    countIf(event_name IN ('agent.error', 'error_tracking', 'workflow.failed')) AS error_count,
    avgStateIf(
        ifNull(attributes.satisfaction_score, 0),
        isNotNull(attributes.satisfaction_score)
    ) AS satisfaction_score
FROM events_raw
WHERE {spans} AND isNotNull(attributes.`agent.id`) AND attributes.`agent.id` != ''
GROUP BY tenant_id, site_id, agent_id, date
