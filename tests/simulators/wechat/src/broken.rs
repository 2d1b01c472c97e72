//! Callbacks that are wrong on purpose: what anybody on the network, or a bad day of the platform, could send.

use crate::account::Mode;
use crate::callback::{Callback, Seal, SignedRequest, envelope, finish, sign};
use crate::world::World;

/// What is wrong. Unless it says otherwise the request is signed (and encrypted) correctly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Broken {
    /// Signed with another token.
    Signature,
    /// `signature` fits, `msg_signature` does not (in plaintext mode: as `Signature`).
    MsgSignature,
    /// No query at all.
    NoQuery,
    /// A plain body with a fitting `signature`, whatever the mode.
    PlainBody,
    /// Encrypted for another app id (in plaintext mode the message is left as it is).
    AppId,
    /// The ciphertext lacks its last 7 bytes.
    TruncatedCipher,
    /// The ciphertext lacks its last block.
    LostBlock,
    /// Padding of 0.
    Padding,
    /// A message length beyond the end.
    Length,
    /// `Encrypt` is not base64.
    NotBase64,
    /// The message starts with a DTD.
    Doctype,
    /// The outer document starts with a DTD.
    OuterDoctype,
    /// The message has a DTD with entities that unfold to gigabytes, and uses them.
    EntityBomb,
    /// The content has this many bytes.
    Huge(usize),
    /// The content is not UTF-8.
    InvalidUtf8,
    /// The message is JSON.
    NotXml,
    /// The message is empty.
    Empty,
    /// The message is cut in the middle of an element.
    HalfDocument,
    /// Ten thousand nested elements.
    Deep,
    /// `ToUserName` names another account.
    OtherAccount,
    /// A text without `MsgId`.
    NoMsgId,
    /// A `MsgId` that is no number.
    BadMsgId,
    /// Without `FromUserName`.
    NoSender,
    /// The message is these bytes.
    Message(Vec<u8>),
}

impl Broken {
    /// All small kinds, for a sweep.
    #[must_use]
    pub fn sweep() -> Vec<Self> {
        vec![
            Self::Signature,
            Self::MsgSignature,
            Self::NoQuery,
            Self::PlainBody,
            Self::AppId,
            Self::TruncatedCipher,
            Self::LostBlock,
            Self::Padding,
            Self::Length,
            Self::NotBase64,
            Self::Doctype,
            Self::OuterDoctype,
            Self::EntityBomb,
            Self::InvalidUtf8,
            Self::NotXml,
            Self::Empty,
            Self::HalfDocument,
            Self::Deep,
            Self::OtherAccount,
            Self::NoMsgId,
            Self::BadMsgId,
            Self::NoSender,
        ]
    }
}

/// The request for a callback with this fault.
pub(crate) fn build(world: &World, callback: &Callback, broken: &Broken) -> SignedRequest {
    let openid = callback.openid.as_str();
    let seal = Seal::of(world);
    match broken {
        Broken::Signature => {
            let wrong = Seal {
                token: "another".into(),
                ..seal
            };
            sign(world, openid, callback.xml.as_bytes(), &wrong)
        }
        Broken::AppId => {
            let wrong = Seal {
                app_id: "wx0000000000000000".into(),
                ..seal
            };
            sign(world, openid, callback.xml.as_bytes(), &wrong)
        }
        Broken::PlainBody => finish(openid, callback.xml.clone(), None, &seal),
        Broken::MsgSignature | Broken::NoQuery | Broken::OuterDoctype => {
            outside(world, broken, sign(world, openid, callback.xml.as_bytes(), &seal))
        }
        Broken::TruncatedCipher
        | Broken::LostBlock
        | Broken::Padding
        | Broken::Length
        | Broken::NotBase64 => with_cipher(world, callback, &seal, &cipher(world, &callback.xml, broken)),
        inside => sign(world, openid, &message(world, &callback.xml, inside), &seal),
    }
}

/// Faults of a request that was well signed.
fn outside(world: &World, broken: &Broken, mut request: SignedRequest) -> SignedRequest {
    match broken {
        Broken::MsgSignature => {
            let plain = world.account.mode == Mode::Plaintext;
            request.query = swap_digit(
                &request.query,
                if plain { "signature=" } else { "msg_signature=" },
            );
        }
        Broken::NoQuery => request.query.clear(),
        _ => {
            let mut body = b"<!DOCTYPE xml [<!ENTITY a \"b\">]>".to_vec();
            body.extend_from_slice(&request.body);
            request.body = body.into();
        }
    }
    request
}

/// A request around this ciphertext; in plaintext mode an `Encrypt` nobody asked for.
fn with_cipher(world: &World, callback: &Callback, seal: &Seal, cipher: &str) -> SignedRequest {
    let body = if world.account.mode == Mode::Secure {
        envelope(world, cipher)
    } else {
        let head = callback.xml.strip_suffix("</xml>").unwrap_or(&callback.xml);
        format!("{head}<Encrypt><![CDATA[{cipher}]]></Encrypt></xml>")
    };
    finish(&callback.openid, body, Some(cipher), seal)
}

