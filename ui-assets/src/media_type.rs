//! `Content-Type` by extension, for the kinds of file a front-end build makes.

/// Unknown extensions are downloads, never guessed as something a browser would run.
pub(crate) fn of(extension: Option<&str>) -> &'static str {
    match extension {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json; charset=utf-8",
        Some("webmanifest") => "application/manifest+json; charset=utf-8",
        Some("txt") => "text/plain; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("jpg" | "jpeg") => "image/jpeg",
        Some("gif") => "image/gif",
        Some("webp") => "image/webp",
        Some("avif") => "image/avif",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("woff") => "font/woff",
        Some("wav") => "audio/wav",
        Some("ogg") => "audio/ogg",
        Some("mp3") => "audio/mpeg",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_pages_say_their_charset_and_the_unknown_is_a_download() {
        assert_eq!(of(Some("js")), "text/javascript; charset=utf-8");
        assert_eq!(
            of(Some("webmanifest")),
            "application/manifest+json; charset=utf-8"
        );
        assert_eq!(of(Some("exe")), "application/octet-stream");
        assert_eq!(of(None), "application/octet-stream");
    }
}
