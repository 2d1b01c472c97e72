//! Size budgets of the built front-ends, in bytes as they cross the wire with gzip (1 KB = 1,000).
//!
//! The browser tests measure what a real page loads; this counts it from the build, so that a build
//! above its budget never gets a stamp and is never embedded.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use serde::Deserialize;

use crate::front::FrontEnd;
use crate::problem::{Outcome, Problem, say};

const KB: u64 = 1000;
const WIDGET_LOADER: u64 = 3 * KB;
const WIDGET_ALL: u64 = 25 * KB;
const CONSOLE_FIRST: u64 = 230 * KB;
const CONSOLE_ROUTE: u64 = 215 * KB;
const CONSOLE_ALL: u64 = 700 * KB;

/// Where Vite writes its manifest; it is read here and not shipped.
pub(crate) const MANIFEST_FOLDER: &str = ".vite";

/// One figure beside its limit.
#[derive(Debug, PartialEq, Eq)]
struct Line {
    what: String,
    bytes: u64,
    limit: u64,
}

/// Every file of a build with its size on the wire.
type Sizes = BTreeMap<String, u64>;

/// A chunk in Vite's `manifest.json`.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Chunk {
    file: String,
    is_entry: bool,
    is_dynamic_entry: bool,
    imports: Vec<String>,
    css: Vec<String>,
}

type Manifest = BTreeMap<String, Chunk>;

/// Prints every figure and fails when one is above its limit.
pub(crate) fn check(part: FrontEnd, dist: &Path) -> Outcome {
    let sizes = sizes(dist).map_err(|error| Problem::file(dist, &error))?;
    let lines = match part {
        FrontEnd::Widget => {
            only_own_host(dist)?;
            widget(&sizes)
        }
        FrontEnd::Console => console(&sizes, &manifest(dist)?),
    };
    for Line { what, bytes, limit } in &lines {
        let over = if bytes > limit {
            say("  超出预算", "  OVER BUDGET")
        } else {
            ""
        };
        eprintln!(
            "  {what:<34} {:>7.2} KB of {:>3} KB{over}",
            *bytes as f64 / KB as f64,
            limit / KB
        );
    }
    let over: Vec<_> = lines
        .iter()
        .filter(|line| line.bytes > line.limit)
        .map(|line| &*line.what)
        .collect();
    if over.is_empty() {
        return Ok(());
    }
    let over = over.join(", ");
    Err(Problem::failed(
        format!(
            "{} 超出体积预算（{over}）：请拆分或删去依赖，预算见 packaging/xtask/src/budget.rs。",
            part.name()
        ),
        format!(
            "{} is above its size budget ({over}): split it or drop a dependency; the limits are in packaging/xtask/src/budget.rs.",
            part.name()
        ),
    ))
}

fn widget(sizes: &Sizes) -> Vec<Line> {
    // Everything the panel could ever load counts, so that a chunk cannot hide behind laziness.
    let code = sizes
        .iter()
        .filter(|(name, _)| name.ends_with(".js") || name.ends_with(".css"));
    vec![
        // A loader under another name would be no loader at all.
        Line {
            what: "widget loader".into(),
            bytes: *sizes.get("loader.js").unwrap_or(&u64::MAX),
            limit: WIDGET_LOADER,
        },
        Line {
            what: "widget loader + panel".into(),
            bytes: code.map(|(_, bytes)| bytes).sum(),
            limit: WIDGET_ALL,
        },
    ]
}

