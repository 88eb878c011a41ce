//! A request's body: plain, in a content coding, in ClickHouse's framing or in
//! both, piece by piece.

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::Incoming;
use hyper::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderValue};

use super::params::Params;
use crate::encoding::{Coding, Unpacker};
use crate::engine::External;
use crate::exception::{Code, Exception};
use crate::framing::Decoder;
use crate::limits::{DRAIN_BYTES, DRAIN_TIME, MAX_QUERY_BYTES, STALL_TIME};

/// The body of one request.
pub(crate) struct Body {
    incoming: Incoming,
    unpacker: Option<Unpacker>,
    decoder: Option<Decoder>,
    /// Read, but handed back.
    held: Option<Bytes>,
}

impl Body {
    /// Takes a body; codings that are not served are refused.
    pub(crate) fn new(
        incoming: Incoming,
        headers: &HeaderMap,
        decompress: bool,
    ) -> Result<Self, Exception> {
        let named = headers.get(CONTENT_ENCODING).map_or(b"".as_slice(), HeaderValue::as_bytes);
        let named = String::from_utf8_lossy(named);
        let unpacker = match (named.trim(), Coding::named(named.trim())) {
            ("" | "identity", _) => None,
            (_, Some(coding)) => Some(Unpacker::new(coding)?),
            (other, None) => {
                return Err(Exception::new(
                    Code::NotImplemented,
                    format!(
                        "Unknown compression method '{other}': zstd, br, lz4, gzip and deflate are served"
                    ),
                ));
            }
        };
        Ok(Self { incoming, unpacker, decoder: decompress.then(Decoder::default), held: None })
    }

    /// Returns the next piece, or `None` at the body's true end; a body that
    /// breaks off is an error.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Exception> {
        if let Some(held) = self.held.take() {
            return Ok(Some(held));
        }
        loop {
            if let Some(decoder) = &mut self.decoder
                && let Some(block) = decoder.next_block()?
            {
                return Ok(Some(block));
            }
            let piece = self.unpacked().await?;
            match (&mut self.decoder, piece) {
                (Some(decoder), Some(piece)) => decoder.push(&piece),
                (Some(decoder), None) => return decoder.finish().map(|()| None),
                (None, piece) => return Ok(piece),
            }
        }
    }

    /// The next piece without its content coding.
    async fn unpacked(&mut self) -> Result<Option<Bytes>, Exception> {
        loop {
            if let Some(unpacker) = &mut self.unpacker
                && let Some(piece) = unpacker.take()?
            {
                return Ok(Some(piece));
            }
            let piece = self.raw().await?;
            match (&mut self.unpacker, piece) {
                (Some(unpacker), Some(piece)) => unpacker.push(piece),
                (Some(unpacker), None) => return unpacker.finish().map(|()| None),
                (None, Some(piece)) if piece.is_empty() => {}
                (None, piece) => return Ok(piece),
            }
        }
    }

    /// Gives bytes back that `next` returns first.
    pub(crate) fn hold(&mut self, bytes: Bytes) {
        self.held = Some(bytes).filter(|b| !b.is_empty());
    }

    /// Appends the rest of the body to a statement's text.
    pub(crate) async fn collect(&mut self, text: &mut BytesMut) -> Result<(), Exception> {
        while let Some(piece) = self.next().await? {
            if text.len() + piece.len() > MAX_QUERY_BYTES {
                return Err(Exception::new(
                    Code::QueryIsTooLarge,
                    format!("A query has at most {MAX_QUERY_BYTES} bytes"),
                ));
            }
            text.extend_from_slice(&piece);
        }
        Ok(())
    }

    /// Reads on for a while without looking, so that a client that is still
    /// sending hears an answer instead of a broken connection.
    pub(crate) async fn drain(&mut self) {
        let drained = async {
            let mut seen = 0;
            while let Ok(Some(piece)) = self.raw().await {
                seen += piece.len();
                if seen > DRAIN_BYTES {
                    break;
                }
            }
        };
        // Past its time the connection is simply closed after the answer.
        let _late = tokio::time::timeout(DRAIN_TIME, drained).await;
    }

    async fn raw(&mut self) -> Result<Option<Bytes>, Exception> {
        match tokio::time::timeout(STALL_TIME, self.incoming.frame()).await {
            Ok(None) => Ok(None),
            Ok(Some(Ok(frame))) => Ok(Some(frame.into_data().unwrap_or_default())),
            Ok(Some(Err(error))) => Err(Exception::new(
                Code::CannotReadAllData,
                format!("Cannot read the request's body: {error}"),
            )),
            Err(_) => Err(Exception::new(
                Code::SocketTimeout,
                format!("Nothing of the request's body came for {} s", STALL_TIME.as_secs()),
            )),
        }
    }
}

