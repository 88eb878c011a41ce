//! The other end of a connection. Whose call it is then, [`Proxies`] decide.

use std::net::SocketAddr;

pub use tidemark_core::endpoint::address::{FORWARDED_FOR, Proxies, ProxyError};

/// The other end of a connection, as the server notes it on each request.
#[derive(Clone, Copy, Debug)]
pub struct Peer(pub SocketAddr);
