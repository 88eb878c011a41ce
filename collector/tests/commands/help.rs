//! The help of every command: complete, with examples and exit codes.

use crate::run::tidemark;

#[test]
fn every_command_tells_options_examples_and_exit_codes() {
    for (command, needed) in [
        (
            &["validate"][..],
            &[
                "--mode",
                "--when-consent-absent",
                "--bots",
                "--cookieless",
                "--schemas",
                "--received-at",
                "--only-bad",
                "--quiet",
                "--summary",
                "Output",
            ][..],
        ),
        (
            &["sanitize"],
            &[
                "--text",
                "--json",
                "--events-only",
                "--check",
                "--keep-free-text",
                "--salt-secret-env",
                "--keep-query",
                "--hash-key",
                "Output",
            ],
        ),
        (
            &["delete-user"],
            &["--tenant", "--user-id", "--anonymous-id", "--erasure-id", "--json", "Output"],
        ),
        (
            &["replay"],
            &["--dead-letters", "--log", "--lane", "--from", "--to", "--dry-run", "Output"],
        ),
        (
            &["export"],
            &[
                "--tenant",
                "--site",
                "--from",
                "--to",
                "--by",
                "--columns",
                "--output",
                "--force",
                "parquet",
            ],
        ),
        (&["export-user"], &["--user-id", "--anonymous-id", "--output", "sha256"]),
        (
            &["import"],
            &["--map", "--set", "--batch-id", "--restart", "--patience", ".rejects.ndjson"],
        ),
        (&["doctor"], &["--json", "--config"]),
        (&["verify"], &["--json", "--days"]),
        (&["schema", "list"], &["--json", "--schemas"]),
        (&["schema", "show"], &["--json", "--version", "<NAME>"]),
        (&["schema", "diff"], &["--json", "<OLD>", "<NEW>", "addition", "revision", "model"]),
        (&["schema", "register"], &["--json", "--schemas", "--tenant", "--dry-run", "x-self"]),
    ] {
        let mut arguments = command.to_vec();
        arguments.push("--help");
        let ran = tidemark(&arguments, "");
        assert_eq!(ran.code, Some(0), "{ran:?}");
        for needed in needed.iter().copied().chain(["Examples:", "Exit codes:", "tidemark "]) {
            assert!(ran.text().contains(needed), "{needed} in\n{}", ran.text());
        }
    }
    assert_eq!(tidemark(&["schema"], "").code, Some(2));
    assert_eq!(tidemark(&["sanitise"], "").code, Some(2));
}
