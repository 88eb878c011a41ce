//! The bindings: what the runtime calls, and what is called of it.
//!
//! Compiled for wasm alone. Everything here is a thin way from a request to a
//! decision of [`crate::policy`] and from the decision to an answer. An error of
//! a binding is logged without the call's data, and told as an answer; nothing
//! here panics.

mod admit;
mod after;
mod analytics;
mod body;
mod caller;
mod calls;
mod clock;
mod collector;
mod count;
mod dedupe;
mod dedupe_shard;
mod delivery;
mod files;
mod head;
mod hold;
mod ingest;
mod keeper;
mod limiter;
mod limits;
mod log;
mod prepare;
mod random;
mod reply;
mod requests;
mod salt;
mod settings;
mod sites;
mod socket;
mod store;

use std::rc::Rc;

use tidemark_core::verdict::Code;
use worker::wasm_bindgen::JsValue;
use worker::wasm_bindgen::prelude::wasm_bindgen;
use worker::web_sys::{Request, Response};
use worker::{Context, Env, worker_sys};

use crate::policy::answer::{Answer, Refused};
use crate::policy::call::Call;
use crate::policy::data_point::DataPoint;
use crate::policy::origin::{cors_headers, preflight_headers};
use crate::policy::route::{Route, route};
use crate::policy::sites::Sites;
use crate::policy::{admission, site_settings, write_key};
use after::After;
use clock::now_ms;

/// The runtime's entry: one HTTP call. Whoever calls sees to it that it goes on when the
/// caller hangs up (shim/worker.js).
#[wasm_bindgen(
    wasm_bindgen = ::worker::wasm_bindgen,
    wasm_bindgen_futures = ::worker::wasm_bindgen_futures,
    js_sys = ::worker::js_sys
)]
pub async fn fetch(
    request: Request,
    env: Env,
    context: worker_sys::Context,
) -> Result<JsValue, JsValue> {
    let context = Context::new(context);
    let call = head::read(&request);
    let answer = match route(&call.method, &call.path) {
        Ok(Route::Socket(words)) => {
            match socket::open(words, &request, &call, &env, &context).await {
                Ok(response) => return Ok(Response::from(response).into()),
                Err(refused) => refuse(&refused),
            }
        }
        Ok(found) => dispatch(found, &request, &call, &env, &context).await,
        Err(none) => refuse(&none.into()),
    };
    reply::send(&answer)
}

async fn dispatch(
    found: Route,
    request: &Request,
    call: &Call,
    env: &Env,
    context: &Context,
) -> Answer {
    match found {
        Route::Ingest(words) => ingest::ingest(words, request, call, env, context)
            .await
            .unwrap_or_else(|refused| {
                analytics::write(env, || DataPoint::refused(refused.refusal.code));
                refuse(&refused)
            })
            .with(cors_headers(call.origin.as_deref())),
        Route::Preflight => preflight(call, env, context).await,
        Route::SiteSettings => site_settings(call, env, context)
            .await
            .unwrap_or_else(|refused| refuse(&refused))
            .with(cors_headers(call.origin.as_deref())),
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
        Route::Stats => match &settings::of(env).config {
            Ok(config) if config.metrics => Answer::json(200, count::stats()),
            _ => refuse(&Code::NotFound.into()),
        },
        // Answered before: what it becomes is no plain answer.
        Route::Socket(_) => refuse(&Code::UpgradeRequired.into()),
    }
}

async fn preflight(call: &Call, env: &Env, context: &Context) -> Answer {
    let allowed = async {
        let sites = sites_for(call, env, context).await?;
        admission::by_preflight(&sites, call).map_err(Refused::from)
    };
    match (allowed.await, &call.origin) {
        (Ok(()), Some(origin)) => Answer::empty(204).with(preflight_headers(origin)),
        (Ok(()), None) => refuse(&Code::OriginNotAllowed.into()),
        (Err(refused), _) => refuse(&refused).with(cors_headers(None)),
    }
}

/// What a site tells its pages, for the key's site.
async fn site_settings(call: &Call, env: &Env, context: &Context) -> Result<Answer, Refused> {
    let sites = sites_for(call, env, context).await?;
    let site = admission::by_batch(&sites, call, None)?;
    Ok(site_settings::answer(site, call.if_none_match.as_deref()))
}

async fn sites_for(call: &Call, env: &Env, context: &Context) -> Result<Rc<Sites>, Refused> {
    let settings = settings::of(env);
    let key = write_key::resolve(call, None)?;
    sites::current(env, settings.config()?, After::Call(context), key).await
}

fn refuse(refused: &Refused) -> Answer {
    count::refusal(refused.refusal.code);
    Answer::refused(refused)
}
