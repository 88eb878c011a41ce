//! What goes back: statuses, ClickHouse's headers, whole and streamed bodies.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::sync::mpsc;
use tokio::time::Sleep;

use crate::engine::{About, Counts};
use crate::exception::Exception;
use crate::framing;

/// A piece of a streamed result: the last one is always `End`.
#[derive(Debug)]
pub(crate) enum Piece {
    Data(Bytes),
    End(Result<Counts, Exception>),
}

/// How long a connection stays after an exception inside its result, so that
/// the exception's text is on the wire before the connection breaks.
const LINGER: Duration = Duration::from_millis(250);

/// The result broke off; its text has been sent.
#[derive(Debug, thiserror::Error)]
#[error("the query failed while its result was being sent")]
pub(crate) struct Broken;

/// A response's body.
pub(crate) enum AnswerBody {
    Whole(Option<Bytes>),
    Stream(Box<Stream>),
}

/// A result on its way.
pub(crate) struct Stream {
    pub(crate) head: VecDeque<Bytes>,
    pub(crate) pieces: mpsc::Receiver<Piece>,
    pub(crate) compress: bool,
    pub(crate) tag: String,
    pub(crate) version: String,
    pub(crate) end: Option<Pin<Box<Sleep>>>,
    pub(crate) finished: bool,
}

impl Stream {
    fn frame(&self, data: Bytes) -> Frame<Bytes> {
        Frame::data(if self.compress { framing::encode(&data) } else { data })
    }

    /// An exception inside a result, in the form of servers since 25.11: between
    /// two markers, with its length, under the tag that the headers announced.
    fn failure(&self, error: &Exception) -> Bytes {
        let text = error.body(&self.version);
        let tag = &self.tag;
        format!("\r\n__exception__\r\n{tag}\r\n{text}{} {tag}\r\n__exception__\r\n", text.len())
            .into()
    }
}

impl Body for AnswerBody {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let stream = match &mut *self {
            Self::Whole(bytes) => {
                return Poll::Ready(
                    bytes.take().filter(|b| !b.is_empty()).map(|b| Ok(Frame::data(b))),
                );
            }
            Self::Stream(stream) => stream,
        };
        if let Some(data) = stream.head.pop_front() {
            return Poll::Ready(Some(Ok(stream.frame(data))));
        }
        if let Some(linger) = &mut stream.end {
            ready!(linger.as_mut().poll(cx));
            return Poll::Ready(Some(Err(Broken)));
        }
        if stream.finished {
            return Poll::Ready(None);
        }
        match ready!(stream.pieces.poll_recv(cx)) {
            Some(Piece::Data(data)) => Poll::Ready(Some(Ok(stream.frame(data)))),
            Some(Piece::End(Ok(_))) => {
                stream.finished = true;
                Poll::Ready(None)
            }
            Some(Piece::End(Err(error))) => {
                stream.end = Some(Box::pin(tokio::time::sleep(LINGER)));
                let text = stream.failure(&error);
                Poll::Ready(Some(Ok(stream.frame(text))))
            }
            // The sender always ends with `End`; without it the result is cut.
            None => Poll::Ready(Some(Err(Broken))),
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

/// What a query's answer is headed with.
pub(crate) struct Head<'h> {
    pub(crate) about: &'h About,
    pub(crate) query_id: &'h str,
    pub(crate) format: &'h str,
    pub(crate) compress: bool,
}

impl Head<'_> {
    /// The answer to a query that has ended well.
    pub(crate) fn whole(&self, content: Bytes, summary: &Summary) -> Response<AnswerBody> {
        let content = if self.compress { framing::encode(&content) } else { content };
        let mut response = Response::new(AnswerBody::Whole(Some(content)));
        self.fill(&mut response);
        put(&mut response, "x-clickhouse-summary", &summary.json());
        response
    }

    /// The answer to a query whose result is still being made.
    pub(crate) fn streamed(&self, stream: Stream, summary: &Summary) -> Response<AnswerBody> {
        let tag = stream.tag.clone();
        let mut response = Response::new(AnswerBody::Stream(Box::new(stream)));
        self.fill(&mut response);
        put(&mut response, "x-clickhouse-summary", &summary.json());
        put(&mut response, "x-clickhouse-exception-tag", &tag);
        response
    }

