SELECT
    tenant_id,
    site_id,
    toDateTime(toStartOfHour(occurred_at), 'UTC') AS hour,
    screen,
    countIf(event_name = 'page.viewed') AS views,
    countIf(event_name = 'ui.clicked') AS clicks,
    countIf(event_name = 'ui.rage_click') AS rage_clicks,
    countIf(event_name = 'ui.dead_click') AS dead_clicks,
    countIf(event_name = 'ui.error_click') AS error_clicks,
    countIf(event_name = 'ui.backtrack') AS backtracks,
    countIf(event_name = 'task.abandoned') AS abandoned_tasks,
    countIf(event_name = 'ui.slow_click') AS slow_clicks,
    uniqStateIf(session_id, session_id != toUUID('00000000-0000-0000-0000-000000000000')) AS sessions
FROM events_raw
WHERE {spans}
    AND event_name IN (
        'page.viewed', 'ui.clicked', 'ui.rage_click', 'ui.dead_click', 'ui.error_click',
        'ui.backtrack', 'task.abandoned', 'ui.slow_click'
    )
GROUP BY tenant_id, site_id, hour, screen
