//! `Accept-Encoding` (RFC 9110, 12.5.3), as far as two pre-compressed variants need it.

/// A variant that `cargo xtask build` writes beside a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Variant {
    /// The value of `Content-Encoding`.
    pub(crate) name: &'static str,
    /// What stands behind the file's name.
    pub(crate) suffix: &'static str,
}

/// Best first.
pub(crate) const VARIANTS: [Variant; 2] = [
    Variant {
        name: "br",
        suffix: ".br",
    },
    Variant {
        name: "gzip",
        suffix: ".gz",
    },
];

/// The variants the client takes, best first. Nothing said means the plain file; `q=0` refuses.
pub(crate) fn accepted(header: Option<&str>) -> impl Iterator<Item = Variant> {
    let header = header.unwrap_or_default();
    VARIANTS
        .into_iter()
        .filter(move |variant| takes(header, variant.name))
}

fn takes(header: &str, name: &str) -> bool {
    let mut any = false;
    for entry in header.split(',') {
        let (coding, parameters) = entry.split_once(';').unwrap_or((entry, ""));
        let coding = coding.trim();
        let wanted = !refused(parameters);
        if coding.eq_ignore_ascii_case(name) {
            return wanted;
        }
        any |= coding == "*" && wanted;
    }
    any
}

/// `q=0`, `q=0.0` and the like; a weight that cannot be read refuses too.
fn refused(parameters: &str) -> bool {
    parameters.split(';').any(|parameter| {
        parameter
            .trim()
            .strip_prefix(['q', 'Q'])
            .and_then(|rest| rest.trim_start().strip_prefix('='))
            .is_some_and(|weight| !weight.trim().parse::<f32>().is_ok_and(|weight| weight > 0.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_variant_that_is_taken_comes_first() {
        let table: [(Option<&str>, &[&str]); 10] = [
            (None, &[]),
            (Some(""), &[]),
            (Some("identity"), &[]),
            (Some("gzip, deflate, br, zstd"), &["br", "gzip"]),
            (Some("GZIP"), &["gzip"]),
            (Some("br;q=0, gzip;q=0.5"), &["gzip"]),
            (Some("br; Q = 0.0"), &[]),
            (Some("*"), &["br", "gzip"]),
            (Some("*, br;q=0"), &["gzip"]),
            (Some("br;q=nonsense"), &[]),
        ];
        for (header, want) in table {
            let got: Vec<_> = accepted(header).map(|variant| variant.name).collect();
            assert_eq!(got, want, "{header:?}");
        }
    }
}
