//! The options that say what a site takes, and which schemas there are.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tidemark_core::id::Uuid;
use tidemark_core::judge::{BotPolicy, NamePolicy, Site, WhenConsentAbsent};
use tidemark_core::validate::Catalogue;

use super::CommandError;
use crate::schemas::{self, File, Folder};

/// What a site takes besides its catalogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Mode {
    /// Any event name; unknown ones are held against envelope and limits only.
    #[default]
    Open,
    /// Only events of the catalogue, and of --schemas.
    Strict,
}

/// What becomes of an event that tells no consent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum ConsentAbsent {
    /// It is taken.
    #[default]
    Accept,
    /// It is dropped.
    Drop,
}

/// What becomes of events that an automated client sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Bots {
    /// They are taken, and flagged.
    #[default]
    Flag,
    /// They are dropped.
    Drop,
}

/// Where a tenant's own schemas are.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Schemas {
    /// A folder of event schemas of your own, as `schema register` writes it.
    #[arg(long, value_name = "DIR")]
    pub(super) schemas: Option<PathBuf>,
    /// The tenant, as UUID or slug: its subfolder of --schemas counts as well.
    #[arg(long, value_name = "TENANT")]
    pub(super) tenant: Option<String>,
}

impl Schemas {
    /// The built-in schemas with those of the folder.
    ///
    /// # Errors
    /// Names the folder, or the first schema in it that cannot be used.
    pub(super) fn catalogue(&self) -> Result<Catalogue, CommandError> {
        let builtin = Catalogue::builtin().map_err(CommandError::Builtin)?;
        let Some(folder) = self.folder()? else { return Ok(builtin) };
        let files = folder.files(self.tenant.as_deref())?;
        let schemas: Result<Vec<_>, _> = files.iter().map(File::read).collect();
        let (catalogue, mut broken) = schemas::add(builtin, &schemas?);
        // What the service would leave out, a person at a terminal should hear of.
        match broken.pop() {
            Some(broken) => Err(broken.into()),
            None => Ok(catalogue),
        }
    }

    /// The folder, when one is named.
    ///
    /// # Errors
    /// Names a folder that is not there, and a tenant whose name is none.
    pub(super) fn folder(&self) -> Result<Option<Folder>, CommandError> {
        Ok(self.schemas.as_deref().map(Folder::open).transpose()?)
    }

    /// The tenant's id, when it was named by it.
    pub(super) fn tenant_id(&self) -> Option<Uuid> {
        self.tenant.as_deref().and_then(Uuid::parse)
    }
}

/// A site's policy.
#[derive(Args, Clone, Debug, Default)]
pub(super) struct Policy {
    /// What the site takes besides the catalogue.
    #[arg(long, value_enum, default_value_t)]
    mode: Mode,
    /// What becomes of an event that tells no consent.
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    when_consent_absent: ConsentAbsent,
    /// The site counts visitors without consent, without ids (consent mode `cookieless`).
    #[arg(long)]
    cookieless: bool,
    /// What becomes of events whose browser says that a program drives it.
    #[arg(long, value_enum, default_value_t, value_name = "WHAT")]
    bots: Bots,
}

impl Policy {
    /// The site that it describes, of no tenant.
    pub(super) fn site(&self) -> Site {
        Site {
            names: match self.mode {
                Mode::Open => NamePolicy::Open,
                Mode::Strict => NamePolicy::Strict,
            },
            when_consent_absent: match self.when_consent_absent {
                ConsentAbsent::Accept => WhenConsentAbsent::Accept,
                ConsentAbsent::Drop => WhenConsentAbsent::Drop,
            },
            cookieless: self.cookieless,
            bots: match self.bots {
                Bots::Flag => BotPolicy::Flag,
                Bots::Drop => BotPolicy::Drop,
            },
            ..Site::default()
        }
    }
}
