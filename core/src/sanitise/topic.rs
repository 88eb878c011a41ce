//! What the words before a number say that it is.
//!
//! A bare run of digits is a phone number behind "call me on" and none behind
//! "order". The last telling word within [`REACH`] bytes decides. Looking back ends
//! at a mark, so that text reads the same before and after it was sanitised; a
//! mark of a phone tells of another one ("… or …").

#[cfg(feature = "rare-rules")]
use super::find;
use super::glyph::{before, byte, seen};
use super::index::Index;

/// How many bytes before a number still speak of it.
const REACH: usize = 48;

/// What is spoken of, with the letter that stands for it in the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Topic {
    None,
    /// `P`: phone, tel, mobile.
    Phone,
    /// `T`: call, contact: often a phone, as often not.
    Call,
    /// `C`: a payment card.
    Card,
    /// `I`: a number that a state gave to a person.
    Identity,
    /// `Z`: a United States social security or taxpayer number.
    Social,
    /// `B`: an account.
    Bank,
    /// `V`: a version.
    Version,
    /// `O`: an order, an invoice, a ticket.
    Order,
    /// `S`: bearer, basic.
    Scheme,
    /// `N`: "my number", told as a phone where nothing else is spoken of.
    Number,
}

/// The last telling word so far.
#[derive(Debug)]
pub(super) struct Topics {
    topic: Topic,
    at: usize,
    read: usize,
}

impl Topics {
    pub(super) const fn new() -> Self {
        Self { topic: Topic::None, at: 0, read: 0 }
    }

    /// A mark was written up to a place of the input: it tells what `topic` says.
    pub(super) const fn marked(&mut self, at: usize, topic: Topic) {
        self.topic = topic;
        self.at = at;
        self.read = at;
    }

    /// What the words before a place tell. Each byte is read once.
    pub(super) fn before(&mut self, bytes: &[u8], place: usize) -> Topic {
        let floor = place.saturating_sub(REACH);
        if self.read < floor {
            self.read = floor;
        }
        let from = self.read;
        self.read = self.read.max(place);
        #[cfg(feature = "rare-rules")]
        let from = self.by_blocks(bytes, from, place);
        let mut behind = sort(before(bytes, from));
        for (offset, byte) in bytes.get(from..place).unwrap_or_default().iter().enumerate() {
            let sort = sort(seen(*byte));
            let joins = core::mem::replace(&mut behind, sort);
            let begins = sort & LETTER != 0 && joins & WORD == 0;
            if (begins || sort & (LEAD | CLOSE) != 0) && may_tell(bytes, from + offset) {
                self.word(bytes, from + offset, place);
            }
        }
        if self.at < floor { Topic::None } else { self.topic }
    }
}

impl Topics {
    /// Reads by blocks, as far as that is worth its while; where the rest begins.
    #[cfg(feature = "rare-rules")]
    #[inline]
    fn by_blocks(&mut self, bytes: &[u8], mut from: usize, place: usize) -> usize {
        while from + find::WORTH <= place
            && let Some(mut begins) = find::words(bytes, from)
        {
            begins &= u32::MAX >> (32 - (place - from).min(16));
            while begins != 0 {
                let at = from + begins.trailing_zeros() as usize;
                if may_tell(bytes, at) {
                    self.word(bytes, at, place);
                }
                begins &= begins - 1;
            }
            from = (from + 16).min(place);
        }
        from
    }

    /// Takes what begins at a place before another one: a word, or the end of a mark.
    fn word(&mut self, bytes: &[u8], at: usize, place: usize) {
        let sort = sort(byte(bytes, at));
        if sort == CLOSE {
            let phone = bytes.get(..at).is_some_and(|text| text.ends_with(b"[phone"));
            self.topic = if phone { Topic::Phone } else { Topic::None };
            self.at = at + 1;
            return;
        }
        // Not the constants of programs: PUT_CALL.
        if sort & LARGE != 0 && before(bytes, at) == b'_' {
            return;
        }
        if let Some(topic) = told_by(bytes.get(at..place).unwrap_or_default()) {
            self.tell(topic, at);
        }
    }

    /// Takes a telling word. "National id" and "order number" are what their first
    /// word says.
    fn tell(&mut self, topic: Topic, at: usize) {
        let near = at < self.at + NEAR && self.topic != Topic::None;
        let kept = match topic {
            Topic::Number => near,
            Topic::Order => near && matches!(self.topic, Topic::Identity | Topic::Social),
            Topic::Identity => near && self.topic == Topic::Order,
            _ => false,
        };
        if !kept {
            self.topic = if topic == Topic::Number { Topic::Phone } else { topic };
            self.at = at;
        }
    }
}

/// Whether what begins at a place may tell something: most words do not.
#[inline(always)]
fn may_tell(bytes: &[u8], at: usize) -> bool {
    let first = byte(bytes, at);
    matches!(first, b'v' | b'V' | b']')
        || INDEX.may_have(first, byte(bytes, at + 1), byte(bytes, at + 2))
}

/// How near two words are one term.
const NEAR: usize = 16;

