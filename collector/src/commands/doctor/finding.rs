//! What was found, and how it is told.

use std::fmt::Write as _;

use serde::Serialize;

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// As it should be.
    Ok,
    /// It works, and may not for long, or not as well as it could.
    Warn,
    /// It does not work.
    Fail,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

/// One check.
#[derive(Clone, Debug, Serialize)]
struct Finding {
    name: &'static str,
    state: State,
    found: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

/// All checks, in the order in which they were made.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn ok(&mut self, name: &'static str, found: impl Into<String>) {
        self.0.push(Finding { name, state: State::Ok, found: found.into(), advice: None });
    }

    pub(super) fn warn(
        &mut self,
        name: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.push(name, State::Warn, found.into(), advice.into());
    }

    pub(super) fn fail(
        &mut self,
        name: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.push(name, State::Fail, found.into(), advice.into());
    }

    fn push(&mut self, name: &'static str, state: State, found: String, advice: String) {
        self.0.push(Finding { name, state, found, advice: Some(advice) });
    }

    pub(super) fn count(&self, state: State) -> usize {
        self.0.iter().filter(|finding| finding.state == state).count()
    }

    pub(super) fn to_json(&self) -> String {
        let [ok, warn, fail] = [State::Ok, State::Warn, State::Fail].map(|state| self.count(state));
        let told = serde_json::json!({"checks": self.0, "ok": ok, "warn": warn, "fail": fail});
        format!("{told}\n")
    }

    pub(super) fn to_text(&self) -> String {
        let mut out = String::new();
        for Finding { name, state, found, advice } in &self.0 {
            // Writing to a text cannot fail.
            let _ = writeln!(out, "{:<4}  {name:<22}  {found}", state.as_str());
            if let Some(advice) = advice {
                let _ = writeln!(out, "      → {advice}");
            }
        }
        let [warn, fail] = [State::Warn, State::Fail].map(|state| self.count(state));
        let _ = writeln!(out, "{} checks, {warn} to look at, {fail} failed", self.0.len());
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_json_tell_the_same() {
        let mut findings = Findings::default();
        findings.ok("a", "1");
        findings.warn("b", "2", "do this");
        findings.fail("c", "3", "do that");
        assert_eq!(findings.count(State::Fail), 1);
        let text = findings.to_text();
        assert!(text.contains("      → do that\n3 checks, 1 to look at, 1 failed\n"), "{text}");
        let json = findings.to_json();
        assert!(
            json.contains(r#"{"name":"b","state":"warn","found":"2","advice":"do this"}"#)
                || json.contains(r#""advice":"do this""#),
            "{json}"
        );
        assert!(json.contains(r#""fail":1"#), "{json}");
    }
}
