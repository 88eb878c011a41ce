//! Settings and catalogue: made once an isolate, shared by its calls.

use std::cell::RefCell;
use std::rc::Rc;

use tidemark_core::validate::Catalogue;
use worker::Env;
use worker::js_sys::Reflect;
use worker::wasm_bindgen::JsValue;

use super::{analytics, log, requests};
use crate::policy::answer::Refused;
use crate::policy::collector_answer::Away;
use crate::policy::config::{Config, ConfigError};

/// What every call of an isolate shares.
pub(super) struct Settings {
    /// The settings, or the binding that is wrong.
    pub(super) config: Result<Rc<Config>, ConfigError>,
    /// The compiled event schemas; `None` is a build that a test refuses.
    pub(super) catalogue: Option<Rc<Catalogue>>,
    /// Whether there is a data set for counters: asked once, because each look is a crossing.
    pub(super) has_counters: bool,
    /// Whether the runtime limits requests.
    pub(super) has_request_limit: bool,
}

thread_local! {
    static SETTINGS: RefCell<Option<Rc<Settings>>> = const { RefCell::new(None) };
    static CATALOGUE: Option<Rc<Catalogue>> = Catalogue::builtin().ok().map(Rc::new);
}

/// The compiled event schemas, made when they are asked for first: as the module is loaded.
pub(super) fn catalogue() -> Option<Rc<Catalogue>> {
    CATALOGUE.with(Clone::clone)
}

/// The isolate's settings; bindings do not change within one.
pub(super) fn of(env: &Env) -> Rc<Settings> {
    if let Some(known) = SETTINGS.with_borrow(Clone::clone) {
        return known;
    }
    let config = Config::read(&|name| binding(env, name)).map(Rc::new);
    if let Err(error) = &config {
        log::error("misconfigured", &[("detail", &error.to_string())]);
    }
    let is_bound = |name: &str| get(env, name).is_some_and(|binding| binding.is_object());
    let settings = Rc::new(Settings {
        config,
        catalogue: catalogue(),
        has_counters: is_bound(analytics::BINDING),
        has_request_limit: is_bound(requests::BINDING),
    });
    SETTINGS.set(Some(Rc::clone(&settings)));
    settings
}

/// A text binding; `None` when it is not set. Read directly, because workerd
/// gives null for a variable that the environment lacks, and `Env::var` asks
/// null for its constructor.
pub(super) fn binding(env: &Env, name: &str) -> Option<String> {
    get(env, name)?.as_string()
}

fn get(env: &Env, name: &str) -> Option<JsValue> {
    Reflect::get(env, &JsValue::from_str(name)).ok()
}

impl Settings {
    /// The settings for a call.
    ///
    /// # Errors
    /// A misconfigured edge is the operator's to mend: the caller keeps its
    /// events and comes back.
    pub(super) fn config(&self) -> Result<&Rc<Config>, Refused> {
        self.config.as_ref().map_err(|_| Away::silent().into())
    }
}
