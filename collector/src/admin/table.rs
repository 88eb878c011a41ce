//! Rows as a table of text for a person.

use serde::Serialize;
use tidemark_core::time::format_rfc3339;

use super::Told;

/// A table: a header, and a row an item, in columns as wide as their widest
/// cell. `empty` is said where there is no row.
pub(super) fn told<T: Serialize, const N: usize>(
    items: &[T],
    header: [&str; N],
    row: impl Fn(&T) -> [String; N],
    empty: &str,
) -> Told {
    // Rows of strings and numbers are JSON.
    let json = serde_json::to_value(items).unwrap_or_default();
    if items.is_empty() {
        return Told { table: empty.to_owned(), json };
    }
    let mut lines = vec![header.map(str::to_owned)];
    lines.extend(items.iter().map(row));
    let mut widths = [0; N];
    for line in &lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let text = lines.iter().map(|line| {
        let cells = line.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    });
    Told { table: text.collect::<Vec<_>>().join("\n"), json }
}

/// One item as `name  value` lines.
pub(super) fn told_one<T: Serialize>(item: &T, lines: &[(&str, String)]) -> Told {
    let width = lines.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let text = lines.iter().map(|(name, value)| format!("{name:<width$}  {value}"));
    Told {
        table: text.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n"),
        json: serde_json::to_value(item).unwrap_or_default(),
    }
}

/// An instant for a person; `-` for none.
pub(super) fn instant(unix_ms: Option<i64>) -> String {
    unix_ms.map_or_else(
        || String::from("-"),
        |unix_ms| {
            let mut text = String::new();
            format_rfc3339(unix_ms, &mut text);
            text
        },
    )
}

/// A number for a person; `default` for none.
pub(super) fn or_default<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(|| String::from("default"), |value| value.to_string())
}
