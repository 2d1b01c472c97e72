//! Answers a push with a text (protocol: passive replies, and their encryption). Pure; what is said, and whether
//! anything is, decides the desk.
use crate::config::Account;
use crate::crypto::AesKey;
use crate::envelope::Element;
use crate::signature;

/// The longest text, bytes; a longer one is not delivered.
pub const MAX_TEXT: u32 = 2_047;

/// Events that are answered with a text. Others cannot be (leaving, positions, links, results of jobs), or nobody
/// says that they can.
const EVENTS: [&str; 3] = ["subscribe", "scan", "click"];

/// Where an answer goes back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    customer: String,
    account: String,
    /// What the push was encrypted with.
    key: Option<AesKey>,
}

/// The way back to the sender of a push, when it can be answered with a text.
pub(crate) fn back(root: &Element, key: Option<AesKey>) -> Option<Return> {
    let kind = root.get("MsgType").trim().to_ascii_lowercase();
    let event = root.get("Event").trim().to_ascii_lowercase();
    let customer = root.get("FromUserName").trim();
    let account = root.get("ToUserName").trim();
    let answered = kind != "event" || EVENTS.contains(&event.as_str());
    // Profile events name their customer elsewhere; their sender is not to be written to.
    (answered && !customer.is_empty() && !account.is_empty()).then(|| Return {
        customer: customer.to_owned(),
        account: account.to_owned(),
        key,
    })
}

/// The document that shows `text` to the customer; `None` when nothing of it can be shown. `seconds` is now,
/// `random` is fresh.
pub(crate) fn document(
    account: &Account,
    back: &Return,
    text: &str,
    seconds: i64,
    random: [u8; 16],
) -> Option<String> {
    let text: String = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect();
    if text.trim().is_empty() || text.len() > MAX_TEXT as usize {
        return None;
    }
    let plain = format!(
        "<xml><ToUserName>{}</ToUserName><FromUserName>{}</FromUserName><CreateTime>{seconds}</CreateTime>\
         <MsgType>{}</MsgType><Content>{}</Content></xml>",
        cdata(&back.customer),
        cdata(&back.account),
        cdata("text"),
        cdata(&text),
    );
    let Some(key) = &back.key else {
        return Some(plain);
    };
    let sealed = key.seal(random, plain.as_bytes(), &account.app_id);
    let (time, nonce) = (seconds.to_string(), nonce(random));
    let signature = signature::sign([account.token.expose(), &time, &nonce, &sealed]);
    Some(format!(
        "<xml><Encrypt>{}</Encrypt><MsgSignature>{}</MsgSignature><TimeStamp>{time}</TimeStamp>\
         <Nonce>{}</Nonce></xml>",
        cdata(&sealed),
        cdata(&signature),
        cdata(&nonce),
    ))
}

/// A section that may hold anything but its own end, which is cut in two.
fn cdata(text: &str) -> String {
    format!("<![CDATA[{}]]>", text.replace("]]>", "]]]]><![CDATA[>"))
}

/// A number to be used once. It is public, so it says nothing of the bytes it comes from.
fn nonce(random: [u8; 16]) -> String {
    let digest = signature::digest(&random);
    let digits = u64::from_str_radix(&digest[..12], 16).unwrap_or_default();
    digits.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use proptest::prelude::*;
    use weikefu_channel::prelude::json;

    fn account(mode: &str) -> Account {
        let settings = json!({
            "app_id": "wxba5fad812f8e6fb9", "app_secret": "s", "token": "AAAAA", "mode": mode,
            "encoding_aes_key": "A".repeat(43),
        });
        serde_json::from_value::<Config>(settings)
            .unwrap()
            .check()
            .unwrap()
    }

    fn push(fields: &str) -> Element {
        let xml =
            format!("<xml><ToUserName>gh_1</ToUserName><FromUserName>oABC</FromUserName>{fields}</xml>");
        Element::parse(xml.as_bytes()).unwrap()
    }

    #[test]
    fn only_what_can_be_answered_is() {
        let event = |name: &str| format!("<MsgType>event</MsgType><Event>{name}</Event>");
        for kind in ["text", "image", "voice", "video", "location", "link"] {
            assert!(
                back(&push(&format!("<MsgType>{kind}</MsgType>")), None).is_some(),
                "{kind}"
            );
        }
        for name in ["subscribe", "SCAN", "CLICK"] {
            assert!(back(&push(&event(name)), None).is_some(), "{name}");
        }
        for name in [
            "unsubscribe",
            "LOCATION",
            "VIEW",
            "TEMPLATESENDJOBFINISH",
            "user_info_modified",
            "",
        ] {
            assert!(back(&push(&event(name)), None).is_none(), "{name}");
        }
    }

    #[test]
    fn a_text_that_cannot_be_shown_gives_no_document() {
        let back = back(&push("<MsgType>text</MsgType>"), None).unwrap();
        let made = |text: &str| document(&account("plaintext"), &back, text, 5, [0; 16]);
        assert!(made(&"a".repeat(2_047)).is_some());
        for text in ["", " \n", "\u{0}\u{8}", &"a".repeat(2_048), &"长".repeat(683)] {
            assert_eq!(made(text), None);
        }
    }

    proptest! {
        #[test]
        fn any_text_comes_out_as_it_went_in(text in "\\PC{1,80}|(\\]\\]>|<|&|\n|a){1,9}", random: [u8; 16]) {
            prop_assume!(!text.trim().is_empty());
            let account = account("secure");
            let key = AesKey::parse(&"A".repeat(43)).unwrap();
            let back = back(&push("<MsgType>text</MsgType>"), Some(key.clone())).unwrap();
            let outer = document(&account, &back, &text, 1_795_000_001, random).unwrap();
            let outer = Element::parse(outer.as_bytes()).unwrap();
            let parts = [account.token.expose(), outer.get("TimeStamp"), outer.get("Nonce"), outer.get("Encrypt")];
            prop_assert!(signature::matches(parts, outer.get("MsgSignature")));
            let inner = key.open(outer.get("Encrypt"), &account.app_id).unwrap();
            let inner = Element::parse(&inner).unwrap();
            prop_assert_eq!(inner.get("ToUserName"), "oABC");
            prop_assert_eq!(inner.get("FromUserName"), "gh_1");
            prop_assert_eq!(inner.get("CreateTime"), "1795000001");
            prop_assert_eq!(inner.get("MsgType"), "text");
            prop_assert_eq!(inner.get("Content"), text);
        }
    }
}