/// What a byte is to words: a letter, a large one, the first byte of a character that is
/// not ASCII, any byte of a word, the end of a mark.
const LETTER: u8 = 1;
const LARGE: u8 = 2;
const LEAD: u8 = 4;
const WORD: u8 = 8;
const CLOSE: u8 = 32;

static SORTS: [u8; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b'A'..=b'Z' => LETTER | LARGE | WORD,
            b'a'..=b'z' => LETTER | WORD,
            b'0'..=b'9' | 0x80..=0xbf => WORD,
            0xc0.. => LEAD | WORD,
            b']' => CLOSE,
            _ => 0,
        };
        byte += 1;
    }
    table
};

fn sort(byte: u8) -> u8 {
    SORTS.get(usize::from(byte)).copied().unwrap_or_default()
}

const fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// What the word tells that a text begins with.
pub(super) fn told_by(word: &[u8]) -> Option<Topic> {
    let first = byte(word, 0);
    let second = byte(word, 1);
    // v1.2.3.4
    if first.eq_ignore_ascii_case(&b'v') && !in_word(second) {
        return Some(Topic::Version);
    }
    if !INDEX.may_have(first, second, byte(word, 2)) {
        return None;
    }
    let entries = INDEX.get(first, second);
    let letter = entries.iter().find_map(|entry| matches(entry.as_bytes(), word))?;
    Some(match letter {
        b'P' => Topic::Phone,
        b'T' => Topic::Call,
        b'C' => Topic::Card,
        b'I' => Topic::Identity,
        b'Z' => Topic::Social,
        b'B' => Topic::Bank,
        b'V' => Topic::Version,
        b'O' => Topic::Order,
        b'N' => Topic::Number,
        _ => Topic::Scheme,
    })
}

