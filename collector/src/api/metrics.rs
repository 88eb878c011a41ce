//! `/metrics`: every series in Prometheus' text format.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse;
use axum::routing::get;

use crate::metrics::Metrics;

/// Takes over what other parts have counted, so that a scrape tells of now.
pub type Observe = Arc<dyn Fn(&Metrics) + Send + Sync>;

/// The route of the scrape; `observe` runs before each.
pub fn routes(metrics: Arc<Metrics>, observe: Observe) -> Router {
    Router::new().route("/metrics", get(scrape)).with_state((metrics, observe))
}

async fn scrape(State((metrics, observe)): State<(Arc<Metrics>, Observe)>) -> impl IntoResponse {
    observe(&metrics);
    let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    ([(header::CONTENT_TYPE, text)], metrics.render())
}
