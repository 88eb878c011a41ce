//! The framing against blocks that ClickHouse's engine wrote itself (columns of
//! a MergeTree part use the same framing) and against damage of every kind.

use super::*;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len() / 2)
        .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).expect("hex"))
        .collect()
}

/// Three Strings of `repeat('tidemark ', 12)`, without their lengths; LZ4.
const LZ4_BLOCK: &str =
    "ad15f0d34f2d1d29aed06b02269a0d41821d000000440100009f746964656d61726b200900ff24506d61726b20";
/// The UInt32 values 0, 1, 2; too short to compress, so written as LZ4 literals.
const SHORT_BLOCK: &str =
    "f6572f4c22dfb77dc4f417ec990d88c682160000000c000000c0000000000100000002000000";

fn decode(framed: &[u8]) -> Result<Vec<u8>, Exception> {
    let mut decoder = Decoder::default();
    decoder.push(framed);
    let mut out = Vec::new();
    while let Some(block) = decoder.next_block()? {
        out.extend_from_slice(&block);
    }
    decoder.finish().map(|()| out)
}

#[test]
fn blocks_of_the_engine_are_read() {
    assert_eq!(decode(&hex(LZ4_BLOCK)).expect("good"), "tidemark ".repeat(36).as_bytes());
    assert_eq!(decode(&hex(SHORT_BLOCK)).expect("good"), [0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);
    let both = [hex(LZ4_BLOCK), hex(SHORT_BLOCK)].concat();
    assert_eq!(decode(&both).expect("good").len(), 336);
}

#[test]
fn a_short_block_is_written_as_the_engine_writes_it() {
    let ours = encode(&[0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0]);
    assert_eq!(ours.as_ref(), hex(SHORT_BLOCK));
}

#[test]
fn pieces_of_any_size_give_the_same() {
    let framed = [hex(LZ4_BLOCK), hex(SHORT_BLOCK)].concat();
    let whole = decode(&framed).expect("good");
    for size in 1..framed.len() {
        let mut decoder = Decoder::default();
        let mut out = Vec::new();
        for piece in framed.chunks(size) {
            decoder.push(piece);
            while let Some(block) = decoder.next_block().expect("good") {
                out.extend_from_slice(&block);
            }
        }
        decoder.finish().expect("nothing left");
        assert_eq!(out, whole, "pieces of {size}");
    }
}

#[test]
fn what_is_written_is_read_back() {
    for length in [0, 1, 100, OUT_BLOCK_BYTES, OUT_BLOCK_BYTES + 1, 3 * OUT_BLOCK_BYTES + 7] {
        let content: Vec<u8> =
            (0..length).map(|i| u8::try_from(i * 31 % 251).unwrap_or(0)).collect();
        assert_eq!(decode(&encode(&content)).expect("good"), content, "{length} bytes");
    }
}

#[test]
fn an_uncompressed_block_is_read() {
    let mut block = vec![NONE];
    block.extend_from_slice(&12_u32.to_le_bytes());
    block.extend_from_slice(&3_u32.to_le_bytes());
    block.extend_from_slice(b"abc");
    let framed = [checksum(&block).to_le_bytes().as_slice(), &block].concat();
    assert_eq!(decode(&framed).expect("good"), b"abc");
}

#[test]
fn every_flipped_bit_is_noticed() {
    let good = hex(LZ4_BLOCK);
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        let error = decode(&bad).expect_err("damaged");
        assert!([33, 39, 40, 89].contains(&error.code), "bit {bit}: {error}");
    }
}

#[test]
fn a_cut_block_is_an_error() {
    let good = hex(LZ4_BLOCK);
    for cut in 1..good.len() {
        assert_eq!(decode(&good[..cut]).expect_err("cut").code, 33, "cut at {cut}");
    }
}

#[test]
fn a_header_that_claims_too_much_takes_no_memory() {
    let mut framed = vec![0; CHECKSUM_BYTES];
    framed.push(LZ4);
    framed.extend_from_slice(&u32::MAX.to_le_bytes());
    framed.extend_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(decode(&framed).expect_err("too large").code, 39);
}
