use std::fs;
use std::path::PathBuf;

use tempfile::TempDir;
use tidemark_core::batch::{Batch, Form};
use tidemark_core::id::Uuid;
use tidemark_core::judge::{self, Arrival, Judge, NamePolicy, Site};
use tidemark_core::verdict::Code;

use super::*;

const ACME: Uuid = Uuid([7; 16]);
const OTHER: Uuid = Uuid([8; 16]);

struct Place {
    folder: TempDir,
    registry: Registry,
}

impl Place {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let registry = Registry::new(Some(folder.path().to_owned())).unwrap();
        Self { folder, registry }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// As `schema register` writes: beside the place, and moved there.
    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let beside = path.with_extension("new");
        fs::write(&beside, text).unwrap();
        fs::rename(&beside, &path).unwrap();
    }

    fn refresh(&self) -> Refreshed {
        self.registry.refresh(|slug| (slug == "acme").then_some(ACME))
    }

    /// What a strict site says of an event with `{"a":<value>}`: unknown, or taken.
    fn takes(&self, tenant: Uuid, name: &str, value: &str) -> Option<bool> {
        let body =
            format!(r#"{{"events":[{{"event_name":"{name}","attributes":{{"a":{value}}}}}]}}"#);
        let batch = Batch::read(body.as_bytes(), Form::Batch).unwrap();
        let site = Site { names: NamePolicy::Strict, ..Site::default() };
        let catalogue = self.registry.of(tenant);
        let judge = Judge {
            site: &site,
            schemas: Some(&*catalogue),
            place: judge::Place::Public(Arrival::default()),
            pseudonym: None,
        };
        let judged = judge.batch(&batch, &mut |_| Uuid::default());
        match judged.events[0].fault.as_ref().map(|fault| fault.code) {
            None => Some(true),
            Some(Code::UnknownEventName) => None,
            Some(code) => {
                assert_eq!(code, Code::WrongType);
                Some(false)
            }
        }
    }
}

fn schema(name: &str, kind: &str) -> String {
    format!(
        r#"{{"x-self":{{"vendor":"acme","name":"{name}","format":"jsonschema","version":"1-0-0"}},"type":"object","properties":{{"a":{{"type":"{kind}"}}}}}}"#
    )
}

#[test]
fn a_schema_comes_changes_and_goes_while_the_service_runs() {
    let place = Place::new();
    assert_eq!(place.refresh(), Refreshed::default());
    assert_eq!(place.takes(ACME, "mine", "1"), None);
    place.write("mine.json", &schema("mine", "string"));
    let refreshed = place.refresh();
    assert!(refreshed.changed && refreshed.complaints.is_empty(), "{refreshed:?}");
    assert_eq!(refreshed.schemas, 1);
    assert_eq!(place.takes(ACME, "mine", "1"), Some(false));
    assert!(!place.refresh().changed, "nothing has changed since");
    // Of the same length, within the clock's grain: another file all the same.
    place.write("mine.json", &schema("mine", "number"));
    assert!(place.refresh().changed);
    assert_eq!(place.takes(ACME, "mine", "1"), Some(true));
    fs::remove_file(place.path("mine.json")).unwrap();
    assert!(place.refresh().changed);
    assert_eq!(place.takes(ACME, "mine", "1"), None);
}

#[test]
fn a_tenants_schema_is_its_own_and_above_the_shared_one() {
    let place = Place::new();
    let mut id = String::new();
    OTHER.push_to(&mut id);
    place.write("mine.json", &schema("mine", "string"));
    place.write("acme/mine.json", &schema("mine", "number"));
    place.write(&format!("{id}/other.json"), &schema("other", "string"));
    assert_eq!(place.refresh().complaints, Vec::<String>::new());
    assert_eq!(place.takes(ACME, "mine", "1"), Some(true));
    assert_eq!(place.takes(OTHER, "mine", "1"), Some(false));
    assert_eq!(place.takes(ACME, "other", "1"), None);
    assert_eq!(place.takes(OTHER, "other", "1"), Some(false));
    assert_eq!(place.takes(Uuid([9; 16]), "mine", "1"), Some(false));
}

#[test]
fn a_broken_file_is_named_once_and_its_earlier_version_stays() {
    let place = Place::new();
    place.write("mine.json", &schema("mine", "string"));
    place.write("broken.json", "{");
    let refreshed = place.refresh();
    assert_eq!(refreshed.complaints.len(), 1, "{refreshed:?}");
    assert!(refreshed.complaints[0].contains("broken.json: is not JSON"), "{refreshed:?}");
    place.write(
        "mine.json",
        &schema("mine", "string").replace("\"type\":\"string\"", "\"oneOf\":[]"),
    );
    let refreshed = place.refresh();
    assert_eq!(refreshed.complaints.len(), 1, "{refreshed:?}");
    let complaint = &refreshed.complaints[0];
    assert!(
        complaint.contains("/properties/a/oneOf")
            && complaint.ends_with("the earlier version stays"),
        "{complaint}"
    );
    assert_eq!(place.takes(ACME, "mine", "1"), Some(false), "as before");
    assert_eq!(place.refresh().complaints, Vec::<String>::new(), "told once");
    place.write("mine.json", &schema("mine", "number"));
    assert_eq!(place.refresh().complaints, Vec::<String>::new());
    assert_eq!(place.takes(ACME, "mine", "1"), Some(true));
}

