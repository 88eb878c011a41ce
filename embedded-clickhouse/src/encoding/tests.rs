use bytes::Bytes;

use super::*;
use crate::limits::UNPACKED_CHUNK_BYTES;

fn pack(coding: Coding, data: &[u8]) -> Vec<u8> {
    let mut packer = Packer::new(coding).expect("it begins");
    let mut packed = Vec::new();
    for piece in data.chunks(10_000) {
        packed.extend_from_slice(&packer.pack(piece).expect("packed"));
    }
    packed.extend_from_slice(&packer.finish().expect("ended"));
    packed
}

fn unpack(coding: Coding, packed: &[u8], piece: usize) -> Result<Vec<u8>, i32> {
    let mut unpacker = Unpacker::new(coding).expect("it begins");
    let mut data = Vec::new();
    for piece in packed.chunks(piece) {
        unpacker.push(Bytes::copy_from_slice(piece));
        while let Some(out) = unpacker.take().map_err(|error| error.code)? {
            assert!(out.len() <= UNPACKED_CHUNK_BYTES);
            data.extend_from_slice(&out);
        }
    }
    unpacker.finish().map_err(|error| error.code)?;
    Ok(data)
}

/// Text that packs well, with noise that does not.
fn text() -> Vec<u8> {
    let mut noise = 1_u32;
    (0..200_000_u32)
        .flat_map(|n| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            [n.to_string().as_bytes(), &noise.to_le_bytes()[..1]].concat()
        })
        .collect()
}

#[test]
fn every_coding_comes_back_whatever_the_pieces() {
    for coding in Coding::ALL {
        let text = text();
        let packed = pack(coding, &text);
        assert!(packed.len() < text.len(), "{coding:?}");
        for piece in [1_000, 65_536, packed.len()] {
            assert!(unpack(coding, &packed, piece) == Ok(text.clone()), "{coding:?} by {piece}");
        }
        let small = pack(coding, b"small");
        assert_eq!(unpack(coding, &small, 1), Ok(b"small".to_vec()), "{coding:?}");
        assert_eq!(unpack(coding, &pack(coding, b""), 1), Ok(Vec::new()), "{coding:?}");
    }
}

#[test]
fn a_cut_or_changed_body_is_refused() {
    for coding in Coding::ALL {
        let packed = pack(coding, b"a body that is long enough to be cut in many places");
        for cut in 1..packed.len() {
            assert!(unpack(coding, &packed[..cut], 7).is_err(), "{coding:?} cut at {cut}");
        }
        assert_eq!(
            unpack(coding, b"not packed at all, but long enough", 100),
            Err(117),
            "{coding:?}"
        );
    }
}

#[test]
fn members_one_after_the_other_are_one_body() {
    for coding in [Coding::Zstd, Coding::Lz4, Coding::Gzip] {
        let two = [pack(coding, b"one, "), pack(coding, b"two")].concat();
        for piece in [1, 1_000] {
            assert_eq!(unpack(coding, &two, piece), Ok(b"one, two".to_vec()), "{coding:?}");
        }
    }
    let garbage = [pack(Coding::Brotli, b"one"), b"x".to_vec()].concat();
    assert_eq!(unpack(Coding::Brotli, &garbage, 1_000), Err(117));
}

#[test]
fn what_was_flushed_can_be_read_before_the_end() {
    for coding in Coding::ALL {
        let mut packer = Packer::new(coding).expect("it begins");
        let packed = [packer.pack(b"so far").expect("packed"), packer.flush().expect("flushed")];
        let mut unpacker = Unpacker::new(coding).expect("it begins");
        unpacker.push(packed.concat().into());
        let out = unpacker.take().expect("well-formed").expect("all of it");
        assert_eq!(out, b"so far".as_slice(), "{coding:?}");
        assert_eq!(unpacker.take().expect("well-formed"), None);
        assert!(unpacker.finish().is_err(), "{coding:?} has not ended");
    }
}

#[test]
fn a_bomb_comes_out_in_bounded_pieces() {
    for coding in Coding::ALL {
        let packed = pack(coding, &vec![0; 5_000_000]);
        // `unpack` holds each piece to its bound.
        assert_eq!(unpack(coding, &packed, packed.len()).map(|data| data.len()), Ok(5_000_000));
    }
}

#[test]
fn the_servers_favourite_is_chosen() {
    assert_eq!(Coding::accepted("lz4,zstd,gzip,deflate"), Some(Coding::Zstd));
    assert_eq!(Coding::accepted("gzip, deflate, br"), Some(Coding::Brotli));
    assert_eq!(Coding::accepted("GZIP;q=0.5"), Some(Coding::Gzip));
    assert_eq!(Coding::accepted("zstd;q=0, deflate"), Some(Coding::Deflate));
    for none in ["", "*", "identity", "snappy"] {
        assert_eq!(Coding::accepted(none), None, "{none}");
    }
}
