//! Who may depend on whom, read from `cargo metadata`, and where versions stand.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Source, numbered};
use crate::project::{Metadata, Node};

/// A plugin does no input or output of its own, so none of these is anywhere below it.
const NEVER_BELOW_A_PLUGIN: [&str; 12] = [
    "tokio",
    "mio",
    "async-std",
    "smol",
    "hyper",
    "hyper-util",
    "reqwest",
    "ureq",
    "rustls",
    "native-tls",
    "openssl",
    "socket2",
];

/// Direct dependencies that a crate must not have, with the reason.
const WALLS: [(&str, &[&str], &str); 5] = [
    (
        "weikefu-core",
        &[
            "hyper",
            "hyper-util",
            "libloading",
            "clap",
            "rustls",
            "tokio-tungstenite",
            "sled",
            "bincode",
            "weikefu-channel-host",
            "weikefu-ui",
        ],
        "the desk has no sockets, no files and no plugin loading",
    ),
    (
        "weikefu-channel",
        &[
            "tokio",
            "hyper",
            "weikefu-core",
            "weikefu-storage",
            "weikefu-channel-host",
        ],
        "the SDK is what plugins are built on",
    ),
    (
        "weikefu-channel-host",
        &["weikefu-core", "weikefu-storage", "sled", "bincode"],
        "the host knows nothing of shops and stores nothing itself",
    ),
    (
        "weikefu-storage",
        &[
            "weikefu-core",
            "weikefu-channel",
            "weikefu-channel-host",
            "hyper",
            "tokio-tungstenite",
        ],
        "storage knows neither the domain nor the wire",
    ),
    (
        "weikefu-search",
        &["weikefu-core", "weikefu-channel", "weikefu-storage", "hyper"],
        "the index knows neither the domain nor the truth",
    ),
];
/// The engines have one user each.
const ENGINES: [(&str, &str); 3] = [
    ("sled", "weikefu-storage"),
    ("bincode", "weikefu-storage"),
    ("tantivy", "weikefu-search"),
];

pub(super) fn check(metadata: &Metadata) -> Vec<Finding> {
    let names: BTreeMap<_, _> = metadata
        .packages
        .iter()
        .map(|package| (&*package.id, &*package.name))
        .collect();
    let nodes: BTreeMap<_, _> = metadata
        .resolve
        .nodes
        .iter()
        .map(|node| (&*node.id, node))
        .collect();
    let mut findings = Vec::new();
    for plugin in metadata.plugins() {
        let below = closure(&plugin.id, &nodes);
        for name in NEVER_BELOW_A_PLUGIN
            .iter()
            .filter(|name| below.iter().any(|id| names.get(id) == Some(name)))
        {
            findings.push(Finding::new(
                &plugin.name,
                0,
                format!("depends on {name}, perhaps through others: a plugin asks the host instead (cargo tree -p {} -i {name})", plugin.name),
            ));
        }
    }
    for member in metadata.members() {
        let direct: BTreeSet<_> = nodes
            .get(&*member.id)
            .into_iter()
            .flat_map(|node| normal(node))
            .filter_map(|id| names.get(id))
            .copied()
            .collect();
        let mut banned: Vec<(&str, &str)> = WALLS
            .iter()
            .filter(|(name, ..)| *name == member.name)
            .flat_map(|(_, banned, why)| banned.iter().map(|name| (*name, *why)))
            .collect();
        let others = ENGINES.iter().filter(|(_, user)| *user != member.name);
        banned.extend(others.map(|(engine, _)| (*engine, "one crate alone knows this engine")));
        for (name, why) in banned.into_iter().filter(|(name, _)| direct.contains(name)) {
            findings.push(Finding::new(
                &member.name,
                0,
                format!("must not depend on {name}: {why}"),
            ));
        }
    }
    findings
}

/// Everything that is linked into a package, itself included.
fn closure<'a>(package: &'a str, nodes: &BTreeMap<&'a str, &'a Node>) -> BTreeSet<&'a str> {
    let (mut seen, mut open) = (BTreeSet::new(), vec![package]);
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            open.extend(nodes.get(id).into_iter().flat_map(|node| normal(node)));
        }
    }
    seen
}

/// Dependencies of the product, not of its tests or build scripts.
fn normal(node: &Node) -> impl Iterator<Item = &str> {
    node.deps
        .iter()
        .filter(|edge| edge.dep_kinds.iter().any(|kind| kind.kind.is_none()))
        .map(|edge| &*edge.pkg)
}

