//! What a failed statement means: did it surely leave nothing, is its data at
//! fault, or is it unknown?

use super::contract::StoreFault;
use super::error::{Exception, StoreError};
use super::http::Failure;

/// Codes that ClickHouse gives before a statement has done anything.
const NOT_BEGUN: &[u32] = &[
    // NO_SUCH_COLUMN_IN_TABLE, UNKNOWN_IDENTIFIER, UNKNOWN_TABLE, UNKNOWN_DATABASE.
    16, 47, 60, 81,  // UNKNOWN_SETTING.
    115, // READONLY, TABLE_IS_READ_ONLY.
    164, 242, // TOO_MANY_SIMULTANEOUS_QUERIES, TOO_MANY_PARTS.
    202, 252, // ACCESS_DENIED, AUTHENTICATION_FAILED.
    497, 516,
];

/// Codes that speak of a value in the data.
const DATA: &[u32] = &[
    // CANNOT_PARSE_TEXT, CANNOT_PARSE_ESCAPE_SEQUENCE, …_QUOTED_STRING,
    // CANNOT_PARSE_INPUT_ASSERTION_FAILED.
    6, 25, 26, 27, // CANNOT_READ_ARRAY_FROM_TEXT, CANNOT_READ_ALL_DATA.
    32, 33, // CANNOT_PARSE_DATE, CANNOT_PARSE_DATETIME, TYPE_MISMATCH.
    38, 41, 53, // ARGUMENT_OUT_OF_BOUND, CANNOT_CONVERT_TYPE, CANNOT_PARSE_NUMBER.
    69, 70, 72, // INCORRECT_DATA, TOO_LARGE_STRING_SIZE, TOO_LARGE_ARRAY_SIZE.
    117, 131, 128, // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN, TOO_DEEP_RECURSION.
    349, 306, // VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE, CANNOT_PARSE_UUID.
    321, 376, // DECIMAL_OVERFLOW, VIOLATED_CONSTRAINT, UNKNOWN_ELEMENT_OF_ENUM.
    407, 469, 691,
];

impl From<Failure> for StoreFault {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::NotSent(why) => Self::NotBegun(why),
            Failure::NoAnswer(why) => Self::Unknown(why),
            Failure::Exception(exception) => of_exception(&exception),
        }
    }
}

fn of_exception(exception: &Exception) -> StoreFault {
    let reason = exception.name.clone().unwrap_or_default();
    match exception.code {
        Some(code) if DATA.contains(&code) => StoreFault::Refused { code, reason },
        Some(code) if NOT_BEGUN.contains(&code) => {
            StoreFault::NotBegun(format!("code {code} {reason}"))
        }
        Some(code) => StoreFault::Unknown(format!("code {code} {reason}")),
        None => StoreFault::Unknown("an answer without a code".to_owned()),
    }
}

/// A question that was not answered: nothing was changed by it.
impl From<StoreError> for StoreFault {
    fn from(error: StoreError) -> Self {
        Self::NotBegun(error.without_words().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_surely_left_nothing_is_called_so() {
        let fault = |words: &str| StoreFault::from(Failure::Exception(Exception::read(words)));
        let refused = fault("Code: 117. DB::Exception: \"secret\" (INCORRECT_DATA)");
        assert_eq!(refused, StoreFault::Refused { code: 117, reason: "INCORRECT_DATA".into() });
        assert!(matches!(
            fault("Code: 60. DB::Exception: (UNKNOWN_TABLE)"),
            StoreFault::NotBegun(_)
        ));
        // Of one name another still runs: whether it will leave something is not known.
        for unknown in [216, 241, 159, 394, 1_000, 999] {
            let words = format!("Code: {unknown}. DB::Exception: (SOMETHING)");
            assert!(matches!(fault(&words), StoreFault::Unknown(_)), "{unknown}");
        }
        assert!(matches!(Failure::NoAnswer("x".into()).into(), StoreFault::Unknown(_)));
    }

    #[test]
    fn no_code_means_two_things() {
        assert!(DATA.iter().all(|code| !NOT_BEGUN.contains(code)));
    }
}
