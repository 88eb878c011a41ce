//! ClickHouse exceptions: their code, their text, and the HTTP status that
//! ClickHouse's server gives each code.
//!
//! The engine reports failures as text (`Code: 60. DB::Exception: …`). The code
//! is read back from it here and nowhere else. Exceptions that the front raises
//! itself take the same form, so that a client needs one parser.

use hyper::StatusCode;

/// A failure as ClickHouse words it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub(crate) struct Exception {
    /// The number after `Code:`, by which clients decide.
    pub(crate) code: i32,
    /// The whole text, in one form with what the server sends.
    pub(crate) text: String,
}

/// The exceptions that the front raises itself, by ClickHouse's own numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Code {
    BadArguments,
    NotImplemented,
    SyntaxError,
    SessionNotFound,
    SessionIsLocked,
    InvalidSessionTimeout,
    AccessDenied,
    UnknownSetting,
    IncorrectData,
    IntoOutfileNotAllowed,
    Readonly,
    TooManySimultaneousQueries,
    SocketTimeout,
    QuerySameIdRunning,
    CannotReadAllData,
    CannotWriteToFile,
    UnknownCompressionMethod,
    SupportIsDisabled,
    QueryWasCancelled,
    TooManyBytes,
    ChecksumDoesntMatch,
    TooLargeSizeCompressed,
    AuthenticationFailed,
    QueryIsTooLarge,
    UnknownException,
}

impl Code {
    /// Number and name, as in ClickHouse's list of error codes.
    fn parts(self) -> (i32, &'static str) {
        match self {
            Self::CannotReadAllData => (33, "CANNOT_READ_ALL_DATA"),
            Self::BadArguments => (36, "BAD_ARGUMENTS"),
            Self::CannotWriteToFile => (75, "CANNOT_WRITE_TO_FILE_DESCRIPTOR"),
            Self::ChecksumDoesntMatch => (40, "CHECKSUM_DOESNT_MATCH"),
            Self::NotImplemented => (48, "NOT_IMPLEMENTED"),
            Self::SyntaxError => (62, "SYNTAX_ERROR"),
            Self::UnknownCompressionMethod => (89, "UNKNOWN_COMPRESSION_METHOD"),
            Self::UnknownSetting => (115, "UNKNOWN_SETTING"),
            Self::IncorrectData => (117, "INCORRECT_DATA"),
            Self::TooLargeSizeCompressed => (39, "TOO_LARGE_SIZE_COMPRESSED"),
            Self::IntoOutfileNotAllowed => (358, "INTO_OUTFILE_NOT_ALLOWED"),
            Self::QueryIsTooLarge => (229, "QUERY_IS_TOO_LARGE"),
            Self::Readonly => (164, "READONLY"),
            Self::TooManySimultaneousQueries => (202, "TOO_MANY_SIMULTANEOUS_QUERIES"),
            Self::SocketTimeout => (209, "SOCKET_TIMEOUT"),
            Self::QuerySameIdRunning => (216, "QUERY_WITH_SAME_ID_IS_ALREADY_RUNNING"),
            Self::SessionNotFound => (372, "SESSION_NOT_FOUND"),
            Self::SessionIsLocked => (373, "SESSION_IS_LOCKED"),
            Self::InvalidSessionTimeout => (374, "INVALID_SESSION_TIMEOUT"),
            Self::AccessDenied => (497, "ACCESS_DENIED"),
            Self::SupportIsDisabled => (344, "SUPPORT_IS_DISABLED"),
            Self::QueryWasCancelled => (394, "QUERY_WAS_CANCELLED"),
            Self::TooManyBytes => (396, "TOO_MANY_ROWS_OR_BYTES"),
            Self::AuthenticationFailed => (516, "AUTHENTICATION_FAILED"),
            Self::UnknownException => (1002, "UNKNOWN_EXCEPTION"),
        }
    }
}

impl Exception {
    /// Words an exception of the front's own.
    pub(crate) fn new(code: Code, message: impl AsRef<str>) -> Self {
        let (number, name) = code.parts();
        let message = message.as_ref();
        Self { code: number, text: format!("Code: {number}. DB::Exception: {message} ({name})") }
    }

    /// Takes the engine's text over; a text without a code becomes code 1002.
    pub(crate) fn from_engine(text: &str) -> Self {
        match find_code(text) {
            Some(code) => Self { code, text: text.trim_end().to_owned() },
            None => Self::new(Code::UnknownException, text.trim_end()),
        }
    }

