//! Points the embedding of plugins at the folder `cargo xtask build` has filled, or at one that is not there.
fn main() {
    println!("cargo:rerun-if-env-changed=WEIKEFU_PLUGIN_DIR");
    let given = std::env::var("WEIKEFU_PLUGIN_DIR").ok();
    if let Some(folder) = &given {
        println!("cargo:rerun-if-changed={folder}");
    } else {
        println!("cargo:rerun-if-changed=build.rs");
    }
    let none = format!("{}/no-plugins", std::env::var("OUT_DIR").unwrap_or_default());
    println!("cargo:rustc-env=WEIKEFU_PLUGIN_DIR={}", given.unwrap_or(none));
}
