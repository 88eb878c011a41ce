//! HTTP's content codings, both ways: what a client names in `Accept-Encoding`
//! and `Content-Encoding`.
//!
//! What always holds: bytes are pushed in and taken out in bounded pieces, so
//! that a few bytes that unpack to gigabytes cost one piece of memory at a time.
//! ClickHouse's own block framing (`compress=1`) is `framing`'s, not this.

mod lz4;
mod pack;
mod unpack;

pub(crate) use pack::Packer;
pub(crate) use unpack::Unpacker;

/// A content coding that is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Zstd,
    Brotli,
    Lz4,
    Gzip,
    Deflate,
}

impl Coding {
    /// All of them, the server's favourite first.
    const ALL: [Self; 5] = [Self::Zstd, Self::Brotli, Self::Lz4, Self::Gzip, Self::Deflate];

    /// Its name in HTTP's headers.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Lz4 => "lz4",
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    /// The coding of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        let name = if name.eq_ignore_ascii_case("x-gzip") { "gzip" } else { name };
        Self::ALL.into_iter().find(|coding| coding.name().eq_ignore_ascii_case(name))
    }

    /// The favourite among those that an `Accept-Encoding` names and does not
    /// refuse by `q=0`. As on the server, other weights do not count, nor does `*`.
    pub(crate) fn accepted(header: &str) -> Option<Self> {
        let named: Vec<_> = header
            .split(',')
            .filter_map(|item| {
                let (name, weight) = item.split_once(';').unwrap_or((item, ""));
                let weight = weight.trim().strip_prefix("q=").map_or(Ok(1.0), str::parse::<f32>);
                let refused = weight.is_ok_and(|weight| weight <= 0.0);
                Self::named(name.trim()).filter(|_| !refused)
            })
            .collect();
        Self::ALL.into_iter().find(|coding| named.contains(coding))
    }
}

#[cfg(test)]
mod tests;
