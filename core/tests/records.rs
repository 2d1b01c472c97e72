//! The stored form of records: everything reads back, words are stored by name, and bytes written by the first
//! version stay readable.
#![allow(clippy::unwrap_used)] // a test ends where it fails
use std::fmt::Debug;
use weikefu_channel::{Action, Cause, Content, Kind, MediaRef, Trigger};
use weikefu_core::ids::{AgentId, BroadcastId, ChannelId, ConversationId, CustomerId, ShopId};
use weikefu_core::records::{
    Agent, Agent1, Alarm, Annotation, AnnotationId, Author, Auto, AutoClose, BehaviourRecord, Blob, Blocked,
    Broadcast, BroadcastDraft, BroadcastKind, BroadcastState, Card, ChannelRecord, Conversation,
    ConversationState, Counters, Customer, Delivery, DeliveryState, DeskAgent, Details, Gender, Grant,
    Identity, LastMessage, MediaMeta, Membership, Message, OfflineText, OutboxEntry, Paused, Presence,
    Progress, QuickBox, QuickFolder, QuickReply, Reach, Reason, Recipient, RecipientState, Role, Said, Seen,
    Session, Shop, ShopSettings, Silence, Skip, Solved, Speaker, StoredContent, Suppression, Tag, TagId,
    Transfer, WaitReason, Waiting, Way,
};
use weikefu_core::trees::{Number, Present};
use weikefu_storage::Record;

