//! The rules by name, and what they tell.

use alloc::string::String;

use super::EMAIL_MARK;

/// Which rule changed a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A URL's query, fragment or credentials were removed, or its excess.
    Url,
    /// An e-mail address.
    Email,
    /// A phone number.
    Phone,
    /// The number of a payment card.
    Card,
    /// The number of a bank account (IBAN).
    Iban,
    /// A United States social security number.
    Ssn,
    /// Another number that a state gave to a person.
    NationalId,
    /// An IPv4 or IPv6 address.
    Ip,
    /// A JSON web token.
    Jwt,
    /// A key, a password or a token: by its form or by its label.
    Secret,
    /// A private key in PEM.
    PrivateKey,
    /// The name in a path of a person's own folder.
    UserPath,
    /// A value whose key names something personal, or a member whose key is.
    Key,
    /// A string over the limit was cut at a character.
    Cut,
    /// An identifier was removed, because the visitor's consent does not cover it.
    Consent,
    /// A user_id that is personal data was replaced by its keyed hash, or a value
    /// whose key the site named for it.
    Hash,
}

impl Rule {
    /// Every rule, in the order of telling.
    pub const ALL: [Self; 16] = [
        Self::Url,
        Self::Email,
        Self::Phone,
        Self::Card,
        Self::Iban,
        Self::Ssn,
        Self::NationalId,
        Self::Ip,
        Self::Jwt,
        Self::Secret,
        Self::PrivateKey,
        Self::UserPath,
        Self::Key,
        Self::Cut,
        Self::Consent,
        Self::Hash,
    ];

    /// The rule's name in findings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Url => "url",
            Self::Email => "email",
            Self::Phone => "phone",
            Self::Card => "card",
            Self::Iban => "iban",
            Self::Ssn => "ssn",
            Self::NationalId => "national_id",
            Self::Ip => "ip",
            Self::Jwt => "jwt",
            Self::Secret => "secret",
            Self::PrivateKey => "private_key",
            Self::UserPath => "user_path",
            Self::Key => "key",
            Self::Cut => "cut",
            Self::Consent => "consent",
            Self::Hash => "hash",
        }
    }

    /// What stands in place of what the rule found.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Email => EMAIL_MARK,
            Self::Phone => "[phone]",
            Self::Card => "[card]",
            Self::Iban => "[iban]",
            Self::Ssn => "[ssn]",
            Self::NationalId => "[national_id]",
            Self::Ip => "[ip]",
            Self::Jwt => "[jwt]",
            Self::Secret => "[secret]",
            Self::PrivateKey => "[private_key]",
            Self::UserPath => "[user]",
            Self::Url | Self::Key | Self::Cut | Self::Consent | Self::Hash => "[redacted]",
        }
    }
}

/// That a rule changed the text at a place: for the person who asks why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which rule.
    pub rule: Rule,
    /// Where, as a JSON pointer; empty for plain text.
    pub pointer: String,
}
