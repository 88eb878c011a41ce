//! Builds what a page loads, by `cargo xtask sdk`:
//! npm/web/dist/sdk/{tidemark.js,tidemark.wasm,tidemark.twin.js,tidemark.capture.js,
//! tidemark.vitals.js,tidemark.inspector.js,stub.js} for script tags and the edge, with a folder a version, Brotli and hashes beside them
//! (sdk_files.mjs), npm/web/dist/{browser.js,inline.js,tidemark.wasm,tidemark.twin.js,
//! tidemark.capture.js,tidemark.vitals.js,tidemark.inspector.js,node.js,types/} for npm, and a source map beside each script.
//!
//! cargo (profile `page`, wasm32v1-none) → snip → wasm-opt → esbuild → terser, and
//! tsc for the types. The twin: the same crate without features of newer
//! wasm → snip → wasm-opt → wasm2js → terser. Every flag is here for its bytes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::place::Place;
use crate::run::{command, step};
use crate::{inline, inspector, snip};

/// A stack of 32 KiB is plenty for a walk without recursion; the features are
/// those of every browser since 2021.
const RUSTFLAGS: &str =
    "-Clink-arg=-zstack-size=32768 -Ctarget-feature=+bulk-memory,+nontrapping-fptoint,+sign-ext";
/// What wasm2js knows: none of these features. Lowered afterwards instead, saturating
/// conversions would come out wrong.
const TWIN_RUSTFLAGS: &str = "-Clink-arg=-zstack-size=32768";

const TWIN_WASM_OPT: [&str; 8] = [
    "--remove-exports=__*",
    "-Oz",
    "--converge",
    "--mvp-features",
    "--enable-mutable-globals",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
];

const WASM_OPT: [&str; 10] = [
    // The linker's own: where data ends.
    "--remove-exports=__*",
    "-Oz",
    "--converge",
    "--low-memory-unused",
    "--strip-debug",
    "--strip-producers",
    "--strip-target-features",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
];

/// Once more, by passes that `-Oz` has not: found by trying many, 140 bytes of Brotli less.
const WASM_OPT_AGAIN: [&str; 18] = [
    "--low-memory-unused",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--flatten",
    "-Oz",
    "--flatten",
    "--rereloop",
    "--flatten",
    "--dfo",
    "-Oz",
    "-Oz",
    "--licm",
    "-Oz",
    "--coalesce-locals-learning",
    "--rse",
    "--merge-locals",
    "--vacuum",
];

/// Names of members that our scripts alone use, and no page, browser or module: esbuild
/// makes them short (100 bytes). A name that a platform's object has must not stand here.
const OWN_NAMES: &str = "adopt|approach|bind|control|counts|dnt|drawnAt|engine|flushed|forget|\
    googleDefault|googleUpdate|googleWaited|gpc|hold|isHandled|isNew|isOpen|isSure|isThere|leave|\
    leaving|look|lookedOn|lost|numberOf|old|press|records|release|report|resume|returned|\
    scrolled|see|step|storage|suspend|sync|tcf|thrash|told|tracked|wait|watch|when";

/// What is a window's own in what watches a frame: there it is that frame's (`inside.js`).
const OF_A_WINDOW: &str = "document|innerWidth|innerHeight|scrollX|scrollY|location|performance|\
    getComputedStyle|getSelection|requestAnimationFrame|addEventListener|\
    MutationObserver|Element|ShadowRoot";
/// What watches a frame; frames.js imports it as `tidemark-inside`.
const INSIDE: &str = "sdk-wasm/src/browser/watch/inside.js";

/// What npm/web imports as `tidemark-engine`.
const ENGINE: &str = "sdk-wasm/src/browser/connect.js";

/// What the build left, for those who weigh it.
#[derive(Clone, Debug)]
pub struct Built {
    /// The script that a tag loads.
    pub script: PathBuf,
    /// The module that the script loads.
    pub wasm: PathBuf,
    /// The module's twin in JavaScript, loaded where wasm is refused.
    pub twin: PathBuf,
    /// The panel for developers, loaded where it is asked for.
    pub inspector: PathBuf,
    /// What is captured where it is switched on.
    pub capture: PathBuf,
    /// Core Web Vitals, loaded where they are switched on.
    pub vitals: PathBuf,
    /// What a page holds inline, before the script has come.
    pub stub: PathBuf,
}

/// Builds the SDK into npm/web/dist.
///
/// # Errors
/// When a tool is missing or fails.
pub fn build(place: &Place) -> Result<Built> {
    // A folder of its own: two builds at a time (a test's and a person's) only
    // meet where whole files are put.
    let work = place.target.join(format!("page/sdk-{}", std::process::id()));
    fs::create_dir_all(&work)?;
    let built = build_in(place, &work);
    fs::remove_dir_all(&work)?;
    let built = built?;
    let names = ["xtask/src/sdk_files.mjs", "npm/web/dist/sdk"];
    step("versions and hashes of the SDK", &mut command(place, "node", &names)?)?;
    Ok(built)
}