#[test]
fn what_cannot_count_is_told_and_the_rest_counts() {
    let place = Place::new();
    place.write("a.json", &schema("mine", "string"));
    place.write("b.json", &schema("mine", "number"));
    place.write("page.viewed.json", &schema("page.viewed", "number"));
    place.write("nobody/mine.json", &schema("theirs", "string"));
    place.write(".hidden.json", "{");
    place.write("notes.txt", "not a schema");
    let complaints = place.refresh().complaints;
    let told = |words: &str| complaints.iter().any(|complaint| complaint.contains(words));
    assert!(told("b.json: the event mine has a file already"), "{complaints:?}");
    assert!(told("is an event of Tidemark's own catalogue"), "{complaints:?}");
    assert!(told("the folder nobody is no tenant's"), "{complaints:?}");
    assert_eq!(complaints.len(), 3, "{complaints:?}");
    assert_eq!(place.takes(ACME, "mine", "1"), Some(false));
    // The tenant is made later: its folder counts from then on.
    let refreshed = place.registry.refresh(|slug| (slug == "nobody").then_some(OTHER));
    assert!(refreshed.changed, "{refreshed:?}");
    assert_eq!(place.takes(OTHER, "theirs", "1"), Some(false));
}

#[test]
fn an_edge_is_told_what_is_in_use_byte_for_byte() {
    let place = Place::new();
    assert!(place.registry.listed().is_empty());
    let shared = format!("  {}\n", schema("order_placed", "number"));
    place.write("order_placed.json", &shared);
    place.write("acme/order_placed.json", &schema("order_placed", "string"));
    place.write("acme/twin.json", &schema("order_placed", "string"));
    place.write("nobody/order_placed.json", &schema("order_placed", "string"));
    place.refresh();
    let listed = place.registry.listed();
    let told: Vec<_> = listed.iter().map(|row| (row.tenant_id, row.name.as_str())).collect();
    assert_eq!(told, [(None, "order_placed"), (Some(ACME), "order_placed")]);
    assert_eq!(&*listed[0].text, shared);
    let row = serde_json::to_string(&listed[0]).unwrap();
    assert_eq!(row, format!(r#"{{"name":"order_placed","schema":{}}}"#, shared.trim()));
    fs::remove_file(place.path("order_placed.json")).unwrap();
    place.refresh();
    assert_eq!(place.registry.listed().len(), 1);
}

#[test]
fn no_more_is_in_use_than_an_edge_can_be_told() {
    let place = Place::new();
    let long = format!("{}{}", schema("a", "number"), " ".repeat(30_000));
    // 4 MB hold 132 of them; they are spread over folders, each of which may have 500.
    for number in 0..135_u32 {
        let name = format!("e{number:03}");
        let text = long.replace("\"a\",\"format\"", &format!("\"{name}\",\"format\""));
        place.write(&format!("{name}.json"), &text);
    }
    let refreshed = place.refresh();
    let used = place.registry.listed();
    assert!(used.len() < 135 && used.len() > 100, "{}", used.len());
    let bytes: usize = used.iter().map(|row| row.text.len()).sum();
    assert!(bytes <= tidemark_core::validate::OWN_SCHEMAS_MAX_BYTES);
    assert_eq!(refreshed.complaints.len(), 135 - used.len());
    assert!(refreshed.complaints[0].contains("is left out"), "{}", refreshed.complaints[0]);
    assert_eq!(place.takes(ACME, "e000", "1"), Some(true));
    assert_eq!(place.takes(ACME, "e134", "1"), None, "the collector leaves it out as well");
}

#[test]
fn a_folder_that_is_away_changes_nothing() {
    let place = Place::new();
    place.write("mine.json", &schema("mine", "string"));
    place.refresh();
    let elsewhere = TempDir::new().unwrap();
    let moved = elsewhere.path().join("moved");
    fs::rename(place.folder.path(), &moved).unwrap();
    let refreshed = place.refresh();
    assert_eq!((refreshed.changed, refreshed.complaints.len()), (false, 1), "{refreshed:?}");
    assert_eq!(place.refresh().complaints, Vec::<String>::new(), "told once");
    assert_eq!(place.takes(ACME, "mine", "1"), Some(false));
    fs::rename(&moved, place.folder.path()).unwrap();
    assert_eq!(place.refresh().complaints, Vec::<String>::new());
}

#[test]
fn without_a_folder_there_is_the_catalogue() {
    let registry = Registry::new(None).unwrap();
    assert_eq!(registry.refresh(|_| None), Refreshed::default());
    assert!(registry.of(ACME).version("page.viewed").is_some());
}