/// A member's manifest names a dependency; its version stands in the root, once.
pub(super) fn versions_stand_in_the_root(sources: &[Source]) -> Vec<Finding> {
    let members = sources
        .iter()
        .filter(|source| source.path.ends_with("Cargo.toml"));
    let mut findings = Vec::new();
    for manifest in members {
        let mut section = "";
        for (number, line) in numbered(&manifest.text) {
            let line = line.trim();
            if line.starts_with('[') {
                section = line.trim_matches(['[', ']']);
            } else if !line.is_empty() && !line.starts_with('#') && is_dependency_section(section) {
                // A crate that only one other uses, such as a fixture, may be named by its folder.
                let inherits = line.contains("workspace = true")
                    || (line.contains("path = ") && !line.contains("version"));
                if !inherits {
                    let what = "a dependency with a version of its own: put it into [workspace.dependencies] of the root";
                    findings.push(Finding::new(&manifest.path, number, what));
                }
            }
        }
        if manifest.text.contains("[package]") && !inherits_lints(&manifest.text) {
            findings.push(Finding::new(
                &manifest.path,
                0,
                "does not take the workspace's lints: add [lints] workspace = true",
            ));
        }
    }
    findings
}

fn is_dependency_section(section: &str) -> bool {
    section.ends_with("dependencies") && !section.starts_with("workspace")
}

fn inherits_lints(text: &str) -> bool {
    let mut lines = text
        .lines()
        .map(str::trim)
        .skip_while(|line| *line != "[lints]")
        .skip(1);
    lines.next() == Some("workspace = true")
}

#[cfg(test)]
mod tests {
    use super::super::source::sample;
    use super::*;

    /// A workspace of `plugins/a` above `middle` above `deep`; a dependency's kind is a letter.
    fn metadata(plugin: &str, edges: &[(&str, &str, Option<&str>)]) -> Metadata {
        let mut names: BTreeSet<&str> = edges.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
        names.insert(plugin);
        let packages: Vec<_> = names
            .iter()
            .map(|name| {
                let types = if *name == plugin { ["cdylib"] } else { ["lib"] };
                let manifest = format!("/w/{}/Cargo.toml", if *name == plugin { "plugins/a" } else { name });
                serde_json::json!({"id": name, "name": name, "manifest_path": manifest, "targets": [{"crate_types": types}]})
            })
            .collect();
        let nodes: Vec<_> = names
            .iter()
            .map(|name| {
                let deps: Vec<_> = edges
                    .iter()
                    .filter(|(from, ..)| from == name)
                    .map(|(_, to, kind)| serde_json::json!({"pkg": to, "dep_kinds": [{"kind": kind}]}))
                    .collect();
                serde_json::json!({"id": name, "deps": deps})
            })
            .collect();
        let members: Vec<_> = names
            .iter()
            .filter(|name| **name == plugin || name.starts_with("weikefu"))
            .collect();
        serde_json::from_value(serde_json::json!({
            "packages": packages, "workspace_members": members, "resolve": {"nodes": nodes},
            "target_directory": "/w/target", "workspace_root": "/w",
        }))
        .unwrap()
    }

    fn found(plugin: &str, edges: &[(&str, &str, Option<&str>)]) -> Vec<String> {
        check(&metadata(plugin, edges))
            .into_iter()
            .map(|finding| finding.path + " " + &finding.what)
            .collect()
    }

    #[test]
    fn a_runtime_deep_below_a_plugin_is_found() {
        let found = found(
            "plugin-a",
            &[("plugin-a", "middle", None), ("middle", "tokio", None)],
        );
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("plugin-a depends on tokio"), "{found:?}");
    }

    #[test]
    fn what_only_tests_and_build_scripts_use_is_not_below_a_plugin() {
        let edges = [
            ("plugin-a", "tokio", Some("dev")),
            ("plugin-a", "helper", Some("build")),
            ("helper", "rustls", None),
        ];
        assert_eq!(found("plugin-a", &edges), Vec::<String>::new());
    }

    #[test]
    fn walls_between_our_own_crates_hold() {
        let edges = [
            ("weikefu-core", "hyper", None),
            ("weikefu-core", "weikefu-storage", None),
            ("weikefu-storage", "sled", None),
            ("weikefu-ui", "sled", None),
        ];
        let found = found("plugin-a", &edges);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found
                .iter()
                .any(|line| line.starts_with("weikefu-core must not depend on hyper"))
        );
        assert!(
            found
                .iter()
                .any(|line| line.starts_with("weikefu-ui must not depend on sled"))
        );
    }

    #[test]
    fn a_version_or_missing_lints_in_a_member_is_found() {
        let good = "[package]\nname = \"a\"\n[dependencies]\n# why\nserde.workspace = true\nb = { workspace = true }\nc = { path = \"c\" }\n[lints]\nworkspace = true\n";
        assert_eq!(versions_stand_in_the_root(&sample("core/Cargo.toml", good)), []);
        let bad = "[package]\nversion = \"1\"\n[dev-dependencies]\nserde = \"1\"\n";
        let lines: Vec<_> = versions_stand_in_the_root(&sample("core/Cargo.toml", bad))
            .into_iter()
            .map(|finding| finding.line)
            .collect();
        assert_eq!(lines, [4, 0]);
        assert_eq!(
            versions_stand_in_the_root(&sample("Cargo.toml", "[workspace.dependencies]\nserde = \"1\"\n")),
            []
        );
    }
}
