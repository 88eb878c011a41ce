//! Writing JSON text without `format!`, whose machinery costs a page 1.3 KB.

use alloc::string::String;

/// Appends text as a JSON string, as `JSON.stringify` writes it: only what must be
/// escaped is.
pub fn write_string(out: &mut String, text: &str) {
    // Mostly nothing is, which all bytes at once tell sooner than one by one. A page has
    // other sorrows.
    #[cfg(feature = "catalogue")]
    {
        let escaped = |byte: u8| (byte < 0x20) | (byte == b'"') | (byte == b'\\');
        if !text.bytes().fold(false, |found, byte| found | escaped(byte)) {
            out.reserve(text.len() + 2);
            out.push('"');
            out.push_str(text);
            out.push('"');
            return;
        }
    }
    out.push('"');
    let mut copied = 0;
    for (at, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.push_str(text.get(copied..at).unwrap_or_default());
        copied = at + 1;
        out.push('\\');
        match byte {
            b'"' | b'\\' => out.push(char::from(byte)),
            b'\n' => out.push('n'),
            b'\r' => out.push('r'),
            b'\t' => out.push('t'),
            0x08 => out.push('b'),
            0x0c => out.push('f'),
            _ => {
                out.push_str("u00");
                out.push(if byte >= 0x10 { '1' } else { '0' });
                let low = byte & 15;
                out.push(char::from(if low < 10 { b'0' + low } else { b'a' + low - 10 }));
            }
        }
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out.push('"');
}

/// Appends a number in decimal.
pub fn write_u64(out: &mut String, number: u64) {
    write_padded(out, number, 1);
}

/// Appends a number in decimal with leading zeros up to a width (≤ 20).
#[cfg(feature = "catalogue")]
pub fn write_padded(out: &mut String, mut number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    let mut from = digits.len();
    for slot in digits.iter_mut().rev() {
        if number == 0 && 20 - from >= width {
            break;
        }
        *slot = b'0' + (number % 10) as u8;
        number /= 10;
        from -= 1;
    }
    for digit in digits.iter().skip(from) {
        out.push(char::from(*digit));
    }
}

/// Appends a number in decimal with leading zeros up to a width (≤ 20): as above, in a
/// fourth of its bytes.
#[cfg(not(feature = "catalogue"))]
pub fn write_padded(out: &mut String, number: u64, width: usize) {
    if number >= 10 || width > 1 {
        write_padded(out, number / 10, width.saturating_sub(1));
    }
    write_digit(out, (number % 10) as usize);
}

/// Appends a digit below 16. From a text, because a page that writes no character pays
/// for no encoder of them.
#[cfg(not(feature = "catalogue"))]
pub(crate) fn write_digit(out: &mut String, digit: usize) {
    out.push_str("0123456789abcdef".get(digit..=digit).unwrap_or_default());
}

/// A copy of a text. What grows anyway makes it, where `String::from` would bring an
/// allocator of its own.
pub fn copy(text: &str) -> String {
    let mut out = String::new();
    out.push_str(text);
    out
}

/// Appends `/key` to an RFC 6901 pointer. The key is given as it stands in the
/// JSON text, without quotes; escapes in it are resolved.
pub fn push_pointer(out: &mut String, key: &str) {
    out.push('/');
    let resolved = super::unescape(key);
    for character in resolved.as_deref().unwrap_or(key).chars() {
        match character {
            '~' => out.push_str("~0"),
            '/' => out.push_str("~1"),
            other => out.push(other),
        }
    }
}

/// Appends `/index` to an RFC 6901 pointer.
pub fn push_pointer_index(out: &mut String, index: usize) {
    out.push('/');
    write_u64(out, index as u64);
}
