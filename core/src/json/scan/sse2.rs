//! Sixteen bytes at a time, with what every processor of x86-64 has (SSE2).

use safe_arch::{
    cmp_eq_mask_i8_m128i, load_unaligned_m128i, m128i, min_u8_m128i, move_mask_i8_m128i,
    set_splat_i8_m128i, sub_i8_m128i,
};

use super::Seen;

/// Bytes of a block.
pub(super) const BLOCK: usize = 16;
/// Bits of a mask that belong to one byte.
pub(super) const BITS: u32 = 1;

/// The bytes that are this one.
#[inline(always)]
fn is(block: m128i, byte: u8) -> m128i {
    cmp_eq_mask_i8_m128i(block, set_splat_i8_m128i(byte as i8))
}

/// The bytes from one to another.
#[inline(always)]
fn between(block: m128i, first: u8, last: u8) -> m128i {
    let above = sub_i8_m128i(block, set_splat_i8_m128i(first as i8));
    cmp_eq_mask_i8_m128i(min_u8_m128i(above, set_splat_i8_m128i((last - first) as i8)), above)
}

#[inline(always)]
fn mask(bytes: m128i) -> u64 {
    u64::from(move_mask_i8_m128i(bytes) as u16)
}

/// What the block holds.
#[inline(always)]
pub(super) fn look(block: &[u8; BLOCK]) -> Seen {
    let block = load_unaligned_m128i(block);
    let dots = is(block, b'.');
    let prose = is(block, b',') | is(block, b'?') | dots;
    let braces = is(block | set_splat_i8_m128i(0x20), b'{');
    Seen {
        ends: mask(is(block, b'"') | is(block, b'\\') | between(block, 0, 0x1f)),
        // The high bit of a byte that is not ASCII is its own mark.
        marks: mask(!prose & between(block, b'%', b'@') | braces | block),
        dots: mask(dots),
    }
}

/// The quotes and backslashes of the block.
#[inline(always)]
pub(super) fn quotes(block: &[u8; BLOCK]) -> u64 {
    let block = load_unaligned_m128i(block);
    mask(is(block, b'"') | is(block, b'\\'))
}
