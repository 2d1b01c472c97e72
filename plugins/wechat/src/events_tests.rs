use crate::envelope::Element;
use crate::inbound::{Arrival, read};
use weikefu_channel::prelude::*;

fn arrival(event: &str, fields: &str) -> Arrival {
    let raw = format!(
        "<xml><ToUserName>gh_1a2b</ToUserName><FromUserName>oAbC</FromUserName><CreateTime>1795000000</CreateTime>\
         <MsgType>event</MsgType><Event><![CDATA[{event}]]></Event>{fields}</xml>"
    );
    read(&Element::parse(raw.as_bytes()).unwrap(), &raw).unwrap()
}

fn behaviour(event: &str, fields: &str) -> (Action, String) {
    let arrival = arrival(event, fields);
    assert_eq!(
        (arrival.inbound.sent_at, arrival.fetch),
        (1_795_000_000_000, None)
    );
    match arrival.inbound.what {
        What::Behaviour { behaviour } => (behaviour.action, behaviour.detail),
        What::Message { .. } => panic!("{event} is a behaviour"),
    }
}

#[test]
#[allow(clippy::too_many_lines)] // one table
fn every_event() {
    let scan = "<ScanCodeInfo><ScanType>qrcode</ScanType><ScanResult>69012</ScanResult></ScanCodeInfo>";
    let pics = "<SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum>a</PicMd5Sum></item></PicList></SendPicsInfo>";
    let place = "<SendLocationInfo><Location_X>23</Location_X><Location_Y>113</Location_Y><Scale>15</Scale>\
        <Label>广州</Label><Poiname></Poiname></SendLocationInfo>";
    let list = "<SubscribeMsgPopupEvent><List><TemplateId>T1</TemplateId>\
        <SubscribeStatusString>accept</SubscribeStatusString><PopupScene>2</PopupScene></List>\
        <List><TemplateId>T2</TemplateId><SubscribeStatusString>reject</SubscribeStatusString></List>\
        </SubscribeMsgPopupEvent>";
    let direct =
        "<List><TemplateId>T1</TemplateId><SubscribeStatusString>reject</SubscribeStatusString></List>";
    let mass = "<MsgID>10</MsgID><Status>send success</Status><TotalCount>100</TotalCount>\
        <FilterCount>80</FilterCount><SentCount>75</SentCount><ErrorCount>5</ErrorCount>";
    let publish = "<PublishEventInfo><publish_id>1</publish_id><publish_status>0</publish_status>\
        <article_id>a1</article_id></PublishEventInfo>";
    let cases = [
        ("subscribe", String::new(), Action::Follow, ""),
        ("subscribe", "<EventKey></EventKey>".into(), Action::Follow, ""),
        (
            "subscribe",
            "<EventKey>qrscene_store_1</EventKey><Ticket>t</Ticket>".into(),
            Action::Follow,
            "store_1",
        ),
        ("unsubscribe", "<EventKey/>".into(), Action::Unfollow, ""),
        (
            "SCAN",
            "<EventKey>store_1</EventKey><Ticket>t</Ticket>".into(),
            Action::Scan,
            "store_1",
        ),
        (
            "LOCATION",
            "<Latitude>23.1</Latitude><Longitude>113.3</Longitude><Precision>119</Precision>".into(),
            Action::Location,
            "23.1,113.3",
        ),
        ("CLICK", "<EventKey>KF</EventKey>".into(), Action::MenuClick, "KF"),
        (
            "VIEW",
            "<EventKey>https://a.example/</EventKey><MenuId>1</MenuId>".into(),
            Action::MenuView,
            "https://a.example/",
        ),
        (
            "view_miniprogram",
            "<EventKey>pages/a</EventKey><MenuId>1</MenuId>".into(),
            Action::MenuView,
            "pages/a",
        ),
        (
            "scancode_push",
            format!("<EventKey>S</EventKey>{scan}"),
            Action::Other,
            "scancode_push S 69012",
        ),
        (
            "scancode_waitmsg",
            format!("<EventKey>S</EventKey>{scan}"),
            Action::Other,
            "scancode_waitmsg S 69012",
        ),
        (
            "pic_sysphoto",
            format!("<EventKey>P</EventKey>{pics}"),
            Action::Other,
            "pic_sysphoto P 2",
        ),
        (
            "pic_photo_or_album",
            format!("<EventKey>P</EventKey>{pics}"),
            Action::Other,
            "pic_photo_or_album P 2",
        ),
        (
            "pic_weixin",
            format!("<EventKey>P</EventKey>{pics}"),
            Action::Other,
            "pic_weixin P 2",
        ),
        (
            "location_select",
            format!("<EventKey>L</EventKey>{place}"),
            Action::Other,
            "location_select L 23,113 广州",
        ),
        (
            "kf_create_session",
            "<KfAccount>a@b</KfAccount>".into(),
            Action::Other,
            "kf_create_session a@b",
        ),
        (
            "kf_close_session",
            "<KfAccount>a@b</KfAccount>".into(),
            Action::Other,
            "kf_close_session a@b",
        ),
        (
            "kf_switch_session",
            "<FromKfAccount>a@b</FromKfAccount><ToKfAccount>c@b</ToKfAccount>".into(),
            Action::Other,
            "kf_switch_session a@b -> c@b",
        ),
        (
            "TEMPLATESENDJOBFINISH",
            "<MsgID>9</MsgID><Status>failed: system failed</Status>".into(),
            Action::Other,
            "templatesendjobfinish failed: system failed",
        ),
        (
            "MASSSENDJOBFINISH",
            mass.into(),
            Action::Other,
            "masssendjobfinish send success 100/80/75/5",
        ),
        (
            "PUBLISHJOBFINISH",
            publish.into(),
            Action::Other,
            "publishjobfinish 0 a1",
        ),
        (
            "subscribe_msg_popup_event",
            list.replace("SubscribeMsgPopupEvent", "subscribe_msg_popup_event"),
            Action::Other,
            "subscribe_msg_popup_event T1=accept T2=reject",
        ),
        (
            "subscribe_msg_change_event",
            direct.into(),
            Action::Other,
            "subscribe_msg_change_event T1=reject",
        ),
        (
            "subscribe_msg_sent_event",
            String::new(),
            Action::Other,
            "subscribe_msg_sent_event",
        ),
        (
            "brand_new_event",
            "<EventKey>k</EventKey>".into(),
            Action::Other,
            "brand_new_event k",
        ),
        ("", String::new(), Action::Other, ""),
    ];
    for (event, fields, action, detail) in cases {
        assert_eq!(
            behaviour(event, &fields),
            (action, detail.to_owned()),
            "{event} {fields}"
        );
    }
}

