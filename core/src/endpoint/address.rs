//! Whose call it is: the connection's own address, or what a trusted proxy says.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;
use core::net::IpAddr;

/// The header in which proxies note whom they speak for, the nearest last.
pub const FORWARDED_FOR: &str = "x-forwarded-for";

/// Addresses that are read out of that header: a chain of proxies is short.
const HOPS_MAX: usize = 16;

/// Proxies whose word about an address is taken.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<Network>);

/// A network is not one.
#[derive(Debug)]
pub struct ProxyError(String);

impl core::fmt::Display for ProxyError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "`{}` is no address or network, such as 10.0.0.7 or 10.0.0.0/8", self.0)
    }
}

impl core::error::Error for ProxyError {}

#[derive(Clone, Copy, Debug)]
struct Network {
    /// As an IPv6 address, mapped where it is IPv4.
    bits: u128,
    mask: u128,
}

impl Proxies {
    /// Reads addresses and networks.
    ///
    /// # Errors
    /// The first that is neither.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, ProxyError> {
        let networks = texts
            .into_iter()
            .map(|text| Network::parse(text).ok_or_else(|| ProxyError(text.to_owned())));
        networks.collect::<Result<_, _>>().map(Self)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an address is one of them.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| mapped(address) & network.mask == network.bits)
    }

    /// The address of whoever calls: the connection's own, unless that is a trusted
    /// proxy; then the last one of its list that is no trusted proxy itself. What
    /// stands before that one anybody could have written. `forwarded` are the lines
    /// of [`FORWARDED_FOR`], in order.
    pub fn caller<'a>(
        &self,
        peer: IpAddr,
        forwarded: impl DoubleEndedIterator<Item = &'a str>,
    ) -> IpAddr {
        let mut caller = peer;
        let mut named = forwarded.rev().flat_map(|line| line.rsplit(','));
        for _ in 0..HOPS_MAX {
            if !self.trusts(caller) {
                break;
            }
            let Some(next) = named.next().and_then(|text| text.trim().parse().ok()) else { break };
            caller = next;
        }
        caller
    }
}

impl Network {
    fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        let (width, offset) = if address.is_ipv4() { (32, 96) } else { (128, 0) };
        let length = length.unwrap_or(width);
        if length > width {
            return None;
        }
        let mask = u128::MAX.checked_shl(128 - offset - length).unwrap_or(0);
        Some(Self { bits: mapped(address) & mask, mask })
    }
}

fn mapped(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped().into(),
        IpAddr::V6(v6) => v6.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(trusted: &[&str], peer: &str, forwarded: &[&str]) -> String {
        let proxies = Proxies::parse(trusted.iter().copied()).unwrap();
        proxies.caller(peer.parse().unwrap(), forwarded.iter().copied()).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_asked() {
        for (trusted, peer, forwarded, expected) in [
            (&[][..], "203.0.113.1", &["198.51.100.9"][..], "203.0.113.1"),
            (&["10.0.0.0/8"], "203.0.113.1", &["198.51.100.9"], "203.0.113.1"),
            (&["10.0.0.0/8"], "10.1.2.3", &["198.51.100.9"], "198.51.100.9"),
            (&["10.0.0.0/8"], "10.1.2.3", &["1.1.1.1, 198.51.100.9"], "198.51.100.9"),
            (&["10.0.0.0/8"], "10.1.2.3", &["198.51.100.9, 10.9.9.9"], "198.51.100.9"),
            (&["10.0.0.0/8"], "10.1.2.3", &["198.51.100.9", "10.9.9.9"], "198.51.100.9"),
            (&["10.0.0.0/8"], "10.1.2.3", &[], "10.1.2.3"),
            (&["10.0.0.0/8"], "10.1.2.3", &["198.51.100.9, unknown"], "10.1.2.3"),
            (&["10.1.2.3"], "::ffff:10.1.2.3", &["2001:db8::7"], "2001:db8::7"),
            (&["2001:db8::/32"], "2001:db8:9::1", &["198.51.100.9"], "198.51.100.9"),
            (&["0.0.0.0/0"], "9.9.9.9", &["2001:db8::7"], "2001:db8::7"),
            (&["0.0.0.0/0"], "2001:db8::7", &["198.51.100.9"], "2001:db8::7"),
        ] {
            assert_eq!(caller(trusted, peer, forwarded), expected, "{trusted:?} {forwarded:?}");
        }
    }

    #[test]
    fn what_is_no_network_is_named() {
        for text in ["", "10.0.0.0/33", "10.0.0", "::/129", "localhost", "10.0.0.0/x"] {
            let told = Proxies::parse([text]).unwrap_err().to_string();
            assert!(told.contains(&format!("`{text}`")), "{told}");
        }
        assert!(Proxies::parse(["::/0", "10.0.0.0/0"]).is_ok());
    }
}
