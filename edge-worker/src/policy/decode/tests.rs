use std::io::Write as _;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use super::*;

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

fn zlib(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain).unwrap();
    encoder.finish().unwrap()
}

/// Decodes in chunks of every one of some sizes; all must agree.
fn decode(coding: Coding, wire: &[u8]) -> Result<Vec<u8>, Code> {
    let of_chunks = |bytes: usize| {
        let mut decoder = Decoder::new(coding, None);
        for chunk in wire.chunks(bytes) {
            decoder.push(chunk)?;
        }
        decoder.finish()
    };
    let whole = of_chunks(wire.len().max(1));
    for bytes in [1, 2, 7, 1_000] {
        if wire.len() / bytes < 20_000 {
            assert_eq!(of_chunks(bytes), whole, "chunks of {bytes}");
        }
    }
    whole
}

fn text(bytes: usize) -> Vec<u8> {
    let mut state = 7_u32;
    std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        b"{}[]\",:abcdefghij0123456789"[(state >> 24) as usize % 27]
    })
    .take(bytes)
    .collect()
}

#[test]
fn what_was_compressed_comes_out() {
    for bytes in [0, 1, 20, 16_384, 16_385, 100_000, 500_000] {
        let plain = text(bytes);
        assert_eq!(decode(Coding::Identity, &plain), Ok(plain.clone()), "{bytes}");
        assert_eq!(decode(Coding::Gzip, &gzip(&plain)), Ok(plain.clone()), "{bytes}");
        assert_eq!(decode(Coding::Deflate, &zlib(&plain)), Ok(plain), "{bytes}");
    }
}

#[test]
fn a_gzip_head_may_have_its_parts() {
    let plain = text(100);
    let encoder = flate2::GzBuilder::new().filename("a.json").comment("c").extra(vec![1, 2, 3]);
    let mut encoder = encoder.write(Vec::new(), Compression::fast());
    encoder.write_all(&plain).unwrap();
    assert_eq!(decode(Coding::Gzip, &encoder.finish().unwrap()), Ok(plain.clone()));
}

#[test]
fn a_bomb_is_refused_before_it_is_large() {
    let zeros = vec![b' '; 100_000_000];
    for (coding, wire) in [(Coding::Gzip, gzip(&zeros)), (Coding::Deflate, zlib(&zeros))] {
        let mut decoder = Decoder::new(coding, None);
        assert_eq!(decoder.push(&wire), Err(Code::BodyTooLarge));
        assert!(decoder.plain.len() <= BATCH_MAX_BYTES && decoder.plain.capacity() <= 2 << 20);
    }
    // Over the ratio, though below the limit of bytes.
    assert_eq!(decode(Coding::Gzip, &gzip(&zeros[..400_000])), Err(Code::BodyTooLarge));
    // One in another is what the inner one is: bytes that are no batch.
    let nested = gzip(&gzip(&zeros[..10_000_000]));
    assert_eq!(decode(Coding::Gzip, &nested), Ok(gzip(&zeros[..10_000_000])));
    assert_eq!(decode(Coding::Identity, &zeros[..500_001]), Err(Code::BodyTooLarge));
    assert_eq!(decode(Coding::Gzip, &gzip(&text(500_001))), Err(Code::BodyTooLarge));
}

#[test]
fn what_is_cut_short_damaged_or_followed_is_none() {
    let plain = text(2_000);
    for (coding, wire) in [(Coding::Gzip, gzip(&plain)), (Coding::Deflate, zlib(&plain))] {
        for bytes in 0..wire.len() {
            assert_eq!(decode(coding, &wire[..bytes]), Err(Code::InvalidEncoding), "{bytes}");
        }
        for behind in [&b"\0"[..], &wire] {
            assert_eq!(decode(coding, &[&wire, behind].concat()), Err(Code::InvalidEncoding));
        }
        for at in 0..wire.len() {
            let mut damaged = wire.clone();
            damaged[at] ^= 0x10;
            // Some bits mean nothing to anyone: a gzip head's time, the rest of the
            // last byte before a checksum.
            let told = decode(coding, &damaged);
            assert!(told == Err(Code::InvalidEncoding) || told.as_ref() == Ok(&plain), "{at}");
            let is_data = (12..wire.len() - 12).contains(&at) || at >= wire.len() - 4;
            assert!(told.is_err() || !is_data, "{at}");
        }
    }
    let mut raw = DeflateEncoder::new(Vec::new(), Compression::best());
    raw.write_all(&plain).unwrap();
    assert_eq!(decode(Coding::Deflate, &raw.finish().unwrap()), Err(Code::InvalidEncoding));
    assert_eq!(decode(Coding::Gzip, &zlib(&plain)), Err(Code::InvalidEncoding));
}

#[test]
fn one_coding_is_taken() {
    for (header, coding) in [
        (None, Ok(Coding::Identity)),
        (Some(""), Ok(Coding::Identity)),
        (Some(" Identity"), Ok(Coding::Identity)),
        (Some("GZIP"), Ok(Coding::Gzip)),
        (Some("x-gzip"), Ok(Coding::Gzip)),
        (Some("deflate"), Ok(Coding::Deflate)),
        (Some("br"), Err(Code::UnsupportedEncoding)),
        (Some("zstd"), Err(Code::UnsupportedEncoding)),
        (Some("gzip, gzip"), Err(Code::UnsupportedEncoding)),
        (Some("gzip;q=1"), Err(Code::UnsupportedEncoding)),
        (Some("gzip,"), Err(Code::UnsupportedEncoding)),
    ] {
        assert_eq!(Coding::of(header), coding, "{header:?}");
    }
}
