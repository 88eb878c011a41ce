//! A result that is held back until its query has ended (`wait_end_of_query=1`):
//! its beginning in memory, the rest in a file.

use std::collections::VecDeque;
use std::io::SeekFrom;
use std::path::Path;

use bytes::{Bytes, BytesMut};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::stream::Piece;
use crate::engine::Counts;
use crate::exception::{Code, Exception};
use crate::limits::{HEAD_BYTES, HOLD_BYTES, RESULT_CHUNK_BYTES, RESULT_DEPTH};

/// A result held back so far.
#[derive(Default)]
pub(super) struct Hold {
    pub(super) head: VecDeque<Bytes>,
    size: u64,
    file: Option<File>,
}

impl Hold {
    /// Takes the next piece of the result.
    pub(super) async fn push(&mut self, data: Bytes, folder: &Path) -> Result<(), Exception> {
        self.size += data.len() as u64;
        if self.size <= HEAD_BYTES as u64 {
            self.head.push_back(data);
            return Ok(());
        }
        if self.size > HOLD_BYTES {
            return Err(Exception::new(
                Code::TooManyBytes,
                format!(
                    "A result over {HOLD_BYTES} bytes cannot be held back for wait_end_of_query=1: leave it off to have the result streamed"
                ),
            ));
        }
        let file = match &mut self.file {
            Some(file) => file,
            None => self.file.insert(nameless(folder).await.map_err(failed)?),
        };
        file.write_all(&data).await.map_err(failed)
    }

    /// Whether all of it is in memory.
    pub(super) fn is_small(&self) -> bool {
        self.file.is_none()
    }

    /// The pieces after `head`, read back as the client takes them.
    pub(super) async fn rest(
        &mut self,
        counts: Counts,
    ) -> Result<mpsc::Receiver<Piece>, Exception> {
        let (sender, pieces) = mpsc::channel(RESULT_DEPTH);
        let Some(mut file) = self.file.take() else { return Ok(pieces) };
        file.flush().await.map_err(failed)?;
        file.seek(SeekFrom::Start(0)).await.map_err(failed)?;
        tokio::spawn(async move {
            loop {
                let mut buffer = BytesMut::with_capacity(RESULT_CHUNK_BYTES);
                let piece = match file.read_buf(&mut buffer).await {
                    Ok(0) => Piece::End(Ok(counts)),
                    Ok(_) => Piece::Data(buffer.freeze()),
                    Err(error) => Piece::End(Err(failed(error))),
                };
                let last = matches!(piece, Piece::End(_));
                // A client that went away wants no more of it.
                if sender.send(piece).await.is_err() || last {
                    return;
                }
            }
        });
        Ok(pieces)
    }
}

/// Opens a file that is gone with its handle, also after a crash.
async fn nameless(folder: &Path) -> std::io::Result<File> {
    let path = folder.join(format!("embedded-clickhouse.{}.held", Uuid::new_v4().simple()));
    let file = File::options().create_new(true).read(true).write(true).open(&path).await?;
    tokio::fs::remove_file(&path).await?;
    Ok(file)
}

#[expect(clippy::needless_pass_by_value, reason = "it is handed to `map_err`")]
fn failed(error: std::io::Error) -> Exception {
    Exception::new(
        Code::CannotWriteToFile,
        format!("The held result cannot be kept in the data directory: {error}"),
    )
}
