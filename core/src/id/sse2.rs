//! Digits of a UUID, sixteen at a time, with what every processor of x86-64 has.

use safe_arch::{
    add_i8_m128i, cmp_eq_mask_i8_m128i, m128i, min_u8_m128i, move_mask_i8_m128i,
    pack_i16_to_u8_m128i, set_splat_i8_m128i, set_splat_i16_m128i, shl_imm_u16_m128i,
    shr_imm_u16_m128i, sub_i8_m128i,
};

/// The bytes that the hyphenated form says; `None` where it is none.
#[inline]
pub(super) fn parse(text: &[u8; 36]) -> Option<[u8; 16]> {
    if [text[8], text[13], text[18], text[23]] != [b'-'; 4] {
        return None;
    }
    let (mut high, mut low) = ([0; 16], [0; 16]);
    high[..8].copy_from_slice(&text[..8]);
    high[8..12].copy_from_slice(&text[9..13]);
    high[12..].copy_from_slice(&text[14..18]);
    low[..4].copy_from_slice(&text[19..23]);
    low[4..].copy_from_slice(&text[24..]);
    let (high, are_digits) = eight(m128i::from(high));
    let (low, are_digits_too) = eight(m128i::from(low));
    let all = move_mask_i8_m128i(are_digits & are_digits_too) == 0xffff;
    all.then(|| pack_i16_to_u8_m128i(high, low).into())
}

/// Eight bytes, each in sixteen bits, and which of their digits are some.
#[inline(always)]
fn eight(digits: m128i) -> (m128i, m128i) {
    let splat = |byte: u8| set_splat_i8_m128i(byte as i8);
    let up_to = |bytes, last| cmp_eq_mask_i8_m128i(min_u8_m128i(bytes, splat(last)), bytes);
    let number = sub_i8_m128i(digits, splat(b'0'));
    let letter = sub_i8_m128i(digits | splat(0x20), splat(b'a'));
    let (is_number, is_letter) = (up_to(number, 9), up_to(letter, 5));
    let worth = number & is_number | add_i8_m128i(letter, splat(10)) & is_letter;
    let pairs = shl_imm_u16_m128i::<4>(worth) | shr_imm_u16_m128i::<8>(worth);
    (pairs & set_splat_i16_m128i(0xff), is_number | is_letter)
}
