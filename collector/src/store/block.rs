//! A block as the body of an INSERT: each row is copied as it stands in its
//! record, and its place is put behind it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, SizeHint};

use super::contract::{Block, Row, Table};
use crate::record::{EVENT_COLUMNS, REJECTION_COLUMNS, RecordView};

/// Bytes of one compressed frame's content: ClickHouse's own size.
const FRAME_BYTES: usize = 1024 * 1024;

/// Bytes that are put together, and handed to the connection, at once: a few of them wait
/// for it, and stay in the processor's own memory.
const CHUNK_BYTES: usize = 128 * 1024;

/// Room for the row that a chunk ends with: a usual one.
const CHUNK_MARGIN_BYTES: usize = 4 * 1024;

/// Bytes of log, lane and offset.
const PLACE_BYTES: usize = 16 + 2 + 8;

/// The statement that a table's blocks go by.
pub(super) fn statement(table: Table) -> String {
    let columns = match table {
        Table::EventsRaw => &EVENT_COLUMNS[..],
        Table::RejectedEvents => &REJECTION_COLUMNS[..],
    };
    format!(
        "INSERT INTO {} ({}, log_id, lane, offset) FORMAT RowBinary",
        table.as_str(),
        columns.join(", ")
    )
}

/// The body of a block's statement.
pub(super) enum Encoded {
    /// Rows that are put together while they are sent.
    Rows(Rows),
    /// Compressed frames.
    Frames(Bytes),
}

/// The body; `None` when a record cannot be read, which the planner has seen to.
pub(super) fn encode(block: &Block<'_>, compress: bool) -> Option<Encoded> {
    let mut rows = Rows::of(block)?;
    if !compress {
        return Some(Encoded::Rows(rows));
    }
    let rows_bytes = usize::try_from(rows.left).unwrap_or(usize::MAX);
    let mut body = Vec::with_capacity(rows_bytes / 3);
    while let Some(content) = rows.next_chunk(FRAME_BYTES) {
        push_frame(&mut body, &content)?;
    }
    Some(Encoded::Frames(body.into()))
}

/// The rows of a block on their way: some at a time are copied beside each other, into
/// memory that is still at hand from those before. A whole block would be in none of the
/// processor's own memories when it is sent.
pub(super) struct Rows {
    rows: std::vec::IntoIter<PlacedRow>,
    /// Log and lane, as they stand behind each row.
    place: [u8; 18],
    /// Bytes that are still to come.
    left: u64,
    chunk: BytesMut,
}

/// A row with its place in the lane.
struct PlacedRow {
    row: Bytes,
    /// Columns that its version lacks.
    lacks: &'static [u8],
    offset: u64,
}

impl PlacedRow {
    const fn bytes(&self) -> usize {
        self.row.len() + self.lacks.len() + PLACE_BYTES
    }
}

impl Rows {
    fn of(block: &Block<'_>) -> Option<Self> {
        let (log_id, lane) = (block.piece.range.log_id, block.piece.range.lane);
        let (high, low) = log_id.as_u64_pair();
        let mut place = [0; 18];
        place[..8].copy_from_slice(&high.to_le_bytes());
        place[8..16].copy_from_slice(&low.to_le_bytes());
        place[16..].copy_from_slice(&lane.to_le_bytes());
        let placed = |row: &Row<'_>| {
            let (bytes, lacks) = RecordView::read(row.payload).ok()?.row();
            Some(PlacedRow { row: row.payload.slice_ref(bytes), lacks, offset: row.offset })
        };
        let rows = block.rows.iter().map(placed).collect::<Option<Vec<_>>>()?;
        let left = rows.iter().map(|row| row.bytes() as u64).sum();
        Some(Self { rows: rows.into_iter(), place, left, chunk: BytesMut::new() })
    }

    /// The next rows, at least so many bytes unless they are the last.
    fn next_chunk(&mut self, bytes: usize) -> Option<Bytes> {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        self.chunk.reserve(left.min(bytes + CHUNK_MARGIN_BYTES));
        while self.chunk.len() < bytes
            && let Some(row) = self.rows.next()
        {
            self.chunk.extend_from_slice(&row.row);
            self.chunk.extend_from_slice(row.lacks);
            self.chunk.extend_from_slice(&self.place);
            self.chunk.extend_from_slice(&row.offset.to_le_bytes());
        }
        let chunk = self.chunk.split().freeze();
        self.left -= chunk.len() as u64;
        (!chunk.is_empty()).then_some(chunk)
    }
}

