//! Where a call came from, as far as somebody trustworthy says so.
//!
//! On Cloudflare the runtime vouches for place and address. On self-hosted workerd
//! it vouches for the other end of the connection alone; what a header says beyond
//! that is believed only of the proxies that the operator trusts, because any
//! caller can write any header, Cloudflare's own names included.

use core::net::{IpAddr, SocketAddr};

use tidemark_core::endpoint::address::Proxies;
use tidemark_core::endpoint::client;

/// What the runtime and the headers say.
#[derive(Clone, Copy, Debug, Default)]
pub struct Heard<'a> {
    /// Whether Cloudflare's own network took the call.
    pub is_cloudflare: bool,
    /// The other end of the connection, as self-hosted workerd tells it.
    pub peer: Option<&'a str>,
    /// `CF-Connecting-IP`, which Cloudflare writes.
    pub cf_connecting_ip: Option<&'a str>,
    /// Cloudflare's country, ISO 3166-1.
    pub cf_country: Option<&'a str>,
    /// Cloudflare's region, ISO 3166-2 without the country.
    pub cf_region: Option<&'a str>,
    /// What the configured header says of the address.
    pub forwarded: Option<&'a str>,
    /// What the configured header says of the country.
    pub country: Option<&'a str>,
}

/// Where a call came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caller {
    /// The full address: to limit by, never to be stored.
    pub address: Option<IpAddr>,
    /// Its network, IPv4 /24 or IPv6 /48.
    pub prefix: Option<String>,
    /// `{"country","region"?}` as JSON text.
    pub geo: Option<String>,
}

/// Finds the caller.
pub fn find(heard: &Heard<'_>, proxies: &Proxies) -> Caller {
    let (address, geo) = if heard.is_cloudflare {
        let address = heard.cf_connecting_ip.and_then(|text| text.trim().parse().ok());
        (address, client::geo(heard.cf_country, heard.cf_region))
    } else {
        let peer = heard.peer.and_then(address_of);
        let country = heard.country.filter(|_| peer.is_some_and(|peer| proxies.trusts(peer)));
        let address = peer.map(|peer| proxies.caller(peer, heard.forwarded.into_iter()));
        (address, client::geo(country, None))
    };
    let address = address.map(|address: IpAddr| address.to_canonical());
    Caller { address, prefix: address.map(client::prefix_of), geo }
}

/// The address in `192.0.2.1:443`, `[2001:db8::1]:443` or without a port.
fn address_of(peer: &str) -> Option<IpAddr> {
    let peer = peer.trim();
    peer.parse::<SocketAddr>().map(|socket| socket.ip()).or_else(|_| peer.parse()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies() -> Proxies {
        Proxies::parse(["127.0.0.1", "10.0.0.0/8"]).unwrap()
    }

    #[test]
    fn cloudflare_vouches_for_place_and_address() {
        let heard = Heard {
            is_cloudflare: true,
            cf_connecting_ip: Some("2001:db8:1:2::3"),
            cf_country: Some("DE"),
            cf_region: Some("BY"),
            forwarded: Some("198.51.100.1"),
            country: Some("FR"),
            ..Heard::default()
        };
        let caller = find(&heard, &proxies());
        assert_eq!(caller.prefix.as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(caller.geo.as_deref(), Some(r#"{"country":"DE","region":"BY"}"#));
    }

    #[test]
    fn elsewhere_the_connection_counts_and_headers_only_of_trusted_proxies() {
        for (peer, expected, geo) in [
            (Some("203.0.113.7:50000"), Some("203.0.113.0/24"), None),
            (Some("[2001:db8::1]:50000"), Some("2001:db8::/48"), None),
            (Some("127.0.0.1:50000"), Some("198.51.100.0/24"), Some(r#"{"country":"FR"}"#)),
            (Some("[::ffff:10.1.2.3]:9"), Some("198.51.100.0/24"), Some(r#"{"country":"FR"}"#)),
            (Some("unix:/run/edge"), None, None),
            (None, None, None),
        ] {
            let heard = Heard {
                peer,
                cf_connecting_ip: Some("192.0.2.1"),
                cf_country: Some("XX"),
                forwarded: Some("1.1.1.1, 198.51.100.9"),
                country: Some("FR"),
                ..Heard::default()
            };
            let caller = find(&heard, &proxies());
            assert_eq!(
                (caller.prefix.as_deref(), caller.geo.as_deref()),
                (expected, geo),
                "{peer:?}"
            );
        }
    }
}
