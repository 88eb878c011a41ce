//! Words that open doors: JSON web tokens, keys of vendors, private keys. And
//! words that name a person or an account: those with letters in them.

use super::glyph::{before, byte, is_word, starts_with};
use super::index::Index;
use super::scan::Scan;
use super::topic::Topic;
use super::{Rule, account, national};

/// What the keys of vendors begin with. A star stands before beginnings that nothing
/// else has: what follows them may hold joints; behind a dot it is one long run.
#[rustfmt::skip]
const PREFIXES: &[&str] = &[
    "*AKIA", "*ASIA", "*ABIA", "*AIza", ".ATATT", "*AGE-SECRET-KEY-", ".AKID", ".AKCp", "*A3-", ".ATCTT",
    ".ACCA", ".AROA", ".AIDA", "*CFPAT-", "*CLOJARS_", ".EAAC", ".EAAM", ".EAAA", ".EZAK", ".EZTK",
    "*FLWSECK", "*GOCSPX-", "*HRKU-", "*LTAI", "*NRAK-", "*NRJS-", "*NRAL-", "*NRII-", "*PMAK-",
    ".SG.", "*access-sandbox-", "*access-production-", "*access-development-", "*cio_",
    ".dop_v1_", ".doo_v1_", ".dor_v1_", "*dckr_pat_", "*dp.pt.", "*dp.st.", "*dp.ct.", "*dt0c01.",
    ".dapi", "*dnkey-", "*duffel_", "*eyJhbGciOi", "*eyJ0eXAiOi", "*eyJrIjoi", ".api_org_", "*figd_", "*fio-u-", "*fo1_", "*flyv1_", ".fm2_", ".fm1a_", ".fm1r_",
    ".ghp_", ".gho_", ".ghu_", ".ghs_", ".ghr_", "*github_pat_", "*glpat-", "*gldt-", "*glrt-",
    "*glcbt-", "*glptt-", "*glft-", "*glsoat-", "*glagent-", "*gloas-", "*glimt-", "*glsa_",
    ".glc_", "*gsk_", "*hf_", ".hvs.", ".hvb.", ".hvr.", ".hvb_", ".ico-", "*intercom_", ".key-",
    "*lin_api_", "*lin_oauth_", "*lsv2_", ".nfp_", ".nfc_", "*npm_", "*nvapi-", ".ntn_", "*nrak-", ".ops_eyJ", "*pk_live_",
    "*pypi-", "*pplx-", ".phx_", ".phc_", "*pscale_", "*pul-", ".p8e-", "*pnu_", "*pat-na1-",
    "*pat-eu1-", ".pat.", ".pk.", ".sk.", "*GR1348941", ".AQVN", ".cmVmd", ".oy2", ".sgp_", ".squ_",
    ".sqp_", ".sqa_", ".tk-us-", ".rk_", "*rk_live_", "*rk_test_", "*r8_", "*rubygems_", "*rdme_", ".sk-", ".sk_",
    "*sk_live_", "*sk_test_", "*sk-ant-", "*sk-proj-", "*sk-svcacct-", "*sk-or-", "*shpat_",
    "*shpss_", "*shpca_", "*shppa_", "*sq0atp-", "*sq0csp-", "*sntrys_", "*sntryu_", ".secret_",
    ".sbp_", "*shippo_", "*sdk-", ".sl.", "*SK", "*tskey-", ".tfp_", "*tok_live_", "*vercel_",
    ".vcp_", "*whsec_", "*xoxb-", "*xoxp-", "*xoxa-", "*xoxs-", "*xoxr-", "*xoxe", "*xoxc-",
    "*xoxd-", "*xapp-", "*xai-", "*xkeysib-", "*xsmtpsib-", "*ya29.",
];

static INDEX: Index<{ PREFIXES.len() }> = Index::by_first_letters(PREFIXES);

/// A letter or digit run of this length was drawn by lot, not written.
const DRAWN: usize = 16;

/// The shortest first word of a key.
const KEY_MIN: usize = 14;

/// An account's number whose country stands apart: `GB 82 WEST …`. True when it is one.
pub(super) fn apart(scan: &mut Scan<'_>, at: usize) -> bool {
    let bytes = scan.bytes;
    let country = |from: usize| {
        bytes.get(from..from + 2).is_some_and(|two| two.iter().all(u8::is_ascii_uppercase))
    };
    if at < scan.copied + 3 || before(bytes, at) != b' ' || !country(at - 3) {
        return false;
    }
    let from = at - 3;
    if is_word(scan.before(from)) || scan.before(from) >= 0x80 {
        return false;
    }
    let end = account::iban_apart(bytes, &mut scan.accounts, from);
    if end > 0 {
        scan.found(Rule::Iban, from, end);
    }
    end > 0
}

/// Whether a word is long enough to be something, or goes on behind a space as an account
/// does: most are neither.
#[inline]
pub(super) fn may_be_word(bytes: &[u8], from: usize, to: usize) -> bool {
    to >= from + 7 || goes_on(bytes, to)
}

