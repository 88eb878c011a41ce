//! What one process does.

use std::fmt;
use std::str::FromStr;

/// One thing that a process may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Takes batches from edges.
    Ingest,
    /// Carries them to ClickHouse.
    Process,
    /// Answers questions.
    Query,
}

impl Role {
    const ALL: [Self; 3] = [Self::Ingest, Self::Process, Self::Query];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Process => "process",
            Self::Query => "query",
        }
    }
}

/// The roles of a process; all of them by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Roles([bool; 3]);

impl Default for Roles {
    fn default() -> Self {
        Self([true; 3])
    }
}

/// Why roles cannot be taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RolesError {
    /// The name is no role.
    #[error("unknown role `{0}`; the roles are ingest, process, query")]
    Unknown(String),
    /// There is no log between two processes yet.
    #[error(
        "the roles ingest and process go together: there is no log between processes in this \
         version. Say --roles ingest,process or --roles query"
    )]
    Apart,
}

impl Roles {
    /// Whether a role is among them.
    pub const fn has(self, role: Role) -> bool {
        self.0[role as usize]
    }

    /// Whether they make a working process.
    ///
    /// # Errors
    /// `RolesError::Apart` for ingest without process, or process without ingest.
    pub const fn check(self) -> Result<(), RolesError> {
        if self.has(Role::Ingest) == self.has(Role::Process) {
            Ok(())
        } else {
            Err(RolesError::Apart)
        }
    }
}

impl FromStr for Roles {
    type Err = RolesError;

    fn from_str(text: &str) -> Result<Self, RolesError> {
        let mut roles = Self([false; 3]);
        for name in text.split(',').map(str::trim) {
            let role = Role::ALL.into_iter().find(|role| role.as_str() == name);
            let role = role.ok_or_else(|| RolesError::Unknown(name.to_owned()))?;
            roles.0[role as usize] = true;
        }
        Ok(roles)
    }
}

impl fmt::Display for Roles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> =
            Role::ALL.into_iter().filter(|role| self.has(*role)).map(Role::as_str).collect();
        f.write_str(&names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_and_written() {
        let roles: Roles = "query, ingest,process".parse().unwrap();
        assert_eq!(roles, Roles::default());
        assert_eq!(roles.to_string(), "ingest,process,query");
        for wrong in ["", "ingest,", "writer", "ingest;query"] {
            assert!(wrong.parse::<Roles>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn ingest_and_process_go_together() {
        for (text, together) in
            [("ingest,process", true), ("query", true), ("ingest", false), ("process,query", false)]
        {
            assert_eq!(text.parse::<Roles>().unwrap().check().is_ok(), together, "{text}");
        }
    }
}
