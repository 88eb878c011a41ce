//! Tenants, sites and keys: by command, in a running collector, and for the edge.

use serde_json::{Value, json};
use tidemark_core::hop::{self, HEADER};
use tidemark_core::judge::Site;

use crate::hop::{Answer, answer, batch, event, key, now_ms, post};
use crate::stack::{API_KEY, Stack, TENANT, Tidemark, config};

const LIST: &str = "/internal/v1/sites";

async fn json_of(tidemark: &Tidemark, arguments: &[&str]) -> Value {
    let arguments = [arguments, &["--json"]].concat();
    serde_json::from_str(&tidemark.command(&arguments).await.unwrap()).unwrap()
}

async fn stats(tidemark: &Tidemark, key: &str) -> Answer {
    answer(tidemark.http.get(format!("{}/v1/stats", tidemark.url)).bearer_auth(key)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_command_changes_a_running_collector_takes_up() {
    let stack = Stack::start().await;
    let tidemark = &stack.tidemark;
    let tenant = json_of(tidemark, &["tenants", "create", "--slug", "acme"]).await;
    let id = tenant["id"].as_str().unwrap().to_owned();
    let theirs = String::from_utf8(batch(&[event(1)])).unwrap().replace(TENANT, &id);
    let taken = async || post(tidemark, theirs.as_bytes()).await.status == 200;
    tidemark.until("the new tenant is served", taken).await;

    let made = json_of(tidemark, &["keys", "create", "api", "--tenant", "acme"]).await;
    let read = made["api_key"].as_str().unwrap().to_owned();
    let other = ["keys", "create", "api", "--tenant", "acme", "--scopes", "erase,export"];
    let erase = json_of(tidemark, &other).await["api_key"].as_str().unwrap().to_owned();
    let reads = async || stats(tidemark, &read).await.status == 200;
    tidemark.until("the new key reads", reads).await;
    assert_eq!(stats(tidemark, &read).await.json["tenant_id"], *id);
    assert_eq!(stats(tidemark, &erase).await.refusal(), (403, "scope_missing", None));

    let rotated = json_of(tidemark, &["keys", "rotate", &read[..11], "--grace-hours", "0"]).await;
    assert_eq!(rotated["replaces"]["id"], made["id"]);
    assert_eq!(rotated["scopes"], json!(["read"]));
    let ended = async || stats(tidemark, &read).await.status == 401;
    tidemark.until("the old key has ended", ended).await;
    assert_eq!(stats(tidemark, rotated["api_key"].as_str().unwrap()).await.status, 200);
    let again = tidemark.command(&["keys", "rotate", &read[..11]]).await.unwrap_err();
    assert!(again.contains("is revoked already") && again.contains("keys create"), "{again}");
    assert!(!tidemark.log().contains(&read) && !tidemark.log().contains(API_KEY));
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_for_people_and_say_what_to_do() {
    let tidemark = Tidemark::start(&config("http://127.0.0.1:1"), &[]).await;
    let run =
        async |line: &str| tidemark.command(&line.split_whitespace().collect::<Vec<_>>()).await;
    let none = run("sites list --tenant other").await.unwrap();
    assert!(none.contains("tidemark sites create --tenant"), "{none}");
    let made =
        run("sites create --tenant demo --slug store --origin https://a.example --mode strict");
    assert!(made.await.unwrap().contains("site                          demo/store"));
    let listed = run("sites list --tenant demo").await.unwrap();
    let lines: Vec<&str> = listed.lines().collect();
    assert_eq!(lines.len(), 3, "{listed}");
    assert!(lines[0].starts_with("SITE        ID ") && lines[1].starts_with("demo/shop   "));
    assert!(lines[2].ends_with("strict  https://a.example"), "{listed}");
    let updated = run("sites update demo/store --cookieless true --no-origins").await.unwrap();
    assert!(updated.contains("cookieless                    true"), "{updated}");
    let write = run("keys create write --site demo/store --label pages").await.unwrap();
    let key = write.lines().next().unwrap().split_whitespace().last().unwrap().to_owned();
    assert!(key.starts_with("wk_"), "{write}");
    assert!(run("keys revoke").await.is_err());
    run(&format!("keys revoke {key}")).await.unwrap();
    assert!(!run("keys list").await.unwrap().contains(&key));
    assert!(run("keys list --all").await.unwrap().contains(&key));
    for (line, told) in [
        ("tenants show nobody", "there is no tenant `nobody`; `tidemark tenants list`"),
        ("tenants create --slug Demo", "slug: expected up to 64 lower-case letters"),
        ("tenants create --slug demo", "the tenant `demo` exists already"),
        ("sites create --tenant demo --slug b --origin a.example", "`a.example` is no origin"),
        ("sites show store", "there is no site `store`"),
        ("keys create api --tenant demo --scopes write", "`write` is no scope; those are read"),
        ("keys create write --site demo/other", "there is no site `demo/other`"),
        ("keys revoke wk_none", "there is no key `wk_none`"),
        ("tenants create --slug a --id 7", "expected a UUID"),
    ] {
        let complaint = run(line).await.unwrap_err();
        assert!(complaint.contains(told), "{line}: {complaint}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_edge_asks_for_the_list_and_believes_what_is_signed() {
    let tidemark = Tidemark::start(&config("http://127.0.0.1:1"), &[]).await;
    let made = ["sites", "create", "--tenant", "demo", "--slug", "store"];
    json_of(&tidemark, &made).await;
    let of_shop = ["keys", "create", "write", "--site", "demo/store"];
    let write_key = json_of(&tidemark, &of_shop).await["write_key"].clone();
    let ask = async |signature: String, known: Option<&str>| {
        let request = tidemark.http.get(format!("{}{LIST}", tidemark.url));
        let request = request.header(HEADER, signature);
        let request = match known {
            Some(tag) => request.header("if-none-match", tag),
            None => request,
        };
        request.send().await.unwrap()
    };
    let signed = || hop::sign(&key(), now_ms(), LIST, b"");
    let has_it = async || {
        let list = ask(signed(), None).await.text().await.unwrap();
        list.contains(write_key.as_str().unwrap())
    };
    tidemark.until("the key is in the list", has_it).await;

    let response = ask(signed(), None).await;
    assert_eq!(response.status(), 200);
    let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    let (etag, signature) = (header("etag"), header(HEADER));
    let body = response.text().await.unwrap();
    hop::verify(&signature, &[key()], now_ms(), LIST, body.as_bytes()).unwrap();
    let sites: Vec<Site> = serde_json::from_str(&body).unwrap();
    let mut slugs: Vec<&str> = sites.iter().map(|site| site.site.as_str()).collect();
    slugs.sort_unstable();
    assert_eq!(slugs, ["shop", "store"]);
    assert!(sites.iter().all(|site| site.tenant_id.to_string() == TENANT));

    let same = ask(signed(), Some(&format!("W/\"x\", {etag}"))).await;
    assert_eq!((same.status().as_u16(), same.headers()["etag"].to_str().unwrap()), (304, &*etag));
    let signature = same.headers()[HEADER].to_str().unwrap().to_owned();
    hop::verify(&signature, &[key()], now_ms(), LIST, etag.as_bytes()).unwrap();
    assert!(hop::verify(&signature, &[key()], now_ms(), LIST, b"").is_err(), "none over nothing");
    assert!(same.text().await.unwrap().is_empty());

    for (signature, code) in [
        (String::new(), "invalid_signature"),
        (hop::sign(&key(), now_ms(), hop::PATH, b""), "invalid_signature"),
        (hop::sign(&key(), now_ms(), LIST, b"x"), "invalid_signature"),
        (hop::sign(&key(), now_ms() - 400_000, LIST, b""), "stale_signature"),
    ] {
        let refused = ask(signature, None).await;
        assert_eq!(refused.status(), 401);
        assert!(refused.text().await.unwrap().contains(code));
    }
}
