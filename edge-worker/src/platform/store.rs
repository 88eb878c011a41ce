//! Small copies that outlive an isolate: in KV, or, where there is none, in a Durable
//! Object. Where both are away, an isolate asks for what it needs.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use worker::{Delay, Env, Error, Method, Request, RequestInit, Result};

use super::log;

/// KV's binding.
const KV: &str = "COPIES";

/// The Durable Object's binding, and the one object.
const KEEPER: &str = "KEEPER";
const NAME: &str = "copies";

/// For how long a copy is waited for: a call may be waiting, too.
const DEADLINE: Duration = Duration::from_millis(1_000);

/// What is kept under a name.
pub(super) async fn get(env: &Env, name: &str) -> Option<String> {
    let kept = async {
        match env.kv(KV) {
            Ok(kv) => kv.get(name).text().await.map_err(Error::from),
            Err(_) => ask_keeper(env, Method::Get, name, None).await,
        }
    };
    in_time(kept).await.flatten()
}

/// Keeps something under a name, if that is possible.
pub(super) async fn put(env: &Env, name: &str, text: &str) {
    let put = async {
        match env.kv(KV) {
            Ok(kv) => Ok(kv.put(name, text)?.execute().await?),
            Err(_) => ask_keeper(env, Method::Put, name, Some(text)).await.map(|_| ()),
        }
    };
    in_time(put).await;
}

async fn in_time<T>(work: impl Future<Output = Result<T>>) -> Option<T> {
    let done = match select(pin!(work), pin!(Delay::from(DEADLINE))).await {
        Either::Left((done, _)) => done,
        Either::Right(_) => Err(Error::from("deadline")),
    };
    done.inspect_err(|error| log::error("copy_away", &[("detail", &error.to_string())])).ok()
}

async fn ask_keeper(
    env: &Env,
    method: Method,
    name: &str,
    text: Option<&str>,
) -> Result<Option<String>> {
    let mut init = RequestInit::new();
    init.with_method(method).with_body(text.map(Into::into));
    let request = Request::new_with_init(&format!("https://keeper/copy/{name}"), &init)?;
    let stub = env.durable_object(KEEPER)?.get_by_name(NAME)?;
    let mut response = stub.fetch_with_request(request).await?;
    match response.status_code() {
        200 | 204 => response.text().await.map(Some),
        404 => Ok(None),
        status => Err(Error::from(format!("status {status}"))),
    }
}
