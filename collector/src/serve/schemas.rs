//! Keeps the tenants' own schemas as their folder is.

use std::sync::Arc;

use tokio::time::{MissedTickBehavior, interval};

use crate::limits::SCHEMAS_POLL;
use crate::schemas::Registry;
use crate::sites::Sites;

/// Looks at the folder once, off the threads that serve. What is wrong with a file is
/// logged when it is seen first; the service goes on by what it had.
pub(super) async fn refresh(schemas: &Arc<Registry>, sites: &Arc<Sites>) {
    let (registry, directory) = (Arc::clone(schemas), sites.directory());
    let look = tokio::task::spawn_blocking(move || {
        registry.refresh(|slug| directory.tenant_by_slug(slug).map(|tenant| tenant.id))
    });
    let Ok(refreshed) = look.await else {
        tracing::error!("the folder of schemas could not be looked at");
        return;
    };
    for complaint in &refreshed.complaints {
        tracing::warn!(cause = complaint, "a schema is not used");
    }
    if refreshed.changed {
        tracing::info!(schemas = refreshed.schemas, "event schemas have changed");
    }
}

/// Looks again and again, for as long as it is polled.
pub(super) async fn keep_fresh(schemas: &Arc<Registry>, sites: &Arc<Sites>) {
    let mut poll = interval(SCHEMAS_POLL);
    poll.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        poll.tick().await;
        refresh(schemas, sites).await;
    }
}
