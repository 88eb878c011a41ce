//! What can go wrong with ClickHouse, told apart by what to do about it.
//!
//! ClickHouse's own words may quote the value that it did not like, so that
//! those about an insert never leave this module: the code and its name do.

use super::migrations::MigrationRefusal;

/// Why ClickHouse did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It was not reached, or did not answer in time: what became of the
    /// statement is unknown.
    #[error("ClickHouse does not answer")]
    Unavailable(#[source] clickhouse::error::Error),
    /// The table or the database is not there.
    #[error("the tables are not there: {0}")]
    SchemaMissing(Exception),
    /// It answered with an exception.
    #[error("ClickHouse refuses the statement: {0}")]
    Refused(Exception),
    /// The row does not go into the table, or the answer is not what was asked for.
    #[error("ClickHouse and this program do not understand each other")]
    Misunderstood(#[source] clickhouse::error::Error),
    /// The database's migrations and this program's do not go together.
    #[error(transparent)]
    Migration(#[from] MigrationRefusal),
}

/// An exception of ClickHouse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Its number, when it told one.
    pub code: Option<u32>,
    /// Its name, such as `UNKNOWN_TABLE`.
    pub name: Option<String>,
    /// What it said, where that cannot hold a value of an event.
    words: Option<String>,
}

/// ClickHouse's codes for a table, and for a database, that is not there.
const UNKNOWN_TABLE: u32 = 60;
const UNKNOWN_DATABASE: u32 = 81;

/// Bytes of ClickHouse's words that are passed on: the first lines say it.
const WORDS_MAX_BYTES: usize = 1_000;

impl Exception {
    /// Reads `Code: 60. DB::Exception: … (UNKNOWN_TABLE) …`.
    pub(super) fn read(words: &str) -> Self {
        let code = words.split_once("Code: ").and_then(|(_, rest)| {
            let end = rest.find(|character: char| !character.is_ascii_digit())?;
            rest.get(..end)?.parse().ok()
        });
        let is_name = |text: &&str| {
            text.len() > 2
                && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
        };
        let name = words
            .rsplit('(')
            .filter_map(|part| part.split_once(')').map(|(inside, _)| inside))
            .find(is_name)
            .map(str::to_owned);
        let mut end = words.len().min(WORDS_MAX_BYTES);
        while !words.is_char_boundary(end) {
            end -= 1;
        }
        Self { code, name, words: words.get(..end).map(str::to_owned) }
    }
}

impl std::fmt::Display for Exception {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.code {
            Some(code) => write!(f, "code {code}")?,
            None => f.write_str("no code")?,
        }
        if let Some(name) = &self.name {
            write!(f, " {name}")?;
        }
        if let Some(words) = &self.words {
            write!(f, ": {words}")?;
        }
        Ok(())
    }
}

impl StoreError {
    /// The same without ClickHouse's words, which may quote what was inserted.
    pub(super) fn without_words(self) -> Self {
        let silent = |exception: Exception| Exception { words: None, ..exception };
        match self {
            Self::SchemaMissing(exception) => Self::SchemaMissing(silent(exception)),
            Self::Refused(exception) => Self::Refused(silent(exception)),
            Self::Unavailable(_) | Self::Misunderstood(_) | Self::Migration(_) => self,
        }
    }
}

impl From<clickhouse::error::Error> for StoreError {
    fn from(error: clickhouse::error::Error) -> Self {
        use clickhouse::error::Error;
        match &error {
            Error::Network(_) | Error::TimedOut => Self::Unavailable(error),
            Error::BadResponse(words) => {
                let exception = Exception::read(words);
                match exception.code {
                    Some(UNKNOWN_TABLE | UNKNOWN_DATABASE) => Self::SchemaMissing(exception),
                    _ => Self::Refused(exception),
                }
            }
            _ => Self::Misunderstood(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use clickhouse::error::Error;

    use super::*;

    fn of(words: &str) -> StoreError {
        Error::BadResponse(words.to_owned()).into()
    }

    #[test]
    fn answers_are_told_from_silence() {
        let missing = of("Code: 60. DB::Exception: Table t does not exist. (UNKNOWN_TABLE)");
        assert!(matches!(&missing, StoreError::SchemaMissing(e) if e.code == Some(60)));
        assert!(matches!(of("502 Bad Gateway"), StoreError::Refused(e) if e.code.is_none()));
        assert!(matches!(StoreError::from(Error::TimedOut), StoreError::Unavailable(_)));
    }

    #[test]
    fn the_words_about_an_insert_stay_here() {
        let words = "Code: 117. DB::Exception: cannot parse \"jo@example.org (X)\": (INCORRECT_DATA) (version 26.7)";
        assert_eq!(
            of(words).without_words().to_string(),
            "ClickHouse refuses the statement: code 117 INCORRECT_DATA"
        );
        assert!(of(words).to_string().contains("cannot parse"));
        assert!(of(&"ä".repeat(5_000)).to_string().len() < 1_100);
    }
}
