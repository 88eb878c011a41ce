//! A log that stands in for a lost or restored one learns the ids of before, out of
//! ClickHouse, and takes nothing until it has.

use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::{Clock as _, SystemClock};
use crate::dedupe::IndexLimits;
use crate::limits::MIGRATION_RETRY;
use crate::log::{Committer, LogCore};
use crate::refusal::causes;
use crate::store::{ClickHouse, SchemaGate};

/// Tries until it is done; ids that are told again change nothing.
pub(super) async fn preload(store: ClickHouse, gate: Arc<SchemaGate>, committer: Arc<Committer>) {
    let since_ms = SystemClock::new().unix_ms() - IndexLimits::default().window_ms;
    loop {
        if gate.is_open() {
            match once(&store, &committer, since_ms).await {
                Ok(ids) => {
                    tracing::info!(ids, "the ids of before are known: the log takes events");
                    return;
                }
                Err(cause) => {
                    tracing::warn!(cause, "the ids of before cannot be read yet; trying on");
                }
            }
        }
        tokio::time::sleep(MIGRATION_RETRY).await;
    }
}

async fn once(store: &ClickHouse, committer: &Committer, since_ms: i64) -> Result<u64, String> {
    let failed = &Mutex::new(None);
    let fail = |why: String| *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    let read = store.ids_since(since_ms, |ids| async move {
        let told = match committer.run(move |core| core.preload(ids)) {
            Ok(answer) => answer.await.map_err(|_| "the log is shut".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        match told {
            Ok(Ok(())) => {}
            Ok(Err(error)) => fail(error.to_string()),
            Err(why) => fail(why),
        }
    });
    let ids = read.await.map_err(|error| causes(&error))?;
    if let Some(why) = failed.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(why);
    }
    let finished = committer.run(LogCore::finish_preload).map_err(|error| error.to_string())?;
    match finished.await {
        Ok(Ok(())) => Ok(ids),
        Ok(Err(error)) => Err(error.to_string()),
        Err(_) => Err("the log is shut".to_owned()),
    }
}
