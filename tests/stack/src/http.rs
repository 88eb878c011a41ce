//! HTTP/1.1 over one connection that is kept, blocking, and no more than that.
//!
//! Written out because a load generator must cost less than what it loads, and
//! because a test of lost answers has to know when a connection broke.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// Of the header `Retry-After`, in seconds.
    pub retry_after_s: Option<u64>,
    /// The body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A client of one address; connects when it has to.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    host: String,
    timeout: Duration,
    stream: Option<BufReader<TcpStream>>,
    head: String,
}

impl Client {
    /// A client that waits for an answer for so long.
    pub fn new(address: SocketAddr, timeout: Duration) -> Self {
        Self { address, host: address.to_string(), timeout, stream: None, head: String::new() }
    }

    /// Sends a request and reads its answer. After an error the connection is gone,
    /// and whether the request was taken is not known.
    ///
    /// # Errors
    /// The operating system's, or `InvalidData` for an answer that is none.
    pub fn request(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let answer = self.exchange(method, target, headers, body);
        if answer.is_err() {
            self.stream = None;
        }
        answer
    }

    fn exchange(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let stream = match &mut self.stream {
            Some(stream) => stream,
            none => {
                let stream = TcpStream::connect_timeout(&self.address, Duration::from_secs(5))?;
                stream.set_nodelay(true)?;
                stream.set_read_timeout(Some(self.timeout))?;
                stream.set_write_timeout(Some(self.timeout))?;
                none.insert(BufReader::new(stream))
            }
        };
        self.head.clear();
        self.head.push_str(method);
        self.head.push(' ');
        self.head.push_str(target);
        self.head.push_str(" HTTP/1.1\r\nhost: ");
        self.head.push_str(&self.host);
        self.head.push_str("\r\ncontent-length: ");
        self.head.push_str(&body.len().to_string());
        for (name, value) in headers {
            for part in ["\r\n", name, ": ", value] {
                self.head.push_str(part);
            }
        }
        self.head.push_str("\r\n\r\n");
        let socket = stream.get_mut();
        socket.write_all(self.head.as_bytes())?;
        socket.write_all(body)?;
        let (answer, keeps) = read(stream)?;
        if !keeps {
            self.stream = None;
        }
        Ok(answer)
    }
}

fn invalid(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

fn line(stream: &mut BufReader<TcpStream>) -> io::Result<String> {
    let mut line = String::new();
    if stream.read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    line.truncate(line.trim_end().len());
    Ok(line)
}

fn read(stream: &mut BufReader<TcpStream>) -> io::Result<(Answer, bool)> {
    let status = line(stream)?;
    let status = status.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| invalid("no status line"))?;
    let (mut length, mut chunked, mut keeps, mut retry_after_s) = (None, false, true, None);
    loop {
        let header = line(stream)?;
        let Some((name, value)) = header.split_once(':') else { break };
        let value = value.trim();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.parse::<usize>().ok(),
            "transfer-encoding" => chunked = value.eq_ignore_ascii_case("chunked"),
            "connection" => keeps = !value.eq_ignore_ascii_case("close"),
            "retry-after" => retry_after_s = value.parse().ok(),
            _ => {}
        }
    }
    let mut body = Vec::new();
    if chunked {
        loop {
            let size = line(stream)?;
            let size = usize::from_str_radix(size.split(';').next().unwrap_or_default(), 16)
                .map_err(|_| invalid("no size of a chunk"))?;
            if size == 0 {
                while !line(stream)?.is_empty() {}
                break;
            }
            let before = body.len();
            body.resize(before + size, 0);
            stream.read_exact(&mut body[before..])?;
            line(stream)?;
        }
    } else if let Some(length) = length {
        body.resize(length, 0);
        stream.read_exact(&mut body)?;
    } else if status >= 200 && status != 204 && status != 304 {
        stream.read_to_end(&mut body)?;
        keeps = false;
    }
    Ok((Answer { status, retry_after_s, body }, keeps))
}
