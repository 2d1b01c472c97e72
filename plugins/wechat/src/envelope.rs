//! Reads what the platform pushes into a small tree of named texts. Bounded in bytes, depth and fields; document
//! types and entities are refused, so nothing in it can grow or reach out. JSON pushes give the same tree.
use quick_xml::events::Event;
use quick_xml::reader::Reader;

/// The largest body taken, bytes. The platform's own pushes stay far below.
pub const MAX_BODY: usize = 1 << 20;
const MAX_DEPTH: usize = 8;
const MAX_FIELDS: usize = 512;

/// One element: a name, its own text and its children.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// The tag.
    pub name: String,
    /// Text and CDATA of this element, joined.
    pub text: String,
    /// Elements inside it, in order.
    pub children: Vec<Element>,
}

/// Why a body was refused. For the log only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// More than [`MAX_BODY`].
    TooLarge,
    /// Not UTF-8.
    Encoding,
    /// A document type, an entity of its own or a processing instruction.
    Entities,
    /// Too deep, or too many fields.
    Bounds,
    /// Not one whole, well-formed document.
    Malformed,
}

impl Element {
    /// Reads a pushed body: XML, or JSON when the platform's console is set to it.
    pub fn parse(body: &[u8]) -> Result<Self, Refusal> {
        if body.len() > MAX_BODY {
            return Err(Refusal::TooLarge);
        }
        let text = std::str::from_utf8(body).map_err(|_| Refusal::Encoding)?;
        let text = text.trim_start_matches('\u{feff}').trim();
        if text.starts_with('{') {
            parse_json(text)
        } else {
            parse_xml(text)
        }
    }

    /// The first child of this name.
    #[must_use]
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the first child of this name; empty when there is none.
    #[must_use]
    pub fn get(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| child.text.as_str())
    }
}

fn parse_xml(text: &str) -> Result<Element, Refusal> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut fields = 0;
    loop {
        match reader.read_event().map_err(|_| Refusal::Malformed)? {
            event @ (Event::Start(_) | Event::Empty(_)) => {
                let (tag, empty) = match &event {
                    Event::Start(tag) => (tag, false),
                    Event::Empty(tag) => (tag, true),
                    _ => return Err(Refusal::Malformed),
                };
                fields += 1;
                if open.len() >= MAX_DEPTH || fields > MAX_FIELDS {
                    return Err(Refusal::Bounds);
                }
                if root.is_some() {
                    return Err(Refusal::Malformed);
                }
                open.push(Element {
                    name: tag.name().into_inner().to_owned(),
                    ..Element::default()
                });
                if empty {
                    close(&mut open, &mut root)?;
                }
            }
            Event::End(_) => close(&mut open, &mut root)?,
            Event::Text(content) => push(&mut open, &content.xml10_content())?,
            Event::CData(content) => push(&mut open, &content.xml10_content())?,
            Event::GeneralRef(reference) => {
                let known = match &*reference {
                    "lt" => "<",
                    "gt" => ">",
                    "amp" => "&",
                    "quot" => "\"",
                    "apos" => "'",
                    name if !name.starts_with('#') => return Err(Refusal::Entities),
                    _ => {
                        let resolved = reference.resolve_char_ref().map_err(|_| Refusal::Malformed)?;
                        let resolved = resolved.ok_or(Refusal::Malformed)?;
                        push(&mut open, resolved.encode_utf8(&mut [0; 4]))?;
                        continue;
                    }
                };
                push(&mut open, known)?;
            }
            Event::DocType(_) | Event::PI(_) => return Err(Refusal::Entities),
            Event::Comment(_) | Event::Decl(_) => {}
            Event::Eof => break,
        }
    }
    if !open.is_empty() {
        return Err(Refusal::Malformed);
    }
    root.ok_or(Refusal::Malformed)
}

