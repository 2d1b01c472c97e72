//! Settings somebody gives a channel, as words of a command line or values of a form, put into what it has. Whether
//! they fit is for `settings` to say.
use serde_json::Value;
use weikefu_core::error::Refusal;

/// Bytes of all settings together, as JSON.
const ALL: usize = 32 << 10;

/// A setting somebody gave.
pub(crate) struct Given {
    name: String,
    value: GivenValue,
}

enum GivenValue {
    /// Typed on a command line: the schema says what it is.
    Word(String),
    /// From a form.
    Json(Value),
}

impl Given {
    pub(crate) fn words(pairs: Vec<(String, String)>) -> Vec<Given> {
        pairs
            .into_iter()
            .map(|(name, word)| Given {
                name,
                value: GivenValue::Word(word),
            })
            .collect()
    }

    pub(crate) fn json(fields: impl IntoIterator<Item = (String, Value)>) -> Vec<Given> {
        fields
            .into_iter()
            .map(|(name, value)| Given {
                name,
                value: GivenValue::Json(value),
            })
            .collect()
    }
}

/// Puts settings into a configuration, by the schema. An empty text or `null` removes one.
pub(super) fn apply(schema: &Value, config: &mut Value, settings: Vec<Given>) -> Result<(), Refusal> {
    let properties = schema.get("properties").and_then(Value::as_object);
    for Given { name, value } in settings {
        let Some(property) = properties.and_then(|known| known.get(&name)) else {
            let known = properties
                .map(|known| known.keys().cloned().collect::<Vec<_>>().join(", "))
                .unwrap_or_default();
            return Err(Refusal::invalid(
                "settings",
                format!("没有名为 {name} 的设置。可用的设置：{known}。"),
                format!("There is no setting {name}. Known settings: {known}."),
            ));
        };
        let value = match value {
            GivenValue::Word(word) => typed(property, word).ok_or_else(|| wrong_type(&name, property))?,
            GivenValue::Json(value) => value,
        };
        if value.is_null() || value == "" {
            config.as_object_mut().and_then(|fields| fields.remove(&name));
            continue;
        }
        config[&name] = value;
    }
    if config.to_string().len() > ALL {
        return Err(Refusal::invalid(
            "settings",
            "设置内容过长，请缩短后再保存。",
            "These settings are too long. Shorten them and save again.",
        ));
    }
    complete(schema, config)
}

/// The value a word stands for.
fn typed(property: &Value, word: String) -> Option<Value> {
    if word.is_empty() {
        return Some(Value::Null);
    }
    if is(property, "boolean") {
        word.parse().ok().map(Value::Bool)
    } else if is(property, "integer") || is(property, "number") {
        serde_json::from_str::<serde_json::Number>(&word)
            .ok()
            .map(Value::Number)
    } else if is(property, "array") && word.trim_start().starts_with('[') {
        // A list of anything but words.
        serde_json::from_str::<Vec<Value>>(&word).ok().map(Value::Array)
    } else if is(property, "array") {
        let parts = word.split(',').map(|part| Value::String(part.trim().to_owned()));
        Some(Value::Array(parts.collect()))
    } else {
        Some(Value::String(word))
    }
}

/// Whether a property may be of a type. An optional one is wrapped in `anyOf`.
fn is(property: &Value, wanted: &str) -> bool {
    match property.get("type") {
        Some(Value::String(kind)) => kind == wanted,
        Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == wanted),
        _ => property
            .get("anyOf")
            .and_then(Value::as_array)
            .is_some_and(|any| any.iter().any(|one| is(one, wanted))),
    }
}

fn wrong_type(name: &str, property: &Value) -> Refusal {
    let help = property
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default();
    Refusal::invalid(
        name.to_owned(),
        format!("{name} 的值类型不正确（{help}）。"),
        format!("{name}: the value has the wrong type."),
    )
}

/// Whether everything required is there.
fn complete(schema: &Value, config: &Value) -> Result<(), Refusal> {
    let required = schema.get("required").and_then(Value::as_array);
    let missing: Vec<&str> = required
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .filter(|name| config.get(name).is_none())
        .collect();
    let Some(first) = missing.first() else {
        return Ok(());
    };
    let names = missing.join(", ");
    Err(Refusal::invalid(
        (*first).to_owned(),
        format!("还缺少设置：{names}。命令行用 --set 名称=值 填写。"),
        format!("Settings are missing: {names}. On the command line: --set NAME=VALUE."),
    ))
}

/// The secrets that are set, by name: what is left out where settings are shown.
pub(crate) fn set_secrets(config: &Value, shown: &Value) -> Vec<String> {
    let fields = config.as_object().into_iter().flatten();
    fields
        .filter(|(name, value)| {
            value.as_str().is_some_and(|text| !text.is_empty()) && shown.get(*name).is_none_or(Value::is_null)
        })
        .map(|(name, _)| name.clone())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn schema() -> Value {
        json!({
            "required": ["id"],
            "properties": {
                "id": { "type": "string" },
                "on": { "type": "boolean" },
                "many": { "type": "integer" },
                "list": { "type": "array" },
                "mode": { "oneOf": [{ "const": "a" }, { "const": "b" }] },
                "word": { "anyOf": [{ "type": "string", "writeOnly": true }, { "type": "null" }] },
            },
        })
    }

    fn field(settings: Vec<Given>) -> String {
        let mut config = json!({});
        match apply(&schema(), &mut config, settings) {
            Err(Refusal::Invalid { field, .. }) => field.into_owned(),
            other => panic!("{other:?} {config}"),
        }
    }

    #[test]
    fn what_is_unknown_missing_or_endless_is_refused() {
        assert_eq!(field(Given::json([("more".to_owned(), json!(1))])), "settings");
        assert_eq!(field(Vec::new()), "id", "required");
        assert_eq!(field(Given::json([("id".to_owned(), Value::Null)])), "id");
        assert_eq!(
            field(Given::json([("id".to_owned(), json!("x".repeat(ALL)))])),
            "settings"
        );
        assert_eq!(field(Given::words(vec![("on".into(), "yes".into())])), "on");
    }

    #[test]
    fn words_become_what_the_schema_says() {
        let mut config = json!({ "mode": "b" });
        let words = [
            ("id", "abc"),
            ("on", "true"),
            ("many", "7"),
            ("list", "a, b"),
            ("mode", ""),
            ("word", "w"),
        ];
        let words = words.map(|(name, word)| (name.to_owned(), word.to_owned()));
        apply(&schema(), &mut config, Given::words(words.to_vec())).unwrap();
        assert_eq!(
            config,
            json!({ "id": "abc", "on": true, "many": 7, "list": ["a", "b"], "word": "w" })
        );
        assert_eq!(
            set_secrets(
                &config,
                &weikefu_core::secrets::without_secrets(&schema(), &config)
            ),
            ["word"]
        );
    }
}
