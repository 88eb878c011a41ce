//! docs/reference/verdicts.md: the closed list of codes.

use tidemark_core::verdict::Code;

use super::NOTE;

/// The page's text.
pub fn verdicts() -> String {
    let mut text = format!("<!-- {NOTE} -->\n\n");
    text.push_str("# Codes\n\nWhy a call, or one event in it, was not simply accepted. The list is closed; a\n");
    text.push_str(
        "code never changes its meaning. `pointer` tells the place, relative to the event.\n\n",
    );
    text.push_str("| code | meaning |\n|---|---|\n");
    for code in Code::ALL {
        text.push_str(&format!("| `{}` | {} |\n", code.as_str(), code.detail()));
    }
    text
}