    /// The answer to a query that failed before anything was sent.
    pub(crate) fn failed(&self, error: &Exception) -> Response<AnswerBody> {
        let text = Bytes::from(error.body(&self.about.version));
        let text = if self.compress { framing::encode(&text) } else { text };
        let mut response = Response::new(AnswerBody::Whole(Some(text)));
        *response.status_mut() = error.status();
        self.fill(&mut response);
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
        put(&mut response, "x-clickhouse-exception-code", &error.code.to_string());
        response
    }

    fn fill(&self, response: &mut Response<AnswerBody>) {
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static(content_type(self.format)));
        put(response, "x-clickhouse-server-display-name", &self.about.display_name);
        put(response, "x-clickhouse-timezone", &self.about.timezone);
        put(response, "x-clickhouse-query-id", self.query_id);
        put(response, "x-clickhouse-format", self.format);
    }
}

/// A plain answer without a query: health, unknown paths.
pub(crate) fn plain(status: StatusCode, text: &str) -> Response<AnswerBody> {
    let mut response =
        Response::new(AnswerBody::Whole(Some(Bytes::copy_from_slice(text.as_bytes()))));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=UTF-8"));
    response
}

fn put(response: &mut Response<AnswerBody>, name: &'static str, value: &str) {
    // Control characters cannot stand in a header; such a value is left out.
    if !value.is_empty()
        && let Ok(value) = HeaderValue::from_bytes(value.as_bytes())
    {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}

/// The content type that ClickHouse gives each format.
fn content_type(format: &str) -> &'static str {
    let is = |name: &str| format.eq_ignore_ascii_case(name);
    let begins =
        |name: &str| format.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name));
    if is("JSONEachRow")
        || begins("JSONCompactEachRow")
        || begins("JSONStringsEachRow")
        || is("JSONLines")
        || is("NDJSON")
    {
        "application/x-ndjson; charset=UTF-8"
    } else if begins("JSON") {
        "application/json; charset=UTF-8"
    } else if begins("TabSeparated") || begins("TSV") || is("Raw") {
        "text/tab-separated-values; charset=UTF-8"
    } else if begins("CSVWithNames") {
        "text/csv; charset=UTF-8; header=present"
    } else if begins("CSV") {
        "text/csv; charset=UTF-8; header=absent"
    } else if is("XML") {
        "application/xml; charset=UTF-8"
    } else if begins("RowBinary")
        || is("Native")
        || begins("Arrow")
        || is("Parquet")
        || is("ORC")
        || is("Avro")
    {
        "application/octet-stream"
    } else {
        "text/plain; charset=UTF-8"
    }
}

/// `X-ClickHouse-Summary`: what is known when the headers are sent.
#[derive(Debug, Default, Clone)]
pub(crate) struct Summary {
    pub(crate) counts: Counts,
    /// 0 where the engine does not tell.
    pub(crate) total_rows_to_read: u64,
    pub(crate) elapsed: Duration,
}

impl Summary {
    fn json(&self) -> String {
        let Counts {
            result_rows,
            result_bytes,
            read_rows,
            read_bytes,
            written_rows,
            written_bytes,
        } = self.counts;
        let Self { total_rows_to_read, .. } = self;
        let elapsed_ns = self.elapsed.as_nanos();
        format!(
            "{{\"read_rows\":\"{read_rows}\",\"read_bytes\":\"{read_bytes}\",\
             \"written_rows\":\"{written_rows}\",\"written_bytes\":\"{written_bytes}\",\
             \"total_rows_to_read\":\"{total_rows_to_read}\",\
             \"result_rows\":\"{result_rows}\",\"result_bytes\":\"{result_bytes}\",\
             \"elapsed_ns\":\"{elapsed_ns}\"}}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_types_are_the_servers() {
        assert_eq!(content_type("TabSeparated"), "text/tab-separated-values; charset=UTF-8");
        assert_eq!(content_type("JSON"), "application/json; charset=UTF-8");
        assert_eq!(content_type("JSONEachRow"), "application/x-ndjson; charset=UTF-8");
        assert_eq!(content_type("CSVWithNamesAndTypes"), "text/csv; charset=UTF-8; header=present");
        assert_eq!(content_type("RowBinaryWithNamesAndTypes"), "application/octet-stream");
        assert_eq!(content_type("Pretty"), "text/plain; charset=UTF-8");
    }

    #[test]
    fn a_summary_is_json_of_strings() {
        let summary = Summary { elapsed: Duration::from_micros(5), ..Summary::default() };
        let json: serde_json::Value = serde_json::from_str(&summary.json()).expect("JSON");
        assert_eq!(json["elapsed_ns"], "5000");
        assert_eq!(json.as_object().expect("object").len(), 8);
    }
}
