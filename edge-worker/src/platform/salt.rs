//! Asks for the salt of the day, once a day and isolate.

use std::cell::RefCell;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use worker::{Delay, Env, Error, Method, Request, RequestInit, Result};

use super::{count, log};
use crate::policy::counters::Front;
use crate::policy::salts::{DaySalt, Known};

/// The Durable Objects' binding, and the one object.
const BINDING: &str = "KEEPER";
const NAME: &str = "salts";

/// For how long the object's answer is waited for.
const DEADLINE: Duration = Duration::from_millis(1_000);

thread_local! {
    static KNOWN: RefCell<Known> = RefCell::new(Known::default());
}

/// The salt of a day; `None` when its keeper is away: then a visitor without consent
/// has no key, and is counted as an event alone.
pub(super) async fn of_day(env: &Env, day: i64) -> Option<DaySalt> {
    if let Some(salt) = KNOWN.with_borrow(|known| known.of(day)) {
        return Some(salt);
    }
    let asked = async {
        match select(pin!(fetch(env, day)), pin!(Delay::from(DEADLINE))).await {
            Either::Left((answer, _)) => answer,
            Either::Right(_) => Err(Error::from("deadline")),
        }
    };
    match asked.await {
        Ok(salt) => {
            KNOWN.with_borrow_mut(|known| known.learn(day, salt));
            Some(salt)
        }
        Err(error) => {
            log::error("salt_away", &[("detail", &error.to_string())]);
            count::front(Front::SaltAway);
            None
        }
    }
}

async fn fetch(env: &Env, day: i64) -> Result<DaySalt> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(day.to_string().into()));
    let request = Request::new_with_init("https://keeper/salt", &init)?;
    let stub = env.durable_object(BINDING)?.get_by_name(NAME)?;
    let mut response = stub.fetch_with_request(request).await?;
    let status = response.status_code();
    match DaySalt::try_from(response.bytes().await?) {
        Ok(salt) if status == 200 => Ok(salt),
        _ => Err(Error::from(format!("status {status}"))),
    }
}
