//! Unpacks a body, piece by piece.

use std::io;

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use bytes::Bytes;
use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Decoder as Zstd, Operation};

use super::Coding;
use super::lz4::Frames;
use crate::exception::{Code, Exception};
use crate::limits::{UNPACKED_CHUNK_BYTES, ZSTD_WINDOW_LOG};

/// What one step came to.
pub(super) enum Step {
    /// So many bytes came out; there may be more of them without more input.
    Wrote(usize),
    /// Nothing comes out before more goes in.
    Hungry,
}

/// Unpacks one body.
pub(crate) struct Unpacker {
    coding: Coding,
    state: State,
    /// Pushed, but not yet taken in.
    input: Bytes,
    out: Vec<u8>,
}

enum State {
    Zlib {
        inflate: Box<Decompress>,
        /// Whether a gzip member or zlib stream has begun and not ended.
        inside: bool,
    },
    Zstd {
        decoder: Zstd<'static>,
        inside: bool,
    },
    Brotli {
        state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
        ended: bool,
    },
    Lz4(Box<Frames>),
}

impl Unpacker {
    /// Begins to unpack a body of that coding.
    pub(crate) fn new(coding: Coding) -> Result<Self, Exception> {
        let state = match coding {
            Coding::Gzip | Coding::Deflate => {
                State::Zlib { inflate: Box::new(inflate(coding)), inside: false }
            }
            Coding::Zstd => State::Zstd {
                decoder: zstd().map_err(|error| {
                    Exception::new(Code::UnknownException, format!("zstd cannot begin: {error}"))
                })?,
                inside: false,
            },
            Coding::Brotli => State::Brotli {
                state: Box::new(BrotliState::new_strict(
                    StandardAlloc::default(),
                    StandardAlloc::default(),
                    StandardAlloc::default(),
                )),
                ended: false,
            },
            Coding::Lz4 => State::Lz4(Box::new(Frames::new())),
        };
        Ok(Self { coding, state, input: Bytes::new(), out: vec![0; UNPACKED_CHUNK_BYTES] })
    }

    /// Takes in the next piece; the one before must have been used up by `take`.
    pub(crate) fn push(&mut self, piece: Bytes) {
        self.input = piece;
    }

    /// Returns what comes out next, at most `UNPACKED_CHUNK_BYTES`, or `None`
    /// when more must be pushed first.
    pub(crate) fn take(&mut self) -> Result<Option<Bytes>, Exception> {
        match self.step() {
            Ok(Step::Wrote(n)) => {
                Ok(Some(Bytes::copy_from_slice(self.out.get(..n).unwrap_or_default())))
            }
            Ok(Step::Hungry) => Ok(None),
            Err(()) => Err(Exception::new(
                Code::IncorrectData,
                format!("The body is not what its Content-Encoding {} says", self.coding.name()),
            )),
        }
    }

    /// Says whether the body may end here.
    pub(crate) fn finish(&self) -> Result<(), Exception> {
        let whole = self.input.is_empty()
            && match &self.state {
                State::Zlib { inside, .. } | State::Zstd { inside, .. } => !inside,
                State::Brotli { ended, .. } => *ended,
                State::Lz4(frames) => frames.is_between(),
            };
        if whole {
            return Ok(());
        }
        Err(Exception::new(
            Code::CannotReadAllData,
            format!("The body ends inside its Content-Encoding {}", self.coding.name()),
        ))
    }

    fn step(&mut self) -> Result<Step, ()> {
        let (input, out) = (&mut self.input, self.out.as_mut_slice());
        match &mut self.state {
            State::Zlib { inflate: state, inside } => loop {
                let before = (state.total_in(), state.total_out());
                let status = state.decompress(input, out, FlushDecompress::None).map_err(|_| ())?;
                let used = usize::try_from(state.total_in() - before.0).map_err(|_| ())?;
                let wrote = usize::try_from(state.total_out() - before.1).map_err(|_| ())?;
                *inside |= used > 0;
                bytes::Buf::advance(input, used.min(input.len()));
                if status == Status::StreamEnd {
                    // Several members one after the other are one body.
                    **state = inflate(self.coding);
                    *inside = false;
                }
                if wrote > 0 {
                    return Ok(Step::Wrote(wrote));
                }
                if input.is_empty() || used == 0 {
                    return Ok(Step::Hungry);
                }
            },
            State::Zstd { decoder, inside } => loop {
                let status = decoder.run_on_buffers(input, out).map_err(|_| ())?;
                bytes::Buf::advance(input, status.bytes_read.min(input.len()));
                if status.bytes_read > 0 || status.bytes_written > 0 {
                    *inside = status.remaining > 0;
                }
                if status.bytes_written > 0 {
                    return Ok(Step::Wrote(status.bytes_written));
                }
                if input.is_empty() || status.bytes_read == 0 {
                    return Ok(Step::Hungry);
                }
            },
            State::Brotli { state, ended } => {
                if *ended {
                    return if input.is_empty() { Ok(Step::Hungry) } else { Err(()) };
                }
                let (mut left, mut used) = (input.len(), 0);
                let (mut room, mut wrote, mut total) = (out.len(), 0, 0);
                let result = BrotliDecompressStream(
                    &mut left, &mut used, input, &mut room, &mut wrote, out, &mut total, state,
                );
                bytes::Buf::advance(input, used.min(input.len()));
                match result {
                    BrotliResult::ResultFailure => return Err(()),
                    BrotliResult::ResultSuccess => *ended = true,
                    BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
                }
                Ok(if wrote > 0 { Step::Wrote(wrote) } else { Step::Hungry })
            }
            State::Lz4(frames) => frames.step(input, out),
        }
    }
}

fn inflate(coding: Coding) -> Decompress {
    match coding {
        // The largest window there is, 32 KiB.
        Coding::Gzip => Decompress::new_gzip(15),
        _ => Decompress::new(true),
    }
}

fn zstd() -> io::Result<Zstd<'static>> {
    let mut decoder = Zstd::new()?;
    decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
    Ok(decoder)
}
