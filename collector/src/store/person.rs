//! One person's rows: which there are, found, handed out, erased.
//!
//! Owns which tables are keyed by a person, and how a row names one: by its user_id,
//! or, where it has none, by its anonymous_id. Counts that are not keyed by a person
//! stay as they are, and watermarks are never touched.
//!
//! Deliberately absent: the log and the order of an erasure, which is
//! [`crate::process::erase`]'s; when it asks here, nothing of the person is under way.

use tidemark_core::hash::Salt;
use tidemark_core::id;
use uuid::Uuid;

use super::client::{ClickHouse, within};
use super::contract::StoreFault;
use super::error::StoreError;
use super::export::ExportStream;
use crate::limits::{ERASE_TIMEOUT, QUERY_TIMEOUT};
use crate::place::{Lane, LogId};
use crate::record::{Kind, RecordView};

/// Browsers that were seen with one person alone. Nobody has as many; who has is a
/// program, and is to be erased visitor by visitor.
pub const COMPANIONS_MAX: usize = 10_000;

/// A person of a tenant, as rows name one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The organisation.
    pub tenant_id: Uuid,
    /// The forms of the user_id that may be stored: as it was given, and hashed.
    pub user_ids: Vec<String>,
    /// The visitor's ids: of rows without a user_id.
    pub anonymous_ids: Vec<Uuid>,
}

impl Person {
    /// A user, given clear or hashed (`s1:`, `h1:`); without a salt a hashed form
    /// cannot be looked for. `None` for what names nobody.
    pub fn of_user(tenant_id: Uuid, given: &str, salt: Option<&Salt>) -> Option<Self> {
        if given.trim().is_empty() {
            return None;
        }
        let mut user_ids = vec![given.to_owned()];
        if let Some(hashed) = salt.map(|salt| salt.pseudonym(given))
            && hashed != given
        {
            user_ids.push(hashed);
        }
        Some(Self { tenant_id, user_ids, anonymous_ids: Vec::new() })
    }

    /// A visitor, given as a UUID, or as the text that an alias endpoint made one of.
    /// `None` for what names nobody.
    pub fn of_visitor(tenant_id: Uuid, given: &str) -> Option<Self> {
        let tenant = id::Uuid(tenant_id.into_bytes());
        let visitor =
            id::Uuid::parse(given).unwrap_or_else(|| id::Uuid::v5(tenant, given.as_bytes()));
        let visitor = Uuid::from_bytes(visitor.0);
        let somebody = !given.trim().is_empty() && !visitor.is_nil();
        somebody.then(|| Self { tenant_id, user_ids: Vec::new(), anonymous_ids: vec![visitor] })
    }

    /// Whether a payload of the log is an event of this person.
    pub fn owns(&self, payload: &[u8]) -> bool {
        let Ok(view) = RecordView::read(payload) else { return false };
        if view.kind() != Kind::Event || view.tenant_id().0 != *self.tenant_id.as_bytes() {
            return false;
        }
        match view.user_id() {
            Ok("") => {
                let visitor = Uuid::from_bytes(view.anonymous_id().0);
                !visitor.is_nil() && self.anonymous_ids.contains(&visitor)
            }
            Ok(user_id) => self.user_ids.iter().any(|of_person| of_person == user_id),
            Err(_) => false,
        }
    }

    /// The user_ids as a list that ClickHouse takes: an empty one is none. The empty
    /// text, which means "none", stands for it: [`IS_PERSON`] asks for it apart.
    fn user_ids(&self) -> Vec<String> {
        if self.user_ids.is_empty() { vec![String::new()] } else { self.user_ids.clone() }
    }

    fn anonymous_ids(&self) -> Vec<String> {
        if self.anonymous_ids.is_empty() {
            return vec![String::new()];
        }
        self.anonymous_ids.iter().map(Uuid::to_string).collect()
    }
}

/// A table that is keyed by a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PersonTable {
    /// The person's events.
    EventsRaw,
    /// The person's days.
    UserAnalyticsSummary,
    /// The consent states that the person's events carried.
    ConsentLedger,
}