/// Ends the innermost element. Blanks between children are layout, not text.
fn close(open: &mut Vec<Element>, root: &mut Option<Element>) -> Result<(), Refusal> {
    let mut element = open.pop().ok_or(Refusal::Malformed)?;
    if !element.children.is_empty() {
        element.text.clear();
    }
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None => *root = Some(element),
    }
    Ok(())
}

fn push(open: &mut [Element], text: &str) -> Result<(), Refusal> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err(Refusal::Malformed),
    }
    Ok(())
}

fn parse_json(text: &str) -> Result<Element, Refusal> {
    let value = serde_json::from_str(text).map_err(|_| Refusal::Malformed)?;
    let mut fields = 0;
    from_json("xml", &value, 0, &mut fields)
}

fn from_json(
    name: &str,
    value: &serde_json::Value,
    depth: usize,
    fields: &mut usize,
) -> Result<Element, Refusal> {
    use serde_json::Value;
    *fields += 1;
    if depth >= MAX_DEPTH || *fields > MAX_FIELDS {
        return Err(Refusal::Bounds);
    }
    let mut element = Element {
        name: name.to_owned(),
        ..Element::default()
    };
    match value {
        Value::Null => {}
        Value::String(text) => element.text.clone_from(text),
        Value::Bool(_) | Value::Number(_) => element.text = value.to_string(),
        Value::Array(items) => {
            for item in items {
                element.children.push(from_json("item", item, depth + 1, fields)?);
            }
        }
        Value::Object(entries) => {
            for (key, item) in entries {
                element.children.push(from_json(key, item, depth + 1, fields)?);
            }
        }
    }
    Ok(element)
}

