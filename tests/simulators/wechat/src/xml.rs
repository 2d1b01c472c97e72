//! The little XML of this protocol: a writer with CDATA, and a reader that is stricter than most
//! (no attributes, no DTD, no comments), for judging passive replies.

/// One element to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    name: String,
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    Text(String),
    Bare(String),
    Children(Vec<Node>),
}

impl Node {
    /// A string, written as CDATA.
    pub fn text(name: &str, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: Value::Text(text.into()),
        }
    }

    /// A number, written bare.
    pub fn number(name: &str, number: impl ToString) -> Self {
        Self {
            name: name.into(),
            value: Value::Bare(number.to_string()),
        }
    }

    /// An element of elements.
    #[must_use]
    pub fn group(name: &str, children: Vec<Self>) -> Self {
        Self {
            name: name.into(),
            value: Value::Children(children),
        }
    }

    /// The string of a node with this name.
    pub(crate) fn text_of(&self, name: &str) -> Option<&str> {
        match &self.value {
            Value::Text(text) if self.name == name => Some(text),
            _ => None,
        }
    }

    fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        out.push('>');
        match &self.value {
            Value::Text(text) => {
                out.push_str("<![CDATA[");
                out.push_str(&text.replace("]]>", "]]]]><![CDATA[>"));
                out.push_str("]]>");
            }
            Value::Bare(number) => out.push_str(number),
            Value::Children(children) => children.iter().for_each(|child| child.write(out)),
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }
}

/// `<xml>…</xml>` around the nodes.
pub(crate) fn document(nodes: &[Node]) -> String {
    let mut out = String::with_capacity(512);
    out.push_str("<xml>");
    for node in nodes {
        node.write(&mut out);
    }
    out.push_str("</xml>");
    out
}

/// One element that was read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Element {
    /// The tag.
    pub(crate) name: String,
    /// Its own text, CDATA and character data together.
    pub(crate) text: String,
    /// Elements inside.
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// The first child of this name.
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of this name.
    pub(crate) fn child_text(&self, name: &str) -> Option<&str> {
        self.child(name).map(|child| child.text.as_str())
    }

    /// As JSON: an object of children, or the text.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        if self.children.is_empty() {
            return serde_json::Value::String(self.text.clone());
        }
        let mut object = serde_json::Map::new();
        for child in &self.children {
            let value = child.to_json();
            match object.get_mut(&child.name) {
                Some(serde_json::Value::Array(list)) => list.push(value),
                Some(_) | None if child.name == "item" => {
                    object.insert(child.name.clone(), serde_json::Value::Array(vec![value]));
                }
                _ => {
                    object.insert(child.name.clone(), value);
                }
            }
        }
        serde_json::Value::Object(object)
    }
}

const DEEPEST: usize = 8;

/// Reads one document; the error says what is wrong in a few words.
pub(crate) fn read(text: &str) -> Result<Element, String> {
    let mut rest = text.trim();
    if rest.starts_with("<?xml ") {
        rest = rest
            .split_once("?>")
            .ok_or("the XML declaration does not end")?
            .1
            .trim_start();
    }
    let (element, rest) = element(rest, 0)?;
    if rest.trim().is_empty() {
        Ok(element)
    } else {
        Err("something stands behind the document".into())
    }
}

fn element(text: &str, depth: usize) -> Result<(Element, &str), String> {
    if depth > DEEPEST {
        return Err("the elements are nested too deep".into());
    }
    let inner = text.strip_prefix('<').ok_or("no element where one must be")?;
    let (name, mut rest) = inner.split_once('>').ok_or("a tag does not end")?;
    let (name, empty) = name
        .strip_suffix('/')
        .map_or((name, false), |name| (name.trim_end(), true));
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return Err(format!(
            "<{}> is not an element this protocol has",
            name.chars().take(20).collect::<String>()
        ));
    }
    let mut found = Element {
        name: name.to_owned(),
        ..Element::default()
    };
    if empty {
        return Ok((found, rest));
    }
    loop {
        if let Some(after) = rest.strip_prefix("</") {
            let (closing, after) = after.split_once('>').ok_or("a closing tag does not end")?;
            if closing.trim_end() != name {
                return Err(format!("<{name}> is closed by another tag"));
            }
            if !found.children.is_empty() {
                if !found.text.trim().is_empty() {
                    return Err(format!("<{name}> mixes text and elements"));
                }
                found.text.clear();
            }
            return Ok((found, after));
        }
        if let Some(after) = rest.strip_prefix("<![CDATA[") {
            let (data, after) = after.split_once("]]>").ok_or("a CDATA section does not end")?;
            found.text.push_str(data);
            rest = after;
        } else if rest.starts_with('<') {
            let (child, after) = element(rest, depth + 1)?;
            found.children.push(child);
            rest = after;
        } else {
            let end = rest.find('<').ok_or_else(|| format!("<{name}> is not closed"))?;
            let (data, after) = rest.split_at(end);
            found.text.push_str(&unescape(data)?);
            rest = after;
        }
    }
}

fn unescape(text: &str) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let (name, after) = after.split_once(';').ok_or("a bare & stands in the text")?;
        out.push(match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            other => {
                let code = other
                    .strip_prefix('#')
                    .ok_or("an entity that is not predefined")?;
                let code = match code.strip_prefix('x') {
                    Some(hex) => u32::from_str_radix(hex, 16),
                    None => code.parse(),
                };
                code.ok()
                    .and_then(char::from_u32)
                    .ok_or("a character reference without a character")?
            }
        });
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let nodes = vec![
            Node::text("Content", "a<b>&]]>😀 [微笑]"),
            Node::number("MsgId", u64::MAX),
            Node::group("List", vec![Node::text("item", "1"), Node::text("item", "")]),
        ];
        let element = read(&document(&nodes)).unwrap();
        assert_eq!(element.child_text("Content"), Some("a<b>&]]>😀 [微笑]"));
        assert_eq!(element.child_text("MsgId"), Some("18446744073709551615"));
        assert_eq!(element.to_json()["List"]["item"], serde_json::json!(["1", ""]));
    }

    #[test]
    fn entities_and_short_forms_are_read() {
        let element =
            read("<?xml version=\"1.0\"?>\n<xml> <a>&lt;&#20320;&#x1F600;&amp;</a><b/> </xml>").unwrap();
        assert_eq!(element.child_text("a"), Some("<你😀&"));
        assert_eq!(element.child_text("b"), Some(""));
    }

    #[test]
    fn what_is_not_a_reply_is_refused() {
        for bad in [
            "",
            "success",
            "<xml>",
            "<xml></yml>",
            "<xml></xml>x",
            "<!DOCTYPE xml><xml></xml>",
            "<xml a=\"1\"></xml>",
            "<xml>&boom;</xml>",
            "<xml>a & b</xml>",
            "<xml><![CDATA[x</xml>",
            "<xml>text<a>1</a></xml>",
            "{\"a\":1}",
            "<xml><!-- c --></xml>",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read(&format!("{}{}", "<a>".repeat(20), "</a>".repeat(20))).is_err());
    }
}