/// The rows of a person: tenant, user_ids, anonymous_ids. Neither the empty user nor
/// the nil visitor is anybody.
const IS_PERSON: &str = "tenant_id = toUUID(?) AND (user_id != '' AND user_id IN ? \
     OR user_id = '' AND anonymous_id != toUUID('00000000-0000-0000-0000-000000000000') \
     AND toString(anonymous_id) IN ?)";

impl PersonTable {
    /// Every such table.
    pub const ALL: [Self; 3] = [Self::EventsRaw, Self::UserAnalyticsSummary, Self::ConsentLedger];

    /// Its name in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EventsRaw => "events_raw",
            Self::UserAnalyticsSummary => "user_analytics_summary",
            Self::ConsentLedger => "consent_ledger",
        }
    }

    /// What keeps watermarks out.
    const fn no_marks(self) -> &'static str {
        match self {
            Self::EventsRaw => "1",
            Self::UserAnalyticsSummary | Self::ConsentLedger => "NOT is_mark",
        }
    }

    /// What is handed out, with states merged into numbers.
    fn export(self) -> String {
        let (columns, rest) = match self {
            Self::EventsRaw => ("*", "ORDER BY occurred_at, event_id"),
            Self::UserAnalyticsSummary => (
                "site_id, user_id, anonymous_id, date, sum(t.total_events) AS total_events, \
                 sum(t.chat_interactions) AS chat_interactions, \
                 sum(t.threads_created) AS threads_created, \
                 sum(t.feature_interactions) AS feature_interactions, \
                 sum(t.total_tokens_consumed) AS total_tokens_consumed, \
                 avgMerge(t.avg_response_time) AS avg_response_time",
                "GROUP BY site_id, user_id, anonymous_id, date ORDER BY date",
            ),
            Self::ConsentLedger => (
                "site_id, user_id, anonymous_id, consent_analytics, consent_ads, consent_mode, \
                 min(t.first_seen) AS first_seen, max(t.last_seen) AS last_seen, \
                 sum(t.events) AS events",
                "GROUP BY site_id, user_id, anonymous_id, consent_analytics, consent_ads, \
                 consent_mode ORDER BY first_seen",
            ),
        };
        let (table, no_marks) = (self.as_str(), self.no_marks());
        format!("SELECT {columns} FROM {table} AS t WHERE {no_marks} AND {IS_PERSON} {rest}")
    }
}

/// A place of the log whose event was erased.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErasedPlace {
    /// The log.
    pub log_id: LogId,
    /// The lane.
    pub lane: Lane,
    /// The offset.
    pub offset: u64,
    /// The organisation.
    pub tenant_id: Uuid,
    /// The web property.
    pub site_id: Uuid,
    /// When it occurred, Unix milliseconds.
    pub occurred_at_ms: i64,
    /// When it was received, Unix milliseconds.
    pub received_at_ms: i64,
}

impl ErasedPlace {
    /// The place of an entry; `None` when its payload cannot be read.
    pub fn of(log_id: LogId, lane: Lane, offset: u64, payload: &[u8]) -> Option<Self> {
        let view = RecordView::read(payload).ok()?;
        Some(Self {
            log_id,
            lane,
            offset,
            tenant_id: Uuid::from_bytes(view.tenant_id().0),
            site_id: Uuid::from_bytes(view.site_id().0),
            occurred_at_ms: view.occurred_at_ms(),
            received_at_ms: view.received_at_ms(),
        })
    }
}

/// The columns of `erased_places` but for the erasure.
const PLACE_COLUMNS: &str = "log_id, lane, offset, tenant_id, site_id, occurred_at, received_at";

/// ClickHouse, as an erasure uses it. All of it may be done again after any fault.
pub trait PersonStore: Send + Sync {
    /// The visitors that were seen with these user_ids and with no other: what such a
    /// browser did before it was told who uses it is the person's as well.
    ///
    /// # Errors
    /// [`StoreFault`]; refused when there are more than [`COMPANIONS_MAX`].
    fn companions(&self, tenant_id: Uuid, user_ids: &[String]) -> Result<Vec<Uuid>, StoreFault>;