/// Damaged ciphertexts.
fn cipher(world: &World, xml: &str, broken: &Broken) -> String {
    let mut plain = vec![b'r'; 16];
    plain.extend_from_slice(&(xml.len() as u32).to_be_bytes());
    plain.extend_from_slice(xml.as_bytes());
    plain.extend_from_slice(world.account.app_id.as_bytes());
    let pad = 32 - plain.len() % 32;
    plain.resize(plain.len() + pad, pad as u8);
    match broken {
        Broken::NotBase64 => return "%%% not base64 %%%".into(),
        Broken::LostBlock => plain.truncate(plain.len() - 32),
        Broken::Length => plain[16..20].fill(0xff),
        Broken::Padding => plain.iter_mut().rev().take(1).for_each(|last| *last = 0),
        _ => {}
    }
    let mut sealed = world.cipher.seal_raw(plain);
    if *broken == Broken::TruncatedCipher {
        sealed.truncate(sealed.len().saturating_sub(7));
    }
    sealed
}

/// Damaged messages.
fn message(world: &World, xml: &str, broken: &Broken) -> Vec<u8> {
    let text = match broken {
        Broken::Doctype => format!("<!DOCTYPE xml SYSTEM \"file:///etc/hostname\">{xml}"),
        Broken::EntityBomb => entity_bomb(xml),
        Broken::Huge(size) => with_content(xml, &"啊".repeat(size.div_ceil(3))),
        Broken::InvalidUtf8 => {
            let mut bytes = with_content(xml, "@@").into_bytes();
            if let Some(at) = bytes.windows(2).position(|pair| pair == b"@@") {
                bytes[at..at + 2].copy_from_slice(b"\xff\xc0");
            }
            return bytes;
        }
        Broken::NotXml => r#"{"MsgType":"text","Content":"hi"}"#.into(),
        Broken::HalfDocument => {
            let half = (xml.len() / 2..xml.len()).find(|at| xml.is_char_boundary(*at));
            xml.get(..half.unwrap_or_default()).unwrap_or_default().to_owned()
        }
        Broken::Deep => format!("<xml>{}{}</xml>", "<a>".repeat(10_000), "</a>".repeat(10_000)),
        Broken::OtherAccount => xml.replace(&world.account.original_id, "gh_another"),
        Broken::NoMsgId => without(xml, "MsgId"),
        Broken::BadMsgId => without(xml, "MsgId").replace("</xml>", "<MsgId>12ab</MsgId></xml>"),
        Broken::NoSender => without(xml, "FromUserName"),
        Broken::Message(bytes) => return bytes.clone(),
        _ => String::new(),
    };
    text.into_bytes()
}

/// Changes the first digit behind `name`.
fn swap_digit(query: &str, name: &str) -> String {
    let Some((before, value)) = query.split_once(name) else {
        return query.to_owned();
    };
    let other = if value.starts_with('0') { '1' } else { '0' };
    format!("{before}{name}{other}{}", value.get(1..).unwrap_or_default())
}

fn without(xml: &str, name: &str) -> String {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    match (xml.split_once(&open), xml.split_once(&close)) {
        (Some((before, _)), Some((_, after))) => format!("{before}{after}"),
        _ => xml.to_owned(),
    }
}

fn with_content(xml: &str, content: &str) -> String {
    without(xml, "Content").replace(
        "</xml>",
        &format!("<Content><![CDATA[{content}]]></Content></xml>"),
    )
}

fn entity_bomb(xml: &str) -> String {
    use std::fmt::Write;
    let mut dtd = String::from("<!DOCTYPE xml [<!ENTITY e0 \"boom\">");
    for level in 1..10 {
        let below = format!("&e{};", level - 1).repeat(10);
        let _ = write!(dtd, "<!ENTITY e{level} \"{below}\">");
    }
    dtd.push_str("]>");
    dtd + &without(xml, "Content").replace("</xml>", "<Content>&e9;</Content></xml>")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_changed_where_they_should_be() {
        let xml = "<xml><A>1</A><Content><![CDATA[x]]></Content><MsgId>2</MsgId></xml>";
        assert_eq!(
            without(xml, "MsgId"),
            "<xml><A>1</A><Content><![CDATA[x]]></Content></xml>"
        );
        assert_eq!(without(xml, "None"), xml);
        assert!(with_content(xml, "y").contains("<Content><![CDATA[y]]></Content>"));
        assert!(entity_bomb(xml).contains("<!ENTITY e9"));
        assert_eq!(
            swap_digit("a=1&msg_signature=0f", "msg_signature="),
            "a=1&msg_signature=1f"
        );
        assert_eq!(
            swap_digit("a=1&msg_signature=ff", "msg_signature="),
            "a=1&msg_signature=0f"
        );
    }
}
