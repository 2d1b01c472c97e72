//! Where a plugin may connect to: its manifest's `network`, and what the administrator wrote into fields of
//! format `uri`.
use http::Uri;
use serde_json::Value;
use std::collections::HashSet;
use weikefu_channel::Manifest;

/// The allowed hosts and ports.
#[derive(Debug, Default)]
pub(crate) struct Network(HashSet<(String, u16)>);

impl Network {
    pub(crate) fn of(manifest: &Manifest, config: &Value) -> Self {
        let mut network = Network::default();
        for entry in &manifest.network {
            let with_port = entry
                .rsplit_once(':')
                .and_then(|(host, port)| Some((host, port.parse().ok()?)));
            if let Some((host, port)) = with_port {
                network.allow(host, port);
            } else {
                network.allow(entry, 443);
                network.allow(entry, 80);
            }
        }
        network.fields(&manifest.config, &manifest.config, config, 0);
        network
    }

    fn allow(&mut self, host: &str, port: u16) {
        self.0.insert((host.to_ascii_lowercase(), port));
    }

    /// Follows the schema through the configuration; `depth` bounds schemas that refer to themselves.
    fn fields(&mut self, root: &Value, schema: &Value, config: &Value, depth: u32) {
        if depth > 16 || config.is_null() {
            return;
        }
        if let (Some("uri"), Some(text)) = (schema["format"].as_str(), config.as_str())
            && let Some((host, port)) = text.parse().ok().as_ref().and_then(authority)
        {
            self.allow(&host, port);
        }
        let refers = schema["$ref"].as_str().and_then(|r| r.strip_prefix('#'));
        if let Some(target) = refers.and_then(|pointer| root.pointer(pointer)) {
            self.fields(root, target, config, depth + 1);
        }
        for kind in ["anyOf", "oneOf", "allOf"] {
            for part in schema[kind].as_array().into_iter().flatten() {
                self.fields(root, part, config, depth + 1);
            }
        }
        if let (Some(properties), Some(values)) = (schema["properties"].as_object(), config.as_object()) {
            for (name, property) in properties {
                self.fields(
                    root,
                    property,
                    values.get(name).unwrap_or(&Value::Null),
                    depth + 1,
                );
            }
        }
        for value in config.as_array().into_iter().flatten() {
            self.fields(root, &schema["items"], value, depth + 1);
        }
    }

    /// Whether this address may be called.
    pub(crate) fn allows(&self, uri: &Uri) -> bool {
        authority(uri).is_some_and(|place| self.0.contains(&place))
    }
}

/// Host and port of an absolute `http` or `https` address without credentials in it.
pub(crate) fn authority(uri: &Uri) -> Option<(String, u16)> {
    let usual = match uri.scheme_str()? {
        "https" => 443,
        "http" => 80,
        _ => return None,
    };
    let authority = uri.authority()?;
    if authority.as_str().contains('@') || authority.host().is_empty() {
        return None;
    }
    Some((
        authority.host().to_ascii_lowercase(),
        authority.port_u16().unwrap_or(usual),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn allows(network: &Network, uri: &str) -> bool {
        network.allows(&uri.parse().unwrap())
    }

    #[test]
    fn only_declared_hosts_and_ports() {
        let manifest = Manifest::new("x", "1").network(["api.weixin.qq.com", "media.example:8443"]);
        let network = Network::of(&manifest, &Value::Null);
        assert!(allows(&network, "https://API.weixin.qq.com/cgi-bin?x=1"));
        assert!(allows(&network, "http://api.weixin.qq.com/"));
        assert!(allows(&network, "https://media.example:8443/"));
        for no in [
            "https://api.weixin.qq.com:8443/",
            "https://media.example/",
            "https://evil.example/",
            "https://api.weixin.qq.com.evil.example/",
            "https://api.weixin.qq.com@evil.example/",
            "https://user:pw@api.weixin.qq.com/",
            "ftp://api.weixin.qq.com/",
            "/path",
        ] {
            assert!(!allows(&network, no), "{no}");
        }
    }

    #[test]
    fn addresses_of_the_configuration_are_found_at_any_depth() {
        let uri = json!({ "type": ["string", "null"], "format": "uri" });
        let mut manifest = Manifest::new("x", "1");
        manifest.config = json!({
            "properties": {
                "base": uri, "text": { "type": "string" }, "again": { "$ref": "#" },
                "more": { "items": { "$ref": "#/$defs/Place" } },
            },
            "$defs": { "Place": { "anyOf": [{ "type": "null" }, { "properties": { "at": uri } }] } },
        });
        let config = json!({
            "base": "http://127.0.0.1:4000/base", "text": "https://text.example/",
            "again": { "base": "https://[::1]:5000" }, "more": [{ "at": "https://mall.example" }, null],
        });
        let network = Network::of(&manifest, &config);
        assert!(allows(&network, "http://127.0.0.1:4000/other?x"));
        assert!(allows(&network, "https://[::1]:5000/"));
        assert!(allows(&network, "https://mall.example/a"));
        assert!(!allows(&network, "https://text.example/"));
        assert!(!allows(&network, "http://127.0.0.1:4001/"));
    }
}
