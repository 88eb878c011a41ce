//! What the columns of a CSV are: which member of an event, of which type.

use csv::StringRecord;
use serde_json::{Map, Value};
use tidemark_core::json;
use tidemark_core::time::{format_rfc3339, parse_rfc3339};
use tidemark_core::verdict::{Code, Fault};

use super::CommandError;

/// What an event has at its top; `attributes` and `context` go on with a dot.
const MEMBERS: [&str; 11] = [
    "event_id",
    "event_name",
    "schema_version",
    "occurred_at",
    "session_id",
    "anonymous_id",
    "user_id",
    "source",
    "tenant_id",
    "site_id",
    "context",
];

/// What the options say.
#[derive(Clone, Debug)]
pub(super) struct Mapping {
    columns: Vec<(Target, String)>,
    constants: Vec<(Target, String)>,
}

/// A place in an event.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Target {
    path: Vec<String>,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Bool,
    Json,
    Time,
    UnixSecs,
    UnixMillis,
}

/// What each column of a file is.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    cells: Vec<(Target, usize)>,
    constants: Vec<(Target, String)>,
}

impl Mapping {
    /// Reads the options.
    ///
    /// # Errors
    /// What has another form than `TARGET[:TYPE]=…`, or names nothing that an event has.
    pub(super) fn parse(map: &[String], set: &[String]) -> Result<Self, CommandError> {
        let read = |option: &'static str, entries: &[String]| {
            let entry = |text: &String| {
                let (target, right) = text.split_once('=').ok_or_else(|| {
                    CommandError::Wrong(format!("{option} {text}: expected TARGET=…"))
                })?;
                Ok((Target::parse(target)?, right.to_owned()))
            };
            entries.iter().map(entry).collect::<Result<Vec<_>, CommandError>>()
        };
        Ok(Self { columns: read("--map", map)?, constants: read("--set", set)? })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.columns.is_empty() && self.constants.is_empty()
    }

    /// Holds the mapping against a file's names.
    ///
    /// # Errors
    /// A column that is not there, one that is no member of an event, a target that
    /// stands twice.
    pub(super) fn columns(self, names: &StringRecord) -> Result<Columns, CommandError> {
        let names: Vec<&str> =
            names.iter().map(|name| name.trim_start_matches('\u{feff}').trim()).collect();
        let mut cells = Vec::new();
        if self.columns.is_empty() {
            for (at, name) in names.iter().enumerate() {
                cells.push((Target::parse(name)?, at));
            }
        }
        for (target, column) in self.columns {
            let at = names.iter().position(|name| *name == column).ok_or_else(|| {
                CommandError::Wrong(format!(
                    "--map: there is no column `{column}`; the file has {}",
                    names.join(", ")
                ))
            })?;
            cells.push((target, at));
        }
        let targets =
            || cells.iter().map(|(target, _)| target).chain(self.constants.iter().map(|(t, _)| t));
        for (at, target) in targets().enumerate() {
            let meets = |other: &Target| {
                let length = other.path.len().min(target.path.len());
                other.path.get(..length) == target.path.get(..length)
            };
            if targets().take(at).any(meets) {
                return Err(CommandError::Wrong(format!(
                    "`{}` is given twice, or inside of another",
                    target.path.join(".")
                )));
            }
        }
        Ok(Columns { cells, constants: self.constants })
    }
}

impl Target {
    fn parse(text: &str) -> Result<Self, CommandError> {
        let (path, kind) = text.rsplit_once(':').unwrap_or((text, ""));
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        let top = path.first().map_or("", String::as_str);
        let is_known = match path.len() {
            1 => MEMBERS.contains(&top) || top == "attributes",
            _ => ["attributes", "context"].contains(&top) && path.iter().all(|key| !key.is_empty()),
        };
        if !is_known {
            return Err(CommandError::Wrong(format!(
                "`{text}` is no member of an event; expected {}, attributes.NAME or \
                 context.NAME. --map TARGET=COLUMN says which column is what",
                MEMBERS.join(", ")
            )));
        }
        let is_time = path == ["occurred_at"];
        let is_object = path == ["attributes"] || path == ["context"];
        let kind = match kind {
            "" if is_time => Kind::Time,
            "" if is_object => Kind::Json,
            "" | "text" => Kind::Text,
            "number" => Kind::Number,
            "bool" => Kind::Bool,
            "json" => Kind::Json,
            "unix_s" if is_time => Kind::UnixSecs,
            "unix_ms" if is_time => Kind::UnixMillis,
            other => {
                return Err(CommandError::Wrong(format!(
                    "`{other}` is no type; expected text, number, bool or json, and for \
                     occurred_at unix_s or unix_ms"
                )));
            }
        };
        Ok(Self { path, kind })
    }

    fn fault(&self, code: Code) -> Fault {
        Fault::new(code, format!("/{}", self.path.join("/")))
    }

