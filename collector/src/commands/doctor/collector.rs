//! The running collector, asked where the configuration says that it listens.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use super::finding::Findings;
use crate::commands::call::{Call, CallError};
use crate::config::Config;

const WITHIN: Duration = Duration::from_secs(5);

pub(super) async fn look(config: &Config, findings: &mut Findings) {
    let address = reachable(config.server.listen);
    if address.port() == 0 {
        return findings.warn(
            "collector",
            "server.listen takes any free port",
            "A collector that others should find has a port of its own.",
        );
    }
    match Call::get("/health", WITHIN).send(address).await {
        Ok(answer) if answer.status == 200 => {
            findings.ok("collector", format!("ready at {address}"));
        }
        Ok(answer) => {
            let told: serde_json::Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let missing: Vec<_> = told["missing"]
                .as_array()
                .map(|names| names.iter().filter_map(serde_json::Value::as_str).collect())
                .unwrap_or_default();
            if missing.is_empty() && answer.status != 503 {
                return findings.fail(
                    "collector",
                    format!("{address} answers {} to /health", answer.status),
                    "Something else listens there. Correct server.listen.",
                );
            }
            let found = format!("runs at {address}, waits for: {}", missing.join(", "));
            if told["ready"] == true {
                return findings.warn(
                    "collector",
                    found,
                    "It takes events, and its log holds them until then. See the checks of \
                     ClickHouse above.",
                );
            }
            match told["log"].as_str() {
                Some("log_disk_full") => findings.fail(
                    "collector",
                    found,
                    "The disk is down to its reserve, and ingest answers 503: free some space, or \
                     bring ClickHouse back, so that the log may let go.",
                ),
                Some(code) => findings.fail(
                    "collector",
                    format!("{found} ({code})"),
                    "Ingest answers 503. Its own log has the cause; docs/guarantees.md says what \
                     each bound means.",
                ),
                None => findings.fail(
                    "collector",
                    found,
                    "See the checks of ClickHouse above; its log has the cause.",
                ),
            }
        }
        Err(CallError::NoConnection(..)) => findings.warn(
            "collector",
            format!("does not run at {address}"),
            "`tidemark serve` starts it. Senders keep their batches meanwhile.",
        ),
        Err(error) => findings.fail(
            "collector",
            error.to_string(),
            "It listens and does not answer: look at its log and at the machine's load.",
        ),
    }
}

/// Where to call something that listens on every address.
pub(in crate::commands) fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
