//! External tables: data that comes with a query and lives as long as it.

use bytes::Bytes;

use super::Connection;
use crate::exception::{Code, Exception};

/// One external table, as a multipart form sends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct External {
    name: String,
    /// Column definitions, `name Type, …`.
    structure: String,
    format: String,
    data: Bytes,
}

impl External {
    /// Takes a table from its form part and its parameters `NAME_structure`,
    /// `NAME_types` and `NAME_format`.
    pub(crate) fn new(
        name: &str,
        structure: Option<String>,
        types: Option<&str>,
        format: Option<String>,
        data: Bytes,
    ) -> Result<Self, Exception> {
        let wrong = |what: &str| {
            Err(Exception::new(Code::BadArguments, format!("External table {name:?} {what}")))
        };
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
        if name.is_empty() || !name.bytes().all(plain) {
            return wrong("needs a name of letters, digits and underscores");
        }
        let structure = match (structure, types) {
            (Some(structure), None) => structure,
            (None, Some(types)) => numbered(types),
            (Some(_), Some(_)) => return wrong("has both a structure and types: send one of them"),
            (None, None) => return wrong("has neither NAME_structure nor NAME_types"),
        };
        let format = format.unwrap_or_else(|| "TabSeparated".to_owned());
        if !crate::sql::is_format_name(&format) {
            return wrong("has a format that cannot be the name of one");
        }
        Ok(Self { name: name.to_owned(), structure, format, data })
    }

    /// The statement that makes it.
    pub(super) fn create(&self) -> String {
        format!("CREATE TEMPORARY TABLE `{}` (\n{}\n)", self.name, self.structure)
    }

    /// The statement that removes it.
    pub(super) fn drop(&self) -> String {
        format!("DROP TEMPORARY TABLE IF EXISTS `{}`", self.name)
    }

    /// Fills it.
    pub(super) fn fill(&self, connection: &mut Connection) -> Result<(), Exception> {
        let failed = |text: String| Exception::from_engine(&text);
        let sql = format!("INSERT INTO `{}` ", self.name);
        let mut stream = connection.insert(sql.as_bytes(), &self.format, &[]).map_err(failed)?;
        // A refused piece means that the INSERT has failed; `done` says why.
        let _refused = stream.append(&self.data);
        stream.done().map(|_| ()).map_err(failed)
    }
}

/// Names types `_1`, `_2`, …, as the server does. Commas inside brackets belong
/// to a type.
fn numbered(types: &str) -> String {
    let (mut depth, mut start, mut found) = (0_usize, 0, Vec::new());
    for (at, sign) in types.char_indices() {
        match sign {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                found.push(types.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    found.push(types.get(start..).unwrap_or_default());
    let columns: Vec<_> =
        found.iter().enumerate().map(|(i, kind)| format!("_{} {}", i + 1, kind.trim())).collect();
    columns.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_get_numbered_names() {
        assert_eq!(
            numbered("UInt8, Map(String, UInt8),String"),
            "_1 UInt8, _2 Map(String, UInt8), _3 String"
        );
    }

    #[test]
    fn what_is_not_complete_is_refused() {
        let make = |name: &str, structure: Option<&str>, types, format: Option<&str>| {
            External::new(
                name,
                structure.map(str::to_owned),
                types,
                format.map(str::to_owned),
                Bytes::new(),
            )
        };
        assert!(make("t", Some("a UInt8"), None, None).is_ok());
        assert!(make("t`x", Some("a UInt8"), None, None).is_err());
        assert!(make("t", None, None, None).is_err());
        assert!(make("t", Some("a UInt8"), Some("UInt8"), None).is_err());
        assert!(make("t", Some("a UInt8"), None, Some("CSV x")).is_err());
    }
}
