//! A disk that is full: refused before, survived when it is, taken up afterwards.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use tidemark_stack::stack::until;
use tidemark_stack::{Binaries, Process, Random};

use crate::event::{Event, batch};
use crate::sender::{self, Habits};
use crate::world::World;

const MEGABYTE: usize = 1024 * 1024;

/// Bytes of the small disk: the collector's reserve of 512 MB, and room above it.
const DISK_MEGABYTES: usize = 620;

/// A tmpfs in a mount namespace of its own, which lives as long as its holder.
struct SmallDisk {
    holder: Process,
    inside: PathBuf,
}

impl SmallDisk {
    /// Mounts it over a folder, for those who enter its namespace.
    fn new(folder: &Path, over: &Path) -> Result<Self> {
        fs::create_dir_all(over)?;
        let script = "mount -t tmpfs -o size=$1m tmpfs \"$0\" && touch \"$0/here\" && \
                      exec sleep 600";
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
        command.arg(over).arg(DISK_MEGABYTES.to_string());
        let holder = Process::start(command, &folder.join("disk.log"))?;
        let inside = PathBuf::from(format!("/proc/{}/root{}", holder.pid(), over.display()));
        until("a tmpfs (user namespaces must be allowed here)", || {
            Ok(inside.join("here").exists())
        })
        .with_context(|| holder.log())?;
        Ok(Self { holder, inside })
    }

    /// What enters the namespace before the collector.
    fn wrapper(&self) -> Vec<String> {
        let pid = self.holder.pid().to_string();
        ["nsenter", "--target", &pid, "--user", "--mount", "--preserve-credentials"]
            .map(str::to_owned)
            .to_vec()
    }

    /// Writes a file until it has so many megabytes, or nothing fits any more.
    fn fill(&self, name: &str, megabytes: usize) -> Result<()> {
        let mut file = File::create(self.inside.join(name))?;
        let block = vec![7; MEGABYTE / 8];
        for _ in 0..megabytes * 8 {
            match file.write_all(&block) {
                Err(error) if error.kind() == ErrorKind::StorageFull => return Ok(()),
                other => other?,
            }
        }
        Ok(())
    }

    fn free(&self, name: &str) -> Result<()> {
        Ok(fs::remove_file(self.inside.join(name))?)
    }
}

/// Below the reserve the answer is 503 with Retry-After; on a disk that is full to
/// the last byte the collector is killed and started; with room again it goes on.
pub fn disk_full(binaries: &Binaries) -> Result<String> {
    let mut random = Random::new(7, 1);
    let mut world = World::new(binaries)?;
    let disk = SmallDisk::new(world.folder.path(), &world.tidemark.data())?;
    world.tidemark.wrapper = disk.wrapper();
    world.start()?;
    world.send_some(&mut random, 20, 20);

    disk.fill("ballast", DISK_MEGABYTES - 500)?;
    let mut client = sender::client(world.tidemark.address);
    let mut told = String::new();
    until("refused below the reserve", || {
        // A new one each time: of an id that is known nothing need be written.
        let event = vec![Event::new(&mut random, 0, false)];
        let answer = sender::send(&mut client, &batch(&event))?;
        told = format!("{} {}", answer.status, answer.text());
        if answer.status == 200 {
            // The free space was not looked at again yet.
            world.book.acked(&event);
            return Ok(false);
        }
        ensure!(answer.status == 503 && answer.retry_after_s.is_some(), "{told}");
        Ok(true)
    })?;

    // Senders go on while the rest is taken, so that commits meet the end of the disk.
    world.send(&mut random, 3, Habits { batch_max: 10, pause_max_ms: 20, held_one_in: 0 });
    disk.free("ballast")?;
    std::thread::sleep(Duration::from_millis(500));
    disk.fill("ballast", DISK_MEGABYTES)?;
    std::thread::sleep(Duration::from_millis(500));
    world.tidemark.kill()?;
    world.tidemark.start()?;
    std::thread::sleep(Duration::from_secs(2));
    disk.free("ballast")?;
    if world.tidemark.process.as_mut().is_some_and(|process| process.ended().is_some()) {
        // It may say that nothing can be written; then a supervisor starts it again.
        world.tidemark.start()?;
    }
    let before = world.book.count();
    until("taken again", || Ok(world.book.count() > before + 20))?;
    world.must_be_exact()?;
    Ok(format!("{told}; {} events are there once", world.book.count()))
}
