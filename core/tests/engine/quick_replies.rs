//! Quick replies: folders, order, bounds, and tables in and out.
use crate::shop::{SHOP, trees};
use tempfile::TempDir;
use weikefu_core::error::{Language, Refusal};
use weikefu_core::ids::{AgentId, ShopId};
use weikefu_core::quick_replies::{Contents, FOLDERS, Format, Imported, Order, QuickReplies, REPLIES, Shelf};
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
    let table = |rows: std::ops::Range<usize>| {
        rows.fold("内容\n".to_owned(), |table, at| {
            table + &format!("第 {at} 条\n")
        })
    };
    let done = replies
        .import(SHOP, MINE, table(0..REPLIES).as_bytes(), Format::Csv)
        .unwrap();
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
        code(replies.import(SHOP, MINE, table(REPLIES..REPLIES + 1).as_bytes(), Format::Csv)),
        "invalid"
    );
    assert_eq!(texts(&replies.contents(SHOP, MINE).unwrap()).len(), REPLIES);
}

#[test]
fn what_is_exported_can_be_imported_and_a_second_time_adds_nothing() {
    let (_folder, replies) = quick_replies();
    let folder = replies
        .add_folder(SHOP, Shelf::Shared, "=HYPERLINK(\"x\")")
        .unwrap();
    for text in ["=1+1", "两行\n\"引号\", 逗号", "'单引号", "-5", "@all", "😀"] {
        replies
            .add_reply(SHOP, Shelf::Shared, Some(folder.id), reply("标题", text))
            .unwrap();
    }
    replies
        .add_reply(SHOP, Shelf::Shared, None, reply("", "没有文件夹"))
        .unwrap();
    let table = replies.export(SHOP, Shelf::Shared).unwrap();
    assert!(
        table.starts_with("\u{feff}\"文件夹\",\"标题\",\"内容\"\r\n"),
        "{table}"
    );
    assert!(
        !table.contains("\"=") && !table.contains("\"@") && !table.contains("\"-"),
        "{table}"
    );
    let done = replies.import(SHOP, MINE, table.as_bytes(), Format::Csv).unwrap();
    assert_eq!(
        done,
        Imported {
            added: 7,
            skipped: 0,
            folders: 1
        }
    );
    let (shared, mine) = (
        replies.contents(SHOP, Shelf::Shared),
        replies.contents(SHOP, MINE),
    );
    assert_eq!(texts(&shared.unwrap()), texts(&mine.unwrap()));
    let again = replies.import(SHOP, MINE, table.as_bytes(), Format::Csv).unwrap();
    assert_eq!(
        again,
        Imported {
            added: 0,
            skipped: 7,
            folders: 0
        }
    );

    let json = r#"[{"folder":"问候","title":"","text":"您好"},{"text":"再见"},{"text":"再见"}]"#;
    let done = replies.import(SHOP, MINE, json.as_bytes(), Format::Json).unwrap();
    assert_eq!(
        done,
        Imported {
            added: 2,
            skipped: 1,
            folders: 1
        }
    );
}

#[test]
fn one_wrong_row_stops_an_import_and_is_named() {
    let (_folder, replies) = quick_replies();
    let refused = |bytes: &[u8], format| match replies.import(SHOP, MINE, bytes, format) {
        Err(refusal) => (refusal.text(Language::Chinese), refusal.text(Language::English)),
        Ok(done) => panic!("imported {done:?}"),
    };
    let long = "长".repeat(31);
    let table = format!("folder,title,text\n好,,第一条\n,,\n{long},,\"第\n三\"\n,没有内容,\n");
    let (zh, en) = refused(table.as_bytes(), Format::Csv);
    assert!(
        zh.contains("第 4 行：文件夹名称") && zh.contains("第 6 行：内容") && !zh.contains("第 2 行"),
        "{zh}"
    );
    assert!(en.contains("Line 4: ") && en.contains("Line 6: "), "{en}");
    let many = "text,title\n".to_owned() + &format!(",{long}{long}\n").repeat(30);
    let (zh, _) = refused(many.as_bytes(), Format::Csv);
    assert!(zh.lines().count() == 12 && zh.contains("还有 20 行"), "{zh}");
    for (bytes, format, named) in [
        (&b"\xff\xfe\x00"[..], Format::Csv, "UTF-8"),
        (b"", Format::Csv, "第 1 行"),
        (b"a,b\n1,2\n", Format::Csv, "第 1 行"),
        (b"text\n", Format::Csv, "没有快捷回复"),
        (b"text\n\"x\n", Format::Csv, "第 2 行"),
        (b"{}", Format::Json, "第 1 行"),
        (b"[{\"text\":1}]", Format::Json, "第 1 行"),
        (b"[{\"text\":\"a\"},{}]", Format::Json, "第 2 条"),
    ] {
        let (zh, en) = refused(bytes, format);
        assert!(zh.contains(named), "{zh}");
        assert!(en.is_ascii());
    }
    assert_eq!(replies.contents(SHOP, MINE).unwrap(), Contents::default());
}
