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
    let xml = callback.xml.as_str();
    let seal = Seal::of(world);
    let well = |message: &[u8]| sign(world, openid, message, &seal);
    let cipher = |cipher: &str| match world.account.mode {
        Mode::Secure => finish(openid, envelope(world, cipher), Some(cipher), &seal),
        _ => {
            let head = xml.strip_suffix("</xml>").unwrap_or(xml);
            let body = format!("{head}<Encrypt><![CDATA[{cipher}]]></Encrypt></xml>");
            finish(openid, body, Some(cipher), &seal)
        }
    };
    let raw_blocks = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut plain = vec![b'r'; 16];
        plain.extend_from_slice(&(xml.len() as u32).to_be_bytes());
        plain.extend_from_slice(xml.as_bytes());
        plain.extend_from_slice(world.account.app_id.as_bytes());
        let pad = 32 - plain.len() % 32;
        plain.resize(plain.len() + pad, pad as u8);
        change(&mut plain);
        cipher(&world.cipher.seal_raw(plain))
    };
    match broken {
        Broken::Signature => {
            let wrong = Seal {
                token: "another".into(),
                ..seal
            };
            sign(world, openid, xml.as_bytes(), &wrong)
        }
        Broken::MsgSignature => {
            let mut request = well(xml.as_bytes());
            let name = if world.account.mode == Mode::Plaintext {
                "signature="
            } else {
                "msg_signature="
            };
            request.query = swap_digit(&request.query, name);
            request
        }
        Broken::NoQuery => SignedRequest {
            query: String::new(),
            ..well(xml.as_bytes())
        },
        Broken::PlainBody => finish(openid, xml.to_owned(), None, &seal),
        Broken::AppId => {
            let wrong = Seal {
                app_id: "wx0000000000000000".into(),
                ..seal
            };
            sign(world, openid, xml.as_bytes(), &wrong)
        }
        Broken::TruncatedCipher | Broken::LostBlock => {
            let whole = world.cipher.seal(xml.as_bytes(), &world.account.app_id);
            let keep = if *broken == Broken::LostBlock {
                (whole.len() * 3 / 4 - 32) / 48 * 64
            } else {
                whole.len() - 7
            };
            cipher(whole.get(..keep).unwrap_or_default())
        }
        Broken::Padding => raw_blocks(&|plain| {
            if let Some(last) = plain.last_mut() {
                *last = 0;
            }
        }),
        Broken::Length => raw_blocks(&|plain| plain[16..20].fill(0xff)),
        Broken::NotBase64 => cipher("%%% not base64 %%%"),
        Broken::Doctype => well(format!("<!DOCTYPE xml SYSTEM \"file:///etc/hostname\">{xml}").as_bytes()),
        Broken::OuterDoctype => {
            let mut request = well(xml.as_bytes());
            let mut body = b"<!DOCTYPE xml [<!ENTITY a \"b\">]>".to_vec();
            body.extend_from_slice(&request.body);
            request.body = body.into();
            request
        }
        Broken::EntityBomb => well(entity_bomb(xml).as_bytes()),
        Broken::Huge(size) => well(with_content(xml, &"啊".repeat(size.div_ceil(3))).as_bytes()),
        Broken::InvalidUtf8 => {
            let mut bytes = with_content(xml, "@@").into_bytes();
            if let Some(at) = bytes.windows(2).position(|pair| pair == b"@@") {
                bytes[at] = 0xff;
                bytes[at + 1] = 0xc0;
            }
            well(&bytes)
        }
        Broken::NotXml => well(br#"{"MsgType":"text","Content":"hi"}"#),
        Broken::Empty => well(b""),
        Broken::HalfDocument => well(xml.get(..xml.len() / 2).unwrap_or_default().as_bytes()),
        Broken::Deep => {
            well(format!("<xml>{}{}</xml>", "<a>".repeat(10_000), "</a>".repeat(10_000)).as_bytes())
        }
        Broken::OtherAccount => well(xml.replace(&world.account.original_id, "gh_another").as_bytes()),
        Broken::NoMsgId => well(without(xml, "MsgId").as_bytes()),
        Broken::BadMsgId => {
            let changed = without(xml, "MsgId").replace("</xml>", "<MsgId>12ab</MsgId></xml>");
            well(changed.as_bytes())
        }
        Broken::NoSender => well(without(xml, "FromUserName").as_bytes()),
        Broken::Message(bytes) => well(bytes),
    }
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