    /// The value that a cell stands for.
    fn value(&self, cell: &str) -> Result<Value, Fault> {
        let wrong = || self.fault(Code::WrongType);
        let no_time = || self.fault(Code::InvalidTimestamp);
        let text = |unix_ms: i64| {
            let mut text = String::new();
            format_rfc3339(unix_ms, &mut text);
            Value::String(text)
        };
        match self.kind {
            Kind::Text => Ok(Value::String(cell.to_owned())),
            Kind::Bool => match cell.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" => Ok(Value::Bool(true)),
                "false" | "0" | "no" => Ok(Value::Bool(false)),
                _ => Err(wrong()),
            },
            Kind::Number => match serde_json::from_str(cell.trim()) {
                Ok(Value::Number(number)) => Ok(Value::Number(number)),
                _ => Err(wrong()),
            },
            // Core's reader refuses what parsers disagree about.
            Kind::Json => json::check_text(cell)
                .ok()
                .and_then(|_| serde_json::from_str(cell).ok())
                .ok_or_else(wrong),
            Kind::Time => {
                // `2026-01-31 12:00:00`, as databases write it, is UTC.
                let t = cell.trim().replacen(' ', "T", 1);
                let zoned = parse_rfc3339(&t).or_else(|| parse_rfc3339(&format!("{t}Z")));
                zoned.map(text).ok_or_else(no_time)
            }
            Kind::UnixMillis => cell.trim().parse().map(text).map_err(|_| no_time()),
            Kind::UnixSecs => {
                let secs: f64 = cell.trim().parse().map_err(|_| no_time())?;
                if !secs.is_finite() {
                    return Err(no_time());
                }
                Ok(text((secs * 1e3).round() as i64))
            }
        }
    }
}

impl Columns {
    /// The event of a record, as JSON; an empty cell is absent.
    ///
    /// # Errors
    /// `wrong_type` with the target's place.
    pub(super) fn event(&self, record: &StringRecord) -> Result<Vec<u8>, Fault> {
        let mut event = Map::new();
        let cells = self.cells.iter().map(|(target, at)| (target, record.get(*at).unwrap_or("")));
        let constants = self.constants.iter().map(|(target, value)| (target, value.as_str()));
        for (target, cell) in cells.chain(constants) {
            if !cell.is_empty() {
                put(&mut event, &target.path, target.value(cell)?);
            }
        }
        serde_json::to_vec(&event).map_err(|_| Fault::new(Code::InvalidJson, ""))
    }
}

fn put(object: &mut Map<String, Value>, path: &[String], value: Value) {
    match path {
        [] => {}
        [last] => {
            object.insert(last.clone(), value);
        }
        [first, rest @ ..] => {
            let inner = object.entry(first.clone()).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use super::*;

    fn event(map: &[&str], set: &[&str], names: &[&str], cells: &[&str]) -> Result<String, String> {
        let own = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let mapping = Mapping::parse(&own(map), &own(set)).map_err(|error| error.to_string())?;
        let columns =
            mapping.columns(&StringRecord::from(names)).map_err(|error| error.to_string())?;
        let event = columns.event(&StringRecord::from(cells));
        let event = event.map_err(|fault| format!("{} {}", fault.code.as_str(), fault.pointer))?;
        Ok(String::from_utf8(event).unwrap())
    }

    #[test]
    fn columns_become_members() {
        let made = event(
            &[
                "event_name=name",
                "occurred_at:unix_s=ts",
                "attributes.plan=plan",
                "attributes.a.seats:number=seats",
                "context.page.url=url",
            ],
            &["source=server", "attributes.imported:bool=yes"],
            &["ts", "name", "plan", "seats", "url", "unused"],
            &["1767225600.5", "signup", "", "12", "https://a.example/b", "x"],
        );
        let expected = r#"{"attributes":{"a":{"seats":12},"imported":true},"context":{"page":{"url":"https://a.example/b"}},"event_name":"signup","occurred_at":"2026-01-01T00:00:00.500Z","source":"server"}"#;
        let sorted: Value = serde_json::from_str(&made.unwrap()).unwrap();
        assert_eq!(sorted, serde_json::from_str::<Value>(expected).unwrap());
    }

    #[test]
    fn without_a_mapping_names_are_targets() {
        let made =
            event(&[], &[], &["\u{feff}event_name", "occurred_at"], &["a", "2026-01-01 00:00:01"]);
        assert!(made.unwrap().contains(r#""occurred_at":"2026-01-01T00:00:01.000Z""#));
        assert!(event(&[], &[], &["colour"], &["red"]).unwrap_err().contains("--map"));
    }

    #[test]
    fn what_cannot_be_is_named() {
        for (map, cells, words) in [
            (&["event_name"][..], &["a"][..], "TARGET="),
            (&["plan=plan"], &["a"], "no member"),
            (&["attributes.x:float=plan"], &["a"], "no type"),
            (&["attributes.x=colour"], &["a"], "no column `colour`; the file has plan"),
            (&["attributes.x=plan", "attributes.x.y=plan"], &["a"], "twice"),
            (&["attributes.x:number=plan"], &["1 2"], "wrong_type /attributes/x"),
            (&["attributes.x:number=plan"], &["\"1\""], "wrong_type /attributes/x"),
            (&["attributes.x:json=plan"], &["{\"a\":1,}"], "wrong_type /attributes/x"),
            (&["occurred_at=plan"], &["yesterday"], "invalid_timestamp /occurred_at"),
        ] {
            let told = event(map, &[], &["plan"], cells).unwrap_err();
            assert!(told.contains(words), "{map:?}: {told}");
        }
    }
}