impl Body for Rows {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.next_chunk(CHUNK_BYTES).map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Appends one block of ClickHouse's framing: CityHash128 (of its release 1.0.2)
/// of what follows, the method, both sizes, the content.
fn push_frame(body: &mut Vec<u8>, content: &[u8]) -> Option<()> {
    const LZ4: u8 = 0x82;
    const CHECKSUM_BYTES: usize = 16;
    const HEADER_BYTES: usize = 1 + 4 + 4;
    let from = body.len();
    let most = lz4_flex::block::get_maximum_output_size(content.len());
    body.resize(from + CHECKSUM_BYTES + HEADER_BYTES + most, 0);
    let block = body.get_mut(from + CHECKSUM_BYTES..)?;
    let compressed =
        lz4_flex::block::compress_into(content, block.get_mut(HEADER_BYTES..)?).ok()?;
    let framed = HEADER_BYTES + compressed;
    let (head, _) = block.split_first_chunk_mut::<HEADER_BYTES>()?;
    head[0] = LZ4;
    head[1..5].copy_from_slice(&u32::try_from(framed).ok()?.to_le_bytes());
    head[5..].copy_from_slice(&u32::try_from(content.len()).ok()?.to_le_bytes());
    let checksum = cityhash_rs::cityhash_102_128(block.get(..framed)?).rotate_right(64);
    body.get_mut(from..from + CHECKSUM_BYTES)?.copy_from_slice(&checksum.to_le_bytes());
    body.truncate(from + CHECKSUM_BYTES + framed);
    Some(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use http_body_util::BodyExt as _;
    use uuid::Uuid;

    use super::super::contract::{Partition, Piece};
    use super::*;
    use crate::place::Range;
    use crate::record::VERSION;

    /// An event's payload of so many bytes, which says its number.
    fn payload(version: u8, bytes: usize, number: u8) -> Bytes {
        let mut payload = vec![number; bytes];
        payload[..2].copy_from_slice(&[version, 0]);
        payload.into()
    }

    fn expected(payloads: &[Bytes], lane: u16) -> Vec<u8> {
        let mut rows = Vec::new();
        for (offset, payload) in payloads.iter().enumerate() {
            rows.extend_from_slice(&payload[2..]);
            // A row of version 1 lacks two columns.
            rows.extend_from_slice(if payload[0] == 1 { &[0, 0] } else { &[] });
            rows.extend_from_slice(&[8, 7, 6, 5, 4, 3, 2, 1, 16, 15, 14, 13, 12, 11, 10, 9]);
            rows.extend_from_slice(&lane.to_le_bytes());
            rows.extend_from_slice(&(offset as u64 + 40).to_le_bytes());
        }
        rows
    }

    /// More than a few chunks, the last row of one of them larger than its margin.
    #[tokio::test]
    async fn rows_are_sent_as_they_stand_with_their_places() {
        let mut payloads: Vec<Bytes> =
            (0..1_000).map(|at| payload(VERSION, 500 + at % 7, at as u8)).collect();
        payloads[3] = payload(1, 300, 3);
        payloads[200] = payload(VERSION, 200_000, 200);
        let rows: Vec<Row<'_>> = payloads
            .iter()
            .enumerate()
            .map(|(at, payload)| Row { offset: at as u64 + 40, payload })
            .collect();
        let log_id = Uuid::from_bytes(std::array::from_fn(|at| at as u8 + 1));
        let piece = Piece {
            table: Table::EventsRaw,
            partition: Partition(202_611),
            range: Range { log_id, lane: 3, from: 40, to: 1_040 },
            rows: 1_000,
            received_from_ms: 0,
            received_to_ms: 0,
        };
        let block = Block { piece: &piece, query_id: "q", rows: &rows };
        let Some(Encoded::Rows(body)) = encode(&block, false) else { panic!("no rows") };
        let expected = expected(&payloads, 3);
        assert_eq!(body.size_hint().exact(), Some(expected.len() as u64));
        let sent = body.collect().await.unwrap().to_bytes();
        assert!(sent == expected, "{} of {} bytes", sent.len(), expected.len());

        let unreadable = payload(VERSION + 1, 500, 0);
        let rows = [Row { offset: 0, payload: &unreadable }];
        assert!(encode(&Block { rows: &rows, ..block }, false).is_none());
    }
}
