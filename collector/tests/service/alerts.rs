//! The alert rules of ops/prometheus, held against what /metrics gives.

use std::collections::BTreeSet;

use crate::hop::{batch, event, post};
use crate::stack::Stack;

const RULES: &str = include_str!("../../../ops/prometheus/tidemark.rules.yml");

/// Every name that begins with `tidemark_` in the rules' expressions.
fn named() -> BTreeSet<String> {
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let rules = RULES.lines().filter(|line| !line.trim_start().starts_with('#'));
    // What an annotation tells is for people, but a name in it must exist as well.
    rules
        .flat_map(|line| line.split(|c| !is_name(c)))
        .filter(|word| word.starts_with("tidemark_"))
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_series_that_a_rule_names_is_there() {
    let stack = Stack::start().await;
    // A histogram has no buckets before its first observation.
    post(&stack.tidemark, &batch(&[event(1)])).await;
    stack.tidemark.get("/v1/stats").await;
    let text = async || {
        let answer = stack.tidemark.http.get(format!("{}/metrics", stack.tidemark.url));
        answer.send().await.unwrap().text().await.unwrap()
    };
    let has = |text: &str, name: &str| {
        text.lines()
            .any(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' '])))
    };
    let named = named();
    assert!(named.len() >= 8, "{named:?}");
    for name in &named {
        let there = async || has(&text().await, name);
        stack.tidemark.until(&format!("a series {name} in /metrics"), there).await;
    }
    // What the rules choose by, too.
    let text = text().await;
    for labels in [
        r#"endpoint="ingest",outcome="answered",le="0.2""#,
        r#"endpoint="ingest",outcome="failed",le="0.2""#,
        r#"endpoint="query",outcome="answered",le="5""#,
        r#"verdict="duplicate""#,
        r#"verdict="rejected""#,
    ] {
        assert!(text.contains(labels), "{labels} in\n{text}");
    }
    assert!(stack.tidemark.metric("tidemark_data_free_bytes").await > 0.0);
}
