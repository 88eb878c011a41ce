//! Events over WebSockets of the real process.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::hop::answer;
use crate::stack::{PATIENCE, Stack, Tidemark, WRITE_KEY, config};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

const PATH: &str = "/v1/events/ws";

async fn open(
    tidemark: &Tidemark,
    path: &str,
    headers: &[(&'static str, &str)],
) -> Result<Socket, Error> {
    let url = format!("{}{path}", tidemark.url.replace("http://", "ws://"));
    let mut request = url.into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    connect_async(request).await.map(|(socket, _)| socket)
}

async fn with_key(tidemark: &Tidemark) -> Socket {
    open(tidemark, &format!("{PATH}?write_key={WRITE_KEY}"), &[]).await.unwrap()
}

async fn next(socket: &mut Socket) -> Message {
    loop {
        let message = tokio::time::timeout(PATIENCE, socket.next()).await.unwrap();
        match message.unwrap().unwrap() {
            Message::Ping(_) | Message::Pong(_) => {}
            other => return other,
        }
    }
}

async fn ask(socket: &mut Socket, body: &str) -> Value {
    socket.send(Message::text(body)).await.unwrap();
    serde_json::from_str(next(socket).await.to_text().unwrap()).unwrap()
}

async fn closed_with(socket: &mut Socket) -> u16 {
    let Message::Close(Some(frame)) = next(socket).await else { panic!("no close") };
    frame.code.into()
}

fn status(opened: Result<Socket, Error>) -> u16 {
    match opened {
        Err(Error::Http(response)) => response.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_is_answered_with_its_verdicts() {
    let stack = Stack::start().await;
    let mut socket = with_key(&stack.tidemark).await;
    let batch = json!({"batch_id": "b-1", "events": [{"event_name": "a"}, {"event_name": "A"}]});
    let told = ask(&mut socket, &batch.to_string()).await;
    assert_eq!(
        (&told["batch_id"], &told["accepted"], &told["rejected"]),
        (&json!("b-1"), &json!(1), &json!(1))
    );
    assert_eq!(told["verdicts"][1]["pointer"], "/event_name");
    let told = ask(&mut socket, r#"{"event_name":"b"}"#).await;
    assert_eq!(told["accepted"], 1);
    socket.send(Message::binary(&br#"{"event_name":"c"}"#[..])).await.unwrap();
    assert!(next(&mut socket).await.to_text().unwrap().contains("\"accepted\":1"));

    // A message that is none costs itself.
    for (body, code) in [("{", "invalid_json"), ("[]", "invalid_batch"), ("", "invalid_json")] {
        assert_eq!(ask(&mut socket, body).await["error"]["code"], code);
    }
    // Answers come in order, also when nobody waits for them.
    for number in 0..20 {
        let named = json!({"batch_id": format!("n{number}"), "events": []}).to_string();
        socket.feed(Message::text(named)).await.unwrap();
    }
    socket.flush().await.unwrap();
    for number in 0..20 {
        let told: Value = serde_json::from_str(next(&mut socket).await.to_text().unwrap()).unwrap();
        assert_eq!(told["batch_id"], format!("n{number}"));
    }
    assert_eq!(stack.count_events().await, 3);
    socket.close(None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_products_socket_takes_its_words() {
    let stack = Stack::start().await;
    let path = format!("/api/v1/analytics/events/ws?write_key={WRITE_KEY}");
    let mut socket = open(&stack.tidemark, &path, &[]).await.unwrap();
    let event = json!({"event_name": "voice.turn_started", "session_id": "call-1", "tenant_id": "demo",
        "source": "voice_ws", "attributes": {"voice.session_id": "call-1"}});
    assert_eq!(ask(&mut socket, &event.to_string()).await["accepted"], 1);
    assert_eq!(stack.count_events().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_send_is_told_and_left() {
    let tidemark = Tidemark::start(&config("http://127.0.0.1:1"), &[]).await;
    let wrong = open(&tidemark, &format!("{PATH}?write_key=wk_none"), &[]).await;
    assert_eq!(status(wrong), 401);
    let page = format!("{PATH}?write_key={WRITE_KEY}");
    assert_eq!(status(open(&tidemark, &page, &[("origin", "https://evil.example")]).await), 403);
    open(&tidemark, &page, &[("origin", "https://shop.example")]).await.unwrap();
    open(&tidemark, PATH, &[("authorization", &format!("Bearer {WRITE_KEY}"))]).await.unwrap();

    // The key may come with the batch; without one the socket ends.
    let mut keyless = open(&tidemark, PATH, &[]).await.unwrap();
    let named = json!({"write_key": WRITE_KEY, "events": []}).to_string();
    assert_eq!(ask(&mut keyless, &named).await["accepted"], 0);
    let told = ask(&mut keyless, r#"{"event_name":"a"}"#).await;
    assert_eq!(told["error"]["code"], "unknown_write_key");
    assert_eq!(closed_with(&mut keyless).await, u16::from(CloseCode::Policy));

    let call = tidemark.http.get(format!("{}{PATH}", tidemark.url));
    let told = answer(call).await;
    assert_eq!(told.refusal(), (426, "upgrade_required", None));
    assert_eq!(told.headers["upgrade"], "websocket");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_has_a_bound() {
    let tidemark = Tidemark::start(&config("http://127.0.0.1:1"), &[]).await;
    let mut socket = with_key(&tidemark).await;
    // ClickHouse is not there; the log is.
    assert_eq!(ask(&mut socket, r#"{"event_name":"a"}"#).await["accepted"], 1);
    let large = " ".repeat(500_001);
    // The server may have closed before all of it is written.
    let _ = socket.send(Message::text(large)).await;
    assert_eq!(closed_with(&mut socket).await, u16::from(CloseCode::Size));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_answers_what_was_sent_and_says_goodbye() {
    let mut stack = Stack::start().await;
    let mut idle = with_key(&stack.tidemark).await;
    let mut busy = with_key(&stack.tidemark).await;
    assert_eq!(ask(&mut idle, r#"{"events":[]}"#).await["accepted"], 0);
    assert_eq!(ask(&mut busy, r#"{"event_name":"a"}"#).await["accepted"], 1);
    stack.tidemark.signal("TERM");
    assert_eq!(closed_with(&mut idle).await, u16::from(CloseCode::Away));
    assert_eq!(closed_with(&mut busy).await, u16::from(CloseCode::Away));
    idle.close(None).await.ok();
    busy.close(None).await.ok();
    assert_eq!(stack.tidemark.ended().await.code(), Some(0));
    assert_eq!(stack.clickhouse.count_events().await, 1);
}