/// The telling words, each behind the letter of its topic. `_` is a space; a star
/// ends what may go on.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "Tanswering_at", "Oarticle*", "Oart", "Oaccount", "Oasin", "Oawb", "Iaadhaar", "Iaadhar", "Iahv", "Iavs",
    "Iasmens*", "Uabn", "Uacn", "Uafm",
    "Sbearer", "Sbasic", "Obestell*", "Obooking", "Vbuild", "Ibsn", "Iburgerserv*",
    "Ccreditcard*", "Ccartão_de_cr*", "Ccartao_de_cr*", "Ccarta_di_cr*", "Ccarta_di_deb*",
    "Ccc", "Tcall*", "Tcontact*", "Pcell*", "Pcelular*", "Ccard*", "Ccarte*", "Ccredit", "Ocase",
    "Ocommit", "Ocas", "Oconfirm*", "Oconsign*", "Ocustomer", "Ocommande", "Icpf", "Icnpj",
    "Icurp", "Icuit", "Icuil", "Ucnp", "Ucpr", "Icodice_fisc*", "Icedula", "Icédula",
    "Icartão_de_cid*", "Icartao_de_cid*", "Vchrome",
    "Pdesk:", "Pdial*", "Cdebit", "Idni", "Idriver's", "Idriver_lic*", "Idriving_lic*", "Odoi", "Vdriver",
    "Iegn", "Iemšo", "Uemso", "Oean",
    "Pfax", "Pfon", "Pfone", "Vfirmware", "Ofactur*", "Ofattur*", "Ifødsels*", "Ifodsels*",
    "Pgsm", "Ogtin", "Igovernment_id",
    "Phandy*", "Photline", "Ihetu", "Ihenkil*", "Uhkid", "Ihealth_ins*", "Ihealth_card",
    "Biban", "Oinvoice*", "Iid_number*", "Iid_no*", "Iid_card*", "Oid", "Oitem", "Oisbn*",
    "Oissn", "Oissue", "Zitin", "Iidentity", "Iidentification", "Iidnr", "Iidentitet*",
    "Iisikukood", "Iinsee", "Uird", "Iiin",
    "Ojob", "Ijmbg",
    "Ckarte*", "Ckredit*", "Ckarta", "Ckarty", "Ckortnum*", "Ckaartnum*", "Okunden*", "Ikennital*",
    "Tllam*",
    "Pmobil*", "Pmóvil", "Cmaster*", "Cmaestro", "Imedicare", "Imedicaid", "Nmy_number", "Tmy_registered", "Tmessages_to",
    "Nmeine_nummer", "Nmi_número", "Nmi_numero", "Nmon_numéro", "Nmeu_número", "Nmijn_nummer",
    "Omodel",
    "Inational_id*", "Inational_ins*", "Inational_n*", "Inational_reg*", "Inational_tax*",
    "Inational_health*", "Inational_code*", "Inationale", "Inin", "Inino", "Inhs", "Inric", "Unik", "Inif", "Unie", "Unir",
    "Uniss", "Unit", "Inpwp", "Inúmero_de_ident*", "Inúmero_nacional",
    "Poffice:", "Oorder*", "Ioib",
    "Pphone*", "Pportable", "Pplease_text", "Oproduct", "Opart", "Opatent", "Opedido*", "Oparcel", "Opolicy",
    "Opid", "Vpackage", "Ipesel", "Ipersonnummer", "Ipersonnr", "Ipersonas_kod*", "Ipassport*",
    "Ipasaporte", "Ipasseport", "Upan", "Upps", "Ippsn",
    "Pruf*", "Pring", "Treach*", "Orechnung*", "Oref", "Oreference", "Oreceipt", "Oreservation",
    "Orequest", "Orun", "Vrelease", "Vrv", "Urut", "Urrn", "Irijksreg*", "Irodné*", "Irodne*",
    "Ireisepass*",
    "Zssn", "Zsocial", "Usin", "Isteuer*", "Isozialvers*", "Isvnr", "Isécurité_soc*",
    "Isecurite_soc*", "Isnils", "Osku", "Oserial", "Osession", "Oshipment", "Osuivi", "Osendung*",
    "Psms",
    "Ctarjeta*", "Ptel", "Ptelef*", "Pteléf*", "Pteleph*", "Ptlf", "Ptélé*", "Ptél", "Ttext_me", "Oticket*",
    "Otracking", "Otrace", "Otransa*", "Itax_id*", "Itax_n*", "Itax_file", "Itaxpayer", "Itfn",
    "Utin", "Itckn", "Itc_kimlik*",
    "Oupc", "Uuen",
    "Cvisa", "Vv8", "Vchromium", "Vwebkit", "Vversion*", "Vver", "Ivoter*", "Ivsnr",
    "Pwhatsapp",
    "IΑΜΚΑ", "IΑΦΜ",
    "PΤηλ*",
    "Pκιν*",
    "IΑΔΤ",
    "Pτηλ*",
    "Pтел*", "PТел*",
    "Pмоб*", "PМоб*",
    "Oзаказ*", "OЗаказ*", "Tзвон*",
    "Tпозвон*",
    "Cкарт*",
    "Cномер_карт*", "Nномер*",
    "IИНН",
    "IСНИЛС",
    "IПаспорт*", "Iпаспорт*",
    "IЕГН",
    "IРНОКПП",
    "IІПН",
    "Pтел*",
    "Oсчет*",
    "Iתעודת_זהות", "Iת.ז*",
    "Pטלפון",
    "Pנייד",
    "Pهاتف",
    "Pجوال",
    "Oطلب",
    "Tاتصل",
    "Cبطاقة",
    "Iเลขบัตร*",
    "Iบัตรประชาชน*",
    "Iเลขประจำตัว*",
    "Pโทร*",
    "Pเบอร์*",
    "Iआधार",
    "Pफ़ोन", "Pफोन",
    "Pमोबाइल",
    "Iマイナンバー*",
    "Pケータイ*",
    "Cカード*",
    "C信用卡*",
    "N号码*",
    "C卡号*", "C卡號*",
    "P手机*", "P手機*",
    "P携帯*",
    "O注文*",
    "T拨打*",
    "P电话*",
    "P電話*",
    "O番号",
    "I統編*", "I統一編號*",
    "N番号*",
    "P联系*",
    "O订单*",
    "O訂單*",
    "T致电*",
    "I身份证*", "I身分證*",
    "I护照*",
    "I護照*",
    "N號碼*",
    "P電話*",
    "P电话*",
    "C银行卡*",
    "C信用*",
    "P전화*",
    "O주문*", "I주민*",
    "I여권*",
    "P연락처*",
    "P휴대*",
    "P핸드*",
];

static INDEX: Index<{ WORDS.len() }> = Index::by_first_letters(WORDS);

/// Whether a word begins with two capitals.
fn is_large(word: &[u8]) -> bool {
    byte(word, 0).is_ascii_uppercase() && byte(word, 1).is_ascii_uppercase()
}

/// Whether a word is one of a sentence, not of a program.
fn is_spoken(word: &[u8], from: usize) -> bool {
    let mut at = from;
    while byte(word, at).is_ascii_alphabetic() && at < from + 8 {
        at += 1;
    }
    matches!(byte(word, at), b' ' | b':' | 0 | b'\n' | 0x80..)
}

/// The letter of an entry's topic, where a text begins with it.
fn matches(entry: &[u8], word: &[u8]) -> Option<u8> {
    let letter = byte(entry, 0);
    // Entries that share two letters mostly part at the third.
    let (third, there) = (byte(entry, 3), byte(word, 2).to_ascii_lowercase());
    if third != there && !matches!((third, there), (b'*' | 0, _) | (b'_', b' ')) {
        return None;
    }
    let mut read = 0;
    loop {
        let wanted = byte(entry, read + 1);
        let there = byte(word, read).to_ascii_lowercase();
        if wanted == b'*' || wanted == 0 && !in_word(there) {
            return match letter {
                // NIE is a number, and nie is German for never.
                b'U' => (is_large(word) && there != b'_').then_some(b'I'),
                // call(1234567) calls nobody.
                b'T' => is_spoken(word, read).then_some(letter),
                _ => Some(letter),
            };
        }
        if wanted == 0 || wanted != there && !(wanted == b'_' && there == b' ') {
            return None;
        }
        read += 1;
    }
}
