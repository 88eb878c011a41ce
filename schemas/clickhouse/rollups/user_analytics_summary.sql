SELECT
    tenant_id,
    site_id,
    user_id,
    if(user_id = '', anonymous_id, toUUID('00000000-0000-0000-0000-000000000000')) AS anonymous_id,
    toDate(occurred_at) AS date,
    count() AS total_events,
    countIf(event_name = 'chat_interaction') AS chat_interactions,
    countIf(event_name = 'thread_lifecycle' AND attributes.action = 'created') AS threads_created,
    countIf(event_name = 'feature_usage') AS feature_interactions,
    sumIf(ifNull(attributes.tokens_consumed, 0), event_name = 'chat_interaction') AS total_tokens_consumed,
    avgStateIf(
        ifNull(attributes.duration_ms, 0),
        event_name = 'performance_metric' AND isNotNull(attributes.duration_ms)
    ) AS avg_response_time
FROM events_raw
WHERE {spans}
GROUP BY tenant_id, site_id, user_id, anonymous_id, date
