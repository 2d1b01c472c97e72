//! Chooses what is embedded: a front-end that was built (`dist/.stamp` is there) or its fallback page.
//! Never runs npm and never touches the network.

use std::env;
use std::path::{Path, PathBuf};

fn main() {
    let here = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let console = choose(&here, "console");
    let widget = choose(&here, "widget");
    println!("cargo::rustc-check-cfg=cfg(weikefu_ui_built)");
    if console && widget {
        println!("cargo::rustc-cfg=weikefu_ui_built");
    } else {
        println!(
            "cargo::warning=console or widget not built: the executable carries a page that names the command \
             (cargo xtask build)"
        );
    }
    // A path that does not exist makes cargo run this script, and build everything above it, each time.
    // So a missing stamp is not watched: `cargo xtask build` touches this file after it wrote a stamp.
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=fallback");
}

/// Points rust-embed at one folder; true when that is the built one.
fn choose(here: &Path, name: &str) -> bool {
    let built = here.join(name).join("dist");
    let stamp = built.join(".stamp");
    let there = stamp.is_file();
    if there {
        println!("cargo::rerun-if-changed={}", stamp.display());
    }
    let folder = if there {
        built
    } else {
        here.join("fallback").join(name)
    };
    println!(
        "cargo::rustc-env=WEIKEFU_UI_{}={}",
        name.to_uppercase(),
        folder.display()
    );
    there
}
