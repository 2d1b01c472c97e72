//! What a customer can do: every message type and event of protocol sections 4 and 6. Owns the fields;
//! ids, times and delivery are given by the platform (`customer`, `callback`).

use bytes::Bytes;
use serde_json::{Value, json};

use crate::media::Kind;
use crate::rules::Trigger;
use crate::xml::Node;

/// A file inside a message; the platform gives it a media id, which the named fields carry.
#[derive(Debug, Clone)]
pub(crate) struct Attachment {
    pub(crate) kind: Kind,
    pub(crate) bytes: Bytes,
    /// Elements that carry the media id.
    pub(crate) id_fields: &'static [&'static str],
    /// Element that carries a link to the file.
    pub(crate) link_field: Option<&'static str>,
}

/// A message or an event, not yet given an id and a time.
#[derive(Debug, Clone)]
pub struct Inbound {
    pub(crate) msg_type: String,
    pub(crate) event: Option<String>,
    pub(crate) fields: Vec<Node>,
    pub(crate) attachments: Vec<Attachment>,
    pub(crate) trigger: Option<Trigger>,
    /// Through which code a follower came.
    pub(crate) scene: Option<String>,
    /// What the phone page shows.
    pub(crate) display: Value,
}

impl Inbound {
    fn message(msg_type: &str, fields: Vec<Node>, display: Value) -> Self {
        Self {
            msg_type: msg_type.into(),
            event: None,
            fields,
            attachments: Vec::new(),
            trigger: Some(Trigger::Message),
            scene: None,
            display,
        }
    }

