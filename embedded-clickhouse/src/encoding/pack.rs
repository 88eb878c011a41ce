//! Packs an answer, piece by piece.

use std::io::{self, Write};

use brotli::CompressorWriter;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use lz4_flex::frame::FrameEncoder;

use super::Coding;
use crate::limits::RESULT_CHUNK_BYTES;

/// What the server's `http_zlib_compression_level` is by default, for every coding.
const LEVEL: u8 = 3;
/// Brotli's window, 4 MiB: as the server's.
const BROTLI_WINDOW_LOG: u32 = 22;

/// Packs one answer.
pub(crate) enum Packer {
    Zstd(Box<zstd::stream::write::Encoder<'static, Vec<u8>>>),
    Brotli(Box<CompressorWriter<Vec<u8>>>),
    Lz4(Box<FrameEncoder<Vec<u8>>>),
    Gzip(Box<GzEncoder<Vec<u8>>>),
    Deflate(Box<ZlibEncoder<Vec<u8>>>),
}

impl Packer {
    /// Begins to pack.
    pub(crate) fn new(coding: Coding) -> io::Result<Self> {
        let level = Compression::new(u32::from(LEVEL));
        Ok(match coding {
            Coding::Zstd => {
                let encoder = zstd::stream::write::Encoder::new(Vec::new(), i32::from(LEVEL))?;
                Self::Zstd(Box::new(encoder))
            }
            Coding::Brotli => Self::Brotli(Box::new(CompressorWriter::new(
                Vec::new(),
                RESULT_CHUNK_BYTES,
                u32::from(LEVEL),
                BROTLI_WINDOW_LOG,
            ))),
            Coding::Lz4 => Self::Lz4(Box::new(FrameEncoder::new(Vec::new()))),
            Coding::Gzip => Self::Gzip(Box::new(GzEncoder::new(Vec::new(), level))),
            Coding::Deflate => Self::Deflate(Box::new(ZlibEncoder::new(Vec::new(), level))),
        })
    }

    /// Packs a piece, and returns what came out, which may be nothing yet.
    pub(crate) fn pack(&mut self, data: &[u8]) -> io::Result<Bytes> {
        match self {
            Self::Zstd(encoder) => encoder.write_all(data)?,
            Self::Brotli(encoder) => encoder.write_all(data)?,
            Self::Lz4(encoder) => encoder.write_all(data)?,
            Self::Gzip(encoder) => encoder.write_all(data)?,
            Self::Deflate(encoder) => encoder.write_all(data)?,
        }
        Ok(self.out())
    }

    /// Brings out everything that was packed, so that it can be read so far.
    pub(crate) fn flush(&mut self) -> io::Result<Bytes> {
        match self {
            Self::Zstd(encoder) => encoder.flush()?,
            Self::Brotli(encoder) => encoder.flush()?,
            Self::Lz4(encoder) => encoder.flush()?,
            Self::Gzip(encoder) => encoder.flush()?,
            Self::Deflate(encoder) => encoder.flush()?,
        }
        Ok(self.out())
    }

    /// Ends the packed answer, and returns the rest of it.
    pub(crate) fn finish(self) -> io::Result<Bytes> {
        Ok(Bytes::from(match self {
            Self::Zstd(encoder) => encoder.finish()?,
            Self::Brotli(encoder) => encoder.into_inner(),
            Self::Lz4(encoder) => encoder.finish().map_err(io::Error::other)?,
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Deflate(encoder) => encoder.finish()?,
        }))
    }

    fn out(&mut self) -> Bytes {
        let out = match self {
            Self::Zstd(encoder) => encoder.get_mut(),
            Self::Brotli(encoder) => encoder.get_mut(),
            Self::Lz4(encoder) => encoder.get_mut(),
            Self::Gzip(encoder) => encoder.get_mut(),
            Self::Deflate(encoder) => encoder.get_mut(),
        };
        std::mem::take(out).into()
    }
}
