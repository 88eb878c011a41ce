//! Texts for the sanitiser: prose, and the patterns that make it look most often.

/// Bytes of each text: what a usual attribute may have at most.
const BYTES: usize = 8 * 1024;

const PROSE: &str = "Thank you for the quick reply. The parcel came on Tuesday, but the blue \
    lamp was missing, and I could not find it on the invoice either. Would you please look \
    whether it was sent with another parcel? If not, I would rather have my money back. The \
    rest of the order was fine, and my daughter loves the desk. Kind regards from the coast, \
    where it has been raining for two weeks; we hope that your weather is better than ours. ";

/// What is repeated, by name.
const KINDS: [(&str, &str); 13] = [
    ("words_with_digits", "ab12 "),
    ("iban_starts", "DE89 3704 "),
    ("iban_starts_glued", "GB82WEST"),
    ("groups_of_digits", "1111 1111 "),
    ("at_signs", "a@"),
    ("dotted_digits", "1.1.1."),
    ("key_prefixes", "sk-"),
    ("colons", "a:"),
    ("equals", "a="),
    ("slashes", "/a"),
    ("dashes", "-----BEGIN "),
    ("schemes", "a://"),
    ("full_width_digits", "１２ "),
];

/// The slowest that were found by search, a string of JSON a line.
const FOUND: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/sanitise/slow_patterns.txt"));

/// Every text with its name; what was found is numbered by its line.
pub fn all() -> impl Iterator<Item = (String, String)> {
    let named = std::iter::once(("prose", PROSE)).chain(KINDS);
    let named = named.map(|(name, piece)| (name.to_owned(), piece.to_owned()));
    let found = FOUND.lines().enumerate().filter_map(|(line, text)| {
        Some((format!("found_{:02}", line + 1), serde_json::from_str(text).ok()?))
    });
    named.chain(found).map(|(name, piece): (String, String)| {
        let count = BYTES / piece.len();
        (name, piece.repeat(count))
    })
}
