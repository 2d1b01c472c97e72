//! Quick replies: folders, order, bounds, and tables in and out.
use crate::shop::{SHOP, trees};
use tempfile::TempDir;
use weikefu_core::error::{Language, Refusal};
use weikefu_core::ids::{AgentId, ShopId};
use weikefu_core::quick_replies::{Contents, FOLDERS, Imported, Order, QuickReplies, REPLIES, Row, Shelf};
use weikefu_core::records::QuickReply;

const MINE: Shelf = Shelf::Mine(AgentId(7));

fn quick_replies() -> (TempDir, QuickReplies) {
    let folder = tempfile::tempdir().unwrap();
    let replies = QuickReplies::new(trees(&folder));
    (folder, replies)
}

fn reply(title: &str, text: &str) -> QuickReply {
    QuickReply {
        title: title.into(),
        text: text.into(),
    }
}

fn code<T>(answer: Result<T, Refusal>) -> &'static str {
    answer.err().map_or("fine", |refusal| refusal.code().0)
}

fn texts(contents: &Contents) -> Vec<String> {
    let inside = contents.folders.iter().flat_map(|folder| {
        folder
            .replies
            .iter()
            .map(move |held| format!("{}/{}", folder.name, held.reply.text))
    });
    inside
        .chain(contents.replies.iter().map(|held| held.reply.text.clone()))
        .collect()
}

#[test]
fn boxes_are_apart_and_keep_what_is_put_into_them() {
    let (_folder, replies) = quick_replies();
    let folder = replies.add_folder(SHOP, MINE, " 发货 ").unwrap();
    assert_eq!(folder.name, "发货");
    assert_eq!(code(replies.add_folder(SHOP, MINE, "发货")), "exists");
    replies
        .add_reply(
            SHOP,
            MINE,
            Some(folder.id),
            reply(" 今天 ", "今天发出\r\n请查收 "),
        )
        .unwrap();
    let loose = replies.add_reply(SHOP, MINE, None, reply("", "您好")).unwrap();
    assert_eq!(
        texts(&replies.contents(SHOP, MINE).unwrap()),
        ["发货/今天发出\n请查收", "您好"]
    );
    for other in [Shelf::Shared, Shelf::Mine(AgentId(8))] {
        assert_eq!(replies.contents(SHOP, other).unwrap(), Contents::default());
        assert_eq!(code(replies.delete_reply(SHOP, other, loose.id)), "not_found");
        assert_eq!(
            code(replies.add_reply(SHOP, other, Some(folder.id), reply("", "x"))),
            "not_found"
        );
    }
    assert_eq!(
        replies.contents(ShopId(SHOP.0 + 1), MINE).unwrap(),
        Contents::default()
    );

    let edited = replies
        .edit_reply(SHOP, MINE, loose.id, Some("问候".into()), None)
        .unwrap();
    assert_eq!(edited.reply, reply("问候", "您好"));
    let second = replies.add_folder(SHOP, MINE, "退换").unwrap();
    assert_eq!(
        code(replies.rename_folder(SHOP, MINE, second.id, "发货")),
        "exists"
    );
    replies.rename_folder(SHOP, MINE, second.id, "退货").unwrap();
    replies.delete_reply(SHOP, MINE, loose.id).unwrap();
    assert_eq!(
        code(replies.edit_reply(SHOP, MINE, loose.id, None, None)),
        "not_found"
    );
    replies.delete_folder(SHOP, MINE, folder.id).unwrap();
    let left = replies.contents(SHOP, MINE).unwrap();
    assert_eq!((left.folders.len(), texts(&left)), (1, vec![]));
    // Numbers are not given out twice: a page that still shows the old one cannot change the new one.
    let new = replies.add_reply(SHOP, MINE, None, reply("", "新的")).unwrap();
    assert!(new.id > second.id && new.id > loose.id);
}

