//! `tidemark tenants`.

use clap::{Args, Subcommand};
use tidemark_core::id::Uuid;

use super::table::{instant, or_default, told, told_one};
use super::{AdminError, Told, id_or_new, now_ms, parse_id};
use crate::sites::{Database, Tenant, TenantChange};

/// What can be done with tenants.
#[derive(Debug, Subcommand)]
pub enum TenantsCommand {
    /// Every tenant.
    List,
    /// One tenant.
    Show {
        /// Its id or slug.
        tenant: String,
    },
    /// Make a tenant.
    Create {
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
    /// Change a tenant; what is not said stays.
    Update {
        /// Its id or slug.
        tenant: String,
        /// Its new name in URLs.
        #[arg(long)]
        slug: Option<String>,
        /// What else is said of it.
        #[command(flatten)]
        settings: Settings,
    },
}

/// What may be said of one.
#[derive(Args, Debug)]
pub struct Settings {
    /// Its name for people.
    #[arg(long)]
    name: Option<String>,
    /// Events that it may send in a minute; 0 for the default.
    #[arg(long, value_name = "NUMBER")]
    events_per_minute: Option<u32>,
    /// Days that its events are kept; 0 for the default.
    #[arg(long, value_name = "DAYS")]
    retention_days: Option<u16>,
}

impl Settings {
    fn change(self, slug: Option<String>) -> TenantChange {
        TenantChange {
            slug,
            name: self.name,
            events_per_minute: self.events_per_minute.map(|rate| (rate != 0).then_some(rate)),
            retention_days: self.retention_days.map(|days| (days != 0).then_some(days)),
        }
    }
}

impl TenantsCommand {
    pub(super) async fn run(self, database: &Database) -> Result<Told, AdminError> {
        match self {
            Self::List => Ok(list(&database.tenants().await?)),
            Self::Show { tenant } => Ok(show(&database.tenant(&tenant).await?)),
            Self::Create { slug, id, settings } => {
                let change = settings.change(Some(slug));
                Ok(show(&database.create_tenant(id_or_new(id)?, change, now_ms()).await?))
            }
            Self::Update { tenant, slug, settings } => {
                let change = settings.change(slug);
                Ok(show(&database.update_tenant(&tenant, change, now_ms()).await?))
            }
        }
    }
}

fn list(tenants: &[Tenant]) -> Told {
    let row = |tenant: &Tenant| {
        [
            tenant.slug.clone(),
            tenant.id.to_string(),
            or_default(tenant.events_per_minute),
            or_default(tenant.retention_days),
            tenant.name.clone(),
        ]
    };
    let header = ["TENANT", "ID", "EVENTS/MIN", "DAYS", "NAME"];
    told(
        tenants,
        header,
        row,
        "There is no tenant. Make one: tidemark tenants create --slug acme --config FILE",
    )
}

fn show(tenant: &Tenant) -> Told {
    told_one(
        tenant,
        &[
            ("tenant", tenant.slug.clone()),
            ("id", tenant.id.to_string()),
            ("name", tenant.name.clone()),
            ("events per minute", or_default(tenant.events_per_minute)),
            ("retention days", or_default(tenant.retention_days)),
            ("created at", instant(Some(tenant.created_at_ms))),
            ("updated at", instant(Some(tenant.updated_at_ms))),
        ],
    )
}
