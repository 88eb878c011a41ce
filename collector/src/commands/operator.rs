//! An operator's signed calls to the running collector.

use std::net::SocketAddr;
use std::time::Duration;

use hyper::Method;
use serde_json::Value;
use tidemark_core::hop::{self, Key};

use super::CommandError;
use super::call::Call;
use super::doctor::reachable;
use crate::clock::{Clock as _, SystemClock};
use crate::config::Config;

/// How long one call may take.
const CALL_WITHIN: Duration = Duration::from_secs(60);

/// The running collector, and the key to sign with.
pub(super) struct Collector {
    address: SocketAddr,
    key: Key,
}

impl Collector {
    /// The collector of a configuration, or at `address`.
    ///
    /// # Errors
    /// When the configuration has no key of the hop, or no port.
    pub(super) fn of(config: &Config, address: Option<SocketAddr>) -> Result<Self, CommandError> {
        let key = config.hop.keys.first().ok_or_else(|| {
            CommandError::Wrong("hop.keys has no key to sign with: add one".to_owned())
        })?;
        let address = address.unwrap_or_else(|| reachable(config.server.listen));
        if address.port() == 0 {
            return Err(CommandError::Wrong(
                "server.listen says no port; name the collector by --collector".to_owned(),
            ));
        }
        let key = Key { id: key.id.clone(), secret: key.secret.reveal().as_bytes().to_vec() };
        Ok(Self { address, key })
    }

    /// Calls, signed, and takes the answer.
    ///
    /// # Errors
    /// [`CommandError::Call`] when there is none, and what a refusal says.
    pub(super) async fn ask(
        &self,
        path: &'static str,
        body: &Value,
    ) -> Result<Value, CommandError> {
        let body = body.to_string().into_bytes();
        let signature = hop::sign(&self.key, SystemClock::new().unix_ms(), path, &body);
        let call = Call {
            method: Method::POST,
            path,
            header: Some((hop::HEADER, signature)),
            body: body.into(),
            within: CALL_WITHIN,
        };
        let answer = call.send(self.address).await?;
        let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        if (200..300).contains(&answer.status) {
            return Ok(told);
        }
        let text = |key: &str| told["error"][key].as_str().unwrap_or_default().to_owned();
        Err(CommandError::Wrong(format!(
            "the collector answers {} {}: {}",
            answer.status,
            text("code"),
            text("detail")
        )))
    }
}
