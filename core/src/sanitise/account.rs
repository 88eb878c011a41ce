//! Numbers of bank accounts (IBAN, ISO 13616), which carry their own proof.
//!
//! Every second word of a list may begin as an account does (`LB62 LB62 …`): what is
//! read behind one is kept for the next one, so that each byte is read once.

use super::glyph::{DASH, DOT, NOTHING, SPACE, byte, separator};

/// Where an account's number ends that begins at a place; 0 where none does. Groups may
/// be set off by one space, dash or dot each. It has its country's length and its proof;
/// behind a word for it, length alone is enough.
pub(super) fn iban(bytes: &[u8], window: &mut Window, from: usize, told: bool) -> usize {
    read(bytes, window, from, from + 2, told)
}

/// [`iban`], where a space stands between the country and the check digits.
pub(super) fn iban_apart(bytes: &[u8], window: &mut Window, from: usize) -> usize {
    read(bytes, window, from, from + 3, false)
}

/// How long the accounts of the countries with a first letter are, behind their
/// second one, a small letter where they hold nothing but digits: the registry of ISO
/// 13616, and countries whose banks use the form without being in it.
const fn iban_lengths(first: u8) -> &'static str {
    match first {
        b'A' => "D24e23L28O25t20Z28",
        b'B' => "A20e16F27F28G22H22I20I27J28R29Y28",
        b'C' => "F27G27H21I28M27R22V25Y28z24",
        b'D' => "e22J27k18O28Z26",
        b'E' => "e20G29s24",
        b'F' => "i18O18R27",
        b'G' => "A27B22E22I23L18Q27R27T28W25",
        b'H' => "N28r21u28",
        b'I' => "E22L23Q23R26S26T27",
        b'J' => "O30",
        b'K' => "M27W30Z20",
        b'L' => "B28C32I21t20U20V21Y25",
        b'M' => "A28C27D24E22G27K19L28N20N20R27T31U30Z25",
        b'N' => "E28I28I32L18o15",
        b'O' => "M23",
        b'P' => "K24l28S29t25",
        b'Q' => "A29",
        b'R' => "O24S22U33",
        b'S' => "A24C31D18e24i19k24M27N28O23T25V28",
        b'T' => "D27G28L23N24R26",
        b'U' => "A29",
        b'V' => "A22G24",
        b'X' => "K20",
        b'Y' => "E30",
        _ => "",
    }
}

/// The length of a country's accounts, and whether they hold nothing but digits behind
/// the country; 0 for none.
fn length_in(country: [u8; 2]) -> (usize, bool) {
    let [first, second] = country;
    let entries = iban_lengths(first).as_bytes().chunks_exact(3);
    for entry in entries {
        if let [letter, tens, ones] = entry
            && letter.to_ascii_uppercase() == second
        {
            let digit = |digit: &u8| usize::from(digit - b'0');
            return (digit(tens) * 10 + digit(ones), letter.is_ascii_lowercase());
        }
    }
    (0, false)
}

/// What each byte counts in an account's number; 0xff for none.
static WORTH: [u8; 256] = {
    let mut table = [0xff; 256];
    let mut byte = 0;
    while byte < 36 {
        if byte < 10 {
            table[b'0' as usize + byte] = byte as u8;
        } else {
            table[b'A' as usize + byte - 10] = byte as u8;
            table[b'a' as usize + byte - 10] = byte as u8;
        }
        byte += 1;
    }
    table
};

/// The value of a byte in an account's number; more than 35 for none.
fn worth(bytes: &[u8], at: usize) -> u8 {
    WORTH.get(usize::from(byte(bytes, at))).copied().unwrap_or(0xff)
}

/// The shortest word that may be an account of another length than its country's.
const GLUED: usize = 15;

/// Whether the first word of a number, whose signs behind the check digits begin at a
/// place, is no whole one.
fn is_short(bytes: &[u8], from: usize) -> bool {
    (from..from + GLUED - 4).any(|at| worth(bytes, at) > 35)
}

/// Groups of numbers and letters that were read, and what they are modulo 97: of numbers
/// that begin behind each other it moves on from one to the next.
#[derive(Debug, Default)]
pub(super) struct Window {
    from: usize,
    to: usize,
    /// How many numbers and letters, and how many decimal digits those are.
    signs: usize,
    digits: usize,
    /// Less than [`MANY`] times a hundred.
    sum: u64,
}