#[test]
fn an_order_names_everything_once_or_is_refused() {
    let (_folder, replies) = quick_replies();
    let folders: Vec<u32> = ["甲", "乙"]
        .map(|name| replies.add_folder(SHOP, Shelf::Shared, name).unwrap().id)
        .into();
    let ids: Vec<u32> = ["1", "2", "3"]
        .map(|text| {
            replies
                .add_reply(SHOP, Shelf::Shared, None, reply("", text))
                .unwrap()
                .id
        })
        .into();
    let order = Order {
        folders: vec![(folders[1], vec![ids[2], ids[0]]), (folders[0], vec![])],
        replies: vec![ids[1]],
    };
    for _ in 0..2 {
        replies.reorder(SHOP, Shelf::Shared, &order).unwrap();
        assert_eq!(
            texts(&replies.contents(SHOP, Shelf::Shared).unwrap()),
            ["乙/3", "乙/1", "2"]
        );
    }
    let wrong = [
        Order {
            replies: vec![],
            ..order.clone()
        },
        Order {
            replies: vec![ids[1], ids[1]],
            ..order.clone()
        },
        Order {
            replies: vec![ids[1], 99],
            ..order.clone()
        },
        Order {
            folders: vec![(folders[1], vec![ids[2], ids[0]])],
            ..order.clone()
        },
        Order {
            folders: vec![(folders[1], vec![ids[2], ids[0]]), (folders[1], vec![])],
            ..order.clone()
        },
    ];
    for wrong in wrong {
        assert_eq!(
            code(replies.reorder(SHOP, Shelf::Shared, &wrong)),
            "stale",
            "{wrong:?}"
        );
    }
    assert_eq!(
        texts(&replies.contents(SHOP, Shelf::Shared).unwrap()),
        ["乙/3", "乙/1", "2"]
    );
}

#[test]
fn everything_has_a_bound() {
    let (_folder, replies) = quick_replies();
    for name in ["", " ", "a\nb", &"长".repeat(31)] {
        assert_eq!(code(replies.add_folder(SHOP, MINE, name)), "invalid", "{name}");
    }
    for (title, text) in [
        ("", ""),
        ("", " \n "),
        ("", "长".repeat(2_001).as_str()),
        ("长".repeat(61).as_str(), "x"),
        ("a\nb", "x"),
    ] {
        assert_eq!(
            code(replies.add_reply(SHOP, MINE, None, reply(title, text))),
            "invalid"
        );
    }
    for at in 0..FOLDERS {
        replies
            .add_folder(SHOP, MINE, &format!("{at}{}", "长".repeat(27)))
            .unwrap();
    }
    assert_eq!(code(replies.add_folder(SHOP, MINE, "one more")), "invalid");
    let table = |rows: std::ops::Range<usize>| rows.map(|at| row("", "", &format!("第 {at} 条"))).collect();
    let done = replies.import(SHOP, MINE, table(0..REPLIES), false).unwrap();
    assert_eq!(
        done,
        Imported {
            added: REPLIES,
            ..Imported::default()
        }
    );
    assert_eq!(
        code(replies.add_reply(SHOP, MINE, None, reply("", "one more"))),
        "invalid"
    );
    assert_eq!(
        code(replies.import(SHOP, MINE, table(REPLIES..REPLIES + 1), false)),
        "invalid"
    );
    assert_eq!(texts(&replies.contents(SHOP, MINE).unwrap()).len(), REPLIES);
}

#[test]
fn what_was_imported_once_adds_nothing_a_second_time_and_a_dry_run_never() {
    let (_folder, replies) = quick_replies();
    let rows = || {
        [
            ("问候", "", "您好"),
            ("", "标题", "=1+1"),
            ("问候", "", "再见"),
            ("问候", "", "再见"),
        ]
        .map(|(folder, title, text)| row(folder, title, text))
        .to_vec()
    };
    let told = Imported {
        added: 3,
        skipped: 1,
        folders: vec!["问候".into()],
    };
    assert_eq!(replies.import(SHOP, MINE, rows(), true).unwrap(), told);
    assert_eq!(replies.contents(SHOP, MINE).unwrap(), Contents::default());
    assert_eq!(replies.import(SHOP, MINE, rows(), false).unwrap(), told);
    let again = replies.import(SHOP, MINE, rows(), false).unwrap();
    assert_eq!((again.added, again.skipped, again.folders.len()), (0, 4, 0));
    assert_eq!(texts(&replies.contents(SHOP, MINE).unwrap()).len(), 3);
}

#[test]
fn a_wrong_row_names_its_column() {
    let long = "长".repeat(61);
    for (folder, title, text, column) in [
        (long.as_str(), "", "文字", "folder"),
        ("", long.as_str(), "文字", "title"),
        ("", "", " ", "text"),
    ] {
        let (named, why) = Row::new(folder, title.into(), text.into()).unwrap_err();
        assert_eq!((named, why.code().0), (column, "invalid"));
        assert!(why.text(Language::English).is_ascii());
    }
}

fn row(folder: &str, title: &str, text: &str) -> Row {
    Row::new(folder, title.into(), text.into()).unwrap()
}