#[test]
fn profile_events_belong_to_the_customer_they_name() {
    for event in [
        "user_info_modified",
        "user_authorization_revoke",
        "user_authorization_cancellation",
    ] {
        let arrival = arrival(
            event,
            "<OpenID>oXyZ</OpenID><AppID>wx1</AppID><RevokeInfo>1</RevokeInfo>",
        );
        assert_eq!(arrival.inbound.peer, "oXyZ");
    }
}

#[test]
fn two_events_of_one_second_differ_and_a_repetition_does_not() {
    let of = |event: &str, fields: &str| arrival(event, fields).inbound.dedupe;
    assert_eq!(
        of("CLICK", "<EventKey>A</EventKey>"),
        of("click", "<EventKey>A</EventKey>")
    );
    assert_ne!(
        of("CLICK", "<EventKey>A</EventKey>"),
        of("CLICK", "<EventKey>B</EventKey>")
    );
    assert_ne!(
        of("CLICK", "<EventKey>A</EventKey>"),
        of("VIEW", "<EventKey>A</EventKey>")
    );
    assert_ne!(
        of("TEMPLATESENDJOBFINISH", "<MsgID>1</MsgID>"),
        of("TEMPLATESENDJOBFINISH", "<MsgID>2</MsgID>")
    );
    assert_ne!(
        of("subscribe", ""),
        of("subscribe", "<EventKey>qrscene_1</EventKey>")
    );
    assert_eq!(of("unsubscribe", "<EventKey></EventKey>"), of("unsubscribe", ""));
    let long = format!("<EventKey>{}</EventKey>", "k".repeat(5_000));
    assert!(of(&"e".repeat(5_000), &long).len() <= 256);
    assert!(behaviour("VIEW", &long).1.len() <= 1_024);
    assert!(behaviour(&"字".repeat(5_000), &long).1.len() <= 1_024);
}
