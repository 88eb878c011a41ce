//! Writes data points to Analytics Engine, where it is bound.
//!
//! Writing waits for nothing; a point that is lost is lost, which is why the books
//! are kept in `/metrics` and in the database as well.

use worker::js_sys::Reflect;
use worker::wasm_bindgen::JsValue;
use worker::{AnalyticsEngineDataPointBuilder, Env};

use super::log;
use crate::policy::data_point::DataPoint;

/// The data set's binding.
const BINDING: &str = "COUNTERS";

/// Writes a point; without the binding there is nothing to do.
pub(super) fn write(env: &Env, point: DataPoint) {
    let bound = Reflect::get(env, &JsValue::from_str(BINDING));
    if !bound.is_ok_and(|binding| binding.is_object()) {
        return;
    }
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
