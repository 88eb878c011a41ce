//! Stands between the collector and ClickHouse, and loses answers.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::thread;

use anyhow::Result;
use tidemark_stack::stack::free_address;

/// What is lost next.
#[derive(Debug, Default)]
pub struct Losses {
    /// How many statements that change something lose their answers from now on.
    pub to_lose: AtomicI64,
    /// How many did.
    pub lost: AtomicU64,
}

/// Bytes of a request that are looked at: its line, and the head.
const LOOKED_AT: usize = 4096;

/// Listens until the process ends; the threads are few and a test's.
///
/// # Errors
/// When there is no port.
pub fn start(clickhouse: SocketAddr) -> Result<(SocketAddr, Arc<Losses>)> {
    let address = free_address()?;
    let listener = TcpListener::bind(address)?;
    let losses = Arc::new(Losses::default());
    let told = Arc::clone(&losses);
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let losses = Arc::clone(&told);
            thread::spawn(move || {
                // Either side going away ends both.
                let _ = carry(client, clickhouse, &losses);
            });
        }
    });
    Ok((address, losses))
}

fn carry(client: TcpStream, clickhouse: SocketAddr, losses: &Losses) -> std::io::Result<()> {
    let server = TcpStream::connect(clickhouse)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_server, mut to_client) = (server.try_clone()?, client.try_clone()?);
    let mut first = vec![0; LOOKED_AT];
    let (mut from_client, mut to_server) = (client, server);
    let length = from_client.read(&mut first)?;
    first.truncate(length);
    to_server.write_all(&first)?;
    let head = String::from_utf8_lossy(&first).into_owned();
    let changes = head.contains("query_id=tidemark-") && head.starts_with("POST");
    let loses = changes && losses.to_lose.fetch_sub(1, Ordering::SeqCst) > 0;
    if !loses && changes {
        losses.to_lose.fetch_add(1, Ordering::SeqCst);
    }
    let up = thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(Shutdown::Write);
    });
    if loses {
        // ClickHouse has applied it once it begins to answer.
        let mut answer = [0; 1];
        let _ = from_server.read(&mut answer)?;
        losses.lost.fetch_add(1, Ordering::SeqCst);
        to_client.shutdown(Shutdown::Both)?;
        from_server.shutdown(Shutdown::Both)?;
    } else {
        let _ = std::io::copy(&mut from_server, &mut to_client);
        let _ = to_client.shutdown(Shutdown::Write);
    }
    let _ = up.join();
    Ok(())
}
