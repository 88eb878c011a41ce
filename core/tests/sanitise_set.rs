//! The labelled sets (tests/sanitise/) against the rules: precision and recall a
//! rule, and the tables in docs/sanitiser.md. `TIDEMARK_WRITE_DOCS=1` writes them.

#![cfg(feature = "rare-rules")]
#![expect(clippy::unwrap_used, reason = "the helpers of a test may end it")]

use std::collections::BTreeMap;

use tidemark_core::json::check_text;
use tidemark_core::sanitise::{json, text};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../");

#[derive(serde::Deserialize)]
struct Line {
    text: String,
    kind: String,
    personal: Vec<Label>,
}

#[derive(serde::Deserialize)]
struct Label {
    rule: String,
    value: String,
}

#[derive(Default)]
struct Score {
    labelled: usize,
    gone: usize,
    told: usize,
    rightly: usize,
}

fn sanitised(line: &Line) -> (String, Vec<&'static str>) {
    let mut rules = Vec::new();
    if line.kind == "json" {
        let mut findings = Vec::new();
        let value = check_text(&line.text).unwrap();
        let output = json(value, "", &mut findings);
        rules.extend(findings.iter().map(|finding| finding.rule.as_str()));
        return (output, rules);
    }
    let output = text(&line.text, &mut |rule| rules.push(rule.as_str())).into_owned();
    (output, rules)
}

#[test]
fn precision_and_recall_on_the_labelled_set() {
    holds("lines.ndjson", "measured", 2_000);
}

#[test]
fn precision_and_recall_on_the_half_that_was_written_later() {
    holds("held_out.ndjson", "measured on the held-out half", 1_200);
}

/// Holds a set's recall and its clean lines to their bounds, and the page of the docs
/// to what was measured. Two sets write the page one after the other.
#[expect(clippy::print_stdout, reason = "a test tells its table, and its faults when asked")]
fn holds(file: &str, mark: &str, least: usize) {
    static PAGE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let lines = std::fs::read_to_string([ROOT, "tests/sanitise/", file].concat()).unwrap();
    let set = measure(&lines);
    let Measured { scores, total, clean, touched, faults } = &set;
    if std::env::var_os("TIDEMARK_SHOW_FAULTS").is_some() {
        println!("{}", faults.join("\n"));
    }
    assert!(*total >= least && clean * 5 >= total * 2, "{total} lines, {clean} of them clean");
    let table = table(scores, *total, *clean, *touched);
    println!("{file}\n{table}");
    for (rule, score) in scores {
        assert!(score.gone * 100 >= score.labelled * 99, "recall of {rule}\n{}", faults.join("\n"));
    }
    assert!(touched * 1000 <= clean * 5, "clean lines touched\n{}", faults.join("\n"));
    let _one = PAGE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    the_page_of_docs_holds(&table, mark);
}

/// What a set shows.
struct Measured {
    scores: BTreeMap<String, Score>,
    total: usize,
    clean: usize,
    touched: usize,
    faults: Vec<String>,
}

fn measure(lines: &str) -> Measured {
    let mut scores = BTreeMap::<String, Score>::new();
    let (mut clean, mut touched, mut total) = (0, 0, 0);
    let mut faults = Vec::new();
    for line in lines.lines() {
        let line: Line = serde_json::from_str(line).unwrap();
        total += 1;
        let (output, rules) = sanitised(&line);
        let again = Line { text: output.clone(), kind: line.kind.clone(), personal: vec![] };
        assert_eq!(sanitised(&again).0, output, "sanitising twice changes nothing more");
        if line.personal.is_empty() {
            clean += 1;
            if output != line.text {
                touched += 1;
                faults.push(format!("touched {rules:?}: {:?} -> {output:?}", line.text));
            }
        }
        for label in &line.personal {
            let score = scores.entry(label.rule.clone()).or_default();
            score.labelled += 1;
            if output.contains(&label.value) || !rules.contains(&label.rule.as_str()) {
                faults.push(format!("missed {}: {:?} -> {output:?}", label.rule, line.text));
            } else {
                score.gone += 1;
            }
        }
        for rule in rules {
            let score = scores.entry(rule.to_string()).or_default();
            score.told += 1;
            let right = line.personal.iter().any(|label| label.rule == rule);
            score.rightly += usize::from(right);
            if !right && !line.personal.is_empty() {
                faults.push(format!("wrong {rule}: {:?} -> {output:?}", line.text));
            }
        }
    }
    Measured { scores, total, clean, touched, faults }
}

fn table(scores: &BTreeMap<String, Score>, total: usize, clean: usize, touched: usize) -> String {
    let percent = |part: usize, whole: usize| match whole {
        0 => "–".to_string(),
        _ => format!("{:.1} %", 100.0 * part as f64 / whole as f64),
    };
    let mut out = String::from("| rule | labelled | recall | precision |\n|---|---|---|---|\n");
    for (rule, score) in scores {
        out.push_str(&format!(
            "| `{rule}` | {} | {} | {} |\n",
            score.labelled,
            percent(score.gone, score.labelled),
            percent(score.rightly, score.told)
        ));
    }
    out.push_str(&format!(
        "\n{total} lines, {clean} of them with nothing personal; {touched} of those were touched ({}).\n",
        percent(touched, clean)
    ));
    out
}

fn the_page_of_docs_holds(table: &str, mark: &str) {
    const END: &str = "<!-- /measured -->";
    let begin = format!("<!-- {mark}: written by the test -->\n");
    let path = [ROOT, "docs/sanitiser.md"].concat();
    let page = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = page.split_once(&begin).unwrap();
    let (held, tail) = rest.split_once(END).unwrap();
    if std::env::var_os("TIDEMARK_WRITE_DOCS").is_some() {
        std::fs::write(&path, [head, &begin, table, END, tail].concat()).unwrap();
        return;
    }
    assert_eq!(held, table, "run the test with TIDEMARK_WRITE_DOCS=1 and commit docs/sanitiser.md");
}