    /// Counts a person's rows in a table.
    ///
    /// # Errors
    /// [`StoreFault`]: the question was not answered.
    fn count_person(&self, table: PersonTable, person: &Person) -> Result<u64, StoreFault>;

    /// Tells `erased_places` where the person's events stand in the log.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn tell_person_erased(&self, person: &Person, erasure_id: Uuid) -> Result<(), StoreFault>;

    /// Tells `erased_places` of places that have no row in `events_raw`.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn tell_erased(&self, places: &[ErasedPlace], erasure_id: Uuid) -> Result<(), StoreFault>;

    /// Deletes a person's rows of a table from the disk; returns when every part was
    /// rewritten.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn delete_person(&self, table: PersonTable, person: &Person) -> Result<(), StoreFault>;

    /// Deletes what `dead_letters` tells of these places.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn delete_letters(&self, places: &[ErasedPlace]) -> Result<(), StoreFault>;
}

impl ClickHouse {
    /// The visitors of [`PersonStore::companions`], one more than the bound at most.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn companions(
        &self,
        tenant_id: Uuid,
        user_ids: &[String],
    ) -> Result<Vec<Uuid>, StoreError> {
        let question = self
            .client()
            .query(
                "SELECT toString(anonymous_id) FROM events_raw WHERE tenant_id = toUUID(?) \
                 AND user_id != '' AND anonymous_id != toUUID('00000000-0000-0000-0000-000000000000') \
                 AND anonymous_id IN (SELECT anonymous_id FROM events_raw \
                 WHERE tenant_id = toUUID(?) AND user_id != '' AND user_id IN ?) \
                 GROUP BY anonymous_id HAVING countIf(user_id NOT IN ?) = 0 \
                 ORDER BY anonymous_id LIMIT ?",
            )
            .bind(tenant_id.to_string())
            .bind(tenant_id.to_string())
            .bind(user_ids)
            .bind(user_ids)
            .bind(COMPANIONS_MAX + 1)
            .fetch_all::<String>();
        let found = within(QUERY_TIMEOUT, question).await?;
        Ok(found.iter().filter_map(|id| Uuid::parse_str(id).ok()).collect())
    }

    /// Begins to read a person's rows of a table, one JSON object a line.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn export_person(
        &self,
        table: PersonTable,
        person: &Person,
    ) -> Result<ExportStream, StoreError> {
        let cursor = self
            .about(&table.export(), person)
            .with_setting("date_time_output_format", "iso")
            .with_setting("output_format_json_quote_64bit_integers", "0")
            .fetch_bytes("JSONEachRow")?;
        Ok(ExportStream::new(cursor))
    }

    /// A statement that ends in [`IS_PERSON`], about a person.
    fn about(&self, sql: &str, person: &Person) -> clickhouse::query::Query {
        self.client()
            .query(sql)
            .bind(person.tenant_id.to_string())
            .bind(person.user_ids())
            .bind(person.anonymous_ids())
    }

    pub(super) async fn count_of(
        &self,
        table: PersonTable,
        person: &Person,
    ) -> Result<u64, StoreError> {
        let (name, no_marks) = (table.as_str(), table.no_marks());
        let sql = format!("SELECT count() FROM {name} WHERE {no_marks} AND {IS_PERSON}");
        let question = self.about(&sql, person).with_setting("select_sequential_consistency", "1");
        within(QUERY_TIMEOUT, question.fetch_one::<u64>()).await
    }

    pub(super) async fn delete_of(
        &self,
        table: PersonTable,
        person: &Person,
    ) -> Result<(), StoreError> {
        let (name, no_marks) = (table.as_str(), table.no_marks());
        let sql = format!("ALTER TABLE {name} DELETE WHERE {no_marks} AND {IS_PERSON}");
        let statement = self.about(&sql, person).with_setting("mutations_sync", "2");
        within(ERASE_TIMEOUT, statement.execute()).await
    }

    /// Copies the places of a person's rows; those of before there was a log have none.
    pub(super) async fn copy_places(
        &self,
        person: &Person,
        erasure_id: Uuid,
    ) -> Result<(), StoreError> {
        let sql = format!(
            "INSERT INTO erased_places ({PLACE_COLUMNS}, erasure_id) \
             SELECT {PLACE_COLUMNS}, toUUID('{erasure_id}') FROM events_raw \
             WHERE log_id != toUUID('00000000-0000-0000-0000-000000000000') AND {IS_PERSON}"
        );
        let statement = self.about(&sql, person).with_setting("async_insert", "0");
        within(ERASE_TIMEOUT, statement.execute()).await
    }

    pub(super) async fn insert_places(
        &self,
        places: &[ErasedPlace],
        erasure_id: Uuid,
    ) -> Result<(), StoreError> {
        let values = places.iter().map(|place| {
            format!(
                "('{}', {}, {}, '{}', '{}', fromUnixTimestamp64Milli(toInt64({}), 'UTC'), \
                 fromUnixTimestamp64Milli(toInt64({}), 'UTC'), '{erasure_id}')",
                place.log_id,
                place.lane,
                place.offset,
                place.tenant_id,
                place.site_id,
                place.occurred_at_ms,
                place.received_at_ms
            )
        });
        let values = values.collect::<Vec<_>>().join(", ");
        let sql =
            format!("INSERT INTO erased_places ({PLACE_COLUMNS}, erasure_id) VALUES {values}");
        let statement = self.client().query(&sql).with_setting("async_insert", "0");
        within(QUERY_TIMEOUT, statement.execute()).await
    }

    pub(super) async fn delete_places(&self, places: &[ErasedPlace]) -> Result<(), StoreError> {
        let values = places
            .iter()
            .map(|place| format!("(toUUID('{}'), {}, {})", place.log_id, place.lane, place.offset));
        let values = values.collect::<Vec<_>>().join(", ");
        let sql =
            format!("ALTER TABLE dead_letters DELETE WHERE (log_id, lane, offset) IN ({values})");
        let statement = self.client().query(&sql).with_setting("mutations_sync", "2");
        within(ERASE_TIMEOUT, statement.execute()).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "what fails here fails the test")]

    use super::*;
    use crate::record::{Encoder, Record};

    const TENANT: Uuid = Uuid::from_u128(1);

    fn payload(tenant: Uuid, user_id: &str, visitor: u128) -> Vec<u8> {
        let wide = |id: Uuid| id::Uuid(id.into_bytes());
        let record = Record {
            tenant_id: wide(tenant),
            user_id: user_id.into(),
            anonymous_id: (visitor > 0).then(|| wide(Uuid::from_u128(visitor))),
            ..Record::default()
        };
        let mut payload = Vec::new();
        Encoder::new().event(&record, &mut payload);
        payload
    }

    #[test]
    fn a_person_is_the_user_and_else_the_visitor() {
        let salt = Salt::of_tenant(b"a secret", id::Uuid(TENANT.into_bytes()));
        let mut person = Person::of_user(TENANT, "Jo@example.org", Some(&salt)).unwrap();
        let hashed = salt.pseudonym("jo@example.org");
        assert_eq!(person.user_ids, ["Jo@example.org", hashed.as_str()]);
        assert_eq!(
            Person::of_user(TENANT, &hashed, Some(&salt)).unwrap().user_ids,
            [hashed.as_str()]
        );
        person.anonymous_ids.push(Uuid::from_u128(7));
        for (mine, payload) in [
            (true, payload(TENANT, &hashed, 3)),
            (true, payload(TENANT, "", 7)),
            (false, payload(TENANT, "sam", 7)),
            (false, payload(TENANT, "", 8)),
            (false, payload(TENANT, "", 0)),
            (false, payload(Uuid::from_u128(2), &hashed, 7)),
            (false, b"not a record".to_vec()),
        ] {
            assert_eq!(person.owns(&payload), mine);
        }
        assert_eq!(Person::of_user(TENANT, " ", None), None);
        assert_eq!(Person::of_visitor(TENANT, &Uuid::nil().to_string()), None);
        let named = Person::of_visitor(TENANT, "someone").unwrap();
        assert_eq!(named.anonymous_ids[0].get_version_num(), 5);
    }
}
