//! Writes data points to Analytics Engine, where it is bound.
//!
//! Writing waits for nothing; a point that is lost is lost, which is why the books
//! are kept in `/metrics` and in the database as well.

use worker::{AnalyticsEngineDataPointBuilder, Env};

use super::{log, settings};
use crate::policy::data_point::DataPoint;

/// The data set's binding.
pub(super) const BINDING: &str = "COUNTERS";

/// Writes a point; without the binding there is nothing to do, and no point is made.
pub(super) fn write(env: &Env, point: impl FnOnce() -> DataPoint) {
    if !settings::of(env).has_counters {
        return;
    }
    let point = point();
    let written = env.analytics_engine(BINDING).and_then(|counters| {
        AnalyticsEngineDataPointBuilder::new()
            .indexes([point.index.as_str()])
            .blobs(point.blobs)
            .doubles(point.doubles)
            .write_to(&counters)
    });
    if let Err(error) = written {
        log::error("counters_failed", &[("detail", &error.to_string())]);
    }
}