    fn attach(mut self, kind: Kind, bytes: impl Into<Bytes>, id_fields: &'static [&'static str]) -> Self {
        self.attachments.push(Attachment {
            kind,
            bytes: bytes.into(),
            id_fields,
            link_field: None,
        });
        self
    }

    /// `text`.
    pub fn text(content: impl Into<String>) -> Self {
        let content = content.into();
        let display = json!({ "content": content });
        Self::message("text", vec![Node::text("Content", content)], display)
    }

    /// The tap on an entry of a `msgmenu`: a text that counts as a menu click.
    #[must_use]
    pub fn menu_choice(id: &str, content: &str) -> Self {
        let mut inbound = Self::text(content);
        inbound.fields.push(Node::text("bizmsgmenuid", id));
        inbound.trigger = Some(Trigger::Menu);
        inbound
    }

    /// `image`.
    pub fn image(bytes: impl Into<Bytes>) -> Self {
        let mut inbound =
            Self::message("image", Vec::new(), json!({})).attach(Kind::Image, bytes, &["MediaId"]);
        inbound.attachments[0].link_field = Some("PicUrl");
        inbound
    }

    /// `voice` as AMR. `recognition` adds the old element, also when empty.
    pub fn voice(amr: impl Into<Bytes>, recognition: Option<&str>) -> Self {
        let mut fields = vec![Node::text("Format", "amr")];
        fields.extend(recognition.map(|text| Node::text("Recognition", text)));
        Self::message("voice", fields, json!({})).attach(Kind::Voice, amr, &["MediaId", "MediaId16K"])
    }

    /// `video` with its preview picture.
    pub fn video(mp4: impl Into<Bytes>, thumb: impl Into<Bytes>) -> Self {
        Self::message("video", Vec::new(), json!({}))
            .attach(Kind::Video, mp4, &["MediaId"])
            .attach(Kind::Thumb, thumb, &["ThumbMediaId"])
    }

    /// `shortvideo` with its preview picture.
    pub fn short_video(mp4: impl Into<Bytes>, thumb: impl Into<Bytes>) -> Self {
        Self {
            msg_type: "shortvideo".into(),
            ..Self::video(mp4, thumb)
        }
    }

    /// `location`; the label may be empty.
    #[must_use]
    pub fn location(latitude: f64, longitude: f64, label: &str) -> Self {
        let fields = vec![
            Node::number("Location_X", format!("{latitude:.6}")),
            Node::number("Location_Y", format!("{longitude:.6}")),
            Node::number("Scale", 16),
            Node::text("Label", label),
        ];
        Self::message(
            "location",
            fields,
            json!({ "x": latitude, "y": longitude, "label": label }),
        )
    }

    /// `link`.
    #[must_use]
    pub fn link(title: &str, description: &str, url: &str) -> Self {
        let fields = vec![
            Node::text("Title", title),
            Node::text("Description", description),
            Node::text("Url", url),
        ];
        Self::message(
            "link",
            fields,
            json!({ "title": title, "description": description, "url": url }),
        )
    }

    /// `miniprogrampage`.
    pub fn mini_program_page(title: &str, app_id: &str, page_path: &str, thumb: impl Into<Bytes>) -> Self {
        let fields = vec![
            Node::text("Title", title),
            Node::text("AppId", app_id),
            Node::text("PagePath", page_path),
        ];
        let mut inbound = Self::message("miniprogrampage", fields, json!({ "title": title })).attach(
            Kind::Thumb,
            thumb,
            &["ThumbMediaId"],
        );
        inbound.attachments[0].link_field = Some("ThumbUrl");
        inbound
    }

    /// A message type nobody has heard of.
    #[must_use]
    pub fn unknown(msg_type: &str, fields: Vec<Node>) -> Self {
        Self::message(msg_type, fields, json!({ "content": msg_type }))
    }

    /// Written from an article: adds `MsgDataId` and `Idx` (from 1).
    #[must_use]
    pub fn from_article(mut self, msg_data_id: u64, idx: u32) -> Self {
        self.fields.push(Node::number("MsgDataId", msg_data_id));
        self.fields.push(Node::number("Idx", idx));
        self
    }

    /// Any event by name; those that open a window do.
    #[must_use]
    pub fn event(name: &str, fields: Vec<Node>) -> Self {
        let trigger = match name {
            "subscribe" | "SCAN" => Some(Trigger::FollowOrScan),
            "CLICK" | "scancode_push" | "scancode_waitmsg" => Some(Trigger::Menu),
            _ => None,
        };
        let key = fields
            .iter()
            .find_map(|field| field.text_of("EventKey"))
            .map(str::to_owned);
        Self {
            msg_type: "event".into(),
            event: Some(name.into()),
            fields,
            attachments: Vec::new(),
            trigger,
            scene: None,
            display: json!({ "event": name, "key": key }),
        }
    }

    /// Follows; with a scene the code that was scanned.
    #[must_use]
    pub fn subscribe(scene: Option<&str>) -> Self {
        let fields = match scene {
            None => vec![Node::text("EventKey", "")],
            Some(scene) => {
                vec![
                    Node::text("EventKey", format!("qrscene_{scene}")),
                    Node::text("Ticket", ticket(scene)),
                ]
            }
        };
        Self {
            scene: scene.map(str::to_owned),
            ..Self::event("subscribe", fields)
        }
    }

    /// Stops following.
    #[must_use]
    pub fn unsubscribe() -> Self {
        Self::event("unsubscribe", vec![Node::text("EventKey", "")])
    }

    /// A follower scans a code with a scene.
    #[must_use]
    pub fn scan(scene: &str) -> Self {
        Self::event(
            "SCAN",
            vec![Node::text("EventKey", scene), Node::text("Ticket", ticket(scene))],
        )
    }

    /// The position reported on entering; not the `location` message.
    #[must_use]
    pub fn position(latitude: f64, longitude: f64) -> Self {
        let fields = vec![
            Node::number("Latitude", format!("{latitude:.6}")),
            Node::number("Longitude", format!("{longitude:.6}")),
            Node::number("Precision", "40.000000"),
        ];
        Self::event("LOCATION", fields)
    }

    /// Taps a menu entry of type click.
    #[must_use]
    pub fn click(key: &str) -> Self {
        Self::event("CLICK", vec![Node::text("EventKey", key)])
    }

    /// Taps a menu entry that opens an address.
    #[must_use]
    pub fn view(url: &str) -> Self {
        Self::event(
            "VIEW",
            vec![Node::text("EventKey", url), Node::number("MenuId", 451_207_611)],
        )
    }

    /// Taps a menu entry that opens a mini-program.
    #[must_use]
    pub fn view_mini_program(page: &str) -> Self {
        Self::event(
            "view_miniprogram",
            vec![Node::text("EventKey", page), Node::number("MenuId", 451_207_611)],
        )
    }

    /// Scans through the menu; `waits` is the kind that shows a waiting message.
    #[must_use]
    pub fn scan_code(key: &str, result: &str, waits: bool) -> Self {
        let info = vec![Node::text("ScanType", "qrcode"), Node::text("ScanResult", result)];
        let name = if waits {
            "scancode_waitmsg"
        } else {
            "scancode_push"
        };
        Self::event(
            name,
            vec![Node::text("EventKey", key), Node::group("ScanCodeInfo", info)],
        )
    }

    /// `pic_sysphoto`, `pic_photo_or_album` or `pic_weixin`; the pictures follow as messages.
    #[must_use]
    pub fn pictures_chosen(name: &str, key: &str, md5: &[&str]) -> Self {
        let items = md5
            .iter()
            .map(|sum| Node::group("item", vec![Node::text("PicMd5Sum", *sum)]))
            .collect::<Vec<_>>();
        let info = vec![Node::number("Count", md5.len()), Node::group("PicList", items)];
        Self::event(
            name,
            vec![Node::text("EventKey", key), Node::group("SendPicsInfo", info)],
        )
    }

    /// Chooses a place through the menu.
    #[must_use]
    pub fn location_selected(key: &str, latitude: f64, longitude: f64, label: &str) -> Self {
        let info = vec![
            Node::text("Location_X", format!("{latitude:.6}")),
            Node::text("Location_Y", format!("{longitude:.6}")),
            Node::text("Scale", "16"),
            Node::text("Label", label),
            Node::text("Poiname", ""),
        ];
        Self::event(
            "location_select",
            vec![Node::text("EventKey", key), Node::group("SendLocationInfo", info)],
        )
    }

    /// WeChat's own desk opened (`true`) or closed a session.
    #[must_use]
    pub fn kf_session(opened: bool, account: &str) -> Self {
        let name = if opened {
            "kf_create_session"
        } else {
            "kf_close_session"
        };
        Self::event(name, vec![Node::text("KfAccount", account)])
    }

    /// WeChat's own desk handed a session over.
    #[must_use]
    pub fn kf_switch(from: &str, to: &str) -> Self {
        let fields = vec![Node::text("FromKfAccount", from), Node::text("ToKfAccount", to)];
        Self::event("kf_switch_session", fields)
    }

    /// `success`, `failed:user block` or `failed: system failed`.
    #[must_use]
    pub fn template_finished(msg_id: u64, status: &str) -> Self {
        let fields = vec![Node::number("MsgID", msg_id), Node::text("Status", status)];
        Self::event("TEMPLATESENDJOBFINISH", fields)
    }

    /// A mass send ended.
    #[must_use]
    pub fn mass_finished(msg_id: u64, status: &str, sent: u32, errors: u32) -> Self {
        let item = vec![
            Node::number("ArticleIdx", 1),
            Node::text(
                "ArticleUrl",
                "https://mp.weixin.qq.com/s?__biz=simulated&mid=1&idx=1",
            ),
        ];
        let articles = vec![
            Node::number("Count", 1),
            Node::group("ResultList", vec![Node::group("item", item)]),
        ];
        let fields = vec![
            Node::number("MsgID", msg_id),
            Node::text("Status", status),
            Node::number("TotalCount", sent + errors),
            Node::number("FilterCount", sent + errors),
            Node::number("SentCount", sent),
            Node::number("ErrorCount", errors),
            Node::group("CopyrightCheckResult", vec![Node::number("Count", 0)]),
            Node::group("ArticleUrlResult", articles),
        ];
        Self::event("MASSSENDJOBFINISH", fields)
    }

    /// A publication ended.
    #[must_use]
    pub fn publish_finished(publish_id: u64, status: u32, article_id: &str) -> Self {
        let info = vec![
            Node::number("publish_id", publish_id),
            Node::number("publish_status", status),
            Node::text("article_id", article_id),
        ];
        Self::event("PUBLISHJOBFINISH", vec![Node::group("PublishEventInfo", info)])
    }

    /// `user_info_modified`, `user_authorization_revoke` or `user_authorization_cancellation`.
    #[must_use]
    pub fn privacy(name: &str, openid: &str, app_id: &str, revoke_info: &str) -> Self {
        let fields = vec![
            Node::text("OpenID", openid),
            Node::text("AppID", app_id),
            Node::text("RevokeInfo", revoke_info),
        ];
        Self::event(name, fields)
    }

    /// `subscribe_msg_popup_event`, `subscribe_msg_change_event` or `subscribe_msg_sent_event`.
    #[must_use]
    pub fn subscribe_message(name: &str, template_id: &str, status: &str) -> Self {
        let list = vec![
            Node::text("TemplateId", template_id),
            Node::text("SubscribeStatusString", status),
        ];
        let wrapper = match name {
            "subscribe_msg_change_event" => "SubscribeMsgChangeEvent",
            "subscribe_msg_sent_event" => "SubscribeMsgSentEvent",
            _ => "SubscribeMsgPopupEvent",
        };
        Self::event(name, vec![Node::group(wrapper, vec![Node::group("List", list)])])
    }
}

fn ticket(scene: &str) -> String {
    format!("gQsimulated{}", crate::crypto::signature(&[scene]))
}
