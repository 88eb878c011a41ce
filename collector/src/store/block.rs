//! A block as the body of an INSERT: each row is copied as it stands in its
//! record, and its place is put behind it.

use bytes::Bytes;

use super::contract::{Block, Table};
use crate::record::{EVENT_COLUMNS, REJECTION_COLUMNS, RecordView};

/// Bytes of one compressed frame's content: ClickHouse's own size.
const FRAME_BYTES: usize = 1024 * 1024;

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

/// The body; `None` when a record cannot be read, which the planner has seen to.
pub(super) fn encode(block: &Block<'_>, compress: bool) -> Option<Bytes> {
    let payloads: usize = block.rows.iter().map(|row| row.payload.len()).sum();
    let rows_bytes = payloads + block.rows.len() * PLACE_BYTES;
    let (log_id, lane) = (block.piece.range.log_id, block.piece.range.lane);
    let (high, low) = log_id.as_u64_pair();
    let mut place = [0; 18];
    place[..8].copy_from_slice(&high.to_le_bytes());
    place[8..16].copy_from_slice(&low.to_le_bytes());
    place[16..].copy_from_slice(&lane.to_le_bytes());
    let push = |out: &mut Vec<u8>, row: &super::contract::Row<'_>| {
        for part in RecordView::read(row.payload).ok()?.row() {
            out.extend_from_slice(part);
        }
        out.extend_from_slice(&place);
        out.extend_from_slice(&row.offset.to_le_bytes());
        Some(())
    };
    if !compress {
        let mut body = Vec::with_capacity(rows_bytes);
        for row in block.rows {
            push(&mut body, row)?;
        }
        return Some(body.into());
    }
    let mut body = Vec::with_capacity(rows_bytes / 3);
    let mut frame = Vec::with_capacity(rows_bytes.min(FRAME_BYTES + FRAME_BYTES / 4));
    for row in block.rows {
        push(&mut frame, row)?;
        if frame.len() >= FRAME_BYTES {
            push_frame(&mut body, &frame)?;
            frame.clear();
        }
    }
    if !frame.is_empty() {
        push_frame(&mut body, &frame)?;
    }
    Some(body.into())
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
