SELECT
    tenant_id,
    site_id,
    if(consent_mode = 'cookieless', toUUID('00000000-0000-0000-0000-000000000000'), anonymous_id) AS anonymous_id,
    user_id,
    multiIf(isNull(consent_analytics), 'not_said', consent_analytics, 'granted', 'denied') AS consent_analytics,
    multiIf(isNull(consent_ads), 'not_said', consent_ads, 'granted', 'denied') AS consent_ads,
    consent_mode,
    min(occurred_at) AS first_seen,
    max(occurred_at) AS last_seen,
    count() AS events
FROM events_raw
WHERE {spans}
GROUP BY tenant_id, site_id, anonymous_id, user_id, consent_analytics, consent_ads, consent_mode
