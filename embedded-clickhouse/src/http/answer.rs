//! What an answer is headed with: statuses and ClickHouse's headers.

use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};

use super::stream::{AnswerBody, Packing, Stream};
use crate::engine::{About, Counts};
use crate::exception::Exception;

/// What a query's answer is headed with.
pub(crate) struct Head<'h> {
    pub(crate) about: &'h About,
    pub(crate) query_id: &'h str,
    pub(crate) format: &'h str,
    pub(crate) packing: Packing,
    /// Whether `X-ClickHouse-Progress` is wanted.
    pub(crate) progress: bool,
}

impl Head<'_> {
    /// The answer to a query that has ended well.
    pub(crate) fn whole(&self, content: Bytes, summary: &Summary) -> Response<AnswerBody> {
        // Nothing is not worth packing, and not every client would unpack it.
        let coded = !content.is_empty() && matches!(self.packing, Packing::Coded(_));
        let packed = if coded || self.packing == Packing::Framed {
            self.packing.whole(content.clone())
        } else {
            Ok(content.clone())
        };
        let (content, coded) = packed.map_or((content, false), |packed| (packed, coded));
        let mut response = Response::new(AnswerBody::Whole(Some(content)));
        self.fill(&mut response, coded);
        self.tell(&mut response, summary);
        response
    }

    /// The answer to a query whose result is still being made, or was held in a
    /// file: then nothing can fail any more, and no tag is announced.
    pub(crate) fn streamed(
        &self,
        stream: Stream,
        tag: Option<&str>,
        summary: &Summary,
    ) -> Response<AnswerBody> {
        let mut response = Response::new(AnswerBody::Stream(Box::new(stream)));
        self.fill(&mut response, matches!(self.packing, Packing::Coded(_)));
        self.tell(&mut response, summary);
        put(&mut response, "x-clickhouse-exception-tag", tag.unwrap_or_default());
        response
    }

    /// The answer to a query that failed before anything was sent. It is never
    /// coded, so that every client can read it.
    pub(crate) fn failed(&self, error: &Exception) -> Response<AnswerBody> {
        let text = Bytes::from(error.body(&self.about.version));
        let text = match self.packing {
            Packing::Framed => crate::framing::encode(&text),
            Packing::Plain | Packing::Coded(_) => text,
        };
        let mut response = Response::new(AnswerBody::Whole(Some(text)));
        *response.status_mut() = error.status();
        self.fill(&mut response, false);
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"));
        put(&mut response, "x-clickhouse-exception-code", &error.code.to_string());
        response
    }

    fn tell(&self, response: &mut Response<AnswerBody>, summary: &Summary) {
        let json = summary.json();
        if self.progress {
            put(response, "x-clickhouse-progress", &json);
        }
        put(response, "x-clickhouse-summary", &json);
    }

    fn fill(&self, response: &mut Response<AnswerBody>, coded: bool) {
        if coded && let Packing::Coded(coding) = self.packing {
            let name = HeaderValue::from_static(coding.name());
            response.headers_mut().insert(CONTENT_ENCODING, name);
        }
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
