//! Secrets of channel settings, sealed before they are stored.
use crate::error::Refusal;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{ChaCha20Poly1305, Nonce};
use serde_json::Value;

/// What a sealed value begins with.
const SEALED: &str = "sealed:1:";

/// Seals and opens secrets with the installation's key, which lies outside the store.
#[derive(Clone)]
pub struct Sealer(ChaCha20Poly1305);

impl Sealer {
    /// A sealer with this key.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Sealer(ChaCha20Poly1305::new(&(*key).into()))
    }

    /// Seals every secret of a channel's settings as they are stored. `schema` tells which fields are secrets
    /// (`writeOnly`), `stored` the settings as they were: what has not changed stays sealed as it is. Everything
    /// else is sealed, whatever it looks like.
    pub fn seal(&self, schema: &Value, stored: &Value, config: &mut Value) -> Result<(), Refusal> {
        each_secret(schema, config, &mut |place, text| {
            if stored.pointer(place).and_then(Value::as_str) == Some(text) && is_sealed(text) {
                return Ok(text.to_owned());
            }
            let mut nonce = [0; 12];
            getrandom::fill(&mut nonce).map_err(|_| Refusal::Unavailable)?;
            let sealed = self
                .0
                .encrypt(&Nonce::from(nonce), text.as_bytes())
                .map_err(|_| Refusal::Unavailable)?;
            Ok(format!(
                "{SEALED}{}",
                STANDARD_NO_PAD.encode([&nonce[..], &sealed].concat())
            ))
        })
    }

    /// Opens every sealed secret of stored settings.
    pub fn open(&self, schema: &Value, config: &mut Value) -> Result<(), Refusal> {
        each_secret(schema, config, &mut |_, text| {
            let Some(sealed) = text.strip_prefix(SEALED) else {
                return Ok(text.to_owned());
            };
            self.open_one(sealed).ok_or_else(|| {
                Refusal::invalid(
                    "config",
                    "保存的密钥无法解密：secret.key 与数据不匹配。请恢复原来的 secret.key，或重新填写渠道密钥。",
                    "A stored secret cannot be opened: secret.key does not belong to this data. Restore the original \
                     secret.key or enter the channel's secrets again.",
                )
            })
        })
    }

    fn open_one(&self, sealed: &str) -> Option<String> {
        let bytes = STANDARD_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_checked(12)?;
        let opened = self.0.decrypt(&Nonce::try_from(nonce).ok()?, sealed).ok()?;
        String::from_utf8(opened).ok()
    }
}

/// Whether it has the form of a sealed value. One that another key has sealed has it too, and is kept: the
/// administrator may bring that key back.
fn is_sealed(text: &str) -> bool {
    text.strip_prefix(SEALED)
        .and_then(|sealed| STANDARD_NO_PAD.decode(sealed).ok())
        .is_some_and(|bytes| bytes.len() >= 12 + 16)
}

/// How deep settings may lie; bounds schemas that refer to themselves.
const DEEP: u32 = 16;

/// Changes every secret that is set. `change` hears where it stands, as a JSON pointer, and what it says.
fn each_secret(
    schema: &Value,
    config: &mut Value,
    change: &mut dyn FnMut(&str, &str) -> Result<String, Refusal>,
) -> Result<(), Refusal> {
    let mut places = Vec::new();
    find(schema, schema, config, "", 0, &mut places);
    for place in places {
        if let Some(value) = config.pointer_mut(&place)
            && let Some(text) = value.as_str().filter(|text| !text.is_empty())
        {
            *value = Value::String(change(&place, text)?);
        }
    }
    Ok(())
}

/// Follows the schema through the settings and collects where secrets stand. A part that is a secret as a whole
/// gives the values inside it.
fn find(root: &Value, schema: &Value, config: &Value, place: &str, depth: u32, places: &mut Vec<String>) {
    if depth > DEEP || config.is_null() {
        return;
    }
    if schema["writeOnly"].as_bool() == Some(true) {
        values(config, place, places);
        return;
    }
    let refers = schema["$ref"].as_str().and_then(|name| name.strip_prefix('#'));
    if let Some(target) = refers.and_then(|pointer| root.pointer(pointer)) {
        find(root, target, config, place, depth + 1, places);
    }
    for kind in ["anyOf", "oneOf", "allOf"] {
        for part in schema[kind].as_array().into_iter().flatten() {
            find(root, part, config, place, depth + 1, places);
        }
    }
    for (name, value) in config.as_object().into_iter().flatten() {
        let inside = match schema["properties"].get(name) {
            Some(property) => property,
            None => &schema["additionalProperties"],
        };
        find(root, inside, value, &below(place, name), depth + 1, places);
    }
    for (index, value) in config.as_array().into_iter().flatten().enumerate() {
        let inside = &schema["items"];
        find(
            root,
            inside,
            value,
            &format!("{place}/{index}"),
            depth + 1,
            places,
        );
    }
}