/// What goes into 64 bits a hundred times, and some more.
const MANY: u64 = 1 << 56;

/// Ten to the power of so many, modulo 97: two for each sign of the longest account.
static POWERS: [u64; 72] = {
    let mut table = [1; 72];
    let mut at = 1;
    while at < 72 {
        table[at] = table[at - 1] * 10 % 97;
        at += 1;
    }
    table
};

impl Window {
    /// Where an account ends of which so many signs follow from a place on; 0 for none.
    fn account(
        &mut self,
        bytes: &[u8],
        from: usize,
        signs: usize,
        proves: impl Fn(u64) -> bool,
    ) -> usize {
        if from < self.from || from > self.to {
            *self = Self { from, to: from, ..Self::default() };
        }
        self.leave(bytes, from);
        while self.signs > signs {
            self.shorten(bytes);
        }
        while self.signs < signs {
            if !self.extend(bytes) {
                return 0;
            }
        }
        let next = byte(bytes, self.to);
        let ends = !next.is_ascii_alphanumeric() && next != b'_';
        if ends && proves(self.sum) { self.to } else { 0 }
    }

    /// Leaves behind what stands before a place.
    fn leave(&mut self, bytes: &[u8], from: usize) {
        let (mut head, mut digits) = (0_u64, 0);
        while self.from < from {
            let value = worth(bytes, self.from);
            self.from += 1;
            if value < 36 {
                let (scale, width) = if value > 9 { (100, 2) } else { (10, 1) };
                head = head * scale + u64::from(value);
                if head > MANY {
                    head %= 97;
                }
                digits += width;
                self.signs -= 1;
            }
        }
        self.digits -= digits;
        let power = POWERS.get(self.digits).copied().unwrap_or_default();
        self.sum = self.sum % 97 + 97 * 97 - head % 97 * power;
    }

    /// Takes one sign more; false where none stands behind one separator at most.
    fn extend(&mut self, bytes: &[u8]) -> bool {
        let mut at = self.to;
        let mut value = worth(bytes, at);
        if value > 35 {
            let width =
                if matches!(byte(bytes, at), b' ' | b'-' | b'.') { 1 } else { wide(bytes, at) };
            at += width;
            value = worth(bytes, at);
            if width == 0 || value > 35 {
                return false;
            }
        }
        let (scale, width) = if value > 9 { (100, 2) } else { (10, 1) };
        self.sum = self.sum * scale + u64::from(value);
        if self.sum > MANY {
            self.sum %= 97;
        }
        self.digits += width;
        self.signs += 1;
        self.to = at + 1;
        true
    }

    /// Gives its last sign back, and the separator before it.
    fn shorten(&mut self, bytes: &[u8]) {
        self.to -= 1;
        let value = worth(bytes, self.to);
        // What takes back a multiplication by ten, and by a hundred.
        let (inverse, width) = if value > 9 { (65, 2) } else { (68, 1) };
        self.sum = (self.sum % 97 + 97 - u64::from(value)) * inverse % 97;
        self.digits -= width;
        self.signs -= 1;
        while self.to > self.from && worth(bytes, self.to - 1) > 35 {
            self.to -= 1;
        }
    }
}

/// What [`read_known`] found.
enum Known {
    /// Where the number ends; 0 for none.
    Ends(usize),
    /// One word of another length.
    Glued,
}

