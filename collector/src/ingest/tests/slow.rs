//! Senders that are slow on purpose, or silent: they hold nothing for long.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _, stream};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::Message;

use super::*;

const SHORT: Duration = Duration::from_millis(60);

/// A body that comes a byte at a time, and never ends.
fn dribbling() -> Body {
    let bytes = stream::unfold((), |()| async {
        tokio::time::sleep(SHORT / 20).await;
        Some((Ok::<_, Infallible>(Bytes::from_static(b" ")), ()))
    });
    Body::from_stream(bytes)
}

#[tokio::test]
async fn a_body_that_dribbles_is_refused_in_time_and_counted() {
    let log: Arc<Memory> = Arc::default();
    let open = Open::waiting(Arc::clone(&log), SHORT, Patience::default()).await;
    for path in ["/v1/events", "/v1/events/batch", "/api/v1/analytics/track"] {
        let told = open.send(request(path).body(dribbling()).unwrap()).await;
        assert_eq!(told.refusal(), (408, "request_timeout", None), "{path}");
        assert_eq!(told.header("retry-after"), Some("5"));
    }
    let refused = open.metrics.render();
    assert!(
        refused.contains("tidemark_ingest_refused_total{code=\"request_timeout\"} 3"),
        "{refused}"
    );
    // Nothing of it is kept.
    let told = open.post("/v1/events", &json!({"event_name": "a", "source": "server"})).await;
    assert_eq!(told.verdicts(), ["accepted"]);
    assert_eq!(log.events().len(), 1);
}

/// Serves the endpoints where sockets can be opened; the address.
async fn served(open: &Open) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let routes = open.routes.clone();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

const PATH: &str = "/v1/events/ws?write_key=wk_shop";

#[tokio::test]
async fn a_socket_that_answers_pings_stays() {
    // Three pings fit, so that an answer may be late on a busy machine.
    let patience = Patience { ping: SHORT, idle: SHORT * 60 };
    let open = Open::waiting(Arc::default(), BODY_TIMEOUT, patience).await;
    let url = format!("ws://{}{PATH}", served(&open).await);
    let (mut socket, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    for _ in 0..3 {
        let asked = socket.next().await.unwrap().unwrap();
        assert!(matches!(asked, Message::Ping(_)), "{asked:?}");
    }
    socket.send(Message::text(r#"{"event_name":"a","source":"server"}"#)).await.unwrap();
    let answer = loop {
        match socket.next().await.unwrap().unwrap() {
            Message::Ping(_) => {}
            other => break other.into_text().unwrap(),
        }
    };
    assert!(answer.contains("\"accepted\":1"), "{answer}");
}

/// Plays a client that has gone without a word: nobody answers the pings.
#[tokio::test]
async fn a_socket_that_says_nothing_is_left_with_4408() {
    let patience = Patience { ping: SHORT / 3, idle: SHORT * 10 };
    let open = Open::waiting(Arc::default(), BODY_TIMEOUT, patience).await;
    let mut stream = TcpStream::connect(served(&open).await).await.unwrap();
    let handshake = format!(
        "GET {PATH} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    stream.write_all(handshake.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    assert!(head.starts_with(b"HTTP/1.1 101 "), "{}", String::from_utf8_lossy(&head));
    let mut pings = 0;
    let payload = loop {
        let (kind, length) = (stream.read_u8().await.unwrap(), stream.read_u8().await.unwrap());
        let mut payload = vec![0; usize::from(length)];
        stream.read_exact(&mut payload).await.unwrap();
        match kind {
            0x89 => pings += 1,
            0x88 => break payload,
            other => panic!("a frame of kind {other:#x}"),
        }
    };
    assert!(pings >= 1, "it was asked before");
    assert_eq!(&payload[..2], 4408_u16.to_be_bytes(), "{}", String::from_utf8_lossy(&payload));
    assert_eq!(&payload[2..], b"nothing was heard");
}
