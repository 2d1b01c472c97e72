//! Checks a channel's settings against the schema its plugin gives, so that a wrong one is refused before it is
//! stored, with or without a running server. It knows the keywords that plugins' schemas consist of; what only
//! the plugin can judge is judged when the channel is opened.
use regex_automata::nfa::thompson::pikevm::PikeVM;
use serde_json::Value;
use weikefu_channel::Words;
use weikefu_core::error::Refusal;

/// How deep settings may lie; bounds schemas that refer to themselves.
const DEEP: u32 = 16;

/// Refuses settings that break their schema. The refusal names the field and never its value.
pub(super) fn check(schema: &Value, config: &Value) -> Result<(), Refusal> {
    match wrong(schema, schema, config, "", 0) {
        None => Ok(()),
        Some(Words { zh, en }) => {
            // The sentence begins with the place; the form shows it at the field that contains it.
            let field = en.split([':', '.']).next().unwrap_or_default().to_owned();
            Err(Refusal::invalid(field, zh, en))
        }
    }
}

/// What is wrong with the settings at `place`.
fn wrong(root: &Value, schema: &Value, value: &Value, place: &str, depth: u32) -> Option<Words> {
    if depth > DEEP {
        return None;
    }
    let deeper = |schema: &Value| wrong(root, schema, value, place, depth + 1);
    let refers = schema["$ref"].as_str().and_then(|name| name.strip_prefix('#'));
    if let Some(problem) = refers.and_then(|pointer| root.pointer(pointer)).and_then(deeper) {
        return Some(problem);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        if let Some(problem) = deeper(part) {
            return Some(problem);
        }
    }
    for kind in ["anyOf", "oneOf"] {
        let Some(parts) = schema[kind].as_array().filter(|parts| !parts.is_empty()) else {
            continue;
        };
        let problems: Vec<Words> = parts.iter().filter_map(deeper).collect();
        if problems.len() == parts.len() {
            // Of several ways to be right the first is the one people mean; the others are mostly `null`.
            let choices = choices(parts);
            return if choices.is_empty() {
                problems.into_iter().next()
            } else {
                Some(one_of(place, &choices))
            };
        }
    }
    itself(schema, place, value).or_else(|| inside(root, schema, value, place, depth))
}

/// What is wrong with a value, not looking into it.
fn itself(schema: &Value, place: &str, value: &Value) -> Option<Words> {
    let say =
        |zh: String, en: String| Some(Words::new(format!("{place}：{zh}。"), format!("{place}: {en}.")));
    if let Some(kinds) = kinds(schema)
        && !kinds.iter().any(|kind| is(kind, value))
    {
        let kinds = kinds.join(" / ");
        return say(format!("应为 {kinds} 类型"), format!("must be of type {kinds}"));
    }
    if let Some(allowed) = schema["enum"].as_array()
        && !allowed.contains(value)
    {
        return Some(one_of(place, allowed));
    }
    if let Some(only) = schema.get("const").filter(|only| *only != value) {
        return Some(one_of(place, std::slice::from_ref(only)));
    }
    let count = match value {
        Value::String(text) => Some((
            text.chars().count() as u64,
            "minLength",
            "maxLength",
            "个字符",
            "characters",
        )),
        Value::Array(items) => Some((items.len() as u64, "minItems", "maxItems", "项", "entries")),
        _ => None,
    };
    if let Some((count, least, most, zh, en)) = count {
        if let Some(least) = schema[least].as_u64().filter(|least| count < *least) {
            return say(format!("至少 {least} {zh}"), format!("at least {least} {en}"));
        }
        if let Some(most) = schema[most].as_u64().filter(|most| count > *most) {
            return say(format!("最多 {most} {zh}"), format!("at most {most} {en}"));
        }
    }
    if let Some(number) = value.as_f64() {
        if let Some(least) = schema["minimum"].as_f64().filter(|least| number < *least) {
            return say(format!("不能小于 {least}"), format!("must not be below {least}"));
        }
        if let Some(most) = schema["maximum"].as_f64().filter(|most| number > *most) {
            return say(format!("不能大于 {most}"), format!("must not be above {most}"));
        }
    }
    if let (Some(pattern), Some(text)) = (schema["pattern"].as_str(), value.as_str())
        // A pattern that cannot be read is the plugin's fault; the plugin checks for itself as well.
        && PikeVM::new(pattern).is_ok_and(|known| !known.is_match(&mut known.create_cache(), text))
    {
        let help = schema["description"].as_str().unwrap_or_default();
        return say(
            format!("格式不正确，应符合 {pattern}（{help}）"),
            format!("has the wrong form; it must match {pattern}"),
        );
    }
    None
}

