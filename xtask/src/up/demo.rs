//! Serves the demo site: the files of demo/, and `/config.js` with this stack's
//! endpoint and write key.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::thread;

use anyhow::{Result, anyhow};
use serde_json::json;
use tiny_http::{Header, Method, Request, Response, Server};

use super::ports::Ports;
use super::secrets::Secrets;
use crate::place::Place;

/// Ends the server when it is dropped.
pub(super) struct Demo(Arc<Server>);

impl Drop for Demo {
    fn drop(&mut self) {
        self.0.unblock();
    }
}

/// Serves on a thread of its own.
pub(super) fn serve(place: &Place, ports: &Ports, secrets: &Secrets) -> Result<Demo> {
    let address = (Ipv4Addr::LOCALHOST, ports.demo);
    let server =
        Server::http(address).map_err(|error| anyhow!("the demo cannot listen: {error}"))?;
    let server = Arc::new(server);
    let config = json!({
        "endpoint": ports.edge_url(),
        "write_key": secrets.write_key,
        "site": "shop",
    });
    let config = format!("window.TIDEMARK_DEMO = {config};\n");
    let folder = place.root.join("demo");
    let own = Arc::clone(&server);
    thread::spawn(move || {
        for request in own.incoming_requests() {
            answer(request, &folder, &config);
        }
    });
    Ok(Demo(server))
}

fn answer(request: Request, folder: &Path, config: &str) {
    let path = request.url().split(['?', '#']).next().unwrap_or("/").to_string();
    let (status, kind, body) = match request.method() {
        Method::Get | Method::Head if path == "/config.js" => {
            (200, "text/javascript; charset=utf-8", config.as_bytes().to_vec())
        }
        Method::Get | Method::Head => match file(folder, &path) {
            Some(file) => match fs::read(&file) {
                Ok(body) => (200, media_type(&file), body),
                Err(_) => (404, "text/plain", b"not here\n".to_vec()),
            },
            None => (404, "text/plain", b"not here\n".to_vec()),
        },
        _ => (405, "text/plain", b"only GET\n".to_vec()),
    };
    let mut response = Response::from_data(body).with_status_code(status);
    for (name, value) in [("Content-Type", kind), ("Cache-Control", "no-store")] {
        if let Ok(header) = Header::from_bytes(name, value) {
            response.add_header(header);
        }
    }
    // A browser that went away is no error of ours.
    let _ = request.respond(response);
}

/// The file of a path; a path without an extension is the shop itself, which
/// knows its routes.
fn file(folder: &Path, path: &str) -> Option<PathBuf> {
    let inside = Path::new(path.trim_start_matches('/'));
    if !inside.components().all(|part| matches!(part, Component::Normal(_))) {
        return None;
    }
    Some(if inside.extension().is_some() { folder.join(inside) } else { folder.join("index.html") })
}

fn media_type(file: &Path) -> &'static str {
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("json") => "application/json",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_of_the_folder_is_served() {
        let folder = Path::new("/shop");
        assert_eq!(file(folder, "/app/main.js"), Some("/shop/app/main.js".into()));
        assert_eq!(file(folder, "/"), Some("/shop/index.html".into()));
        assert_eq!(file(folder, "/mugs/blue"), Some("/shop/index.html".into()));
        assert_eq!(file(folder, "/../secrets.json"), None);
        assert_eq!(file(folder, "/a/../../x.js"), None);
    }
}
