//! Two roles, enforced by the engine's own access control.
//!
//! chDB knows one user and gives it everything. Its configuration file can give
//! that user two roles instead of rights of its own: each connection then sets
//! the role that its caller has. The reader's role holds no right on files, URLs
//! or other sources, so that no table function and no file named as a table gets
//! around it; `sql::reader` closes what needs no right.

use std::path::{Path, PathBuf};

/// What a caller may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// Everything that the process may.
    Owner,
    /// Reads tables and system tables.
    Reader,
}

impl Role {
    /// One letter, which stands in a query's mark.
    pub(crate) fn letter(self) -> char {
        match self {
            Self::Owner => 'o',
            Self::Reader => 'r',
        }
    }
}

/// Makes a fresh connection the reader's.
pub(super) const BECOME_READER: &str = "SET ROLE reader";

/// Writes the engine's configuration into the data directory and returns its path.
/// It is made anew at each start: nothing that a person changes in it counts.
pub(super) fn configure(data: &Path) -> std::io::Result<PathBuf> {
    let path = data.join("embedded-clickhouse.xml");
    let own = path.to_string_lossy();
    let own = own.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    std::fs::write(
        &path,
        format!(
            "<clickhouse>
  <!-- Written by embedded-clickhouse at each start. -->
  <users_config>{own}</users_config>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <roles>
    <owner><grants><query>GRANT ALL ON *.* WITH GRANT OPTION</query></grants></owner>
    <reader><grants><query>GRANT SELECT, SHOW, CHECK, dictGet ON *.*</query></grants></reader>
  </roles>
  <users>
    <default>
      <password/>
      <networks><ip>::/0</ip></networks>
      <profile>default</profile>
      <quota>default</quota>
      <grants><query>GRANT owner</query><query>GRANT reader</query></grants>
    </default>
  </users>
</clickhouse>
"
        ),
    )?;
    Ok(path)
}
