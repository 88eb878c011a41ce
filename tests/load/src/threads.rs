//! Whose CPU it was: user and system time of a process, by the name of its threads.

use std::collections::BTreeMap;
use std::fs;

/// User and system time, in hundredths of a second.
pub type Ticks = (u64, u64);

/// What each kind of thread has used so far. Threads that have ended are not told.
pub fn by_name(pid: u32) -> BTreeMap<String, Ticks> {
    let mut threads: BTreeMap<String, Ticks> = BTreeMap::new();
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    for task in tasks {
        let text = fs::read_to_string(task.path().join("stat")).unwrap_or_default();
        if let Some((name, (user, system))) = read(&text) {
            let all = threads.entry(name).or_default();
            *all = (all.0 + user, all.1 + system);
        }
    }
    threads
}

/// A line of `/proc/PID/task/TID/stat`: the name without its number, and the times.
fn read(line: &str) -> Option<(String, Ticks)> {
    let (head, fields) = line.rsplit_once(") ")?;
    let (_, name) = head.split_once('(')?;
    let name = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '-');
    let mut fields = fields.split(' ').skip(11);
    let ticks = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((name.to_owned(), ticks))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_told_by_its_name_and_times() {
        let line = "7 (lane-3) S 1 7 7 0 -1 0 0 0 0 0 12 34 0 0 20 0 9 0 0";
        assert_eq!(read(line), Some(("lane".to_owned(), (12, 34))));
        assert_eq!(read("no line of the kind"), None);
        let own = by_name(std::process::id());
        assert!(!own.is_empty());
    }
}