fn console(sizes: &Sizes, manifest: &Manifest) -> Vec<Line> {
    let size = |files: &BTreeSet<String>| files.iter().filter_map(|file| sizes.get(file)).sum::<u64>();
    let mut first: BTreeSet<String> = BTreeSet::from(["index.html".into()]);
    for (key, _) in manifest.iter().filter(|(_, chunk)| chunk.is_entry) {
        first.extend(closure(manifest, key));
    }
    let routes: BTreeMap<_, _> = manifest
        .iter()
        .filter(|(key, chunk)| chunk.is_dynamic_entry && key.ends_with(".vue"))
        .map(|(key, _)| {
            (
                key,
                size(&closure(manifest, key).difference(&first).cloned().collect()),
            )
        })
        .collect();
    // The desk is the page of the first load; a build that names it otherwise is judged by its heaviest.
    let named = |key: &str| key.to_lowercase().contains("desk");
    let desk = routes
        .iter()
        .filter(|(key, _)| named(key))
        .map(|(_, bytes)| *bytes)
        .max();
    let page = desk.or_else(|| routes.values().copied().max()).unwrap_or(0);
    let mut lines = vec![
        Line {
            what: "console first load of the desk".into(),
            bytes: size(&first) + page,
            limit: CONSOLE_FIRST,
        },
        Line {
            what: "console all assets".into(),
            bytes: sizes.values().sum(),
            limit: CONSOLE_ALL,
        },
    ];
    lines.extend(routes.into_iter().map(|(key, bytes)| Line {
        what: key.clone(),
        bytes,
        limit: CONSOLE_ROUTE,
    }));
    lines
}

/// A chunk's files with those of everything it imports statically.
fn closure(manifest: &Manifest, key: &str) -> BTreeSet<String> {
    let (mut files, mut seen, mut open) = (BTreeSet::new(), BTreeSet::new(), vec![key.to_owned()]);
    while let Some(key) = open.pop() {
        if !seen.insert(key.clone()) {
            continue;
        }
        if let Some(chunk) = manifest.get(&key) {
            files.insert(chunk.file.clone());
            files.extend(chunk.css.iter().cloned());
            open.extend(chunk.imports.iter().cloned());
        }
    }
    files
}

fn manifest(dist: &Path) -> Outcome<Manifest> {
    let file = dist.join(MANIFEST_FOLDER).join("manifest.json");
    let text = fs::read(&file).map_err(|error| Problem::file(&file, &error))?;
    serde_json::from_slice(&text).map_err(|error| Problem::file(&file, &error.into()))
}

/// The gzip variant's size where there is one, else the file's own. Hidden files are not served.
fn sizes(dist: &Path) -> io::Result<Sizes> {
    let mut sizes = Sizes::new();
    let mut open = vec![dist.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path
                .strip_prefix(dist)
                .unwrap_or(&path)
                .to_string_lossy()
                .into_owned();
            if path
                .file_name()
                .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
            {
                continue;
            }
            if path.is_dir() {
                open.push(path);
            } else if let Some(plain) = name.strip_suffix(".gz") {
                sizes.insert(plain.to_owned(), path.metadata()?.len());
            } else if !name.ends_with(".br") {
                let bytes = path.metadata()?.len();
                sizes
                    .entry(name)
                    .and_modify(|packed| *packed = (*packed).min(bytes))
                    .or_insert(bytes);
            }
        }
    }
    Ok(sizes)
}

/// The widget runs in other people's pages: it may call no server but its own.
fn only_own_host(dist: &Path) -> Outcome {
    for entry in fs::read_dir(dist)
        .map_err(|error| Problem::file(dist, &error))?
        .flatten()
    {
        let path = entry.path();
        if path.extension().is_some_and(|extension| extension == "js") {
            let text = fs::read_to_string(&path).map_err(|error| Problem::file(&path, &error))?;
            if let Some(host) = hosts(&text).find(|host| *host != "www.w3.org") {
                let path = path.display();
                return Err(Problem::failed(
                    format!("{path} 提到了别的主机 {host}：组件只能访问自己的服务器，请去掉它。"),
                    format!(
                        "{path} names another host, {host}: the widget may only call its own server; take it out."
                    ),
                ));
            }
        }
    }
    Ok(())
}

