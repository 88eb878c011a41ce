//! Whose call it is, as HTTP tells it; who is believed is decided by [`Proxies`].

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use tidemark_core::endpoint::address::FORWARDED_FOR;
pub use tidemark_core::endpoint::address::{Proxies, ProxyError};

/// The other end of a connection, as the server notes it on each request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);

/// The address of whoever calls: `peer`, unless that is a proxy that is trusted.
pub(super) fn caller(proxies: &Proxies, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let lines = headers.get_all(FORWARDED_FOR);
    let lines: Vec<&str> = lines.iter().filter_map(|value| value.to_str().ok()).collect();
    proxies.caller(peer, lines.into_iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_lines_are_one_list_and_the_last_that_is_not_trusted_counts() {
        let proxies = Proxies::parse(["10.0.0.0/8"]).unwrap();
        let mut headers = HeaderMap::new();
        for line in ["1.1.1.1", "198.51.100.9, 10.9.9.9"] {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let of = |peer: &str| caller(&proxies, peer.parse().unwrap(), &headers).to_string();
        assert_eq!(of("10.1.2.3"), "198.51.100.9");
        assert_eq!(of("203.0.113.1"), "203.0.113.1");
    }
}