/// Reads a `multipart/form-data` body into the parameters, as clients send
/// `query` and `param_*` that are too long for a URL, and external tables as files.
/// True when it was a form.
pub(crate) async fn read_form(
    body: &mut Body,
    headers: &HeaderMap,
    params: &mut Params,
) -> Result<bool, Exception> {
    let kind = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("multipart/form-data") {
        return Ok(false);
    }
    let wrong =
        |what: &str| Exception::new(Code::BadArguments, format!("The multipart form {what}"));
    let boundary = kind
        .split(';')
        .find_map(|part| part.trim().strip_prefix("boundary="))
        .map(|b| b.trim_matches('"'))
        .filter(|b| !b.is_empty() && b.len() <= 70)
        .ok_or_else(|| wrong("has no boundary"))?;
    let mut text = BytesMut::new();
    body.collect(&mut text).await?;
    let text = text.freeze();
    for field in fields(&text, boundary).ok_or_else(|| wrong("is not well-formed"))? {
        if field.file {
            let mut of = |what: &str| params.take_setting(&format!("{}_{what}", field.name));
            let (structure, types, format) = (of("structure"), of("types"), of("format"));
            let data = text.slice_ref(field.value);
            let table = External::new(&field.name, structure, types.as_deref(), format, data)?;
            params.session.external.push(table);
        } else {
            params.set(&field.name, String::from_utf8_lossy(field.value).into_owned())?;
        }
    }
    params.check()?;
    Ok(true)
}

/// A part of a form.
#[derive(Debug, PartialEq, Eq)]
struct Field<'t> {
    name: String,
    /// Whether it has a file name.
    file: bool,
    value: &'t [u8],
}

/// Splits a form into its parts.
fn fields<'t>(text: &'t [u8], boundary: &str) -> Option<Vec<Field<'t>>> {
    let find = |hay: &[u8], needle: &[u8]| hay.windows(needle.len()).position(|w| w == needle);
    let first = format!("--{boundary}");
    let between = format!("\r\n--{boundary}");
    let start = find(text, first.as_bytes())?;
    let mut rest = text.get(start + first.len()..)?;
    let mut found = Vec::new();
    while !rest.starts_with(b"--") {
        let part = rest.strip_prefix(b"\r\n")?;
        let end = find(part, between.as_bytes())?;
        let (part, after) = part.split_at(end);
        rest = after.get(between.len()..)?;
        let head_end = find(part, b"\r\n\r\n")?;
        let (head, value) = (part.get(..head_end)?, part.get(head_end + 4..)?);
        let head = String::from_utf8_lossy(head);
        let disposition = head
            .lines()
            .find(|line| line.to_ascii_lowercase().starts_with("content-disposition:"))?;
        let attribute = |key: &str| {
            disposition.split(';').find_map(|piece| {
                let value = piece.trim().strip_prefix(key)?.strip_prefix('=')?;
                Some(value.trim_matches('"').to_owned())
            })
        };
        let file = attribute("filename").is_some();
        found.push(Field { name: attribute("name")?, file, value });
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_split_into_its_fields() {
        let form = b"--b\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT\r\n1\r\n--b\r\ncontent-disposition: form-data; name=\"param_x\"\r\nContent-Type: text/plain\r\n\r\n\r\n--b--\r\n";
        let fields = fields(form, "b").expect("well-formed");
        assert_eq!(fields.len(), 2);
        let field = |name: &str, value| Field { name: name.to_owned(), file: false, value };
        assert_eq!(fields[0], field("query", b"SELECT\r\n1".as_slice()));
        assert_eq!(fields[1], field("param_x", b"".as_slice()));
    }

    #[test]
    fn a_file_is_told_and_a_cut_form_is_refused() {
        let file =
            b"--b\r\nContent-Disposition: form-data; name=\"t\"; filename=\"f\"\r\n\r\n1\r\n--b--";
        assert!(fields(file, "b").expect("well-formed")[0].file);
        for cut in 0..file.len() - 2 {
            assert_eq!(fields(&file[..cut], "b"), None, "cut at {cut}");
        }
    }
}