fn build_in(place: &Place, work: &Path) -> Result<Built> {
    let wasm = compile(place, work)?;
    let twin = compile_twin(place, work)?;
    let inspector = inspector::build(place, work)?;
    bundle_inside(place, work)?;
    let entries = [
        ("script.ts", "iife"),
        ("stub.ts", "iife"),
        ("browser.ts", "esm"),
        ("node.ts", "esm"),
        ("capture.ts", "esm"),
        ("vitals.ts", "esm"),
    ];
    for (entry, format) in entries {
        bundle(place, work, entry, format)?;
    }
    let types = ["--project", "npm/web"];
    step("types of the SDK", &mut command(place, "tsc", &types)?)?;

    let dist = place.root.join("npm/web/dist");
    let built = Built {
        script: dist.join("sdk/tidemark.js"),
        wasm: dist.join("sdk/tidemark.wasm"),
        twin: dist.join("sdk/tidemark.twin.js"),
        inspector: dist.join("sdk/tidemark.inspector.js"),
        capture: dist.join("sdk/tidemark.capture.js"),
        vitals: dist.join("sdk/tidemark.vitals.js"),
        stub: dist.join("sdk/stub.js"),
    };
    fs::create_dir_all(dist.join("sdk"))?;
    // The module lies beside each script, which looks for it there.
    for (from, to) in [
        (wasm.clone(), built.wasm.clone()),
        (wasm, dist.join("tidemark.wasm")),
        (twin.clone(), built.twin.clone()),
        (twin, dist.join("tidemark.twin.js")),
        (inspector.clone(), built.inspector.clone()),
        (inspector, dist.join("tidemark.inspector.js")),
        (work.join("capture.js"), built.capture.clone()),
        (work.join("capture.js"), dist.join("tidemark.capture.js")),
        (work.join("vitals.js"), built.vitals.clone()),
        (work.join("vitals.js"), dist.join("tidemark.vitals.js")),
        (work.join("script.js"), built.script.clone()),
        (work.join("stub.js"), built.stub.clone()),
        (work.join("browser.js"), dist.join("browser.js")),
        (work.join("node.js"), dist.join("node.js")),
    ] {
        fs::copy(&from, &to).with_context(|| format!("put {}", to.display()))?;
    }
    for (script, to) in [("script", "sdk/tidemark"), ("browser", "browser"), ("node", "node")] {
        let map = fs::read_to_string(work.join(script).with_extension("js.map"))?;
        fs::write(dist.join(to).with_extension("js.map"), inline::map(&map, &place.root)?)?;
    }
    let bundled = leave_apart(fs::read_to_string(work.join("browser.js"))?)?;
    fs::write(dist.join("browser.js"), &bundled)?;
    let module = fs::read(dist.join("tidemark.wasm"))?;
    fs::write(dist.join("inline.js"), inline::script(&bundled, &module)?)?;
    Ok(built)
}

/// Tells bundlers to leave the twin, what is captured apart and the inspector files of their own,
/// which are only loaded where wasm is refused, where they are switched on, and for developers. The minifiers drop the
/// comments that say so.
fn leave_apart(mut script: String) -> Result<String> {
    for part in ["twin", "capture", "vitals", "inspector"] {
        let import = format!("import(new URL(\"./tidemark.{part}.js\",");
        if script.matches(&import).count() != 1 {
            bail!("the script for bundlers no longer loads its {part} by {import}");
        }
        let left = import.replace("import(", "import(/*webpackIgnore:true*//*@vite-ignore*/");
        script = script.replace(&import, &left);
    }
    Ok(script)
}

/// cargo and wasm-opt; returns the finished module.
fn compile(place: &Place, work: &Path) -> Result<PathBuf> {
    let compiled = cargo(place, work, RUSTFLAGS, &place.target)?;
    let once = work.join("once.wasm");
    let module = work.join("tidemark.wasm");
    shrink(place, &WASM_OPT, &compiled, &once)?;
    shrink(place, &WASM_OPT_AGAIN, &once, &module)?;
    Ok(module)
}