/// What is wrong inside an object or a list.
fn inside(root: &Value, schema: &Value, value: &Value, place: &str, depth: u32) -> Option<Words> {
    for (name, value) in value.as_object().into_iter().flatten() {
        let place = if place.is_empty() {
            name.clone()
        } else {
            format!("{place}.{name}")
        };
        if let Some(problem) = schema["properties"]
            .get(name)
            .and_then(|property| wrong(root, property, value, &place, depth + 1))
        {
            return Some(problem);
        }
    }
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
        return values
            .iter()
            .find_map(|value| wrong(root, items, value, place, depth + 1));
    }
    None
}

fn kinds(schema: &Value) -> Option<Vec<&str>> {
    match &schema["type"] {
        Value::String(kind) => Some(vec![kind]),
        Value::Array(kinds) => Some(kinds.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

fn is(kind: &str, value: &Value) -> bool {
    match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    }
}

/// The values of an enumeration whose variants have help of their own.
fn choices(parts: &[Value]) -> Vec<Value> {
    parts
        .iter()
        .flat_map(|part| match (part.get("const"), part["enum"].as_array()) {
            (Some(only), _) => vec![only.clone()],
            (None, Some(several)) => several.clone(),
            (None, None) => Vec::new(),
        })
        .collect()
}

fn one_of(place: &str, allowed: &[Value]) -> Words {
    let allowed: Vec<String> = allowed
        .iter()
        .map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        .collect();
    let allowed = allowed.join(", ");
    Words::new(
        format!("{place}：应为 {allowed} 之一。"),
        format!("{place}: must be one of {allowed}."),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use weikefu_core::error::Language;

    fn schema() -> Value {
        json!({
            "type": "object",
            "properties": {
                "color": { "type": "string", "pattern": "^#[0-9A-Fa-f]{6}$" },
                "mode": { "oneOf": [{ "const": "plain" }, { "const": "secure" }] },
                "lang": { "type": "string", "enum": ["auto", "en"] },
                "rate": { "type": "integer", "minimum": 1, "maximum": 9 },
                "title": { "type": ["string", "null"], "minLength": 1, "maxLength": 3 },
                "hosts": { "type": "array", "maxItems": 2, "items": { "type": "string", "pattern": "^https://" } },
                "proxy": { "anyOf": [{ "$ref": "#/$defs/Proxy" }, { "type": "null" }] },
                "broken": { "type": "string", "pattern": "(" },
            },
            "$defs": { "Proxy": { "type": "object", "properties": { "port": { "type": "integer", "maximum": 65535 } } } },
        })
    }

    #[test]
    fn every_keyword_is_checked_and_the_field_named() {
        for (config, field) in [
            (json!({ "color": "red" }), "color"),
            (json!({ "color": 1 }), "color"),
            (json!({ "mode": "other" }), "mode"),
            (json!({ "lang": "fr" }), "lang"),
            (json!({ "rate": 0 }), "rate"),
            (json!({ "rate": 10 }), "rate"),
            (json!({ "rate": 1.5 }), "rate"),
            (json!({ "title": "" }), "title"),
            (json!({ "title": "山间茶舍" }), "title"),
            (json!({ "hosts": ["https://a", "http://hunter2"] }), "hosts"),
            (
                json!({ "hosts": ["https://a", "https://b", "https://c"] }),
                "hosts",
            ),
            (json!({ "proxy": { "port": 65536 } }), "proxy.port"),
        ] {
            let refusal = check(&schema(), &config).unwrap_err();
            let (zh, en) = (refusal.text(Language::Chinese), refusal.text(Language::English));
            assert!(matches!(&refusal, Refusal::Invalid { field: shown, .. } if field.starts_with(&**shown)));
            assert!(
                zh.starts_with(&format!("{field}：")) && zh.ends_with('。'),
                "{zh}"
            );
            assert!(en.starts_with(&format!("{field}: ")) && en.is_ascii(), "{en}");
            assert!(!zh.contains("hunter2") && !en.contains("hunter2"));
        }
        let fine = json!({
            "color": "#0B7a43", "mode": "secure", "lang": "en", "rate": 9, "title": "茶舍",
            "hosts": ["https://a"], "proxy": { "port": 1 }, "broken": "x", "unknown": 1,
        });
        check(&schema(), &fine).unwrap();
        check(&schema(), &json!({ "title": null, "proxy": null })).unwrap();
    }
}
