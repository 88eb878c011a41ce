//! The bindings: what the runtime calls, and what is called of it.
//!
//! Compiled for wasm alone. Everything here is a thin way from a request to a
//! decision of [`crate::policy`] and from the decision to an answer. An error of
//! a binding is logged without the call's data, and told as an answer; nothing
//! here panics.

mod analytics;
mod body;
mod calls;
mod collector;
mod count;
mod dedupe;
mod dedupe_shard;
mod delivery;
mod files;
mod head;
mod hold;
mod ingest;
mod log;
mod random;
mod reply;
mod settings;

use tidemark_core::verdict::Code;
use worker::{Context, Date, Env, Request, Response, Result, event};

use crate::policy::admission;
use crate::policy::answer::{Answer, Refused};
use crate::policy::call::Call;
use crate::policy::data_point::DataPoint;
use crate::policy::origin::{cors_headers, preflight_headers};
use crate::policy::route::{Route, route};
use settings::Settings;

/// The runtime's entry: one HTTP call.
#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    let call = head::read(&request);
    let answer = match route(&call.method, &call.path) {
        Ok(found) => dispatch(found, request, &call, &env, &context).await,
        Err(none) => refuse(&none.into()),
    };
    reply::send(answer)
}

async fn dispatch(
    found: Route,
    request: Request,
    call: &Call,
    env: &Env,
    context: &Context,
) -> Answer {
    match found {
        Route::Ingest(form) => ingest::ingest(form, request, call, env, context)
            .await
            .unwrap_or_else(|refused| {
                analytics::write(env, DataPoint::refused(refused.refusal.code));
                refuse(&refused)
            })
            .with(cors_headers(call.origin.as_deref())),
        Route::Preflight => preflight(call, env),
        Route::SdkFile(path) => {
            files::serve(&path, call, env).await.unwrap_or_else(|refused| refuse(&refused))
        }
        Route::Health => Answer::json(200, String::from("{\"status\":\"ok\"}")),
        Route::Ready => match &settings::of(env).config {
            Ok(config) => {
                let hold = hold::kind(config, env).map_or("none", hold::Kind::as_str);
                Answer::json(200, format!("{{\"status\":\"ready\",\"hold\":\"{hold}\"}}"))
            }
            Err(error) => {
                let body =
                    serde_json::json!({ "status": "misconfigured", "detail": error.to_string() });
                Answer::json(503, body.to_string())
            }
        },
        Route::Metrics => match &settings::of(env).config {
            Ok(config) if config.metrics => {
                Answer::text(200, "text/plain; version=0.0.4", count::expose())
            }
            _ => refuse(&Code::NotFound.into()),
        },
    }
}

fn preflight(call: &Call, env: &Env) -> Answer {
    let settings: &Settings = &settings::of(env);
    let allowed = settings
        .config()
        .and_then(|config| admission::by_preflight(config, call).map_err(Refused::from));
    match (allowed, &call.origin) {
        (Ok(()), Some(origin)) => Answer::empty(204).with(preflight_headers(origin)),
        (Ok(()), None) => refuse(&Code::OriginNotAllowed.into()),
        (Err(refused), _) => refuse(&refused).with(cors_headers(None)),
    }
}

/// Now, in Unix milliseconds.
fn now_ms() -> i64 {
    i64::try_from(Date::now().as_millis()).unwrap_or(i64::MAX)
}

fn refuse(refused: &Refused) -> Answer {
    count::refusal(refused.refusal.code);
    Answer::refused(refused)
}
