//! Keys of a local stack: random, made once a data folder.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use serde::{Deserialize, Serialize};
use tidemark_core::hash::push_hex;

/// The demo's tenant and site: public names, the same on every machine.
pub(super) const TENANT_ID: &str = "0190f5f6-0000-7000-8000-000000000001";
pub(super) const SITE_ID: &str = "0190f5f6-0000-7000-8000-000000000002";

/// What the parts share.
#[derive(Serialize, Deserialize)]
pub(super) struct Secrets {
    pub(super) write_key: String,
    pub(super) api_key: String,
    pub(super) hop_secret: String,
    pub(super) salt_secret: String,
    /// Empty in a folder of before there was a reader.
    #[serde(default)]
    pub(super) reader_password: String,
}

impl Secrets {
    /// Those of a data folder; new ones where there are none.
    pub(super) fn of(data: &Path) -> Result<Self> {
        let file = data.join("secrets.json");
        if let Ok(text) = fs::read_to_string(&file) {
            return serde_json::from_str(&text).with_context(|| format!("read {}", file.display()));
        }
        let secrets = Self {
            write_key: random("wk_", 16)?,
            api_key: random("ak_", 32)?,
            hop_secret: random("", 32)?,
            salt_secret: random("", 32)?,
            reader_password: random("", 16)?,
        };
        write_private(&file, &serde_json::to_string_pretty(&secrets)?)?;
        Ok(secrets)
    }
}

/// Writes a file that its owner alone can read.
pub(super) fn write_private(file: &Path, text: &str) -> Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut open = options.open(file).with_context(|| format!("write {}", file.display()))?;
    Ok(open.write_all(text.as_bytes())?)
}

fn random(prefix: &str, bytes: usize) -> Result<String> {
    let mut buffer = vec![0; bytes];
    getrandom::fill(&mut buffer).map_err(|error| anyhow!("no random bytes: {error}"))?;
    let mut text = String::from(prefix);
    push_hex(&mut text, &buffer);
    Ok(text)
}
