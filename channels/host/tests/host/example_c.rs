//! The C example and deliberately wrong tables, built with the system's C compiler.
use crate::support::{Memory, outgoing};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use weikefu_channel::{Cause, Content, Receipt, Request, Words};
use weikefu_channel_host::{Instance, Library, LoadError, Trust};

/// The header's structures are those of `weikefu_channel::abi`, which asserts the same numbers.
const LAYOUT: &str = "_Static_assert(sizeof(wk_frame) == 64 && offsetof(wk_frame, body) == 48, \"frame\");
    _Static_assert(sizeof(wk_host) == 24 && offsetof(wk_host, ctx) == 8, \"host\");
    _Static_assert(sizeof(wk_plugin) == 48 && offsetof(wk_plugin, manifest) == 16, \"plugin\");";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn compile(source: &Path, out: &Path) {
    let status = Command::new("cc")
        .args([
            "-shared",
            "-fPIC",
            "-std=c11",
            "-O1",
            "-Wall",
            "-Wextra",
            "-Werror",
            "-Wno-missing-field-initializers",
            "-fvisibility=hidden",
            "-I",
        ])
        .arg(root().join("channels/include"))
        .arg("-o")
        .args([out, source])
        .status()
        .unwrap();
    assert!(status.success());
}

/// Compiles a library with this text behind the header and tries to load it.
fn load(text: &str) -> Result<Library, LoadError> {
    let dir = tempfile::tempdir().unwrap();
    let (source, out) = (dir.path().join("plugin.c"), dir.path().join("plugin.so"));
    std::fs::write(
        &source,
        format!("#include \"weikefu_channel.h\"\n{LAYOUT}\n{text}"),
    )
    .unwrap();
    compile(&source, &out);
    Library::load(&out, Trust::Bundled)
}

fn refusal(text: &str) -> LoadError {
    load(text).unwrap_err()
}

/// A plugin with this manifest.
fn with_manifest(manifest: &str) -> String {
    format!(
        "static wk_slice manifest(void) {{
           static const char text[] = {manifest:?};
           return (wk_slice){{(const uint8_t *)text, sizeof text - 1}};
         }}
         static void *create(const wk_host *h, wk_slice c) {{ (void)h; (void)c; return 0; }}
         static void post(void *s, const wk_frame *f) {{ (void)s; (void)f; }}
         static void destroy(void *s) {{ (void)s; }}
         const wk_plugin weikefu_plugin =
           {{WK_MAGIC, WK_ABI_MAJOR, WK_ABI_MINOR, sizeof(wk_plugin), manifest, create, post, destroy}};"
    )
}

#[tokio::test]
async fn the_example_answers() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("example-c.so");
    compile(&root().join("plugins/example-c/echo.c"), &out);
    let library = Library::load(&out, Trust::Bundled).unwrap();
    assert_eq!(
        (&*library.manifest().id, &*library.manifest().names["zh-CN"]),
        ("example-c", "回声")
    );
    let instance = Instance::open(
        &library,
        "c",
        json!({}),
        Arc::new(Memory::default()),
        Handle::current(),
    )
    .await
    .unwrap();
    assert_eq!(
        instance.send(outgoing(Content::text("hi"))).await,
        Ok(Receipt::default())
    );
    let response = instance
        .receive(Request::get("x").with_body(b"echo".to_vec()))
        .await
        .unwrap();
    assert_eq!((response.status, &*response.body), (200, &b"echo"[..]));
    let other = instance
        .call("orders.list", Vec::new(), Vec::new(), Duration::from_secs(10))
        .await;
    let other = other.unwrap_err();
    assert_eq!(other.kind, Cause::Unsupported);
    assert_eq!(
        other.words(),
        Words::new("示例插件不支持此操作", "not part of the example")
    );
    assert!(instance.close().await);
}

#[tokio::test]
async fn a_refusal_without_a_reason_is_still_an_answer() {
    let library = load(&with_manifest(
        r#"{"manifest":1,"id":"x","version":"1","future":true}"#,
    ))
    .unwrap();
    let opened = Instance::open(
        &library,
        "c",
        json!({}),
        Arc::new(Memory::default()),
        Handle::current(),
    )
    .await;
    assert_eq!(opened.map(drop).unwrap_err().kind, Cause::Internal);
}

#[test]
fn tables_of_other_shapes_are_refused() {
    let table = |text: &str| refusal(&format!("const wk_plugin weikefu_plugin = {{{text}}};"));
    let unresolved =
        refusal("int not_there(void); WK_EXPORT int call(void); int call(void) { return not_there(); }");
    assert!(
        matches!(&unresolved, LoadError::Loader { reason, .. } if reason.en.contains("not_there") && reason.zh.contains("缺少符号")),
        "{unresolved:?}"
    );
    let no_symbol = refusal("WK_EXPORT int something_else;");
    assert!(matches!(no_symbol, LoadError::NoSymbol { .. }), "{no_symbol:?}");
    assert!(matches!(
        table("0x12345678, 1, 0, 48"),
        LoadError::Magic {
            found: 0x1234_5678,
            ..
        }
    ));
    let old = table("WK_MAGIC, 2, 7, sizeof(wk_plugin)");
    assert!(old.to_string().ends_with(
        "plugin speaks ABI 2.7, this host speaks 1.0; get a plugin built for this weikefu version"
    ));
    assert!(matches!(
        table("WK_MAGIC, WK_ABI_MAJOR, 9, 40"),
        LoadError::Table { .. }
    ));
    assert!(matches!(
        table("WK_MAGIC, WK_ABI_MAJOR, 0, sizeof(wk_plugin)"),
        LoadError::Table { .. }
    ));
}

#[test]
fn manifests_that_say_too_little_are_refused() {
    let with = |manifest: &str| match refusal(&with_manifest(manifest)) {
        LoadError::Manifest { found, .. } => {
            assert!(!found.zh.is_ascii() || found.zh.contains("id"), "{found:?}");
            found.en
        }
        other => panic!("{other:?}"),
    };
    assert_eq!(with(""), "0 bytes");
    assert!(with("{").starts_with("no JSON"));
    assert_eq!(with("{}"), "no field `manifest`");
    assert_eq!(with(r#"{"manifest":2,"shape":"new"}"#), "schema 2");
    assert!(with(r#"{"manifest":1,"id":"x"}"#).contains("version"));
    assert_eq!(
        with(r#"{"manifest":1,"id":"../x","version":"1"}"#),
        "the id \"../x\""
    );
}

#[test]
fn a_plugin_of_a_later_minor_version_with_a_longer_table_is_loaded() {
    let text = with_manifest(r#"{"manifest":1,"id":"x","version":"1"}"#).replace(
        "WK_ABI_MINOR, sizeof(wk_plugin)",
        "WK_ABI_MINOR + 3, sizeof(wk_plugin) + 16",
    );
    load(&text).unwrap();
}