fn goes_on(bytes: &[u8], to: usize) -> bool {
    matches!(byte(bytes, to), b' ' | b'.' | 0x80..)
}

/// Judges a word with letters and digits.
pub(super) fn word(scan: &mut Scan<'_>, from: usize, to: usize) -> bool {
    let bytes = scan.bytes;
    let length = to - from;
    let is_digit = |at: usize| byte(bytes, at).is_ascii_digit();
    // An account has fifteen signs at least, and a shorter word goes on behind a space.
    if (length >= 15 || goes_on(bytes, to))
        && is_digit(from + 2)
        && is_digit(from + 3)
        && byte(bytes, from).is_ascii_alphabetic()
    {
        let told = scan.topic(from) == Topic::Bank;
        let end = account::iban(bytes, &mut scan.accounts, from, told);
        if end > 0 && !scan.is_at_sign(end) {
            scan.found(Rule::Iban, from, end);
            return true;
        }
    }
    if length >= KEY_MIN {
        let mut end = to;
        while byte(bytes, end) == b'.' && is_word(byte(bytes, end + 1))
            || is_word(byte(bytes, end))
            || matches!(byte(bytes, end), b'/' | b'+' | b'=' | b'~')
                && scan.topic(from) == Topic::Scheme
        {
            end += 1;
        }
        // SG.…, dp.pt.…: the prefix may hold no digit itself.
        let mut head = from;
        let mut joints = 0;
        while joints < 2 && scan.before(head) == b'.' {
            let mut part = head - 1;
            while part > scan.copied && part + 18 > head && is_word(scan.before(part)) {
                part -= 1;
            }
            head = part;
            joints += 1;
        }
        let rule = if starts_with(bytes, from, b"eyj") && end > to && byte(bytes, to) == b'.' {
            Some(Rule::Jwt)
        } else if is_key(bytes, head, from, to, end)
            || end - from >= DRAWN
                && scan.topic(from) == Topic::Scheme
                && is_drawn(bytes, from, end)
        {
            Some(Rule::Secret)
        } else {
            None
        };
        if let Some(rule) = rule
            && !scan.is_at_sign(end)
        {
            scan.found(rule, if rule == Rule::Secret { head } else { from }, end);
            return true;
        }
        if end > to {
            // What was looked at is behind us: a chain of words is read once.
            scan.at = end;
            return true;
        }
    }
    if !matches!(length, 7..=18) {
        return false;
    }
    let end = national::word(scan, from, to);
    if end > 0 && !scan.is_at_sign(end) {
        scan.found(Rule::NationalId, from, end);
        return true;
    }
    false
}

/// Whether a word, `from..to` of the chain `head..end`, is a vendor's key.
fn is_key(bytes: &[u8], head: usize, from: usize, to: usize, end: usize) -> bool {
    if has_prefix(bytes, head, end) || head < from && has_prefix(bytes, from, end) {
        return true;
    }
    let own = bytes.get(from..to).unwrap_or_default();
    let hex =
        |part: &[u8]| part.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
    let part = |range: core::ops::Range<usize>| own.get(range).unwrap_or_default();
    match own.len() {
        // Twilio, and Mailchimp with its region: …-us12.
        34 if matches!(part(0..2), b"SK" | b"AC") => hex(part(2..34)),
        36..=38 => {
            let region = part(32..own.len());
            hex(part(0..32)) && region.starts_with(b"-us")
        }
        // Discord: three parts of 24 to 28, 6 and 27 or more.
        24..=28 if matches!(byte(own, 0), b'M' | b'N' | b'O') => {
            byte(bytes, to) == b'.' && byte(bytes, to + 7) == b'.' && end >= to + 8 + 27
        }
        // Airtable: pat, fourteen, a dot.
        64 if before(bytes, from) == b'.' && from >= 18 => {
            hex(own) && bytes.get(from - 18..from - 15) == Some(b"pat")
        }
        17 if own.starts_with(b"pat") && byte(bytes, to) == b'.' => {
            bytes.get(to + 1..to + 65).is_some_and(hex)
        }
        // ClickHouse's cloud; a commit has no large letters.
        42 if own.starts_with(b"4b1d") => {
            own.iter().any(u8::is_ascii_uppercase) && own.iter().all(u8::is_ascii_alphanumeric)
        }
        14 => bytes.get(to..to + 8).is_some_and(|next| next == b".atlasv1"),
        _ => false,
    }
}

/// Whether a word begins as a vendor's key does and goes on as one.
fn has_prefix(bytes: &[u8], from: usize, to: usize) -> bool {
    let own = bytes.get(from..to).unwrap_or_default();
    INDEX.get(byte(own, 0), byte(own, 1)).iter().any(|entry| {
        let (class, prefix) = entry.as_bytes().split_at_checked(1).unwrap_or_default();
        let rest = from + prefix.len();
        // Those that share two letters mostly part at the third.
        let parts = byte(prefix, 2) != 0 && byte(prefix, 2) != byte(own, 2);
        !parts
            && own.starts_with(prefix)
            && if class == b"*" { holds_lots(bytes, rest, to) } else { is_drawn(bytes, rest, to) }
    })
}

