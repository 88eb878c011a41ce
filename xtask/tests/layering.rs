//! The arrows of ARCHITECTURE.md, held: between crates by their manifests,
//! between modules by what they `use`, and what `core` may not know.

#![allow(clippy::unwrap_used, reason = "this file is a test: what cannot be read fails it")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Every Rust file below a folder, with its path from there and its text
/// without comments, which may name anything.
fn sources(folder: &str) -> Vec<(String, String)> {
    fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                collect(&path, files);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    let base = root().join(folder);
    let mut files = Vec::new();
    collect(&base, &mut files);
    assert!(!files.is_empty(), "{folder} has no source");
    files
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let code: String = text
                .lines()
                .map(|line| line.split("//").next().unwrap_or_default())
                .fold(String::new(), |code, line| code + line + "\n");
            (path.strip_prefix(&base).unwrap().to_string_lossy().into_owned(), code)
        })
        .collect()
}

fn manifest(krate: &str) -> toml::Value {
    let text = fs::read_to_string(root().join(krate).join("Cargo.toml")).unwrap();
    toml::from_str(&text).unwrap()
}

/// The names in all `[dependencies]` tables, those for wasm alone included.
fn dependencies(krate: &str, with_targets: bool) -> Vec<String> {
    let manifest = manifest(krate);
    let mut tables = vec![manifest.get("dependencies").cloned()];
    if let Some(targets) = manifest.get("target").and_then(toml::Value::as_table)
        && with_targets
    {
        tables.extend(targets.values().map(|target| target.get("dependencies").cloned()));
    }
    let names = |table: toml::Value| table.as_table().unwrap().keys().cloned().collect::<Vec<_>>();
    tables.into_iter().flatten().flat_map(names).collect()
}

#[test]
fn crates_depend_on_core_and_on_nothing_else_of_ours() {
    let ours: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("core", &[][..]),
        ("sdk-wasm", &["tidemark-core"]),
        ("sdk-inspector", &["tidemark-core"]),
        ("edge-worker", &["tidemark-core"]),
        ("collector", &["tidemark-core"]),
        ("embedded-clickhouse", &[]),
        // Black boxes: they reach the collector and ClickHouse as programs.
        ("tests/stack", &["tidemark-core"]),
        ("tests/faults", &["tidemark-stack"]),
        ("tests/load", &["tidemark-stack"]),
    ]);
    for (krate, allowed) in ours {
        for name in dependencies(krate, true) {
            assert!(
                !name.starts_with("tidemark") || allowed.contains(&name.as_str()),
                "{krate} → {name}"
            );
        }
    }
}

#[test]
fn bindings_are_dependencies_in_wasm_alone() {
    for (krate, binding) in
        [("sdk-wasm", "wasm-bindgen"), ("sdk-inspector", "web-sys"), ("edge-worker", "worker")]
    {
        assert!(!dependencies(krate, false).iter().any(|name| name == binding), "{krate}");
        assert!(dependencies(krate, true).iter().any(|name| name == binding), "{krate}");
    }
    let page = dependencies("sdk-wasm", true);
    for heavy in ["serde", "serde_json", "web-sys", "js-sys", "uuid", "chrono", "safe_arch"] {
        assert!(!page.iter().any(|name| name == heavy), "the page loads {heavy}");
    }
}

#[test]
fn core_is_pure() {
    for name in dependencies("core", true) {
        assert!(
            ["serde", "serde_json", "hmac", "safe_arch", "sha1", "sha2"].contains(&name.as_str()),
            "core depends on {name}"
        );
    }
    let forbidden = [
        "tokio",
        "web_sys",
        "js_sys",
        "wasm_bindgen",
        "std::time",
        "std::net",
        "std::env",
        "std::thread",
        "SystemTime",
        "Instant::now",
        "rand::",
        "getrandom",
    ];
    for (file, code) in sources("core/src") {
        for word in forbidden {
            assert!(!code.contains(word), "core/src/{file} knows {word}");
        }
        // Only tests read files: the golden payloads and the schemas.
        assert!(
            file.ends_with("tests.rs") || !code.contains("std::fs"),
            "core/src/{file} reads files"
        );
    }
}

#[test]
fn pure_folders_do_not_know_their_bindings() {
    for (folder, words) in [
        ("sdk-wasm/src/engine", ["crate::browser", "wasm_bindgen"]),
        ("sdk-inspector/src/journal", ["crate::browser", "wasm_bindgen"]),
        ("edge-worker/src/policy", ["crate::platform", "worker::"]),
    ] {
        for (file, code) in sources(folder) {
            for word in words {
                assert!(!code.contains(word), "{folder}/{file} knows {word}");
            }
        }
    }
}

#[test]
fn the_collectors_modules_point_one_way() {
    // ingest → log ← process → store ← query ← api, log → dedupe; each may know what stands
    // here, besides leaves such as config. What wires them up (lib.rs, main.rs,
    // serve.rs) stands outside of the folders.
    let arrows: [(&str, &[&str]); 7] = [
        ("dedupe", &[]),
        ("log", &["dedupe"]),
        ("store", &[]),
        ("ingest", &["log"]),
        ("process", &["log", "store"]),
        ("query", &["store"]),
        ("api", &["query", "store"]),
    ];
    let modules: Vec<&str> = arrows.iter().map(|(module, _)| *module).collect();
    for (module, allowed) in arrows {
        let folder = format!("collector/src/{module}");
        if !root().join(&folder).is_dir() {
            assert_eq!(module, "query", "{folder} is missing");
            continue;
        }
        for (file, code) in sources(&folder) {
            for other in
                modules.iter().filter(|other| **other != module && !allowed.contains(other))
            {
                assert!(
                    !code.contains(&format!("crate::{other}")),
                    "{folder}/{file} knows {other}"
                );
            }
            let knows_clickhouse = code.contains("clickhouse::");
            assert!(module == "store" || !knows_clickhouse, "{folder}/{file} knows ClickHouse");
        }
    }
}
