//! What the words before a number say that it is.
//!
//! A bare run of digits is a phone number behind "call me on" and none behind
//! "order". The last telling word within [`REACH`] bytes decides. Looking back ends
//! at a mark, so that text reads the same before and after it was sanitised; a
//! mark of a phone tells of another one ("… or …").

use super::glyph::{before, byte};

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
    /// `B`: an account.
    Bank,
    /// `V`: a version.
    Version,
    /// `O`: an order, an invoice, a ticket.
    Order,
    /// `S`: bearer, basic.
    Scheme,
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
        while self.read < place {
            let at = self.read;
            let first = byte(bytes, at);
            self.read += 1;
            if first == b']' {
                let phone = bytes.get(..at).is_some_and(|text| text.ends_with(b"[phone"));
                self.marked(at + 1, if phone { Topic::Phone } else { Topic::None });
                continue;
            }
            let begins =
                first >= 0xc0 || first.is_ascii_alphabetic() && !in_word(before(bytes, at));
            if begins && let Some(topic) = told_by(bytes.get(at..place).unwrap_or_default()) {
                self.topic = topic;
                self.at = at;
            }
        }
        if self.at < floor { Topic::None } else { self.topic }
    }
}

const fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80
}

/// What a word tells. A star ends what may go on.
fn told_by(word: &[u8]) -> Option<Topic> {
    let first = byte(word, 0);
    let table: &str = match first.to_ascii_lowercase() {
        b'a' => "Oarticle* Oart Oaccount Iaadhaar",
        b'b' => "Sbearer Sbasic Oaccount Obestell* Vbuild",
        b'c' => {
            "Tcall* Tcontact* Pcell* Pcelular* Ccard* Ccarte* Ccredit Ocase Ocommande Icpf Vchrome"
        }
        b'd' => "Pdial* Cdebit Idni",
        b'f' => "Pfax Pfon* Vfirmware Ofactur* Ofattur*",
        b'g' => "Pgsm",
        b'h' => "Phandy* Photline",
        b'i' => "Biban Oinvoice* Oid Oitem Iitin",
        b'k' => "Ckarte* Ckredit* Okunden*",
        b'l' => "Tllam*",
        b'm' => "Pmobil* Pmóvil Cmaster* Cmaestro",
        b'n' => "Inational Inin Inino Inhs",
        b'o' => "Oorder*",
        b'p' => "Pphone* Pportable Oproduct Opart Opedido* Oparcel Ipesel Ipersonnummer Ipassport",
        b'r' => "Pruf* Pring Treach* Orechnung* Oref* Vrelease",
        b's' => "Issn Isocial Isin Isteuer* Osku Oserial Osuivi Osendung* Psms",
        b't' => "Ptel Ptelef* Pteléf* Pteleph* Ptlf Ptélé* Ptél Ttext Oticket* Otracking Otransa*",
        b'v' => "Cvisa Vversion* Vv Vver",
        b'w' => "Pwhatsapp",
        0xd0 => "Pтел* Pмоб* Oзаказ* Tзвон* Cкарт*",
        0xd1 => "Pтел* Oсчет*",
        0xd8 | 0xd9 => "Pهاتف Pجوال Oطلب Tاتصل Cبطاقة",
        0xe6 => "P手机* P手機* P携帯* O注文* T拨打*",
        0xe7 => "P电话* P電話* P电話* O番号",
        0xe8 => "P联系* O订单* O訂單* T致电*",
        0xe9 => "P電話* P电话* C银行卡* C信用*",
        0xe4 => "C信用卡*",
        0xec => "P전화* O주문*",
        0xed => "P휴대* P핸드*",
        _ => return None,
    };
    let letter = entry(table.as_bytes(), word)?;
    Some(match letter {
        b'P' => Topic::Phone,
        b'T' => Topic::Call,
        b'C' => Topic::Card,
        b'I' => Topic::Identity,
        b'B' => Topic::Bank,
        b'V' => Topic::Version,
        b'O' => Topic::Order,
        _ => Topic::Scheme,
    })
}

/// The letter of the table's first entry that the text begins with.
fn entry(table: &[u8], word: &[u8]) -> Option<u8> {
    let mut at = 0;
    loop {
        let letter = byte(table, at);
        if letter == 0 {
            return None;
        }
        at += 1;
        let mut read = 0;
        loop {
            let wanted = byte(table, at);
            let ends = wanted == b' ' || wanted == 0;
            let there = byte(word, read).to_ascii_lowercase();
            if wanted == b'*' || ends && !in_word(there) {
                return Some(letter);
            }
            if ends || wanted != there {
                break;
            }
            at += 1;
            read += 1;
        }
        while !matches!(byte(table, at), b' ' | 0) {
            at += 1;
        }
        at += usize::from(byte(table, at) == b' ');
    }
}
