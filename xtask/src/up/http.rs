//! Short HTTP calls to the parts on loopback.

use std::time::Duration;

use anyhow::Result;

/// No part takes this long to say that it is well.
const TIMEOUT: Duration = Duration::from_secs(5);

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).build();
    ureq::Agent::new_with_config(config)
}

/// Whether a GET answers 200.
pub(super) fn is_well(url: &str) -> bool {
    agent().get(url).call().is_ok_and(|response| response.status() == 200)
}

/// What ClickHouse answers to a query.
pub(super) fn query(clickhouse: &str, sql: &str) -> Result<String> {
    Ok(agent().post(clickhouse).send(sql)?.into_body().read_to_string()?)
}
