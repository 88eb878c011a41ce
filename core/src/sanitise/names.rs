//! What the name of a value says about it: keys of JSON, labels in text.
//!
//! The last words of a name decide: `user_email`, `customerEmail` and
//! `billing.e-mail` are e-mail, `email_count` is a count. A name is read from its
//! end, the signs between words left out; the entry must begin where a word does.

use super::glyph::{ANY_LETTER, IN_NAME, JOINT, byte, seen, sort};
use super::index::Index;

/// What a name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// A secret: hidden as a key and as a label.
    Secret,
    /// A secret that goes on to the end of its line (a cookie).
    Line,
    /// Of a person: hidden as a key.
    Personal,
    /// Often a secret, as often not: hidden as a label, where the value looks so.
    Weak,
}

/// What a name means; `None` for most. Without `rare`, only what a page knows.
pub(super) fn of(name: &[u8], rare: bool) -> Option<Name> {
    let mut end = name.len();
    // email2, phones[0], address_1.
    while end > 0 && sort(byte(name, end - 1)) & ANY_LETTER == 0 {
        end -= 1;
    }
    // The feature is asked here too: a page's build folds no arguments, and would carry
    // the whole list.
    if !rare || !cfg!(feature = "rare-rules") {
        return find(&COMMON, name, end);
    }
    // Most keys are told apart by their last three letters.
    let letters = last_letters(name, end);
    let [first, second, third] = letters;
    if !INDEX.may_have(first, second, third) {
        return None;
    }
    find(INDEX.get(first, second), name, end)
}

/// What a name means that ends at a place by these entries.
fn find(entries: &[&str], name: &[u8], end: usize) -> Option<Name> {
    // Where its last word begins, whatever is joined to that, once it was asked.
    let mut begin = None;
    entries.iter().rev().find_map(|entry| class(entry.as_bytes(), name, end, &mut begin))
}

/// The last three letters before a place, the last one first, whatever joins them;
/// NUL for none.
fn last_letters(name: &[u8], end: usize) -> [u8; 3] {
    if let Some([.., c, b, a]) = name.get(..end)
        && !is_joint(*b)
        && !is_joint(*c)
    {
        return [*a, *b, *c];
    }
    let mut letters = [0; 3];
    let mut read = end;
    for slot in &mut letters {
        while read > 0 && read < end && is_joint(byte(name, read - 1)) {
            read -= 1;
        }
        *slot = super::glyph::before(name, read);
        read = read.saturating_sub(1);
    }
    letters
}

/// Whether a label may end with this letter that tells a secret.
#[inline]
pub(super) fn may_end(letter: u8) -> bool {
    LABELS.may_begin(letter)
}

/// The end of a label that may tell a secret.
pub(super) struct End {
    /// Behind its last letter.
    at: usize,
    /// Its last two letters, the last one first.
    letters: [u8; 2],
}

/// The end of the label before a place, if it may tell a secret by its last three letters.
pub(super) fn end_of_label(bytes: &[u8], end: usize) -> Option<End> {
    // What is further before is looked at all the same.
    let floor = end.saturating_sub(8);
    let mut at = end;
    for byte in bytes.get(floor..end).unwrap_or_default().iter().rev() {
        let sort = sort(seen(*byte));
        if sort & ANY_LETTER != 0 {
            break;
        }
        // A name without a letter is none.
        if sort & IN_NAME == 0 {
            return None;
        }
        at -= 1;
    }
    if at == 0 || !may_end(byte(bytes, at - 1)) {
        return None;
    }
    let [first, second, third] = last_letters(bytes, at);
    LABELS.may_have(first, second, third).then_some(End { at, letters: [first, second] })
}

/// What a label means that begins at a place.
pub(super) fn of_label(bytes: &[u8], begin: usize, end: &End) -> Option<Name> {
    let name = bytes.get(begin..end.at).unwrap_or_default();
    let ends_with_letter = name.last().is_some_and(|last| sort(*last) & ANY_LETTER != 0);
    if !ends_with_letter {
        return of(name, true);
    }
    let [first, second] = end.letters;
    find(INDEX.get(first, second), name, name.len())
}

/// What a page knows; the others it leaves to the edge.
pub(super) const COMMON: [&str; 18] = [
    "Spassword",
    "Spwd",
    "Ssecret",
    "Stoken",
    "Sapikey",
    "Sauthorization",
    "Lcookie",
    "Pemail",
    "Pphone",
    "Pphonenumber",
    "Pcardnumber",
    "Scvc",
    "Pssn",
    "Piban",
    "Plastname",
    "Paddress",
    "Platitude",
    "Plongitude",
];

