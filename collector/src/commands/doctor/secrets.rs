//! Whether keys and secrets are there, and could be guessed. They are never shown.

use std::collections::BTreeSet;

use super::finding::Findings;
use crate::config::Config;

/// Bytes that a secret should have: 256 bits of text in base64 or hex.
const GOOD_BYTES: usize = 32;

/// Different characters that a random text of that length surely has: 32 random hex
/// digits have 10 or more in all but one case of ten thousand.
const GOOD_CHARACTERS: usize = 10;

const ADVICE: &str = "Make one: `openssl rand -hex 32`.";

pub(super) fn look(config: &Config, findings: &mut Findings) {
    let keys = &config.hop.keys;
    let weak: Vec<_> = keys.iter().filter(|key| is_weak(key.secret.reveal())).collect();
    let names = |keys: &[&crate::config::HopKey]| {
        keys.iter().map(|key| key.id.as_str()).collect::<Vec<_>>().join(", ")
    };
    if keys.is_empty() {
        findings.fail(
            "hop.keys",
            "none",
            format!("Without one `serve` does not start and `import` cannot send. {ADVICE}"),
        );
    } else if weak.is_empty() {
        findings.ok("hop.keys", names(&keys.iter().collect::<Vec<_>>()));
    } else {
        let found = format!("short or monotonous: {}", names(&weak));
        let advice = format!("Whoever guesses it can send events for every tenant. {ADVICE}");
        findings.warn("hop.keys", found, advice);
    }
    match &config.identity.salt_secret {
        None => findings.warn(
            "identity.salt_secret",
            "none",
            "A user_id that is personal data is removed instead of hashed, and `export-user` \
             finds no such person. Set the edge's TIDEMARK_SALT_SECRET here as well.",
        ),
        Some(salt) if keys.iter().any(|key| key.secret.reveal() == salt.reveal()) => findings.warn(
            "identity.salt_secret",
            "the same as a hop key's secret",
            format!("A key is rotated, and the salt must stay for ever. {ADVICE}"),
        ),
        Some(salt) if is_weak(salt.reveal()) => findings.warn(
            "identity.salt_secret",
            "short or monotonous",
            "Whoever guesses it can find out who a pseudonym is. It cannot be changed later \
             without making every person a new one.",
        ),
        Some(_) => findings.ok("identity.salt_secret", "there"),
    }
}

fn is_weak(secret: &str) -> bool {
    let different: BTreeSet<char> = secret.chars().collect();
    secret.len() < GOOD_BYTES || different.len() < GOOD_CHARACTERS
}

#[cfg(test)]
mod tests {
    use super::is_weak;

    #[test]
    fn what_is_short_or_monotonous_is_weak() {
        assert!(is_weak("at least 16 bytes"));
        assert!(is_weak(&"ab".repeat(40)));
        assert!(!is_weak("3f7a1c9e0b5d8264aa17c3e95f80d2b6"));
    }
}
