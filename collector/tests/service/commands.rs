//! The command line before anything is served.

use std::process::Output;

use tempfile::TempDir;
use tokio::process::Command;

use crate::stack::{TENANT, config, tidemark_binary};

async fn serve(config: &str, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("tidemark.toml");
    std::fs::write(&file, config).unwrap();
    let mut command = Command::new(tidemark_binary());
    command.arg("serve").arg("--config").arg(&file).args(arguments);
    command.env("TIDEMARK__DATA__DIR", folder.path().join("data"));
    command.envs(environment.iter().copied()).output().await.unwrap()
}

fn told(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[tokio::test]
async fn an_unknown_key_is_refused_by_name() {
    let url = "http://127.0.0.1:1";
    let wrong = config(url).replace("listen =", "lisen =");
    let line = told(&serve(&wrong, &[], &[]).await, 1);
    assert_eq!(line.trim(), "tidemark: unknown key `server.lisen`; did you mean `server.listen`?");
    let line =
        told(&serve(&config(url), &[], &[("TIDEMARK__CLICKHOUSE__PASWORD", "hush")]).await, 1);
    assert!(
        line.contains("TIDEMARK__CLICKHOUSE__PASWORD: unknown key `clickhouse.pasword`"),
        "{line}"
    );
    assert!(line.contains("`clickhouse.password`") && !line.contains("hush"), "{line}");
}

#[tokio::test]
async fn a_wrong_value_is_refused_with_its_key_or_line() {
    let good = config("http://127.0.0.1:1");
    let listen = r#"listen = "127.0.0.1:0""#;
    for (wrong, expected) in [
        (good.replace(listen, "listen = 5"), "tidemark: server.listen: "),
        (good.replace(listen, r#"listen = "nope""#), "tidemark: server.listen: "),
        (good.replace(TENANT, "demo"), "tidemark: tenants[0].id: "),
        (good.replace(r#""debug""#, r#""loud""#), "tidemark: log.level: `loud` is no level"),
        (good.replace(listen, "listen = nope"), "tidemark.toml, line 3: not TOML: "),
    ] {
        let line = told(&serve(&wrong, &[], &[]).await, 1);
        assert!(line.contains(expected) && line.trim().lines().count() == 1, "{line}");
    }
}

#[tokio::test]
async fn what_cannot_work_is_said_at_once() {
    let url = "http://127.0.0.1:1";
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let busy = config(url).replace("127.0.0.1:0", &address.to_string());
    assert!(
        told(&serve(&busy, &[], &[]).await, 1).contains(&format!("cannot listen on {address}"))
    );
    let apart = told(&serve(&config(url), &["--roles", "ingest"], &[]).await, 1);
    assert!(apart.contains("ingest and process go together"), "{apart}");
    let role = told(&serve(&config(url), &["--roles", "writer"], &[]).await, 2);
    assert!(role.contains("unknown role `writer`"), "{role}");
    let level = told(&serve(&config(url), &[], &[("TIDEMARK__LOG__LEVEL", "a=b=c")]).await, 1);
    assert!(level.contains("log.level"), "{level}");
    let missing = Command::new(tidemark_binary()).args(["serve", "--config", "/no/such"]).output();
    assert!(told(&missing.await.unwrap(), 1).contains("cannot read /no/such"));
}

#[tokio::test]
async fn help_tells_every_option_and_section() {
    for (command, options) in
        [("serve", &["--config", "--roles"][..]), ("migrate", &["--config", "--json"])]
    {
        let output =
            Command::new(tidemark_binary()).args([command, "--help"]).output().await.unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        for needed in options.iter().copied().chain([
            "[server]",
            "[clickhouse]",
            "[[hop.keys]]",
            "[identity]",
            "[[tenants]]",
            "[retention]",
            "[log]",
            "TIDEMARK__",
            "Exit codes",
        ]) {
            assert!(text.contains(needed), "{needed} in\n{text}");
        }
    }
}
