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

    /// Seals every secret of a channel's settings. `schema` tells which fields are secrets (`writeOnly`).
    pub fn seal(&self, schema: &Value, config: &mut Value) -> Result<(), Refusal> {
        each_secret(schema, config, |text| {
            if text.starts_with(SEALED) {
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

    /// Opens every sealed secret.
    pub fn open(&self, schema: &Value, config: &mut Value) -> Result<(), Refusal> {
        each_secret(schema, config, |text| {
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

fn each_secret(
    schema: &Value,
    config: &mut Value,
    change: impl Fn(&str) -> Result<String, Refusal>,
) -> Result<(), Refusal> {
    let Some(fields) = config.as_object_mut() else {
        return Ok(());
    };
    for (name, value) in fields {
        if is_secret(schema, name)
            && let Some(text) = value.as_str().filter(|text| !text.is_empty())
        {
            *value = Value::String(change(text)?);
        }
    }
    Ok(())
}

/// Whether a field of the settings is a secret. An optional secret's schema is wrapped in `anyOf`.
#[must_use]
pub fn is_secret(schema: &Value, field: &str) -> bool {
    fn write_only(schema: &Value) -> bool {
        schema.get("writeOnly").and_then(Value::as_bool) == Some(true)
            || schema
                .get("anyOf")
                .and_then(Value::as_array)
                .is_some_and(|any| any.iter().any(write_only))
    }
    schema
        .get("properties")
        .and_then(|properties| properties.get(field))
        .is_some_and(write_only)
}

/// The settings with every secret replaced by `null`, for showing.
#[must_use]
pub fn without_secrets(schema: &Value, config: &Value) -> Value {
    let mut shown = config.clone();
    if let Some(fields) = shown.as_object_mut() {
        for (name, value) in fields {
            if is_secret(schema, name) {
                *value = Value::Null;
            }
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
        sealer.seal(&schema(), &mut config).unwrap();
        let text = config.to_string();
        assert!(text.contains("wx1") && !text.contains("s3cret") && !text.contains("more"));
        let mut again = config.clone();
        sealer.seal(&schema(), &mut again).unwrap();
        assert_eq!(again, config, "what is sealed stays as it is");
        assert!(
            Sealer::new(&[8; 32])
                .open(&schema(), &mut config.clone())
                .is_err()
        );
        sealer.open(&schema(), &mut config).unwrap();
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
