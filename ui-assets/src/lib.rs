//! The console and the widget as bytes inside the executable.
//!
//! Owns which file answers a path: exact file, pre-compressed variant, page of the single-page
//! application, media type, `ETag`. Does not own HTTP: the caller writes the headers, namely
//! `Cache-Control: public, max-age=31536000, immutable` or `no-cache` by [`Asset::immutable`],
//! `Vary: Accept-Encoding`, `Content-Encoding`, and the answer 304.
//!
//! A release build holds the files; a debug build reads them from the work tree at each call. When
//! `cargo xtask build` has not run, a hand-written page stands in ([`BUILT`] is false).

#![forbid(unsafe_code)]

mod encoding;
mod lookup;
mod media_type;
mod overrides;
mod url_path;

use std::borrow::Cow;

use lookup::{Found, find};
pub use overrides::Overrides;

/// Whether console and widget were built before this executable; false means the fallback page.
pub const BUILT: bool = cfg!(weikefu_ui_built);

/// One file, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The body, already in [`Asset::encoding`].
    pub bytes: Cow<'static, [u8]>,
    /// `Content-Type`, with charset for text.
    pub mime: &'static str,
    /// Strong `ETag` of exactly these bytes, quotes included.
    pub etag: String,
    /// `Content-Encoding`: `br`, `gzip`, or none.
    pub encoding: Option<&'static str>,
    /// The name carries a hash of the content, so it may be cached for ever.
    pub immutable: bool,
}

#[derive(rust_embed::RustEmbed)]
#[folder = "$WEIKEFU_UI_CONSOLE"]
struct Console;

#[derive(rust_embed::RustEmbed)]
#[folder = "$WEIKEFU_UI_WIDGET"]
struct Widget;

/// A file of the console. `path` is the URL's path, percent-decoded, with or without its first slash;
/// `accept_encoding` is the request's header. A path without an extension that names no file is a page
/// of the application and answers `index.html`. `None` means 404.
#[must_use]
pub fn console(path: &str, accept_encoding: Option<&str>) -> Option<Asset> {
    find(&|name| Console::get(name).map(found), path, accept_encoding, true)
}

/// A file of the widget, `path` as below `/w/` (`loader.js`). See [`console`]; there is no fallback page.
#[must_use]
pub fn widget(path: &str, accept_encoding: Option<&str>) -> Option<Asset> {
    find(&|name| Widget::get(name).map(found), path, accept_encoding, false)
}

fn found(file: rust_embed::EmbeddedFile) -> Found {
    let hash = file.metadata.sha256_hash();
    let (first, _) = hash.split_at(8);
    let tag = first.iter().fold(0_u64, |tag, byte| tag << 8 | u64::from(*byte));
    Found {
        bytes: file.data,
        tag,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_console_answers_its_page_for_the_root_and_for_every_route() {
        let root = console("/", None).expect("index.html");
        assert_eq!(root.mime, "text/html; charset=utf-8");
        assert!(!root.immutable);
        assert_eq!(console("shops/1/desk", None).as_ref(), Some(&root));
        assert_eq!(console("/index.html", None).as_ref(), Some(&root));
    }

    #[test]
    fn the_widget_has_a_loader_and_no_page_for_other_paths() {
        let loader = widget("loader.js", None).expect("loader.js");
        assert_eq!(loader.mime, "text/javascript; charset=utf-8");
        assert!(
            !loader.immutable,
            "the loader's address never changes, its content does"
        );
        assert_eq!(widget("shops/1", None), None);
    }

    #[test]
    fn an_executable_without_a_console_names_the_command() {
        if !BUILT {
            let page = console("/", None).expect("index.html");
            let text = String::from_utf8(page.bytes.into_owned()).expect("UTF-8");
            assert!(text.contains("cargo xtask build"));
        }
    }

    #[test]
    fn a_built_console_carries_the_licences_of_what_is_bundled() {
        if BUILT {
            let page = console("/licenses.txt", None).expect("licenses.txt");
            assert_eq!(page.mime, "text/plain; charset=utf-8");
            let text = String::from_utf8(page.bytes.into_owned()).expect("UTF-8");
            for part in ["## vue ", "lamejs", "GNU LESSER GENERAL PUBLIC LICENSE"] {
                assert!(text.contains(part), "{part}");
            }
        }
    }

    #[test]
    fn nothing_outside_the_folder_is_served() {
        for path in [
            "../Cargo.toml",
            "/../../Cargo.toml",
            "assets/../../Cargo.toml",
            "..\\Cargo.toml",
            ".stamp",
            "//etc/hosts",
        ] {
            assert_eq!(console(path, None), None, "{path}");
            assert_eq!(widget(path, None), None, "{path}");
        }
    }
}
