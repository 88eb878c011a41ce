SELECT
    tenant_id,
    site_id,
    toDateTime(toStartOfMinute(occurred_at), 'UTC') AS minute,
    event_name,
    count() AS events,
    uniqStateIf(
        if(user_id = '', toString(anonymous_id), user_id),
        user_id != '' OR anonymous_id != toUUID('00000000-0000-0000-0000-000000000000')
    ) AS users,
    uniqStateIf(session_id, session_id != toUUID('00000000-0000-0000-0000-000000000000')) AS sessions,
    avgStateIf(
        ifNull(attributes.response_time_ms, 0),
        isNotNull(attributes.response_time_ms)
    ) AS avg_response_time
FROM events_raw
WHERE {spans}
GROUP BY tenant_id, site_id, minute, event_name
