//! A line of plain text.

use std::borrow::Cow;

use tidemark_core::json::write_string;
use tidemark_core::sanitise::text_with;
use tidemark_core::verdict::{Code, Fault};

use super::{Counts, Found, Sanitization, write_findings};
use crate::commands::lines::Line;
use crate::commands::stream::Output;

/// What stands in place of a line that was passed over.
const TOO_LONG: &str = "[too_long]";

impl Sanitization<'_> {
    pub(super) fn text(&self, line: &Line<'_>, output: &mut Output, counts: &mut Counts) {
        let Some(bytes) = line.bytes else {
            self.bad(line, &Fault::new(Code::BodyTooLarge, ""), output, counts);
            if !self.options.json && !self.options.check {
                output.out.push_str(TOO_LONG);
                output.out.push_str(line.ending);
            }
            return;
        };
        let text = String::from_utf8_lossy(bytes);
        let replaced = matches!(text, Cow::Owned(_));
        counts.replaced += u64::from(replaced);
        let mut findings = Vec::new();
        let clean = self.rules.with_policy(|policy| {
            text_with(&text, policy, &mut |rule| {
                findings.push(Found { rule: rule.as_str(), pointer: String::new() });
            })
        });
        counts.changed += u64::from(!findings.is_empty());
        if self.options.check {
            self.check(line, &findings, output);
        } else if self.options.json {
            let out = &mut output.out;
            crate::commands::begin_line(out, &self.names, line);
            out.push_str(",\"text\":");
            write_string(out, &clean);
            write_findings(out, &findings);
            out.push_str(if replaced { ",\"invalid_utf8\":true}\n" } else { "}\n" });
        } else {
            if line.has_mark {
                output.out.push('\u{feff}');
            }
            output.out.push_str(&clean);
            output.out.push_str(line.ending);
            if replaced {
                self.note(line, "not UTF-8; what cannot be read became U+FFFD", output);
            }
        }
    }
}
