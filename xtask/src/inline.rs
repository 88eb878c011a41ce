//! The opt-in build of `@tidemark/web` that holds the module inside of the script,
//! and the source maps beside the scripts.
//!
//! Both are made from what the build has left anyway, so that they cannot differ
//! from it: the inlined script is the one for bundlers with the module's address
//! replaced by a `data:` URL.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// How the shrunken script for bundlers names the module.
const ADDRESS: &str = "new URL(\"./tidemark.wasm\",import.meta.url)";

/// The script with the module inside of it.
///
/// # Errors
/// When the script does not name the module exactly once.
pub fn script(bundled: &str, module: &[u8]) -> Result<String> {
    ensure!(
        bundled.matches(ADDRESS).count() == 1,
        "the script for bundlers no longer names its module by {ADDRESS}: tell xtask/src/inline.rs"
    );
    let data = format!("new URL(\"data:application/wasm;base64,{}\")", STANDARD.encode(module));
    // Its map would be off by the module's length on the one line that there is.
    let text = bundled.replace(ADDRESS, &data);
    Ok(text.lines().filter(|line| !line.starts_with("//# sourceMappingURL=")).collect())
}

/// A source map that names its sources from the repository's root, and nothing of
/// the machine that made it, where the repository lay in `root`.
///
/// # Errors
/// When the text is no source map.
pub fn map(text: &str, root: &Path) -> Result<String> {
    // The module that the build writes imports by whole paths.
    let text = text.replace(&*root.to_string_lossy(), "tidemark://");
    let mut map: Value = serde_json::from_str(&text)?;
    let sources = map["sources"].as_array_mut().context("a source map without sources")?;
    for source in sources {
        let path = source.as_str().unwrap_or_default();
        let inside = ["npm/web/src/", "sdk-wasm/src/"]
            .iter()
            .find_map(|folder| path.rfind(folder).and_then(|at| path.get(at..)));
        let name = inside.or_else(|| path.rsplit('/').next()).unwrap_or_default();
        *source = format!("tidemark:///{name}").into();
    }
    Ok(map.to_string())
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_script_that_names_no_module_is_refused() {
        let bundled = format!("a({ADDRESS})\n//# sourceMappingURL=a.map\n");
        let inlined = script(&bundled, b"\0asm").expect("it names one");
        assert_eq!(inlined, "a(new URL(\"data:application/wasm;base64,AGFzbQ==\"))");
        assert!(script("a()", b"").is_err());
    }

    #[test]
    fn a_map_tells_nothing_of_this_machine() {
        let text = r#"{"sources":["../../r/npm/web/src/a.ts","/tmp/1/engine.js"],
            "sourcesContent":["", "import a from '/home/r/sdk-wasm/a.js'"]}"#;
        let cleaned = map(text, Path::new("/home/r")).expect("a map");
        let cleaned: Value = serde_json::from_str(&cleaned).expect("JSON");
        let wanted = serde_json::json!({
            "sources": ["tidemark:///npm/web/src/a.ts", "tidemark:///engine.js"],
            "sourcesContent": ["", "import a from 'tidemark:///sdk-wasm/a.js'"],
        });
        assert_eq!(cleaned, wanted);
    }
}