/// The twin: a script module with one function, which takes the imports and returns
/// the exports.
fn compile_twin(place: &Place, work: &Path) -> Result<PathBuf> {
    // Other flags in the same folder would compile everything anew, each time.
    let compiled = cargo(place, work, TWIN_RUSTFLAGS, &place.target.join("page/twin"))?;
    let module = work.join("twin.wasm");
    shrink(place, &TWIN_WASM_OPT, &compiled, &module)?;
    let raw = work.join("twin.raw.js");
    let mut translate = command(place, "wasm2js", &["-O"])?;
    step("translate the SDK's twin", translate.arg(&module).arg("-o").arg(&raw))?;

    // What it imports is handed in, and what it exports is returned.
    let text = fs::read_to_string(&raw)?;
    let to = text.find("var retasmFunc").context("wasm2js wrote no exports")?;
    let lines = text.get(..to).unwrap_or_default().lines();
    let body: String =
        lines.filter(|line| !line.starts_with("import ")).flat_map(|line| [line, "\n"]).collect();
    let twin = work.join("tidemark.twin.js");
    fs::write(&twin, format!("{body}\nexport const start = (imports) => asmFunc(imports);\n"))?;
    let options = ["--module", "--compress", "passes=3", "--mangle", "--output"];
    let mut terser = command(place, "terser", &options)?;
    step("shrink the SDK's twin", terser.arg(&twin).arg(&twin))?;
    Ok(twin)
}

/// The module as cargo compiles it, without what its panics would say.
fn cargo(place: &Place, work: &Path, rustflags: &str, target: &Path) -> Result<PathBuf> {
    let package = ["build", "--quiet", "--package", "tidemark-sdk-wasm", "--lib"];
    let mut cargo = command(place, "cargo", &package)?;
    cargo.args(["--profile", "page", "--target", "wasm32v1-none", "--target-dir"]).arg(target);
    cargo.env("CARGO_TARGET_WASM32V1_NONE_RUSTFLAGS", rustflags);
    step("compile the SDK", &mut cargo)?;

    let compiled = fs::read(target.join("wasm32v1-none/page/tidemark_sdk_wasm.wasm"))?;
    let snipped = work.join("compiled.wasm");
    fs::write(&snipped, snip::panics(&compiled)?)?;
    Ok(snipped)
}

fn shrink(place: &Place, options: &[&str], from: &Path, to: &Path) -> Result<()> {
    let mut optimise = command(place, "wasm-opt", options)?;
    step("shrink the SDK", optimise.arg(from).arg("-o").arg(to))
}

/// Bundles what watches a frame into a function of the frame's window: the same sources as the
/// page's, which therefore pay no byte for it.
fn bundle_inside(place: &Place, work: &Path) -> Result<()> {
    let options = ["--bundle", "--target=es2022", "--log-level=warning", "--format=iife"];
    let mut esbuild = command(place, "esbuild", &options)?;
    for name in OF_A_WINDOW.split('|') {
        esbuild.arg(format!("--define:{name}=view.{name}"));
    }
    esbuild
        .arg(place.root.join(INSIDE))
        .args(["--define:window=view", "--global-name=inside"])
        .arg(format!("--mangle-props=^({OWN_NAMES})$"))
        .arg("--banner:js=export const watchInside = (view, ...given) => {")
        .arg("--footer:js=return inside.watchInside(...given);};")
        .arg(format!("--outfile={}", work.join("inside.js").display()));
    step("bundle what watches a frame", &mut esbuild)
}

/// Bundles npm/web/src/`entry` into a script of that name in `work`.
fn bundle(place: &Place, work: &Path, entry: &str, format: &str) -> Result<()> {
    let out = work.join(entry).with_extension("js");
    let options = [
        "--bundle",
        // Names are terser's to shorten: together with esbuild's it takes more bytes.
        "--minify-syntax",
        "--minify-whitespace",
        "--target=es2022",
        "--log-level=warning",
        "--legal-comments=none",
        "--charset=utf8",
        "--sourcemap=external",
    ];
    let mut esbuild = command(place, "esbuild", &options)?;
    esbuild
        .arg(place.root.join("npm/web/src").join(entry))
        .arg(format!("--format={format}"))
        .arg(format!("--mangle-props=^({OWN_NAMES})$"))
        .arg(format!("--alias:tidemark-engine={}", place.root.join(ENGINE).display()))
        .arg(format!("--alias:tidemark-inside={}", work.join("inside.js").display()))
        .arg(format!("--outfile={}", out.display()));
    step(&format!("bundle {entry}"), &mut esbuild)?;
    // 130 bytes less than esbuild alone leaves.
    let options = [
        "--compress",
        "passes=2,ecma=2020,unsafe_arrows,inline=1,sequences=false",
        "--mangle",
        "--output",
    ];
    let mut terser = command(place, "terser", &options)?;
    terser.arg(&out).arg("--toplevel").arg(&out);
    // A page's script says nothing of its map, which would cost every visitor bytes.
    let map = out.with_extension("js.map");
    let name = map.file_name().unwrap_or_default().display().to_string();
    let url = if format == "esm" { format!(",url='{name}'") } else { String::new() };
    let about = format!("content='{}',includeSources{url}", map.display());
    terser.args(["--source-map", &about]);
    step(&format!("shrink {entry}"), &mut terser)
}