fn values(config: &Value, place: &str, places: &mut Vec<String>) {
    match config {
        Value::Object(fields) => {
            for (name, value) in fields {
                values(value, &below(place, name), places);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                values(value, &format!("{place}/{index}"), places);
            }
        }
        Value::Null => {}
        // Two parts of a schema may name the same place.
        _ if places.iter().any(|known| known == place) => {}
        _ => places.push(place.to_owned()),
    }
}

fn below(place: &str, name: &str) -> String {
    format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// The settings with every secret replaced by `null`, for showing.
#[must_use]
pub fn without_secrets(schema: &Value, config: &Value) -> Value {
    let mut shown = config.clone();
    let mut places = Vec::new();
    find(schema, schema, config, "", 0, &mut places);
    for place in places {
        if let Some(value) = shown.pointer_mut(&place) {
            *value = Value::Null;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({ "properties": {
            "app_id": { "type": "string" },
            "secret": { "type": "string", "writeOnly": true },
            "other": { "anyOf": [{ "type": "string", "writeOnly": true }, { "type": "null" }] },
        }})
    }

    #[test]
    fn sealed_secrets_open_with_the_same_key_only() {
        let plain = json!({ "app_id": "wx1", "secret": "s3cret", "other": "more" });
        let sealer = Sealer::new(&[7; 32]);
        let mut config = plain.clone();
        sealer.seal(&schema(), &Value::Null, &mut config).unwrap();
        let text = config.to_string();
        assert!(text.contains("wx1") && !text.contains("s3cret") && !text.contains("more"));
        let mut again = config.clone();
        sealer.seal(&schema(), &config, &mut again).unwrap();
        assert_eq!(again, config, "what is sealed stays as it is");
        assert!(
            Sealer::new(&[8; 32])
                .open(&schema(), &mut config.clone())
                .is_err()
        );
        sealer.open(&schema(), &mut config).unwrap();
        assert_eq!(config, plain);
    }

    /// Somebody's password may look like anything.
    #[test]
    fn a_secret_that_looks_sealed_is_sealed_like_any_other() {
        let sealer = Sealer::new(&[7; 32]);
        let mut real = json!({ "secret": "s" });
        sealer.seal(&schema(), &Value::Null, &mut real).unwrap();
        for secret in [
            "sealed:1:",
            "sealed:1:my password",
            "sealed:1:QUJDRA",
            real["secret"].as_str().unwrap(),
        ] {
            let plain = json!({ "secret": secret });
            for stored in [
                Value::Null,
                json!({ "secret": "sealed:1:" }),
                json!({ "other": secret }),
            ] {
                let mut config = plain.clone();
                sealer.seal(&schema(), &stored, &mut config).unwrap();
                assert_ne!(config, plain);
                sealer.open(&schema(), &mut config).unwrap();
                assert_eq!(config, plain);
            }
        }
    }

    #[test]
    fn secrets_are_found_at_any_depth() {
        let secret = json!({ "type": "string", "writeOnly": true });
        let schema = json!({
            "properties": {
                "proxy": { "$ref": "#/$defs/Proxy" },
                "keys": { "items": secret },
                "named": { "additionalProperties": { "anyOf": [secret, { "type": "null" }] } },
                "again": { "$ref": "#" },
            },
            "$defs": { "Proxy": { "properties": { "host": {}, "pass/word": secret } } },
        });
        let plain = json!({
            "proxy": { "host": "h", "pass/word": "s3cret" },
            "keys": ["s3cret", ""],
            "named": { "a": "s3cret", "b": null },
            "again": { "again": { "keys": ["s3cret"] } },
        });
        let sealer = Sealer::new(&[7; 32]);
        let mut config = plain.clone();
        sealer.seal(&schema, &Value::Null, &mut config).unwrap();
        assert!(!config.to_string().contains("s3cret"), "{config}");
        assert_eq!(config["proxy"]["host"], "h");
        let shown = without_secrets(&schema, &config).to_string();
        assert!(!shown.contains("sealed") && shown.contains("\"h\""), "{shown}");
        sealer.open(&schema, &mut config).unwrap();
        assert_eq!(config, plain);
    }

    #[test]
    fn shown_settings_have_no_secrets() {
        let shown = without_secrets(
            &schema(),
            &json!({ "app_id": "wx1", "secret": "s", "other": "o" }),
        );
        assert_eq!(shown, json!({ "app_id": "wx1", "secret": null, "other": null }));
    }
}
