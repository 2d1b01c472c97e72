//! From a path to an [`Asset`], the same for embedded files and for a folder on disk.

use std::borrow::Cow;

use crate::Asset;
use crate::encoding::{VARIANTS, accepted};
use crate::{media_type, url_path};

/// One stored file with a number that changes with its content.
pub(crate) struct Found {
    pub(crate) bytes: Cow<'static, [u8]>,
    pub(crate) tag: u64,
}

/// Where files come from: a clean relative name in, the file or nothing out.
pub(crate) type Source<'a> = dyn Fn(&str) -> Option<Found> + 'a;

/// The answer to one path; `pages` sends extension-less paths that name no file to `index.html`.
pub(crate) fn find(source: &Source<'_>, path: &str, accept: Option<&str>, pages: bool) -> Option<Asset> {
    let path = url_path::clean(path)?;
    // The variants are answers to their file's name, not addresses of their own.
    if VARIANTS.iter().any(|variant| path.ends_with(variant.suffix)) {
        return None;
    }
    if let Some(asset) = variant(source, path, accept) {
        return Some(asset);
    }
    let page = pages && url_path::extension(path).is_none();
    page.then(|| variant(source, "index.html", accept)).flatten()
}

fn variant(source: &Source<'_>, name: &str, accept: Option<&str>) -> Option<Asset> {
    let (found, encoding) = accepted(accept)
        .find_map(|variant| Some((source(&format!("{name}{}", variant.suffix))?, Some(variant.name))))
        .or_else(|| Some((source(name)?, None)))?;
    Some(Asset {
        etag: format!("\"{:016x}\"", found.tag),
        bytes: found.bytes,
        mime: media_type::of(url_path::extension(name)),
        encoding,
        immutable: url_path::hashed(name),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: [(&str, u64); 5] = [
        ("index.html", 1),
        ("index.html.gz", 2),
        ("a-B4x9Zq1_.js", 3),
        ("a-B4x9Zq1_.js.br", 4),
        ("LICENSE", 5),
    ];

    fn source(name: &str) -> Option<Found> {
        let (_, tag) = FILES.into_iter().find(|(file, _)| *file == name)?;
        Some(Found {
            bytes: Cow::Owned(name.into()),
            tag,
        })
    }

    #[test]
    fn the_best_variant_that_exists_is_sent_under_the_files_own_type() {
        let asset = find(&source, "a-B4x9Zq1_.js", Some("gzip, br"), true).unwrap();
        assert_eq!(
            (asset.encoding, asset.mime),
            (Some("br"), "text/javascript; charset=utf-8")
        );
        assert_eq!(asset.bytes, b"a-B4x9Zq1_.js.br".as_slice());
        assert!(asset.immutable);
        let page = find(&source, "", Some("br, gzip"), true).unwrap();
        assert_eq!(
            (page.encoding, page.immutable),
            (Some("gzip"), false),
            "no .br of the page exists"
        );
        assert_eq!(
            find(&source, "a-B4x9Zq1_.js", Some("gzip"), true)
                .unwrap()
                .encoding,
            None
        );
    }

    #[test]
    fn each_variant_has_an_etag_of_its_own() {
        let plain = find(&source, "/", None, true).unwrap().etag;
        assert_eq!(plain, "\"0000000000000001\"");
        assert_ne!(plain, find(&source, "/", Some("gzip"), true).unwrap().etag);
    }

    #[test]
    fn only_paths_without_an_extension_fall_back_to_the_page() {
        assert_eq!(
            find(&source, "shops/1/desk", None, true).unwrap().etag,
            "\"0000000000000001\""
        );
        assert_eq!(
            find(&source, "LICENSE", None, true).unwrap().etag,
            "\"0000000000000005\""
        );
        assert_eq!(find(&source, "assets/gone-B4x9Zq1_.js", None, true), None);
        assert_eq!(find(&source, "shops/1/desk", None, false), None);
        assert_eq!(find(&source, "../desk", None, true), None);
    }

    #[test]
    fn a_variant_has_no_address_of_its_own() {
        assert_eq!(find(&source, "index.html.gz", None, true), None);
        assert_eq!(find(&source, "a-B4x9Zq1_.js.br", Some("br"), true), None);
    }
}
