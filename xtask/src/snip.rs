//! Takes what a panic would say out of a module that says nothing.
//!
//! The page's panic handler traps, but the standard library is compiled already and
//! makes its messages before it calls that. Each function that begins a panic becomes
//! the trap that it ends in, and its messages become zeros; what led to them wasm-opt
//! takes away (330 brotli bytes). Another standard library that says other things
//! costs bytes, and is no error.

use anyhow::{Context, Result, bail};

/// Parts of the names of functions that never return, demangled or not.
const PANICS: [&str; 5] =
    ["panicking", "handle_alloc_error", "handle_error", "capacity_overflow", "assert_failed"];

/// What they say; what begins with the folder of the standard library ends with `.rs`.
const MESSAGES: [&str; 9] = [
    "Tried to shrink to a larger capacity",
    "memory allocation of ",
    " bytes failed",
    "swap_remove index (is ",
    ") should be < len (is ",
    "capacity overflow",
    "attempt to join into collection with len > usize::MAX",
    "copy_from_slice: source slice length (",
    "00010203040506070809101112131415161718192021222324252627282930313233343536373839\
     40414243444546474849505152535455565758596061626364656667686970717273747576777879\
     8081828384858687888990919293949596979899",
];
const LIBRARY: &[u8] = b"/rustc/";

/// Locals: none; `unreachable`; `end`.
const TRAP: [u8; 3] = [0, 0, 0x0b];

/// The module without what panics say. It must still have its function's names.
///
/// # Errors
/// When it is no module, or holds no names.
pub fn panics(module: &[u8]) -> Result<Vec<u8>> {
    let (head, mut rest) = module.split_at_checked(8).context("no module")?;
    let mut sections = Vec::new();
    while let Some((id, after)) = rest.split_first() {
        let mut reader = after;
        let length = number(&mut reader)?;
        sections.push((*id, take(&mut reader, length)?));
        rest = reader;
    }
    let imported = match sections.iter().find(|(id, _)| *id == 2) {
        Some((_, body)) => imported_functions(body)?,
        None => 0,
    };
    let mut trapping = Vec::new();
    for (_, body) in sections.iter().filter(|(id, _)| *id == 0) {
        trapping.extend(panicking(body)?);
    }
    if trapping.is_empty() {
        bail!("the module names no function that panics: was it stripped?");
    }
    let mut out = head.to_vec();
    for (id, body) in sections {
        let body = match id {
            10 => trap(body, imported, &trapping)?,
            11 => silence(body),
            _ => body.to_vec(),
        };
        out.push(id);
        put_number(&mut out, body.len());
        out.extend(body);
    }
    Ok(out)
}

/// How many functions the import section holds.
fn imported_functions(mut body: &[u8]) -> Result<usize> {
    let count = number(&mut body)?;
    for _ in 0..count {
        for _ in 0..2 {
            let length = number(&mut body)?;
            take(&mut body, length)?;
        }
        if take(&mut body, 1)? != [0] {
            bail!("it imports what is no function");
        }
        number(&mut body)?;
    }
    Ok(count)
}

/// The functions that panic, by a custom section; none where that tells no names.
fn panicking(mut body: &[u8]) -> Result<Vec<usize>> {
    let mut found = Vec::new();
    let length = number(&mut body)?;
    if take(&mut body, length)? != b"name" {
        return Ok(found);
    }
    while !body.is_empty() {
        let kind = take(&mut body, 1)?;
        let length = number(&mut body)?;
        let mut names = take(&mut body, length)?;
        if kind != [1] {
            continue;
        }
        for _ in 0..number(&mut names)? {
            let index = number(&mut names)?;
            let length = number(&mut names)?;
            let name = String::from_utf8_lossy(take(&mut names, length)?);
            if PANICS.iter().any(|part| name.contains(part)) {
                found.push(index);
            }
        }
    }
    Ok(found)
}

/// The code section with a trap in place of those functions.
fn trap(mut body: &[u8], imported: usize, trapping: &[usize]) -> Result<Vec<u8>> {
    let count = number(&mut body)?;
    let mut out = Vec::new();
    put_number(&mut out, count);
    for at in 0..count {
        let length = number(&mut body)?;
        let code = take(&mut body, length)?;
        let code = if trapping.contains(&(at + imported)) { &TRAP[..] } else { code };
        put_number(&mut out, code.len());
        out.extend(code);
    }
    Ok(out)
}

/// The data section with zeros in place of the messages.
fn silence(body: &[u8]) -> Vec<u8> {
    let mut out = body.to_vec();
    for message in MESSAGES {
        let places: Vec<usize> = places(body, message.as_bytes()).collect();
        for at in places {
            out[at..at + message.len()].fill(0);
        }
    }
    for at in places(body, LIBRARY) {
        let end = places(&body[at..], b".rs").next();
        if let Some(end) = end {
            out[at..at + end + 3].fill(0);
        }
    }
    out
}

fn places<'a>(body: &'a [u8], wanted: &'a [u8]) -> impl Iterator<Item = usize> + 'a {
    body.windows(wanted.len())
        .enumerate()
        .filter(move |(_, bytes)| *bytes == wanted)
        .map(|(at, _)| at)
}

fn take<'a>(body: &mut &'a [u8], length: usize) -> Result<&'a [u8]> {
    let (taken, rest) = body.split_at_checked(length).context("the module is cut off")?;
    *body = rest;
    Ok(taken)
}

/// Reads an unsigned LEB128.
fn number(body: &mut &[u8]) -> Result<usize> {
    let mut value = 0;
    for shift in (0..35).step_by(7) {
        let byte = take(body, 1)?[0];
        value |= usize::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    bail!("a number of the module is too long")
}

fn put_number(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    /// A module of two functions with names, and some data.
    fn module() -> Vec<u8> {
        let mut out = b"\0asm\x01\0\0\0".to_vec();
        let mut section = |id: u8, body: &[u8]| {
            out.push(id);
            put_number(&mut out, body.len());
            out.extend(body);
        };
        section(2, b"\x01\x01h\x03now\x00\x00");
        section(10, b"\x02\x04\x00\x41\x07\x0b\x04\x00\x41\x08\x0b");
        section(11, b"{\"a\"capacity overflow/rustc/0/library/a.rs");
        section(0, b"\x04name\x01\x1e\x02\x01\x03run\x02\x15core::panicking::panic");
        out
    }

    #[test]
    fn what_panics_traps_and_says_nothing() {
        let snipped = panics(&module()).expect("a module");
        let whole = |bytes: &[u8]| places(&snipped, bytes).count();
        assert_eq!(whole(b"\x02\x04\x00\x41\x07\x0b\x03\x00\x00\x0b"), 1, "{snipped:?}");
        assert_eq!((whole(b"{\"a\"\0"), whole(b"capacity"), whole(b"rustc")), (1, 0, 0));
    }

    #[test]
    fn a_module_without_names_is_refused() {
        assert!(panics(b"\0asm\x01\0\0\0").is_err());
        assert!(panics(b"\0asm").is_err());
    }
}
