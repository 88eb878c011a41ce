//! `tidemark sites`.

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;
use tidemark_core::id::Uuid;
use tidemark_core::judge::{BotPolicy, NamePolicy, PageSettings, WhenConsentAbsent};

use super::table::{instant, or_default, told, told_one};
use super::{AdminError, Told, id_or_new, now_ms, parse_id};
use crate::sites::{Database, Site, SiteChange, SitesError, WriteKey};

/// What can be done with sites.
#[derive(Debug, Subcommand)]
pub enum SitesCommand {
    /// Every site.
    List {
        /// Of this tenant alone: its id or slug.
        #[arg(long)]
        tenant: Option<String>,
    },
    /// One site, with its write keys.
    Show {
        /// Its id, or `tenant/site`.
        site: String,
    },
    /// Make a site.
    Create {
        /// Its tenant's id or slug.
        #[arg(long)]
        tenant: String,
        /// Its name in URLs: lower-case letters, digits, `-`.
        #[arg(long)]
        slug: String,
        /// Its id; a new one where nothing is said.
        #[arg(long, value_parser = parse_id)]
        id: Option<Uuid>,
        /// What else is said of it.
        #[command(flatten)]
        settings: Settings,
    },
    /// Change a site; what is not said stays.
    Update {
        /// Its id, or `tenant/site`.
        site: String,
        /// Its new name in URLs.
        #[arg(long)]
        slug: Option<String>,
        /// No page may send any more: the list of origins becomes empty.
        #[arg(long, conflicts_with = "origins")]
        no_origins: bool,
        /// What else is said of it.
        #[command(flatten)]
        settings: Settings,
    },
}

/// Which event names a site takes.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Mode {
    /// Any.
    Open,
    /// Those of the catalogue alone.
    Strict,
}

/// What becomes of an event that tells no consent.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum ConsentAbsent {
    /// It is taken.
    Accept,
    /// It is dropped.
    Drop,
}

/// What becomes of events that an automated client sends.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Bots {
    /// They are taken, and flagged.
    Flag,
    /// They are dropped.
    Drop,
}

/// What may be said of one.
#[derive(Args, Debug)]
pub struct Settings {
    /// Its name for people.
    #[arg(long)]
    name: Option<String>,
    /// An origin whose pages may send: `https://shop.example`, or all subdomains
    /// by `https://*.shop.example`. May be said several times; the list replaces
    /// the one before.
    #[arg(long = "origin", value_name = "ORIGIN")]
    origins: Vec<String>,
    /// Which event names it takes.
    #[arg(long)]
    mode: Option<Mode>,
    /// What becomes of an event that tells no consent.
    #[arg(long)]
    when_consent_absent: Option<ConsentAbsent>,
    /// Whether visitors without consent are counted without ids.
    #[arg(long, value_name = "true|false")]
    cookieless: Option<bool>,
    /// Whether free text that people typed is kept.
    #[arg(long, value_name = "true|false")]
    keep_free_text: Option<bool>,
    /// What becomes of automated traffic.
    #[arg(long)]
    bots: Option<Bots>,
    /// Events that one person may send in a minute; 0 for the default.
    #[arg(long, value_name = "NUMBER")]
    person_events_per_minute: Option<u32>,
    /// A file with a JSON object that its pages fetch: thresholds, exemptions,
    /// switches.
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
}

impl Settings {
    fn change(self, slug: Option<String>) -> Result<SiteChange, AdminError> {
        Ok(SiteChange {
            slug,
            name: self.name,
            origins: (!self.origins.is_empty()).then_some(self.origins),
            mode: self.mode.map(|mode| match mode {
                Mode::Open => NamePolicy::Open,
                Mode::Strict => NamePolicy::Strict,
            }),
            when_consent_absent: self.when_consent_absent.map(|absent| match absent {
                ConsentAbsent::Accept => WhenConsentAbsent::Accept,
                ConsentAbsent::Drop => WhenConsentAbsent::Drop,
            }),
            cookieless: self.cookieless,
            keep_free_text: self.keep_free_text,
            bots: self.bots.map(|bots| match bots {
                Bots::Flag => BotPolicy::Flag,
                Bots::Drop => BotPolicy::Drop,
            }),
            person_events_per_minute: self
                .person_events_per_minute
                .map(|rate| (rate != 0).then_some(rate)),
            settings: self.settings.as_deref().map(page_settings).transpose()?,
        })
    }
}

