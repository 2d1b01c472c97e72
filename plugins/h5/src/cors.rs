//! Which pages may speak to an account, and the header fields that let browsers do it.
//!
//! The channel uses no cookies, so any page may read any answer: the token is what protects a thread. The list
//! of allowed origins keeps other people's pages from opening sessions on a merchant's account.
use weikefu_channel::Response;

/// Adds the fields every answer carries.
#[must_use]
pub fn open(response: Response) -> Response {
    response
        .header("access-control-allow-origin", "*")
        .header("access-control-expose-headers", "retry-after")
        .header("x-content-type-options", "nosniff")
}

/// Answers `OPTIONS`.
#[must_use]
pub fn preflight() -> Response {
    open(Response {
        status: 204,
        ..Response::default()
    })
    .header("access-control-allow-methods", "GET, POST, OPTIONS")
    .header(
        "access-control-allow-headers",
        "authorization, content-type, x-file-name, accept-language",
    )
    .header("access-control-max-age", "86400")
}

/// Brings an origin into the form browsers send: scheme and host in lower case, no path, no default port.
/// `None` when it is not an `http` or `https` origin.
#[must_use]
pub fn normalize(origin: &str) -> Option<String> {
    let origin = origin.trim().trim_end_matches('/').to_ascii_lowercase();
    let (scheme, authority) = origin.split_once("://")?;
    let default_port = match scheme {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let authority = authority.strip_suffix(default_port).unwrap_or(authority);
    let strange =
        |c: char| matches!(c, '/' | '?' | '#' | '@' | '*' | '\\') || c.is_whitespace() || c.is_control();
    if authority.is_empty() || authority.chars().any(strange) {
        return None;
    }
    Some(format!("{scheme}://{authority}"))
}

/// Whether a page of this origin may use the account. An empty list allows every page.
#[must_use]
pub fn allowed(list: &[String], origin: Option<&str>) -> bool {
    list.is_empty()
        || origin
            .and_then(normalize)
            .is_some_and(|origin| list.contains(&origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_in_one_form() {
        assert_eq!(
            normalize("HTTPS://Shop.Example:443/").as_deref(),
            Some("https://shop.example")
        );
        assert_eq!(
            normalize("http://127.0.0.1:8080").as_deref(),
            Some("http://127.0.0.1:8080")
        );
        let bad = [
            "shop.example",
            "ftp://a",
            "https://",
            "https://a/b",
            "https://*.a",
            "https://u@a",
            "null",
            "",
        ];
        for bad in bad {
            assert_eq!(normalize(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_list_shuts_out_everybody_else() {
        let list = vec!["https://shop.example".to_owned()];
        assert!(allowed(&list, Some("https://shop.example")));
        assert!(allowed(&list, Some("https://shop.example:443")));
        for origin in [
            None,
            Some("null"),
            Some("http://shop.example"),
            Some("https://shop.example.evil.example"),
        ] {
            assert!(!allowed(&list, origin), "{origin:?}");
        }
        assert!(allowed(&[], None));
    }
}
