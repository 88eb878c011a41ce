//! Environment variables over the file: `TIDEMARK__CLICKHOUSE__PASSWORD`,
//! `TIDEMARK__HOP__KEYS__0__SECRET`, `TIDEMARK__TENANTS='[{id = "…", …}]'`.

use toml::{Table, Value};

use super::ConfigError;
use super::keys::{self, Holds};

/// What a variable's name begins with. The doubled underscore keeps it apart
/// from other variables of the project.
const PREFIX: &str = "TIDEMARK__";

/// Sets what the variables say; returns a sentence for each unknown one.
pub(super) fn lay_over(
    table: &mut Table,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Vec<String>, ConfigError> {
    let mut ours: Vec<(String, String)> =
        environment.into_iter().filter(|(name, _)| name.starts_with(PREFIX)).collect();
    // A whole list comes before its members, whatever the environment's order.
    ours.sort();
    let mut unknown = Vec::new();
    for (variable, text) in ours {
        let lower = variable.get(PREFIX.len()..).unwrap_or_default().to_ascii_lowercase();
        let steps: Vec<Step<'_>> = lower.split("__").map(Step::read).collect();
        let path = known_form(&steps);
        let Some(holds) = keys::holds(&path) else {
            unknown.push(format!("environment variable {variable}: {}", keys::refusal(&path)));
            continue;
        };
        let fail = |reason: &str| ConfigError::Environment {
            variable: variable.clone(),
            reason: reason.to_owned(),
        };
        let value = match holds {
            Holds::Text => Value::String(text),
            Holds::Number => Value::Integer(
                text.trim().parse().map_err(|_| fail("the value is not a whole number"))?,
            ),
            Holds::Switch => Value::Boolean(
                text.trim().parse().map_err(|_| fail("the value is neither true nor false"))?,
            ),
            Holds::List => list(&text)
                .ok_or_else(|| fail("the value is not a TOML list, e.g. [\"a\", \"b\"]"))?,
        };
        set(table, &steps, value).map_err(fail)?;
    }
    Ok(unknown)
}

/// One step of a path.
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Step<'a> {
    fn read(text: &'a str) -> Self {
        text.parse().map_or(Self::Key(text), Self::Index)
    }
}

/// The path as [`keys::KNOWN`] writes it.
fn known_form(steps: &[Step<'_>]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Key(key) => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(key);
            }
            Step::Index(_) => path.push_str("[]"),
        }
    }
    path
}

fn list(text: &str) -> Option<Value> {
    let table = format!("value = {text}").parse::<Table>().ok()?;
    table.get("value").filter(|value| value.is_array() && table.len() == 1).cloned()
}

/// Sets a value at a path, making tables and the next member of a list.
fn set(table: &mut Table, steps: &[Step<'_>], value: Value) -> Result<(), &'static str> {
    const NOT_A_SECTION: &str = "the file has a plain value where this needs a section";
    let Some((Step::Key(first), rest)) = steps.split_first() else {
        return Err("the name does not begin with a section");
    };
    let empty = |next: Option<&Step<'_>>| match next {
        Some(Step::Index(_)) => Value::Array(Vec::new()),
        _ => Value::Table(Table::new()),
    };
    let mut place = table.entry((*first).to_owned()).or_insert_with(|| empty(rest.first()));
    for (at, step) in rest.iter().enumerate() {
        let fresh = empty(rest.get(at + 1));
        place = match step {
            Step::Key(key) => {
                place.as_table_mut().ok_or(NOT_A_SECTION)?.entry((*key).to_owned()).or_insert(fresh)
            }
            Step::Index(index) => {
                let items = place.as_array_mut().ok_or(NOT_A_SECTION)?;
                if *index == items.len() {
                    items.push(fresh);
                }
                items.get_mut(*index).ok_or("the index leaves a gap in the list")?
            }
        };
    }
    *place = value;
    Ok(())
}
