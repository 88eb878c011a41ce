//! Which ports everything listens on, all on loopback.

use std::net::{Ipv4Addr, TcpListener};

use anyhow::{Result, bail};

const NAMES: [&str; 4] = ["demo", "edge", "collector", "clickhouse"];
const FIXED: [u16; 4] = [8080, 8787, 8090, 8123];

/// One port a part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    pub(super) demo: u16,
    pub(super) edge: u16,
    pub(super) collector: u16,
    pub(super) clickhouse: u16,
}

impl Ports {
    /// Chooses: what was asked for, else any that is free, else the fixed one.
    ///
    /// # Errors
    /// Names every port that is taken, and the flag that helps.
    pub(super) fn choose(auto: bool, asked: [Option<u16>; 4]) -> Result<Self> {
        let mut chosen = FIXED;
        // All are held until all are chosen, so that no two are the same.
        let mut held = Vec::new();
        let mut taken = Vec::new();
        for ((port, asked), name) in chosen.iter_mut().zip(asked).zip(NAMES) {
            let wanted = asked.unwrap_or(if auto { 0 } else { *port });
            match TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)) {
                Ok(listener) => {
                    *port = listener.local_addr()?.port();
                    held.push(listener);
                }
                Err(error) => {
                    taken.push(format!("  {wanted} ({name}): {error}; choose with --{name}-port"));
                }
            }
        }
        if !taken.is_empty() {
            bail!("these ports are not free:\n{}\nor take any with --ports auto", taken.join("\n"));
        }
        let [demo, edge, collector, clickhouse] = chosen;
        Ok(Self { demo, edge, collector, clickhouse })
    }

    pub(super) fn demo_url(&self) -> String {
        url(self.demo)
    }

    pub(super) fn edge_url(&self) -> String {
        url(self.edge)
    }

    pub(super) fn collector_url(&self) -> String {
        url(self.collector)
    }

    pub(super) fn clickhouse_url(&self) -> String {
        url(self.clickhouse)
    }
}

fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_four_differ() {
        let ports = Ports::choose(true, [None; 4]).unwrap();
        let mut all = [ports.demo, ports.edge, ports.collector, ports.clickhouse];
        all.sort_unstable();
        assert!(all.windows(2).all(|pair| pair[0] < pair[1]), "{all:?}");
    }

    #[test]
    fn a_taken_port_is_named_with_its_flag() {
        let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = Ports::choose(true, [None, Some(port), None, None]).unwrap_err().to_string();
        assert!(error.contains(&port.to_string()) && error.contains("--edge-port"), "{error}");
    }
}
