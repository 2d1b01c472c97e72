//! Points the embedding of plugins at the folder `cargo xtask build` has filled, or at an empty one.
fn main() {
    println!("cargo:rerun-if-env-changed=WEIKEFU_PLUGIN_DIR");
    let folder = std::env::var("WEIKEFU_PLUGIN_DIR").unwrap_or_else(|_| {
        let out = std::env::var("OUT_DIR").unwrap_or_default();
        format!("{out}/no-plugins")
    });
    println!("cargo:rerun-if-changed={folder}");
    println!("cargo:rustc-env=WEIKEFU_PLUGIN_DIR={folder}");
}
