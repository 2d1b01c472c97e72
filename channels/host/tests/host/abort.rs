//! A plugin that would take the server along with its panics does not compile.
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

const PLUGIN: &str = r#"
    use weikefu_channel::{Channel, Host, Manifest, Outgoing, Receipt, Result};
    struct Quiet;
    impl Channel for Quiet {
        type Config = ();
        fn manifest() -> Manifest { Manifest::new("quiet", "1.0.0") }
        async fn open(_: Host, (): ()) -> Result<Self> { Ok(Quiet) }
        async fn send(&self, _: Outgoing) -> Result<Receipt> { Ok(Receipt::default()) }
    }
    weikefu_channel::export!(Quiet);
"#;

/// The SDK's libraries beside the test executable, newest first: Cargo may have left older ones.
fn sdk(deps: &Path) -> Vec<PathBuf> {
    let mut found: Vec<(SystemTime, PathBuf)> = std::fs::read_dir(deps)
        .unwrap()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let name = path.file_name()?.to_str()?;
            let is_sdk = name.starts_with("libweikefu_channel-") && path.extension()? == "rlib";
            is_sdk.then(|| Some((path.metadata().ok()?.modified().ok()?, path.clone())))?
        })
        .collect();
    found.sort();
    found.into_iter().rev().map(|(_, path)| path).collect()
}

#[test]
fn export_refuses_a_build_that_aborts_on_panic() {
    let deps = std::env::current_exe().unwrap().parent().unwrap().to_owned();
    let dir = tempfile::tempdir().unwrap();
    let source = dir.path().join("quiet.rs");
    std::fs::write(&source, PLUGIN).unwrap();
    let compile = |sdk: &Path, panic: &str| {
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()));
        rustc.args([
            "--edition",
            "2024",
            "--crate-type",
            "lib",
            "--emit",
            "metadata",
            "-C",
            panic,
        ]);
        rustc.arg("-L").arg(format!("dependency={}", deps.display()));
        rustc
            .arg("--extern")
            .arg(format!("weikefu_channel={}", sdk.display()));
        rustc.arg("--out-dir").arg(dir.path()).arg(&source);
        let output = rustc.output().unwrap();
        (
            output.status.success(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (sdk, _) = sdk(&deps)
        .into_iter()
        .map(|sdk| (sdk.clone(), compile(&sdk, "panic=unwind")))
        .find(|(_, (compiled, _))| *compiled)
        .expect("it compiles with the usual settings");
    let (compiled, words) = compile(&sdk, "panic=abort");
    assert!(
        !compiled && words.contains("a plugin must be built with panic = \"unwind\""),
        "{words}"
    );
}
