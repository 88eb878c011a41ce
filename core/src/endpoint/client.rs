//! What a public endpoint adds about where a call came from: never the full address.

use alloc::format;
use alloc::string::String;
use core::net::{IpAddr, Ipv6Addr};

use crate::json::write_string;

/// The caller's network as CIDR text: IPv4 /24, IPv6 /48. `None` for text that
/// is no address.
pub fn ip_prefix(address: &str) -> Option<String> {
    Some(prefix_of(address.trim().parse().ok()?))
}

/// The network of an address as CIDR text.
pub fn prefix_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

/// `{"country","region"?}` as JSON text; `None` without a country. Both are ISO
/// 3166 codes; anything else is left out.
pub fn geo(country: Option<&str>, region: Option<&str>) -> Option<String> {
    let country = country.filter(|code| is_code(code, 2))?;
    let mut out = String::from("{\"country\":");
    write_string(&mut out, country);
    if let Some(region) = region.filter(|code| is_code(code, 3)) {
        out.push_str(",\"region\":");
        write_string(&mut out, region);
    }
    out.push('}');
    Some(out)
}

fn is_code(text: &str, max_bytes: usize) -> bool {
    (1..=max_bytes).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_their_host() {
        for (address, prefix) in [
            ("203.0.113.77", Some("203.0.113.0/24")),
            (" 203.0.113.77 ", Some("203.0.113.0/24")),
            ("::ffff:203.0.113.77", Some("203.0.113.0/24")),
            ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1::/48")),
            ("::1", Some("::/48")),
            ("203.0.113.77, 10.0.0.1", None),
            ("", None),
            ("example.com", None),
        ] {
            assert_eq!(ip_prefix(address).as_deref(), prefix, "{address}");
        }
    }

    #[test]
    fn places_are_codes() {
        assert_eq!(geo(Some("DE"), Some("BY")).unwrap(), r#"{"country":"DE","region":"BY"}"#);
        assert_eq!(geo(Some("DE"), Some("Bavaria")).unwrap(), r#"{"country":"DE"}"#);
        assert_eq!(geo(Some("\"x"), None), None);
        assert_eq!(geo(None, Some("BY")), None);
    }
}
