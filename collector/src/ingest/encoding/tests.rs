//! Every coding: whole, too large, cut short, lied about, and with something behind.

use std::io::Write as _;

use libdeflater::{CompressionLvl, Compressor};

use super::*;

/// The bound of the tests: not that of any endpoint.
const MAX: usize = 300_000;

const CODINGS: [&str; 4] = ["gzip", "zstd", "br", "deflate"];

fn encode(coding: &str, plain: &[u8]) -> Vec<u8> {
    let mut deflate = Compressor::new(CompressionLvl::default());
    match coding {
        "gzip" => {
            let mut out = vec![0; deflate.gzip_compress_bound(plain.len())];
            let written = deflate.gzip_compress(plain, &mut out).unwrap();
            out.truncate(written);
            out
        }
        "deflate" => {
            let mut out = vec![0; deflate.zlib_compress_bound(plain.len())];
            let written = deflate.zlib_compress(plain, &mut out).unwrap();
            out.truncate(written);
            out
        }
        "zstd" => zstd::bulk::compress(plain, 3).unwrap(),
        _ => {
            let mut out = Vec::new();
            brotli::CompressorWriter::new(&mut out, 4096, 5, 22).write_all(plain).unwrap();
            out
        }
    }
}

fn decode(coding: Option<&str>, wire: impl Into<Bytes>) -> Result<Bytes, &'static str> {
    super::decode(coding, wire.into(), MAX).map_err(|refused| refused.code())
}

/// What compresses to about a fifth.
fn text() -> Vec<u8> {
    (0..2_000_u32)
        .map(|number| format!("{{\"number\":{}}},", number * 7_919))
        .collect::<String>()
        .into()
}

#[test]
fn each_coding_gives_the_plain_body() {
    for plain in [b"{}".to_vec(), br#"{"events":[]}"#.to_vec(), text(), Vec::new()] {
        assert_eq!(decode(None, plain.clone()).unwrap(), plain);
        assert_eq!(decode(Some(" identity"), plain.clone()).unwrap(), plain);
        for coding in CODINGS.into_iter().filter(|_| !plain.is_empty()) {
            let wire = encode(coding, &plain);
            assert_eq!(decode(Some(coding), wire.clone()).unwrap(), plain, "{coding}");
            let loud = format!(" {} ", coding.to_uppercase());
            assert_eq!(decode(Some(&loud), wire).unwrap(), plain, "{coding}");
        }
    }
    assert_eq!(decode(Some("x-gzip"), encode("gzip", b"{}")).unwrap(), "{}");
    let mut streamed = zstd::stream::Encoder::new(Vec::new(), 3).unwrap();
    streamed.write_all(&text()).unwrap();
    let unsized_frame = streamed.finish().unwrap();
    assert!(matches!(zstd::zstd_safe::get_frame_content_size(&unsized_frame), Ok(None)));
    assert_eq!(decode(Some("zstd"), unsized_frame).unwrap(), text(), "without a size");
}

#[test]
fn other_codings_and_several_are_named_as_unsupported() {
    for coding in ["compress", "gzip, gzip", "gzip,br", "snappy", "*", ""] {
        assert_eq!(decode(Some(coding), "x"), Err("unsupported_encoding"), "{coding}");
    }
}

#[test]
fn a_bomb_is_refused_before_memory_is_spent() {
    for coding in CODINGS {
        let large = encode(coding, &text().repeat(20));
        assert_eq!(decode(Some(coding), large), Err("body_too_large"), "{coding}");
        let steep = encode(coding, &vec![b' '; MAX - 1]);
        assert!(steep.len() * DECOMPRESSION_MAX_RATIO < MAX, "{coding}: {}", steep.len());
        assert_eq!(decode(Some(coding), steep), Err("body_too_large"), "{coding}");
    }
    let mut endless = zstd::stream::Encoder::new(Vec::new(), 3).unwrap();
    endless.write_all(&text().repeat(20)).unwrap();
    assert_eq!(decode(Some("zstd"), endless.finish().unwrap()), Err("body_too_large"));
    // A frame that tells 2^60 bytes, and holds none of them.
    let lie = [&[0x28, 0xb5, 0x2f, 0xfd, 0xe0][..], &(1_u64 << 60).to_le_bytes()].concat();
    assert_eq!(decode(Some("zstd"), lie), Err("invalid_encoding"));
}

#[test]
fn what_is_cut_short_or_something_else_is_not_called_large() {
    for coding in CODINGS {
        let good = encode(coding, &text());
        for length in (0..good.len()).step_by(7).chain([good.len() - 1]) {
            let cut = good[..length].to_vec();
            assert_eq!(decode(Some(coding), cut), Err("invalid_encoding"), "{coding} {length}");
        }
        for other in [text(), vec![0xff; 100], b"{\"events\":[]}".to_vec()] {
            let told = decode(Some(coding), other).unwrap_err();
            assert_eq!(told, "invalid_encoding", "{coding}");
        }
    }
}

#[test]
fn a_flipped_bit_is_not_a_body() {
    for coding in ["gzip", "deflate"] {
        let good = encode(coding, &text());
        let mut wrong = good.clone();
        let middle = wrong.len() / 2;
        wrong[middle] ^= 1;
        assert_eq!(decode(Some(coding), wrong), Err("invalid_encoding"), "{coding}");
    }
    let mut lying = encode("gzip", b"twenty bytes of text, and some more");
    let size = lying.len() - 4;
    lying[size..].copy_from_slice(&3_u32.to_le_bytes());
    assert_eq!(decode(Some("gzip"), lying), Err("invalid_encoding"));
}

#[test]
fn nothing_may_follow_a_stream() {
    for coding in CODINGS {
        let good = encode(coding, br#"{"events":[]}"#);
        let last = good[good.len() - TRAILER_BYTES.min(good.len())..].to_vec();
        let mut tails = vec![b"x".to_vec(), vec![0; 8], last.clone(), b"{}".to_vec()];
        if coding == "gzip" {
            // These end in the trailer of the first member.
            tails.push([b"{\"events\":[1]}".to_vec(), last].concat());
        }
        if coding != "zstd" {
            // Several frames are one body for zstd (RFC 8878, 3.1).
            tails.push(good.clone());
        }
        for tail in tails {
            let wire = [good.clone(), tail].concat();
            assert_eq!(decode(Some(coding), wire), Err("invalid_encoding"), "{coding}");
        }
    }
    let two = [encode("zstd", b"{}"), encode("zstd", b"  ")].concat();
    assert_eq!(decode(Some("zstd"), two).unwrap(), "{}  ");
}
