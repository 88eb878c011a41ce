//! The data directory: there, ours, roomy, durable; what is in it can be read.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::finding::Findings;
use crate::commands::progress;
use crate::config::Config;
use crate::disk::{Disk as _, RealDisk};
use crate::log;
use crate::refusal::causes;
use crate::sealed::SealedError;
use crate::sites::Database;

/// Below this a busy collector has minutes: 10,000 events of 1 kB a second are
/// 10 MB/s, and 2 GB are over three minutes of them.
const SPACE_FAIL_BYTES: u64 = 512 * 1024 * 1024;
const SPACE_WARN_BYTES: u64 = 2 * 1024 * 1024 * 1024;

/// An answer waits for an fsync; its p99 is to stay below 50 ms.
const FSYNC_SLOW: Duration = Duration::from_millis(30);

/// Times that fsync is tried; the middle one counts.
const FSYNC_TRIES: usize = 5;

const PROBE: &str = "doctor.probe";

/// A clock before this is wrong: 1 January 2026, Unix seconds.
const NOT_BEFORE_SECS: u64 = 1_767_225_600;

pub(super) fn look(config: &Config, findings: &mut Findings) {
    clock(findings);
    let folder = &config.data.dir;
    match fs::metadata(folder) {
        Ok(there) if there.is_dir() => folder_there(folder, &there, findings),
        Ok(_) => findings.fail(
            "data.dir",
            format!("{} is no folder", folder.display()),
            "Name a folder in data.dir.",
        ),
        Err(error) if error.kind() == ErrorKind::NotFound => findings.warn(
            "data.dir",
            format!("{} is not there yet", folder.display()),
            "`serve` makes it. If there should be one, data.dir is another than you think: \
             a relative path counts from where the process is started.",
        ),
        Err(error) => findings.fail(
            "data.dir",
            format!("{}: {error}", folder.display()),
            "Give the collector's user access to the folder.",
        ),
    }
}

fn clock(findings: &mut Findings) {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let secs = now.unwrap_or_default().as_secs();
    if secs < NOT_BEFORE_SECS {
        findings.fail(
            "clock",
            "this machine's clock is years behind",
            "Set it, and let it be kept by NTP: signatures are valid for 300 s around now.",
        );
    }
}

fn folder_there(folder: &Path, there: &fs::Metadata, findings: &mut Findings) {
    let shown = folder.display();
    match mode(there) {
        Some(mode) if mode & 0o007 != 0 => findings.warn(
            "data.dir",
            format!("{shown} may be read by everyone (mode {mode:o})"),
            format!("It holds events: `chmod 750 {shown}`."),
        ),
        _ => findings.ok("data.dir", shown.to_string()),
    }
    let disk = match RealDisk::open(folder) {
        Ok(disk) => disk,
        Err(error) => {
            return findings.fail("data.dir", error.to_string(), "Make the folder.");
        }
    };
    space(&disk, findings);
    durability(folder, findings);
    holder(&disk, folder, findings);
    log_format(&disk, findings);
}