fn page_settings(file: &Path) -> Result<PageSettings, AdminError> {
    let read = |source| AdminError::File { path: file.to_owned(), source };
    let text = std::fs::read_to_string(file).map_err(read)?;
    let settings = serde_json::from_str(&text).map_err(|error| SitesError::Invalid {
        field: "settings",
        reason: format!("{} is no JSON object: {error}", file.display()),
    })?;
    Ok(settings)
}

/// A site with its keys.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    site: &'a Site,
    write_keys: Vec<WriteKey>,
}

impl SitesCommand {
    pub(super) async fn run(self, database: &Database) -> Result<Told, AdminError> {
        match self {
            Self::List { tenant } => {
                let mut sites = database.sites().await?;
                if let Some(tenant) = tenant {
                    let tenant = database.tenant(&tenant).await?;
                    sites.retain(|site| site.tenant_id == tenant.id);
                }
                Ok(list(&sites))
            }
            Self::Show { site } => show(database, &database.site(&site).await?).await,
            Self::Create { tenant, slug, id, settings } => {
                let tenant = database.tenant(&tenant).await?;
                let change = settings.change(Some(slug))?;
                let site = database.create_site(id_or_new(id)?, &tenant, change, now_ms()).await?;
                show(database, &site).await
            }
            Self::Update { site, slug, no_origins, settings } => {
                let mut change = settings.change(slug)?;
                if no_origins {
                    change.origins = Some(Vec::new());
                }
                show(database, &database.update_site(&site, change, now_ms()).await?).await
            }
        }
    }
}

fn list(sites: &[Site]) -> Told {
    let row = |site: &Site| {
        [
            format!("{}/{}", site.tenant, site.slug),
            site.id.to_string(),
            mode(site.mode).to_owned(),
            site.origins.join(" "),
        ]
    };
    let empty = "There is no site. Make one: tidemark sites create --tenant acme --slug shop \
                 --origin https://shop.example --config FILE";
    told(sites, ["SITE", "ID", "MODE", "ORIGINS"], row, empty)
}

async fn show(database: &Database, site: &Site) -> Result<Told, AdminError> {
    let mut write_keys = database.write_keys().await?;
    write_keys.retain(|key| key.site_id == site.id);
    let now_ms = now_ms();
    let live = write_keys
        .iter()
        .filter(|key| key.revoked_at_ms.is_none_or(|end| now_ms < end))
        .map(|key| key.write_key.as_str())
        .collect::<Vec<_>>()
        .join(" ");
    let lines = [
        ("site", format!("{}/{}", site.tenant, site.slug)),
        ("id", site.id.to_string()),
        ("tenant id", site.tenant_id.to_string()),
        ("name", site.name.clone()),
        ("origins", site.origins.join(" ")),
        ("mode", mode(site.mode).to_owned()),
        (
            "when consent absent",
            match site.when_consent_absent {
                WhenConsentAbsent::Accept => "accept".to_owned(),
                WhenConsentAbsent::Drop => "drop".to_owned(),
            },
        ),
        ("cookieless", site.cookieless.to_string()),
        ("keep free text", site.keep_free_text.to_string()),
        ("bots", if site.bots.is_default() { "flag" } else { "drop" }.to_owned()),
        ("events per person and minute", or_default(site.person_events_per_minute)),
        ("settings", site.settings.0.clone()),
        ("write keys", live),
        ("created at", instant(Some(site.created_at_ms))),
        ("updated at", instant(Some(site.updated_at_ms))),
    ];
    Ok(told_one(&Shown { site, write_keys }, &lines))
}

const fn mode(mode: NamePolicy) -> &'static str {
    match mode {
        NamePolicy::Open => "open",
        NamePolicy::Strict => "strict",
    }
}