/// An encrypted reply. `signature` is over the token, `timestamp`, `nonce` and `encrypted`; none of the parts
/// may hold `]]>`, which base64, digits and hexadecimal never do.
#[must_use]
pub fn encrypted_reply(encrypted: &str, signature: &str, timestamp: &str, nonce: &str) -> String {
    format!(
        "<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>\
         <TimeStamp>{timestamp}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> Result<Element, Refusal> {
        Element::parse(text.as_bytes())
    }

    #[test]
    fn cdata_plain_text_and_references_are_read() {
        let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- push --><xml>\n  <A><![CDATA[1 < 2 & <b>]]></A>\n\
            <B>a&amp;b &#x4f60;&#22909;</B><C/><D></D><E><![CDATA[ 头 ]]><![CDATA[ 尾 ]]></E>\
            <F>\n<G>x</G>\n<G>y</G></F><A>second</A></xml>\n";
        let root = parse(xml).unwrap();
        assert_eq!(root.name, "xml");
        assert_eq!(root.get("A"), "1 < 2 & <b>");
        assert_eq!(root.get("B"), "a&b 你好");
        assert_eq!((root.get("C"), root.get("D"), root.get("none")), ("", "", ""));
        assert_eq!(root.get("E"), " 头  尾 ");
        let inner = root.child("F").unwrap();
        assert_eq!(
            (inner.text.as_str(), inner.children.len(), inner.get("G")),
            ("", 2, "x")
        );
    }

    #[test]
    fn line_ends_become_one_character() {
        assert_eq!(
            parse("<xml><C><![CDATA[a\r\nb\rc\nd]]></C></xml>")
                .unwrap()
                .get("C"),
            "a\nb\nc\nd"
        );
    }

    #[test]
    fn document_types_and_entities_are_refused() {
        let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><xml><C>&b;</C></xml>";
        assert_eq!(parse(bomb), Err(Refusal::Entities));
        assert_eq!(
            parse("<!DOCTYPE x SYSTEM \"file:///etc/passwd\"><xml/>"),
            Err(Refusal::Entities)
        );
        assert_eq!(parse("<xml><C>&nbsp;</C></xml>"), Err(Refusal::Entities));
        assert_eq!(parse("<?php x ?><xml/>"), Err(Refusal::Entities));
        assert!(parse("<xml><!DOCTYPE a></xml>").is_err());
    }

    #[test]
    fn broken_documents_are_refused() {
        for text in [
            "",
            " ",
            "text",
            "<xml>",
            "</xml>",
            "<xml></yml>",
            "<xml><a></xml></a>",
            "<xml/><xml/>",
            "<xml/>rest",
            "<xml><A>&#0;</A></xml>",
            "<xml><A>&#xFFFFFFFF;</A></xml>",
            "<xml><![CDATA[never",
            "<xml",
            "{",
            "{]",
            "[1]",
            "\"x\"",
            "<xml>&#xD800;</xml>",
            "<xml>a & b</xml>",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(
            Element::parse(b"<xml><C>\xff\xfe</C></xml>"),
            Err(Refusal::Encoding)
        );
    }

    #[test]
    fn size_depth_and_fields_are_bounded() {
        let nested = |n: usize| format!("{}{}", "<a>".repeat(n), "</a>".repeat(n));
        assert!(parse(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(parse(&nested(MAX_DEPTH + 1)), Err(Refusal::Bounds));
        assert_eq!(parse(&nested(100_000)), Err(Refusal::Bounds));
        let wide = |n: usize| format!("<xml>{}</xml>", "<a/>".repeat(n));
        assert!(parse(&wide(MAX_FIELDS - 1)).is_ok());
        assert_eq!(parse(&wide(MAX_FIELDS)), Err(Refusal::Bounds));
        let filled = |n: usize| format!("<xml>{}</xml>", "a".repeat(n - 11));
        assert!(parse(&filled(MAX_BODY)).is_ok());
        assert_eq!(parse(&filled(MAX_BODY + 1)), Err(Refusal::TooLarge));
        assert!(parse(&format!("{}1{}", "{\"a\":".repeat(9), "}".repeat(9))).is_err());
    }

    #[test]
    fn json_gives_the_same_tree() {
        let json = r#"{"ToUserName":"gh_1","CreateTime":1795000000,"MsgId":24681012141618202,"L":[{"a":1},{"a":2}],"N":null}"#;
        let root = parse(json).unwrap();
        assert_eq!(root.get("ToUserName"), "gh_1");
        assert_eq!(root.get("CreateTime"), "1795000000");
        assert_eq!(root.get("MsgId"), "24681012141618202");
        assert_eq!(root.child("L").unwrap().children[1].get("a"), "2");
    }

    #[test]
    fn the_reply_has_the_four_fields() {
        let reply = parse(&encrypted_reply("abc=", "0f", "1713424427", "415670741")).unwrap();
        assert_eq!(reply.get("Encrypt"), "abc=");
        assert_eq!(reply.get("MsgSignature"), "0f");
        assert_eq!(reply.get("TimeStamp"), "1713424427");
        assert_eq!(reply.get("Nonce"), "415670741");
    }

    proptest! {
        #[test]
        fn any_text_never_panics(text in ".{0,300}") {
            let _ = parse(&text);
        }

        #[test]
        fn bits_of_markup_never_panic(
            bits in proptest::collection::vec(
                proptest::sample::select(vec![
                    "<", ">", "</", "/>", "xml", "<xml>", "</xml>", "<![CDATA[", "]]>", "&", "&lt;", "&#", ";", "<!--",
                    "-->", "<!DOCTYPE", "[", "]", "<?", "?>", "=", "\"", "'", " ", "a", "你", "\u{1f600}", "{", "}", ":",
                ]),
                0..40,
            )
        ) {
            let _ = parse(&bits.concat());
        }

        #[test]
        fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Element::parse(&bytes);
        }

        #[test]
        fn any_content_survives_cdata(text in "[^\r\\]]{0,200}") {
            let xml = format!("<xml><Content><![CDATA[{text}]]></Content></xml>");
            let root = parse(&xml).unwrap();
            prop_assert_eq!(root.get("Content"), text.as_str());
        }
    }
}