/// Whether a text holds letters and digits as a key does, joints among them.
fn holds_lots(bytes: &[u8], from: usize, to: usize) -> bool {
    let (mut digits, mut letters) = (0, 0);
    for at in from..to {
        let here = byte(bytes, at);
        digits += usize::from(here.is_ascii_digit());
        letters += usize::from(here.is_ascii_alphabetic());
    }
    digits > 0 && letters > 0 && digits + letters >= DRAWN
}

/// Whether a text holds a long run of letters and digits, both of them.
fn is_drawn(bytes: &[u8], from: usize, to: usize) -> bool {
    let (mut run, mut digits, mut letters) = (0, 0, 0);
    let mut at = from;
    while at < to {
        let here = byte(bytes, at);
        if here == b'-' || here == b'_' || here == b'.' {
            run = 0;
            digits = 0;
            letters = 0;
        } else {
            run += 1;
            digits += usize::from(here.is_ascii_digit());
            letters += usize::from(here.is_ascii_alphabetic());
            if run >= DRAWN && digits > 1 && letters > 0 {
                return true;
            }
        }
        at += 1;
    }
    false
}

/// A secret of Azure's directory around the tilde at the scan's place: three signs, a digit,
/// `Q~`, and 31 to 34 more. True when it is one.
pub(super) fn of_azure(scan: &mut Scan<'_>) -> bool {
    let (bytes, tilde) = (scan.bytes, scan.at);
    let is_sign = |byte: u8| is_word(byte) || matches!(byte, b'~' | b'.');
    if scan.before(tilde) != b'Q' || tilde < scan.copied + 5 {
        return false;
    }
    let from = tilde - 5;
    let begins = bytes.get(from..from + 3).is_some_and(|three| three.iter().copied().all(is_sign));
    if !begins || !byte(bytes, from + 3).is_ascii_digit() || is_sign(scan.before(from)) {
        return false;
    }
    let mut to = tilde + 1;
    while to < tilde + 36 && is_sign(byte(bytes, to)) {
        to += 1;
    }
    let fits = (tilde + 32..tilde + 36).contains(&to);
    if fits {
        scan.found(Rule::Secret, from, to);
    }
    fits
}

/// A private key in PEM: from its first line to its last, or to the text's end.
pub(super) fn private_key(scan: &mut Scan<'_>) {
    let bytes = scan.bytes;
    let from = scan.at;
    if from >= scan.copied + 5 && starts_with(bytes, from - 5, PUTTY) {
        putty_key(scan);
        return;
    }
    let mut at = from;
    while byte(bytes, at) == b'-' {
        at += 1;
    }
    scan.at = at;
    if at < from + 5 || !starts_with(bytes, at, b"begin ") {
        return;
    }
    let mut end = at + 6;
    while end < at + 40 && !starts_with(bytes, end, b"private key") {
        end += 1;
    }
    if end == at + 40 {
        return;
    }
    while byte(bytes, end) != b'-' && end < at + 64 {
        end += 1;
    }
    while byte(bytes, end) == b'-' {
        end += 1;
    }
    // A first line without a body opens nothing: source code names it.
    let (mut run, mut body) = (0, false);
    while end < bytes.len() && !starts_with(bytes, end, b"-----") {
        let here = byte(bytes, end);
        run = if here.is_ascii_alphanumeric() || matches!(here, b'+' | b'/') { run + 1 } else { 0 };
        body |= run >= DRAWN;
        end += 1;
    }
    scan.at = end;
    if !body {
        return;
    }
    // To the end of the last line's dashes.
    let mut last = (end + 8).min(bytes.len());
    while last < bytes.len() && last < end + 60 && !starts_with(bytes, last, b"-----") {
        last += 1;
    }
    last = if starts_with(bytes, last, b"-----") { last + 5 } else { bytes.len() };
    scan.found(Rule::PrivateKey, from, last);
}

/// What a key of PuTTY begins with, a number and a colon behind it.
const PUTTY: &[u8] = b"putty-user-key-file-";

/// A private key of PuTTY: to the end of the line of its last member, or the text's.
fn putty_key(scan: &mut Scan<'_>) {
    let bytes = scan.bytes;
    let from = scan.at - 5;
    let number = from + PUTTY.len();
    if !byte(bytes, number).is_ascii_digit() || byte(bytes, number + 1) != b':' {
        return;
    }
    let mut to = number;
    while to < bytes.len() && !starts_with(bytes, to, b"private-mac:") {
        to += 1;
    }
    while to < bytes.len() && byte(bytes, to) != b'\n' {
        to += 1;
    }
    scan.found(Rule::PrivateKey, from, to);
}