/// Reads what stands behind the check digits of a country whose length is known, in one
/// go with its proof. `of_digits` tells that a letter in a later group is not its own.
fn read_known(
    bytes: &[u8],
    from: usize,
    length: usize,
    (told, of_digits): (bool, bool),
    proves: impl Fn(u64) -> bool,
) -> Known {
    let (mut at, mut read, mut group) = (from, 4, 4);
    // Numbers and letters in base ten, modulo 97.
    let mut sum = 0_u64;
    loop {
        let here = byte(bytes, at);
        let value = WORTH.get(usize::from(here)).copied().unwrap_or(0xff);
        if value > 35 {
            if group == read && read >= 15 {
                return Known::Glued;
            }
            let width = if matches!(here, b' ' | b'-' | b'.') { 1 } else { wide(bytes, at) };
            if group == 0 || width == 0 {
                return Known::Ends(0);
            }
            at += width;
            group = 0;
            continue;
        }
        if value > 9 {
            // The next number of a list begins with its country.
            if of_digits && group < read {
                return Known::Ends(0);
            }
            sum *= 10;
        }
        sum = sum * 10 + u64::from(value);
        at += 1;
        read += 1;
        group += 1;
        // Eight more take it to 97 · 100⁸, a twentieth of what 64 bits hold.
        if read % 8 == 0 {
            sum %= 97;
        }
        if read == length {
            let next = byte(bytes, at);
            let ends = !next.is_ascii_alphanumeric() && next != b'_';
            return match () {
                () if ends && (told || proves(sum)) => Known::Ends(at),
                () if group == read => Known::Glued,
                () => Known::Ends(0),
            };
        }
    }
}

/// The width of a separator of groups that is not of ASCII; 0 for none.
#[inline(never)]
fn wide(bytes: &[u8], at: usize) -> usize {
    let (kind, width) = separator(bytes, at);
    if matches!(kind, SPACE | DASH | DOT | NOTHING) { width } else { 0 }
}

/// Reads an account's number whose check digits stand at a place.
fn read(bytes: &[u8], window: &mut Window, from: usize, digits: usize, told: bool) -> usize {
    if !byte(bytes, digits).is_ascii_digit() || !byte(bytes, digits + 1).is_ascii_digit() {
        return 0;
    }
    let country = [from, from + 1].map(|at| byte(bytes, at).to_ascii_uppercase());
    let (mut length, of_digits) = length_in(country);
    // The country and the check digits count last: 35 35 99 is the most they are.
    let letter = |at: usize| u32::from(byte(&country, at).wrapping_sub(b'A')) + 10;
    let digit = |at: usize| u32::from(byte(bytes, at) - b'0');
    let check = letter(0) * 10_000 + letter(1) * 100 + digit(digits) * 10 + digit(digits + 1);
    let proves = |remainder: u64| (remainder % 97 * 1_000_000 + u64::from(check)) % 97 == 1;
    if length > 0 {
        let of_digits = !told && of_digits;
        // A list of words that may all begin accounts is read once.
        if !told && !of_digits && is_short(bytes, digits + 2) {
            return window.account(bytes, digits + 2, length - 4, proves);
        }
        match read_known(bytes, digits + 2, length, (told, of_digits), proves) {
            // Behind the word, a number of another length is one that somebody made up.
            Known::Ends(0) if told => length = 0,
            Known::Ends(end) => return end,
            Known::Glued => {}
        }
    }
    let mut remainder = 0_u64;
    let (mut at, mut read, mut end) = (digits + 2, 4, 0);
    let (mut group, mut numbers) = (4, true);
    let mut count = 2;
    loop {
        let here = byte(bytes, at);
        let value = WORTH.get(usize::from(here)).copied().unwrap_or(0xff);
        if value < 36 && read < 34 {
            let scale = if value > 9 { 100 } else { 10 };
            remainder = remainder * scale + u64::from(value);
            if remainder > 1 << 50 {
                remainder %= 97;
            }
            // One word that is no account of its country is none with small letters.
            if here >= b'a' && !told {
                return 0;
            }
            read += 1;
            group += 1;
            numbers |= value < 10;
            count += u32::from(value < 10);
            at += 1;
            if read == length {
                let next = byte(bytes, at);
                if (told || proves(remainder)) && !next.is_ascii_alphanumeric() && next != b'_' {
                    return at;
                }
            }
            continue;
        }
        // One word of another length: a country to come, or a number made up.
        if group == read && read >= 15 && here != b'_' {
            let proven = proves(remainder) && count >= 10;
            return if told || proven { at } else { 0 };
        }
        let known = length > 0 && read < length;
        if !(known || told && length == 0) {
            return 0;
        }
        // Behind the word, what no country has.
        if length == 0 && (group == 0 || !numbers) {
            return end;
        }
        if told && length == 0 && read >= 15 {
            end = at;
        }
        let (kind, width) = separator(bytes, at);
        if group == 0 || !matches!(kind, SPACE | DASH | DOT | NOTHING) || width == 0 {
            return end;
        }
        at += width;
        group = 0;
        numbers = false;
    }
}