#[cfg(unix)]
fn mode(there: &fs::Metadata) -> Option<u32> {
    Some(std::os::unix::fs::PermissionsExt::mode(&there.permissions()) & 0o777)
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> Option<u32> {
    None
}

fn space(disk: &RealDisk, findings: &mut Findings) {
    const ADVICE: &str = "The log needs room for as long as ClickHouse may be away; when there is \
        none, ingest answers 503. Free some, or move data.dir.";
    match disk.free_bytes() {
        Ok(free) if free < SPACE_FAIL_BYTES => {
            findings.fail("data.space", format!("{} free", progress::bytes(free)), ADVICE);
        }
        Ok(free) if free < SPACE_WARN_BYTES => {
            findings.warn("data.space", format!("{} free", progress::bytes(free)), ADVICE);
        }
        Ok(free) => findings.ok("data.space", format!("{} free", progress::bytes(free))),
        Err(error) => findings.fail(
            "data.space",
            error.to_string(),
            "The file system does not say how much is free; the log needs to know.",
        ),
    }
}

/// Writes and syncs a small file, as the log does for every answer.
fn durability(folder: &Path, findings: &mut Findings) {
    let path = folder.join(PROBE);
    let tried: io::Result<Vec<Duration>> =
        (0..FSYNC_TRIES).map(|_| time_of_a_sync(&path, folder)).collect();
    // Removed whatever came of it; what cannot be removed was not made.
    let _ = fs::remove_file(&path);
    match tried {
        Ok(mut times) => {
            times.sort_unstable();
            let middle = times.get(FSYNC_TRIES / 2).copied().unwrap_or_default();
            let found = format!("{:.1} ms", middle.as_secs_f64() * 1e3);
            if middle > FSYNC_SLOW {
                findings.warn(
                    "data.fsync",
                    found,
                    "Every answer waits for one. Put data.dir on a local SSD, or on a disk with \
                     a protected write cache.",
                );
            } else {
                findings.ok("data.fsync", found);
            }
        }
        Err(error) => findings.fail(
            "data.fsync",
            error.to_string(),
            "The collector's user must be able to write, and to sync, files and the folder.",
        ),
    }
}

fn time_of_a_sync(path: &Path, folder: &Path) -> io::Result<Duration> {
    let begun = Instant::now();
    let mut file = File::create(path)?;
    file.write_all(&[b'x'; 4096])?;
    file.sync_data()?;
    File::open(folder)?.sync_all()?;
    Ok(begun.elapsed())
}

fn holder(disk: &RealDisk, folder: &Path, findings: &mut Findings) {
    if !folder.join("lock").exists() {
        return findings.ok("data.lock", "no collector has used the folder yet");
    }
    match disk.lock() {
        Ok(_) => findings.ok("data.lock", "free: no collector runs on it"),
        Err(error) if error.kind() == ErrorKind::WouldBlock => {
            findings.ok("data.lock", "held: a collector runs on it");
        }
        Err(error) => findings.fail(
            "data.lock",
            error.to_string(),
            "The file `lock` in data.dir must be the collector's user's, on a file system with \
             locks (not every network file system has them).",
        ),
    }
}

fn log_format(disk: &RealDisk, findings: &mut Findings) {
    const STREAM: &str = "log/events.raw";
    match log::facts(disk, STREAM) {
        Ok(facts) if facts.preloading => findings.warn(
            "log.format",
            format!("{}, {} lanes, waits for the ids of before", facts.log_id, facts.lanes),
            "It was made in place of a lost one and takes nothing until it has read nine days of \
             ids from ClickHouse: start the collector with ClickHouse reachable.",
        ),
        Ok(facts) => {
            findings.ok("log.format", format!("{}, {} lanes", facts.log_id, facts.lanes));
        }
        Err(SealedError::Missing { .. }) => findings.ok("log.format", "no log was made yet"),
        Err(error @ SealedError::Newer { .. }) => findings.fail(
            "log.format",
            error.to_string(),
            "Nothing was changed. An older release never touches a newer one's files.",
        ),
        Err(error) => findings.fail(
            "log.format",
            causes(&error),
            "Do not delete anything: restore the file from a backup of the data directory.",
        ),
    }
    let quarantine = disk.list(&format!("{STREAM}/quarantine")).unwrap_or_default();
    if !quarantine.is_empty() {
        findings.warn(
            "log.quarantine",
            format!("{} files", quarantine.len()),
            "Parts of the log were found damaged and set aside. docs/guarantees.md says what can \
             be lost by that; test the disk before anything else.",
        );
    }
}

/// The database of tenants and sites.
pub(super) async fn look_at_sites(config: &Config, findings: &mut Findings) {
    let file = config.sites_database();
    if !file.exists() {
        return findings.warn(
            "sites.database",
            format!("{} is not there yet", file.display()),
            "`serve` and `tidemark tenants create` make it.",
        );
    }
    let counted = async {
        let database = Database::open(&file).await?;
        let counts = (database.tenants().await?.len(), database.sites().await?.len());
        database.close().await;
        Ok::<_, crate::sites::SitesError>(counts)
    };
    match counted.await {
        Ok((0, _)) => findings.warn(
            "sites.database",
            "no tenant",
            "Nobody can send. `tidemark tenants create --slug NAME`, then `sites` and `keys`.",
        ),
        Ok((tenants, sites)) => {
            findings.ok("sites.database", format!("{tenants} tenants, {sites} sites"));
        }
        Err(error) => findings.fail(
            "sites.database",
            causes(&error),
            format!("{} must be readable and writable for the collector's user.", file.display()),
        ),
    }
}