/// Every entry, behind the letter of its class.
#[rustfmt::skip]
const NAMES: &[&str] = &[
    "Pcedula", "Scontraseña", "Scontrasena", "Pdob", "Scvc", "Spassword", "Spasswd", "Spwd",
    "Pnationalid", "Wsessionid", "Wsid", "Wphpsessid", "Wjsessionid", "Ssenha", "Spassphrase",
    "Lcookie", "Lsetcookie", "Pphone", "Ptelephone", "Pmobilephone", "Pcellphone", "Phomephone",
    "Plicenseplate", "Platitude", "Plongitude", "Pfirstname", "Plastname", "Pfullname",
    "Psurname", "Pgivenname", "Pfamilyname", "Pmaidenname", "Pmiddlename", "Pusername",
    "Pbirthdate", "Pvorname", "Pnachname", "Pstrasse", "Padresse", "Wcode", "Wstate", "Wnonce",
    "Smotdepasse", "Pnumerodetelephone", "Plng", "Wsig", "Pdateofbirth", "Pemail", "Pmail",
    "Scredential", "Pcourriel", "Stoken", "Sauthorization", "Pssn", "Piban", "Plon", "Ppan",
    "Wpin", "Ptelefon", "Pgeolocation", "Ptelefono", "Pcorreo", "Pcorreoelectronico", "Pip",
    "Wotp", "Pphonenumber", "Pmobilenumber", "Pcellnumber", "Pfaxnumber", "Pcardnumber",
    "Pcreditcardnumber", "Pccnumber", "Ppassportnumber", "Psocialsecuritynumber",
    "Paccountnumber", "Pbankaccountnumber", "Premoteaddr", "Ptaxnumber", "Proutingnumber",
    "Pxforwardedfor", "Ptelefonnummer", "Paddress", "Scredentials", "Pcoordinates", "Pcoords",
    "Ssecrets", "Ssecret", "Plat", "Pstreet", "Ppassport", "Wjwt", "Spasswort", "Scvv", "Pfax",
    "Wkey", "Ssigningkey", "Wpass", "Sdbpass", "Sdatabasepass", "Skeypass", "Suserpass", "Wsession",
    "Sapikey", "Ssecretkey", "Sprivatekey", "Saccesskey", "Saccountkey", "Sauthkey",
    "Sencryptionkey", "Pbirthday", "Swachtwoord", "Skennwort",
    "Slosenord", "Slösenord", "Sadgangskode", "Shaslo", "Shasło", "Sparola", "Ssifre", "Sşifre", "Sпароль",
    "S密码", "S密碼", "Sパスワード", "S비밀번호", "S暗証番号",
];

static INDEX: Index<{ NAMES.len() }> = Index::by_last_letters(NAMES);

/// What a label may be, which says nothing of persons.
static LABELS: Index<{ NAMES.len() }> = Index::but_for(NAMES, b'P');

/// The class of an entry that a name, which ends at `end`, ends with. Of entries that
/// end alike the shorter stands first, because the last one wins.
fn class(entry: &[u8], name: &[u8], end: usize, begin: &mut Option<usize>) -> Option<Name> {
    let mut at = entry.len();
    let word = entry.get(1..).unwrap_or_default();
    let mut read = end.checked_sub(word.len());
    // Entries that end alike mostly begin in another way.
    let as_written = read.is_some_and(|read| {
        let own = name.get(read..end).unwrap_or_default();
        is_same(own, word)
    });
    if as_written {
        at = 1;
    } else {
        if cfg!(feature = "rare-rules") && read.is_none() {
            return None;
        }
        let begin = *begin.get_or_insert_with(|| last_word(name, end));
        // Where the last word is as long as the entry, nothing is joined.
        if begin == 0 || begin + at <= end + 1 {
            return None;
        }
        // The last word's own letters first.
        let own = name.get(begin..end).unwrap_or_default();
        at -= own.len();
        read = Some(begin);
        if !entry.get(at..).is_some_and(|tail| tail.eq_ignore_ascii_case(own)) {
            return None;
        }
    }
    let mut read = read?;
    while at > 1 {
        while read > 0 && read < end && is_joint(byte(name, read - 1)) {
            read -= 1;
        }
        if read == 0 || byte(name, read - 1).to_ascii_lowercase() != byte(entry, at - 1) {
            return None;
        }
        at -= 1;
        read -= 1;
    }
    // PGPASSWORD is one, whatever it is glued to; Chinese sets no spaces.
    let glued = cfg!(feature = "rare-rules") && (entry == b"Spassword" || byte(entry, 1) >= 0xe3);
    if !glued && !begins_word(name, read) {
        return None;
    }
    Some(match byte(entry, 0) {
        b'S' => Name::Secret,
        b'L' => Name::Line,
        b'P' => Name::Personal,
        _ => Name::Weak,
    })
}

/// Whether some letters are these small ones, in either case.
fn is_same(own: &[u8], small: &[u8]) -> bool {
    own.len() == small.len()
        && own
            .iter()
            .zip(small)
            .all(|(own, small)| own == small || own | 0x20 == *small && small.is_ascii_lowercase())
}

/// Where the last word of a name begins that ends at a place.
fn last_word(name: &[u8], end: usize) -> usize {
    let mut begin = end;
    while begin > 0 && sort(byte(name, begin - 1)) & JOINT == 0 {
        begin -= 1;
    }
    begin
}

pub(super) const fn is_joint(byte: u8) -> bool {
    matches!(byte, b'_' | b'-' | b'.' | b' ')
}

pub(super) fn begins_word(name: &[u8], at: usize) -> bool {
    if at == 0 {
        return true;
    }
    let previous = byte(name, at - 1);
    !previous.is_ascii_alphabetic() && previous < 0x80
        || byte(name, at).is_ascii_uppercase() && !previous.is_ascii_uppercase()
}

/// Whether a key names a version: its last word says so, or it is the name of what is
/// told by four numbers.
pub(super) fn is_version(name: &[u8]) -> bool {
    const NAMED: [&[u8]; 11] = [
        b"v8",
        b"chrome",
        b"chromium",
        b"webkit",
        b"electron",
        b"opera",
        b"build",
        b"driver",
        b"firmware",
        b"release",
        b"package",
    ];
    let last = name.len().checked_sub(VERSION.len()).and_then(|from| name.get(from..));
    last.is_some_and(|last| last.eq_ignore_ascii_case(VERSION))
        || NAMED.iter().any(|known| name.eq_ignore_ascii_case(known))
}

const VERSION: &[u8] = b"version";

/// Whether a text is a stored form of a hash (`s1:`, `h1:` and 64 hex digits).
pub(super) fn is_hashed(text: &[u8]) -> bool {
    text.len() == 67
        && matches!(byte(text, 0), b's' | b'h')
        && byte(text, 1) == b'1'
        && byte(text, 2) == b':'
        && text.get(3..).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
}