fn reads_back<R: Record + PartialEq + Debug>(record: R) {
    let bytes = record.encode().unwrap();
    assert_eq!(R::decode(&bytes).as_ref(), Some(&record));
    for end in 0..bytes.len() {
        assert!(
            R::decode(&bytes[..end]).is_none(),
            "{end} of {} bytes of {record:?}",
            bytes.len()
        );
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// As the first version wrote them.
const QUICK_REPLY_1: &str = "05717265703106e58f91e8b4a711e4bb8ae5a4a9e58f91e587ba0af09f9880";
const QUICK_BOX_1: &str = "0571626f7831fc70110100010106e789a9e6b58102030201fc70110100";

fn from_hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter_map(|c| c.to_digit(16))
        .map(|digit| digit as u8)
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

fn media(id: &str) -> MediaRef {
    MediaRef {
        id: id.into(),
        mime: "image/png".into(),
        size: 70_000,
        name: Some("图.png".into()),
    }
}

fn contents() -> Vec<Content> {
    let text = String::from;
    vec![
        Content::text(""),
        Content::text("你好 😀\0"),
        Content::Image { media: None },
        Content::Image {
            media: Some(media("a")),
        },
        Content::Voice {
            media: Some(media("b")),
            transcript: Some(text("喂")),
        },
        Content::Video {
            media: Some(media("c")),
            thumbnail: Some(media("d")),
        },
        Content::File {
            media: Some(MediaRef {
                name: None,
                ..media("e")
            }),
        },
        Content::Location {
            latitude: -31.25,
            longitude: 121.5,
            label: text("外滩"),
        },
        Content::Link {
            title: text("t"),
            description: text("d"),
            url: text("u"),
        },
        Content::News {
            title: text("t"),
            description: text("d"),
            url: text("u"),
            picture: text("p"),
        },
        Content::MiniProgram {
            title: text("t"),
            app_id: text("a"),
            page: text("p"),
        },
        Content::Unknown {
            original: text("hologram"),
            raw: text("<xml/>"),
        },
    ]
}

fn message() -> Message {
    Message {
        at: 1_800_000_000_000,
        sent_at: Some(1_799_999_999_000),
        author: Author::Agent(AgentId(5)),
        content: StoredContent::Text("您好".into()),
        client_id: Some("c1".into()),
        delivery: Some(Delivery {
            state: DeliveryState::Failed,
            at: 1_800_000_000_500,
            cause: Some(Cause::WindowClosed),
            reason: Some(Reason {
                zh: "45015".into(),
                en: "45015".into(),
            }),
            upstream: None,
            way: Way::Counted,
            proof: None,
            suppressed: None,
        }),
    }
}

fn conversation() -> Conversation {
    Conversation {
        id: ConversationId::of(ShopId(1), 7),
        customer: CustomerId::of(ShopId(1), 3),
        channel: ChannelId(2),
        peer: "oABC".into(),
        state: ConversationState::Active,
        owner: Some(AgentId(5)),
        epoch: 2,
        ticket: 11,
        opened_at: 1_800_000_000_000,
        accepted_at: Some(1_800_000_001_000),
        closed_at: None,
        last_seq: 4,
        unread: 1,
        last: Some(LastMessage {
            at: 1_800_000_002_000,
            from: Speaker::Customer,
            kind: Kind::MiniProgram,
            text: "小程序".into(),
        }),
        dismissed: false,
        transfer: None,
        asked_at: Some(1_800_000_002_000),
        stirred_at: 1_800_000_002_000,
        said: Vec::new(),
    }
}

/// Written by the first version. When this fails, the layout has changed: give the record a new marker and a
/// migration, and keep these bytes readable.
const MESSAGE_1: &str = "046d736731fd00a0b8304603000001fd3098b8304603000001050006e682a8e5a5bd010263310103fde8a3b8\
    3046030000010d77696e646f775f636c6f7365640105343530313500";
/// Written by the third version, which knows how a message leaves and what shows that it did.
const MESSAGE_3: &str = "046d736733fd00a0b8304603000001fd3098b8304603000001050006e682a8e5a5bd010263310103fde8a3b8\
    3046030000010d77696e646f775f636c6f7365640105343530313505343530313500000000";
/// Written by the second version, which keeps the reason in two languages.
const MESSAGE_2: &str = "046d736732fd00a0b8304603000001fd3098b8304603000001050006e682a8e5a5bd010263310103fde8a3b8\
    3046030000010d77696e646f775f636c6f7365640105343530313505343530313500";
const CONVERSATION_1: &str = "05636f6e7631fd0700000001000000fd030000000100000002046f414243010105020bfd00a0b83046030000\
    01fdd0a7b8304603000000040101fda0afb83046030000000c6d696e695f70726f6772616d09e5b08fe7a88b\
    e5ba8f";

/// The first version knew the channel's Chinese sentence only; who reads English gets what the cause means.
#[test]
fn a_reason_of_the_first_version_gets_its_english() {
    let chinese = MESSAGE_1.replace("053435303135", &format!("0f{}", hex("等客户来信".as_bytes())));
    let reason = Message::decode(&from_hex(&chinese))
        .unwrap()
        .delivery
        .unwrap()
        .reason
        .unwrap();
    assert_eq!(reason.zh, "等客户来信");
    assert_eq!(reason.en, Cause::WindowClosed.words().1);
}

#[test]
fn what_the_first_version_wrote_is_still_read() {
    assert_eq!(hex(&message().encode().unwrap()), MESSAGE_3);
    assert_eq!(Message::decode(&from_hex(MESSAGE_3)), Some(message()));
    assert_eq!(Message::decode(&from_hex(MESSAGE_2)), Some(message()));
    assert_eq!(Message::decode(&from_hex(MESSAGE_1)), Some(message()));
    assert_eq!(
        Conversation::decode(&from_hex(CONVERSATION_1)),
        Some(conversation())
    );
}

const CUSTOMER_1: &str = "056375737431fd030000000100000006e78e8be4ba9406e5b08fe78e8b010f68747470733a2f2f612f622e706e67\
    010b313338303031333830303001057a682d434e0106e5b8b8e5aea2fd00a0b83046030000fdd0a7b830460300\
    0004";
const CHANNEL_1: &str = "056368616e31020102683506e5ae98e7bd91046b6b6b6b027b7d01";

#[test]
fn what_has_grown_since_is_still_read() {
    let customer = Customer {
        name: "王五".into(),
        nickname: "小王".into(),
        avatar: Some("https://a/b.png".into()),
        phone: Some("13800138000".into()),
        language: Some("zh-CN".into()),
        verified: true,
        remark: "常客".into(),
        last_seen: 1_800_000_001_000,
        conversations: 4,
        ..Customer::new(CustomerId::of(ShopId(1), 3), 1_800_000_000_000)
    };
    assert_eq!(Customer::decode(&from_hex(CUSTOMER_1)), Some(customer.clone()));
    assert_eq!(customer.phone(), Some("13800138000"));
    let channel = ChannelRecord {
        id: ChannelId(2),
        shop: ShopId(1),
        plugin: "h5".into(),
        name: "官网".into(),
        key: "kkkk".into(),
        config: "{}".into(),
        enabled: true,
        entry: true,
    };
    assert_eq!(ChannelRecord::decode(&from_hex(CHANNEL_1)), Some(channel));
}

#[test]
fn what_is_known_of_a_customer_reads_back() {
    let by = AgentId(5);
    reads_back(Customer {
        details: Details {
            gender: Gender::Female,
            phone: "+86 138".into(),
            address: "上海".into(),
        },
        tags: vec![TagId(3), TagId(u64::MAX)],
        blocked: Some(Blocked { at: 7, by }),
        card: Some(Card {
            tags: vec!["星标组".into()],
            remark: String::new(),
            at: 8,
        }),
        revision: 9,
        ..Customer::new(CustomerId::of(ShopId(1), 3), 1)
    });
    reads_back(Tag {
        id: TagId(3),
        name: "老客户".into(),
        customers: 4,
        created: 5,
    });
    let open = Annotation {
        id: AnnotationId(1),
        customer: CustomerId(2),
        text: "等厂家回复".into(),
        by,
        at: 3,
        solved: None,
    };
    reads_back(open.clone());
    let solved = Some(Solved { by, at: 4 });
    reads_back(Annotation { solved, ..open });
}

/// An account as it was written before people had a second name.
const AGENT_1: &str =
    "066167656e7431070477616e670a246172676f6e326964240106e5b08fe78e8b0102616200fd00d8a08841030000";

#[test]
fn an_account_of_the_first_version_has_no_name_yet() {
    let old = Agent1 {
        id: AgentId(7),
        login: "wang".into(),
        password: "$argon2id$".into(),
        must_change: true,
        nickname: "小王".into(),
        avatar: Some("ab".into()),
        disabled: false,
        created: 1_790_000_000_000,
    };
    assert_eq!(hex(&old.encode().unwrap()), AGENT_1);
    let agent = Agent::decode(&from_hex(AGENT_1)).unwrap();
    assert_eq!(
        (agent.id, agent.login.as_str(), agent.name.as_str()),
        (AgentId(7), "wang", "")
    );
    assert_eq!(
        (
            agent.must_change,
            agent.disabled,
            agent.nickname.as_str(),
            agent.avatar.as_deref()
        ),
        (true, false, "小王", Some("ab"))
    );
    assert_eq!(agent.created, old.created);
}

/// A scan as the first version wrote it: action, detail `store_1`, at 7.
const BEHAVIOUR_1: &str = "06626568617631 04 7363616e 07 73746f72655f31 0e";

#[test]
fn a_behaviour_of_the_first_version_has_no_channel() {
    let record = BehaviourRecord::decode(&from_hex(BEHAVIOUR_1)).unwrap();
    let wanted = BehaviourRecord {
        action: Action::Scan,
        detail: "store_1".into(),
        at: 7,
        channel: None,
    };
    assert_eq!(record, wanted);
}

#[test]
fn a_content_survives_being_stored() {
    for content in contents() {
        let stored = StoredContent::from(content.clone());
        assert_eq!(Content::from(stored.clone()), content);
        reads_back(Message {
            content: stored,
            ..message()
        });
    }
}

/// An agent at a desk as the first version wrote him: online, limit 10, turn 7.
const DESK_AGENT_1: &str = "056461677431 05 01 01 0a 06e682a8e5a5bd 07";

#[test]
fn what_the_first_version_did_not_know_is_what_hurts_nobody() {
    let agent = DeskAgent::decode(&from_hex(DESK_AGENT_1)).unwrap();
    assert_eq!(
        agent,
        DeskAgent {
            presence: Presence::Online,
            greeting: "您好".into(),
            turn: 7,
            ..DeskAgent::new(AgentId(5))
        }
    );
    assert!(!agent.close.on && !agent.offline.on);
    // Whoever an agent did not answer last still waits for an answer.
    let old = Conversation::decode(&from_hex(CONVERSATION_1)).unwrap();
    assert_eq!(old.asked_at, Some(1_800_000_002_000));
}

/// Every name the boundary has for one of its words.
fn words<T: serde::de::DeserializeOwned>(names: &[&str]) -> Vec<T> {
    names
        .iter()
        .map(|name| serde_json::from_value(serde_json::Value::String((*name).into())).unwrap())
        .collect()
}

#[test]
fn words_are_stored_by_name() {
    let names = [
        "retryable",
        "unknown",
        "rate_limited",
        "window_closed",
        "rejected",
        "auth",
        "config",
        "unsupported",
        "not_found",
        "panic",
        "internal",
    ];
    for (name, cause) in names.iter().zip(words::<Cause>(&names)) {
        let mut message = message();
        message.delivery.as_mut().unwrap().cause = Some(cause);
        let bytes = message.encode().unwrap();
        assert!(
            bytes.windows(name.len()).any(|window| window == name.as_bytes()),
            "{name}"
        );
        reads_back(message);
    }
    let mut message = message();
    message.delivery.as_mut().unwrap().cause = None;
    reads_back(message.clone());
    message.delivery = None;
    reads_back(message);
    for kind in words::<Kind>(&[
        "text", "image", "voice", "video", "file", "location", "link", "news",
    ]) {
        let mut conversation = conversation();
        conversation.last.as_mut().unwrap().kind = kind;
        reads_back(conversation);
    }
    for action in words::<Action>(&[
        "follow",
        "unfollow",
        "scan",
        "menu_click",
        "menu_view",
        "page_view",
    ]) {
        reads_back(BehaviourRecord {
            action,
            detail: "key".into(),
            at: -1,
            channel: Some(ChannelId(7)),
        });
    }
}

#[test]
fn a_word_of_a_newer_version_is_read_as_something_else() {
    let mut bytes = message().encode().unwrap();
    let (known, newer) = (b"window_closed", b"window_frozen");
    let at = bytes
        .windows(known.len())
        .position(|window| window == known)
        .unwrap();
    bytes[at..at + newer.len()].copy_from_slice(newer);
    let read = Message::decode(&bytes);
    assert_eq!(read.unwrap().delivery.unwrap().cause, Some(Cause::Internal));
}

#[test]
fn every_record_reads_back() {
    let reply = QuickReply {
        title: "发货".into(),
        text: "今天发出\n😀".into(),
    };
    assert_eq!(
        QuickReply::decode(&from_hex(QUICK_REPLY_1)).as_ref(),
        Some(&reply)
    );
    reads_back(reply);
    let held = QuickBox {
        last: 70_000,
        folders: vec![QuickFolder {
            id: 1,
            name: "物流".into(),
            replies: vec![3, 2],
        }],
        replies: vec![70_000],
    };
    assert_eq!(QuickBox::decode(&from_hex(QUICK_BOX_1)).as_ref(), Some(&held));
    reads_back(held);
    reads_back(conversation());
    reads_back(Conversation {
        state: ConversationState::Closed,
        owner: None,
        closed_at: Some(i64::MAX),
        last: None,
        epoch: u32::MAX,
        ..conversation()
    });
    reads_back(Customer {
        avatar: Some("https://example.com/a.png".into()),
        verified: true,
        remark: "常客".into(),
        ..Customer::new(CustomerId::of(ShopId(1), 3), 1)
    });
    reads_back(Identity {
        customer: CustomerId(9),
    });
    reads_back(Seen {
        place: Some((ConversationId(1), 2)),
        at: 3,
    });
    reads_back(Seen { place: None, at: 3 });
    reads_back(OutboxEntry { queued: 4 });
    reads_back(Counters {
        event: u64::MAX,
        ..Counters::default()
    });
}

#[test]
fn every_record_of_shops_and_accounts_reads_back() {
    reads_back(Shop {
        id: ShopId(1),
        name: "店".into(),
        zone: "Asia/Shanghai".into(),
        created: 5,
    });
    reads_back(Membership { role: Role::Senior });
    reads_back(Session {
        agent: AgentId(1),
        csrf: "c".into(),
        created: 1,
        expires: 2,
    });
    reads_back(Alarm { at: 6 });
    reads_back(Blob((0..=255).collect()));
    reads_back(MediaMeta {
        mime: "a/b".into(),
        size: u64::MAX,
        name: None,
        created: 7,
    });
    reads_back(Number(8));
    reads_back(ChannelRecord {
        id: ChannelId(1),
        shop: ShopId(1),
        plugin: "h5".into(),
        name: "官网".into(),
        key: "k".into(),
        config: "{}".into(),
        enabled: true,
        entry: false,
    });
    reads_back(Agent {
        id: AgentId(1),
        login: "l".into(),
        password: "p".into(),
        must_change: true,
        nickname: "n".into(),
        avatar: None,
        disabled: false,
        created: 8,
        name: "王".into(),
    });
    assert_eq!(Present::decode(&Present.encode().unwrap()), Some(Present));
}

#[test]
fn what_a_desk_knows_reads_back() {
    reads_back(Conversation {
        dismissed: true,
        transfer: Some(Transfer {
            from: AgentId(1),
            to: AgentId(2),
            note: "请接手".into(),
            at: 1,
            until: 2,
        }),
        said: vec![Said {
            auto: Auto::Busy,
            at: 3,
        }],
        ..conversation()
    });
    for author in [
        Author::Customer,
        Author::Greeting(AgentId(1)),
        Author::Closing(AgentId(2)),
        Author::Offline(AgentId(3)),
        Author::Nobody,
        Author::Busy,
        Author::Note(AgentId(4)),
    ] {
        reads_back(Message { author, ..message() });
    }
    reads_back(ShopSettings {
        nobody_text: "稍后".into(),
        ..ShopSettings::default()
    });
    reads_back(DeskAgent {
        presence: Presence::Lost { since: 4 },
        gone_at: None,
        close: AutoClose {
            on: true,
            ..AutoClose::default()
        },
        offline: OfflineText {
            on: true,
            text: "离线".into(),
        },
        greeting: "您好".into(),
        ..DeskAgent::new(AgentId(1))
    });
}

#[test]
fn a_ledger_and_what_was_not_sent_read_back() {
    for trigger in words::<Trigger>(&["message", "menu", "follow", "scan"]) {
        reads_back(Reach {
            limited: true,
            grants: vec![Grant {
                trigger,
                at: 1_800_000_000_000,
                until: 1_800_172_800_000,
                allowed: 5,
                spent: true,
            }],
            pending: 2,
            sent: vec![1_800_000_000_001],
            left_at: -1,
            automatic: vec![5],
        });
    }
    for why in [
        Suppression::QuotaReserved,
        Suppression::WindowClosed,
        Suppression::Loop,
    ] {
        let delivery = Some(Delivery::suppressed(why, 5));
        reads_back(Message {
            delivery,
            ..message()
        });
    }
}

fn broadcast() -> Broadcast {
    Broadcast {
        id: BroadcastId::of(ShopId(1), 7),
        draft: BroadcastDraft {
            kind: BroadcastKind::Text,
            parts: vec![StoredContent::Text("你好".into())],
            filter: "{}".into(),
            also_open: true,
            daily_limit: 2,
            through_night: false,
        },
        revision: 3,
        state: BroadcastState::Paused,
        by: AgentId(1),
        client_id: "c".into(),
        created: 1,
        at: Some(2),
        started: Some((AgentId(1), 3)),
        finished: None,
        paused: Some(Paused {
            by: None,
            reason: Some(Reason {
                zh: "坏".into(),
                en: "bad".into(),
            }),
            at: 4,
        }),
    }
}

fn progress() -> Progress {
    let mut progress = Progress {
        total: 9,
        complete: true,
        last: Some(CustomerId::of(ShopId(1), 9)),
        next: 5,
        sending: 1,
        accepted: 2,
        failed: 1,
        unknown: 1,
        messages: 4,
        partial: 1,
        waiting: Some(Waiting {
            until: 5,
            why: WaitReason::RateLimited,
        }),
        ..Progress::default()
    };
    progress.skip(Skip::Stopped, 1);
    progress
}

fn recipient() -> Recipient {
    Recipient {
        customer: CustomerId::of(ShopId(1), 9),
        channel: ChannelId(2),
        peer: "o".into(),
        state: RecipientState::Skipped,
        skip: Some(Skip::QuotaReserved),
        sent: 1,
        tries: 2,
        day: Some(20_000),
        at: 6,
        proof: Some("errcode 0".into()),
        reason: None,
    }
}

/// As the first version wrote them.
const BROADCAST_1: &str = "06626361737431fd070000000100000000010006e4bda0e5a5bd027b7d01020003040101630201040101060001000103e59d8f0362616408";
const PROGRESS_1: &str = "06626370726731090101fd090000000100000005010201010b00000000000000000000010401010a01";
const RECIPIENT_1: &str =
    "06626372656331fd090000000100000002016f060109010201fb204e0c0109657272636f6465203000";

#[test]
fn broadcasts_read_back_and_their_first_version_stays_readable() {
    reads_back(broadcast());
    reads_back(progress());
    reads_back(recipient());
    reads_back(Silence::default());
    assert_eq!(
        Broadcast::decode(&from_hex(BROADCAST_1)),
        Some(broadcast()),
        "{}",
        hex(&broadcast().encode().unwrap())
    );
    assert_eq!(
        Progress::decode(&from_hex(PROGRESS_1)),
        Some(progress()),
        "{}",
        hex(&progress().encode().unwrap())
    );
    assert_eq!(
        Recipient::decode(&from_hex(RECIPIENT_1)),
        Some(recipient()),
        "{}",
        hex(&recipient().encode().unwrap())
    );
}
