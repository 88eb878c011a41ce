//! Events over a WebSocket. [`crate::policy::socket`] says what it may hold.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_channel::mpsc;
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use tidemark_core::verdict::Code;
use worker::js_sys::{JsString, Reflect, Uint8Array};
use worker::wasm_bindgen::closure::Closure;
use worker::wasm_bindgen::{JsCast, JsValue};
use worker::wasm_bindgen_futures::spawn_local;
use worker::{Context, Delay, Env, Response, ResponseBuilder, WebSocket, WebSocketPair, web_sys};

use super::admit::Sender;
use super::after::After;
use super::settings::{self, Settings};
use super::{analytics, caller, count, sites};
use crate::policy::answer::Refused;
use crate::policy::call::Call;
use crate::policy::caller::Caller;
use crate::policy::collector_answer::Away;
use crate::policy::data_point::DataPoint;
use crate::policy::route::Words;
use crate::policy::socket::{
    Backlog, CLOSE_IDLE, CLOSE_NORMAL, SOCKETS_MAX, ends, reason, refusal,
};
use crate::policy::{admission, write_key};

thread_local! {
    static OPEN: Cell<usize> = const { Cell::new(0) };
}

/// Opens a socket, after the checks that its handshake allows.
///
/// # Errors
/// The refusal of the handshake.
pub(super) async fn open(
    words: Words,
    request: &web_sys::Request,
    call: &Call,
    env: &Env,
    context: &Context,
) -> Result<Response, Refused> {
    let asked = call.upgrade.as_deref().unwrap_or_default();
    if !asked.eq_ignore_ascii_case("websocket") {
        return Err(Code::UpgradeRequired.into());
    }
    let settings = settings::of(env);
    let config = settings.config()?;
    let key = write_key::resolve(call, None)?;
    let sites = sites::current(env, config, After::Call(context), key).await?;
    admission::by_key(&sites, call)?;
    let place = Place::take().ok_or_else(Away::overloaded)?;
    let caller = caller::of(request, call, config);
    let pair = WebSocketPair::new().map_err(|_| Away::overloaded())?;
    let socket = Socket {
        words,
        call: call.clone(),
        env: env.clone(),
        settings: Rc::clone(&settings),
        caller,
        ws: pair.server,
        _place: place,
    };
    let inbox = Inbox::of(&socket.ws).map_err(|_| Away::overloaded())?;
    socket.ws.accept().map_err(|_| Away::overloaded())?;
    spawn_local(socket.serve(inbox));
    Ok(ResponseBuilder::new().with_status(101).with_websocket(pair.client).empty())
}

/// One of the sockets that an isolate may hold.
struct Place;

impl Place {
    fn take() -> Option<Self> {
        let open = OPEN.get();
        (open < SOCKETS_MAX).then(|| OPEN.set(open.saturating_add(1))).map(|()| Self)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        OPEN.set(OPEN.get().saturating_sub(1));
    }
}

/// What a socket brings.
enum Heard {
    /// A message, and its length.
    Message(JsValue, usize),
    /// It has to end with this code.
    Over(u16),
    /// It has ended.
    Ended,
}

/// What has been heard and not worked on. The closures are called by the runtime.
struct Inbox {
    heard: mpsc::UnboundedReceiver<Heard>,
    backlog: Rc<RefCell<Backlog>>,
    /// The code with which it has to end, whatever waits.
    over: Rc<Cell<Option<u16>>>,
    _on_message: Closure<dyn FnMut(web_sys::MessageEvent)>,
    _on_end: Closure<dyn FnMut(JsValue)>,
}

