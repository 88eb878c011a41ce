//! An answer's body: whole, or streamed as the engine makes it.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc;
use tokio::time::Sleep;

use crate::encoding::{Coding, Packer};
use crate::engine::Counts;
use crate::exception::Exception;
use crate::framing;

/// A piece of a streamed result: the last one is always `End`.
#[derive(Debug)]
pub(crate) enum Piece {
    Data(Bytes),
    End(Result<Counts, Exception>),
}

/// How long a connection stays after an exception inside its result. A client that
/// still unpacks what came before would otherwise meet the broken connection first,
/// and throw the exception's text away with it; megabytes wait in its socket.
const LINGER: Duration = Duration::from_secs(2);

/// The result broke off; its text has been sent.
#[derive(Debug, thiserror::Error)]
#[error("the query failed while its result was being sent")]
pub(crate) struct Broken;

/// How a body goes over the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    /// `compress=1`: ClickHouse's own framing.
    Framed,
    /// `Content-Encoding`.
    Coded(Coding),
}

impl Packing {
    /// Packs a whole body.
    pub(crate) fn whole(self, content: Bytes) -> std::io::Result<Bytes> {
        match self {
            Self::Plain => Ok(content),
            Self::Framed => Ok(framing::encode(&content)),
            Self::Coded(coding) => {
                let mut packer = Packer::new(coding)?;
                let packed = packer.pack(&content)?;
                Ok([packed, packer.finish()?].concat().into())
            }
        }
    }
}

/// A response's body.
pub(crate) enum AnswerBody {
    Whole(Option<Bytes>),
    Stream(Box<Stream>),
}

/// A result on its way.
pub(crate) struct Stream {
    head: VecDeque<Bytes>,
    pieces: mpsc::Receiver<Piece>,
    packing: Packing,
    packer: Option<Packer>,
    /// Under which an exception inside the result is found.
    tag: String,
    version: String,
    linger: Option<Pin<Box<Sleep>>>,
    finished: bool,
}

impl Stream {
    /// Streams what is there already and then the pieces to come.
    pub(crate) fn new(
        head: VecDeque<Bytes>,
        pieces: mpsc::Receiver<Piece>,
        packing: Packing,
        tag: String,
        version: String,
    ) -> std::io::Result<Self> {
        let packer = match packing {
            Packing::Coded(coding) => Some(Packer::new(coding)?),
            Packing::Plain | Packing::Framed => None,
        };
        let (linger, finished) = (None, false);
        Ok(Self { head, pieces, packing, packer, tag, version, linger, finished })
    }

    fn pack(&mut self, data: Bytes) -> std::io::Result<Bytes> {
        match &mut self.packer {
            Some(packer) => packer.pack(&data),
            None => self.packing.whole(data),
        }
    }

    /// An exception inside a result, in the form of servers since 25.11: between
    /// two markers, with its length, under the tag that the headers announced.
    fn failure(&mut self, error: &Exception) -> std::io::Result<Bytes> {
        let text = error.body(&self.version);
        let tag = &self.tag;
        let length = text.len();
        let text =
            format!("\r\n__exception__\r\n{tag}\r\n{text}{length} {tag}\r\n__exception__\r\n");
        let packed = self.pack(text.into())?;
        match &mut self.packer {
            // The rest of the coding never comes; what is there can be read.
            Some(packer) => Ok([packed, packer.flush()?].concat().into()),
            None => Ok(packed),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Broken>>> {
        // A coding may swallow a piece, and give it back with a later one.
        let given = |packed: std::io::Result<Bytes>| match packed {
            Ok(packed) if packed.is_empty() => None,
            Ok(packed) => Some(Ok(packed)),
            Err(_) => Some(Err(Broken)),
        };
        loop {
            let data = if let Some(data) = self.head.pop_front() {
                data
            } else if let Some(linger) = &mut self.linger {
                ready!(linger.as_mut().poll(cx));
                return Poll::Ready(Some(Err(Broken)));
            } else if self.finished {
                return Poll::Ready(None);
            } else {
                match ready!(self.pieces.poll_recv(cx)) {
                    Some(Piece::Data(data)) => data,
                    Some(Piece::End(Ok(_))) => {
                        self.finished = true;
                        let rest = self.packer.take().map(Packer::finish);
                        return Poll::Ready(rest.and_then(given));
                    }
                    Some(Piece::End(Err(error))) => {
                        self.linger = Some(Box::pin(tokio::time::sleep(LINGER)));
                        let failure = self.failure(&error);
                        return Poll::Ready(given(failure));
                    }
                    // The sender always ends with `End`; without it the result is cut.
                    None => return Poll::Ready(Some(Err(Broken))),
                }
            };
            if let Some(given) = given(self.pack(data)) {
                return Poll::Ready(Some(given));
            }
        }
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        match &mut *self {
            Self::Whole(bytes) => {
                Poll::Ready(bytes.take().filter(|b| !b.is_empty()).map(|b| Ok(Frame::data(b))))
            }
            Self::Stream(stream) => {
                stream.poll(cx).map(|data| data.map(|data| data.map(Frame::data)))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.as_ref().is_none_or(Bytes::is_empty),
            Self::Stream(stream) => stream.finished,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => {
                SizeHint::with_exact(bytes.as_ref().map_or(0, |b| b.len() as u64))
            }
            Self::Stream(_) => SizeHint::default(),
        }
    }
}