/// Host names after `http://` and `https://`.
fn hosts(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("://").filter_map(|(at, mark)| {
        let scheme = &text[..at];
        let rest = &text[at + mark.len()..];
        let end = rest
            .find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '-'))
            .unwrap_or(rest.len());
        ((scheme.ends_with("http") || scheme.ends_with("https")) && end > 0).then(|| &rest[..end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes_of(files: &[(&str, u64)]) -> Sizes {
        files
            .iter()
            .map(|(name, bytes)| ((*name).to_owned(), *bytes))
            .collect()
    }

    #[test]
    fn a_shared_chunk_counts_once_and_a_route_only_by_what_it_adds() {
        let manifest: Manifest = serde_json::from_str(
            r#"{"index.html":{"file":"a/index.js","isEntry":true,"imports":["_v.js"],"css":["a/index.css"]},
                "_v.js":{"file":"a/v.js"},
                "src/Desk.vue":{"file":"a/desk.js","isDynamicEntry":true,"imports":["_v.js","_list.js","index.html"]},
                "_list.js":{"file":"a/list.js","css":["a/list.css"]},
                "src/Stats.vue":{"file":"a/stats.js","isDynamicEntry":true,"imports":["_v.js"]},
                "src/en.json":{"file":"a/en.js","isDynamicEntry":true}}"#,
        )
        .unwrap();
        let sizes = sizes_of(&[
            ("index.html", 1),
            ("a/index.js", 10),
            ("a/index.css", 20),
            ("a/v.js", 40),
            ("a/desk.js", 100),
            ("a/list.js", 200),
            ("a/list.css", 400),
            ("a/stats.js", 216_000),
            ("a/en.js", 5),
        ]);
        let lines = console(&sizes, &manifest);
        assert_eq!(lines[0].bytes, 1 + 10 + 20 + 40 + 100 + 200 + 400);
        assert_eq!(lines[1].bytes, sizes.values().sum::<u64>());
        let over: Vec<_> = lines
            .iter()
            .filter(|line| line.bytes > line.limit)
            .map(|line| &*line.what)
            .collect();
        assert_eq!(over, ["src/Stats.vue"]);
    }

    #[test]
    fn the_widget_needs_a_loader_and_pays_for_every_chunk() {
        let lines = widget(&sizes_of(&[
            ("loader.js", 2_900),
            ("panel-1.js", 20_000),
            ("emoji-1.js", 3_000),
        ]));
        assert_eq!((lines[0].bytes, lines[1].bytes), (2_900, 25_900));
        assert!(lines[1].bytes > lines[1].limit);
        assert_eq!(widget(&sizes_of(&[("load.js", 1)]))[0].bytes, u64::MAX);
    }

    #[test]
    fn sizes_are_those_on_the_wire() {
        let dir = tempfile::tempdir().unwrap();
        for (name, bytes) in [
            ("loader.js", 5_000),
            ("loader.js.gz", 2_000),
            ("loader.js.br", 1_500),
            (".stamp", 64),
            ("a.png", 700),
        ] {
            fs::write(dir.path().join(name), vec![b'x'; bytes]).unwrap();
        }
        assert_eq!(
            sizes(dir.path()).unwrap(),
            sizes_of(&[("loader.js", 2_000), ("a.png", 700)])
        );
    }

    #[test]
    fn a_build_above_its_budget_or_with_a_foreign_host_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(
            dir.path().join("loader.js"),
            "createElementNS('http://www.w3.org/2000/svg'); /^https?:/",
        )
        .unwrap();
        assert_eq!(check(FrontEnd::Widget, dir.path()), Ok(()));
        fs::write(dir.path().join("loader.js"), "fetch('https://cdn.example.org/x')").unwrap();
        assert!(
            check(FrontEnd::Widget, dir.path())
                .unwrap_err()
                .to_string()
                .contains("cdn.example.org")
        );
        fs::write(dir.path().join("loader.js"), vec![b'x'; 3_001]).unwrap();
        assert!(
            check(FrontEnd::Widget, dir.path())
                .unwrap_err()
                .to_string()
                .contains("widget loader")
        );
    }
}