impl Inbox {
    /// Listens. The channel itself has no bound, because [`Backlog`] is one.
    fn of(ws: &WebSocket) -> Result<Self, JsValue> {
        let (tell, heard) = mpsc::unbounded();
        let backlog = Rc::new(RefCell::new(Backlog::default()));
        let (of_messages, waiting) = (tell.clone(), Rc::clone(&backlog));
        let over = Rc::new(Cell::new(None));
        let ends = Rc::clone(&over);
        let on_message = Closure::wrap(Box::new(move |event: web_sys::MessageEvent| {
            if ends.get().is_some() {
                return;
            }
            let data = event.data();
            let units = units_of(&data);
            let told = match waiting.borrow_mut().arrived(units) {
                Ok(()) => Heard::Message(data, units),
                Err(code) => {
                    ends.set(Some(code));
                    Heard::Over(code)
                }
            };
            // Nobody listens any more only when the socket is done with.
            drop(of_messages.unbounded_send(told));
        }) as Box<dyn FnMut(web_sys::MessageEvent)>);
        let on_end = Closure::wrap(Box::new(move |_: JsValue| {
            drop(tell.unbounded_send(Heard::Ended));
        }) as Box<dyn FnMut(JsValue)>);
        let target: &web_sys::EventTarget = ws.as_ref();
        // The alternative, a blob, could be read only by waiting once more.
        let kind = JsValue::from_str("arraybuffer");
        Reflect::set(target, &JsValue::from_str("binaryType"), &kind)?;
        target.add_event_listener_with_callback("message", on_message.as_ref().unchecked_ref())?;
        for name in ["close", "error"] {
            target.add_event_listener_with_callback(name, on_end.as_ref().unchecked_ref())?;
        }
        Ok(Self { heard, backlog, over, _on_message: on_message, _on_end: on_end })
    }

    /// What comes next, within the time that a socket may be silent.
    async fn next(&mut self, idle: Duration) -> Heard {
        let idle = Delay::from(idle);
        let heard = match select(pin!(self.heard.next()), pin!(idle)).await {
            Either::Left((heard, _)) => heard.unwrap_or(Heard::Ended),
            Either::Right(_) => Heard::Over(CLOSE_IDLE),
        };
        if let Heard::Message(_, units) = &heard {
            self.backlog.borrow_mut().left(*units);
        }
        match self.over.get() {
            Some(code) => Heard::Over(code),
            None => heard,
        }
    }
}

fn units_of(data: &JsValue) -> usize {
    let length = match data.dyn_ref::<JsString>() {
        Some(text) => text.length(),
        None => Uint8Array::new(data).length(),
    };
    usize::try_from(length).unwrap_or(usize::MAX)
}

fn bytes_of(data: &JsValue) -> Vec<u8> {
    match data.as_string() {
        Some(text) => text.into_bytes(),
        None => Uint8Array::new(data).to_vec(),
    }
}

/// An open socket, with what its handshake told.
struct Socket {
    words: Words,
    call: Call,
    env: Env,
    settings: Rc<Settings>,
    caller: Caller,
    ws: WebSocket,
    _place: Place,
}

impl Socket {
    async fn serve(self, mut inbox: Inbox) {
        let idle_ms = self.settings.config().map_or(0, |config| config.socket_idle_ms);
        let idle = Duration::from_millis(idle_ms.into());
        let close = loop {
            let data = match inbox.next(idle).await {
                Heard::Message(data, _) => data,
                Heard::Over(code) => break Some(code),
                Heard::Ended => break None,
            };
            let (answer, close) = self.message(&bytes_of(&data)).await;
            if self.ws.send_with_str(answer).is_err() {
                break None;
            }
            if close.is_some() {
                break close;
            }
        };
        // Fails when the other side was faster, and then there is nothing to do.
        drop(self.ws.close(Some(close.unwrap_or(CLOSE_NORMAL)), Some(reason(close))));
    }

    /// The answer to one message, and how the socket ends after it.
    async fn message(&self, body: &[u8]) -> (String, Option<u16>) {
        let sender = Sender {
            words: self.words,
            call: &self.call,
            request: None,
            env: &self.env,
            after: After::Socket,
            settings: &self.settings,
            caller: self.caller.clone(),
        };
        match sender.admit(body, false).await {
            Ok(answer) => (String::from_utf8(answer.body).unwrap_or_default(), None),
            Err(refused) => {
                count::refusal(refused.refusal.code);
                analytics::write(&self.env, || DataPoint::refused(refused.refusal.code));
                (refusal(&refused), ends(&refused))
            }
        }
    }
}
