//! The events of an account as behaviours. Names are matched without regard to case; an unknown event is kept
//! under its own name. Pure.
use crate::envelope::Element;
use crate::inbound::clip;
use crate::signature::digest;
use weikefu_channel::prelude::*;

const MAX_DETAIL: usize = 1_024;
/// List items of a subscription event that are spelled out.
const MAX_ITEMS: usize = 10;

/// Sender, identity and behaviour of one event.
pub(crate) fn read(root: &Element) -> (&str, String, Behaviour) {
    let name = root.get("Event").trim().to_ascii_lowercase();
    let (action, detail) = behaviour(root, &name);
    let detail = match action {
        Action::Other if detail.trim().is_empty() => name.clone(),
        Action::Other => format!("{name} {}", detail.trim()),
        _ => detail,
    };
    // Profile events come from the platform on behalf of a customer, whom another field names.
    let customer = Some(root.get("OpenID").trim()).filter(|id| !id.is_empty());
    let peer = customer.unwrap_or_else(|| root.get("FromUserName"));
    let behaviour = Behaviour {
        action,
        detail: clip(&detail, MAX_DETAIL).to_owned(),
    };
    (peer, identity(root, &name), behaviour)
}

/// What an event opens, where its action does not tell: menu entries that scan count as a menu's.
pub(crate) fn trigger(root: &Element) -> Option<Trigger> {
    let name = root.get("Event").trim().to_ascii_lowercase();
    matches!(name.as_str(), "scancode_push" | "scancode_waitmsg").then_some(Trigger::Menu)
}

/// Events have no message id. Sender and second are part of the desk's key; the name and the key tell two events
/// of one second apart. Job results carry the job's id.
fn identity(root: &Element, name: &str) -> String {
    let key = format!(
        "{}\n{}{}",
        root.get("EventKey"),
        root.get("MsgID"),
        root.get("MsgId")
    );
    if key == "\n" {
        format!("event:{}", clip(name, 64))
    } else {
        format!("event:{}:{}", clip(name, 64), digest(key.as_bytes()))
    }
}

fn behaviour(root: &Element, name: &str) -> (Action, String) {
    let key = root.get("EventKey").trim();
    match name {
        "subscribe" => (
            Action::Follow,
            key.strip_prefix("qrscene_").unwrap_or(key).to_owned(),
        ),
        "unsubscribe" => (Action::Unfollow, String::new()),
        "scan" => (Action::Scan, key.to_owned()),
        "location" => (
            Action::Location,
            join(&[root.get("Latitude"), root.get("Longitude")], ","),
        ),
        "click" => (Action::MenuClick, key.to_owned()),
        "view" | "view_miniprogram" => (Action::MenuView, key.to_owned()),
        "scancode_push" | "scancode_waitmsg" => (
            Action::Other,
            join(&[key, inner(root, "ScanCodeInfo", "ScanResult")], " "),
        ),
        "pic_sysphoto" | "pic_photo_or_album" | "pic_weixin" => (
            Action::Other,
            join(&[key, inner(root, "SendPicsInfo", "Count")], " "),
        ),
        "location_select" => {
            let of = |field| inner(root, "SendLocationInfo", field);
            let point = join(&[of("Location_X"), of("Location_Y")], ",");
            (
                Action::Other,
                join(&[key, &point, of("Label"), of("Poiname")], " "),
            )
        }
        "kf_create_session" | "kf_close_session" => (Action::Other, root.get("KfAccount").to_owned()),
        "kf_switch_session" => (
            Action::Other,
            join(&[root.get("FromKfAccount"), root.get("ToKfAccount")], " -> "),
        ),
        "templatesendjobfinish" => (Action::Other, root.get("Status").to_owned()),
        "masssendjobfinish" => {
            let counts =
                ["TotalCount", "FilterCount", "SentCount", "ErrorCount"].map(|field| root.get(field));
            (
                Action::Other,
                join(&[root.get("Status"), &join(&counts, "/")], " "),
            )
        }
        "publishjobfinish" => {
            let of = |field| inner(root, "PublishEventInfo", field);
            (
                Action::Other,
                join(&[of("publish_status"), of("article_id")], " "),
            )
        }
        "user_info_modified" | "user_authorization_revoke" | "user_authorization_cancellation" => {
            (Action::Other, root.get("RevokeInfo").to_owned())
        }
        "subscribe_msg_popup_event" | "subscribe_msg_change_event" | "subscribe_msg_sent_event" => {
            (Action::Other, subscriptions(root, name))
        }
        _ => (Action::Other, key.to_owned()),
    }
}

/// The parts that are not empty.
fn join(parts: &[&str], between: &str) -> String {
    parts
        .iter()
        .map(|part| part.trim())
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(between)
}

fn inner<'a>(root: &'a Element, outer: &str, field: &str) -> &'a str {
    root.child(outer).map_or("", |element| element.get(field))
}

/// `template=status` of each entry. The list lies in an element named like the event, or directly below.
fn subscriptions(root: &Element, name: &str) -> String {
    let holder = root
        .children
        .iter()
        .find(|child| child.name.eq_ignore_ascii_case(name))
        .unwrap_or(root);
    let list = holder.children.iter().filter(|child| child.name == "List");
    let entries = list.flat_map(|list| {
        // XML repeats <List>; JSON has one with items.
        if list.children.iter().any(|child| child.name == "item") {
            list.children.iter().collect()
        } else {
            vec![list]
        }
    });
    let spelled = entries.take(MAX_ITEMS).map(|entry| {
        let status = join(
            &[entry.get("SubscribeStatusString"), entry.get("ErrorStatus")],
            " ",
        );
        join(&[entry.get("TemplateId"), &status], "=")
    });
    spelled.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "events_tests.rs"]
mod tests;