    /// The text as the server sends it: one line end, the version at its end.
    pub(crate) fn body(&self, version: &str) -> String {
        let short = format!("(version {version})");
        let text = self.text.strip_suffix(&short).map_or(self.text.as_str(), str::trim_end);
        // Clients of servers before 25.11 know an exception inside a result by
        // the two closing brackets at its very end.
        format!("{text} (version {version} (chDB))\n")
    }

    /// The status that ClickHouse's server answers with for this code.
    pub(crate) fn status(&self) -> StatusCode {
        status_of(self.code)
    }
}

/// Reads the number of the first `Code: N.` in an engine's text.
fn find_code(text: &str) -> Option<i32> {
    let rest = text.split_once("Code: ")?.1;
    let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (number, rest) = rest.split_at(digits);
    if rest.starts_with('.') { number.parse().ok() } else { None }
}

/// ClickHouse's mapping of exception codes to HTTP statuses
/// (`exceptionCodeToHTTPStatus` of its server, version 26).
fn status_of(code: i32) -> StatusCode {
    match code {
        // BAD_ARGUMENTS, CANNOT_COMPILE_REGEXP, and the CANNOT_PARSE family.
        36 | 427 | 6 | 25 | 26 | 27 | 38 | 41 | 72 | 376 | 441 | 675 | 676 => {
            StatusCode::BAD_REQUEST
        }
        // THERE_IS_NO_COLUMN, DUPLICATE_COLUMN, ILLEGAL_COLUMN, TYPE_MISMATCH, SYNTAX_ERROR,
        // INCORRECT_DATA, VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE, and the AST family.
        8 | 15 | 44 | 53 | 62 | 117 | 321 | 37 | 123 | 167 | 168 | 223 => StatusCode::BAD_REQUEST,
        // UNKNOWN_FUNCTION, _IDENTIFIER, _TYPE, _STORAGE, _TABLE, _AGGREGATE_FUNCTION, _FORMAT,
        // _TYPE_OF_QUERY, _DATABASE, _SETTING, _DIRECTION_OF_SORTING, _DATABASE_ENGINE, _ROLE.
        46 | 47 | 50 | 56 | 60 | 63 | 73 | 78 | 81 | 115 | 152 | 336 | 511 => StatusCode::NOT_FOUND,
        229 => StatusCode::PAYLOAD_TOO_LARGE,
        48 => StatusCode::NOT_IMPLEMENTED,
        // SOCKET_TIMEOUT, CANNOT_OPEN_FILE, CANNOT_SCHEDULE_TASK.
        76 | 209 | 439 => StatusCode::SERVICE_UNAVAILABLE,
        381 => StatusCode::LENGTH_REQUIRED,
        779 => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        159 => StatusCode::REQUEST_TIMEOUT,
        194 => StatusCode::UNAUTHORIZED,
        // UNKNOWN_USER, WRONG_PASSWORD, ACCESS_DENIED, SET_NON_GRANTED_ROLE, AUTHENTICATION_FAILED.
        192 | 193 | 497 | 512 | 516 => StatusCode::FORBIDDEN,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_read_from_the_engines_text() {
        let e = Exception::from_engine("Code: 60. DB::Exception: Unknown table. (UNKNOWN_TABLE)");
        assert_eq!((e.code, e.status()), (60, StatusCode::NOT_FOUND));
        let nested = Exception::from_engine("Code: 73. DB::Exception: Code: 12. DB::Exception: x");
        assert_eq!(nested.code, 73);
        assert_eq!(Exception::from_engine("Invalid or closed connection").code, 1002);
        assert_eq!(Exception::from_engine("Error: Code: x. y").code, 1002);
    }

    #[test]
    fn a_body_ends_with_the_version_once() {
        let plain = Exception::from_engine("Code: 62. DB::Exception: no. (SYNTAX_ERROR)");
        let tail = "no. (SYNTAX_ERROR) (version 26.7.2.1 (chDB))\n";
        assert!(plain.body("26.7.2.1").ends_with(tail));
        let versioned = Exception::from_engine(
            "Code: 62. DB::Exception: no. (SYNTAX_ERROR) (version 26.7.2.1)\n",
        );
        assert!(versioned.body("26.7.2.1").ends_with(tail));
        assert_eq!(versioned.body("26.7.2.1").matches("version").count(), 1);
    }

    #[test]
    fn statuses_are_the_servers() {
        for (code, status) in [
            (62, 400),
            (27, 400),
            (60, 404),
            (81, 404),
            (47, 404),
            (115, 404),
            (516, 403),
            (159, 408),
            (48, 501),
            (229, 413),
            (216, 500),
            (394, 500),
            (395, 500),
        ] {
            assert_eq!(status_of(code).as_u16(), status, "code {code}");
        }
    }
}
