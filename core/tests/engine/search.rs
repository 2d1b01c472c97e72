//! Looking for messages against a plain list.
use crate::history::{CUSTOMER, conversation};
use crate::shop::{SHOP, trees};
use weikefu_channel::{Content, Cursor, MediaRef};
use weikefu_core::desk::Change;
use weikefu_core::ids::{AgentId, ChannelId, ConversationId, CustomerId};
use weikefu_core::records::{Author, Message};
use weikefu_core::search::{Filter, Found, READ, search};
use weikefu_core::trees::Trees;

const LI: AgentId = AgentId(5);
const WANG: AgentId = AgentId(6);

type Said = (Author, Content);

fn message(at: i64, author: Author, content: Content) -> Message {
    Message {
        at,
        sent_at: None,
        author,
        content: content.into(),
        client_id: None,
        delivery: None,
    }
}

/// Writes conversations of one customer, each a list of messages, one a second.
fn fill(trees: &Trees, conversations: Vec<(Option<AgentId>, Vec<Said>)>) {
    let mut at = 0;
    let mut txn = trees.db.begin();
    for (number, (served, messages)) in (1..).zip(conversations) {
        let mut conversation = conversation(number, ChannelId(1 + number % 2));
        conversation.opened_at = at;
        if let Some(agent) = served {
            let change = Change::Served(CUSTOMER, agent, conversation.id);
            trees.write(&mut txn, &change).unwrap();
        }
        trees
            .write(&mut txn, &Change::Conversation(conversation.clone()))
            .unwrap();
        for (seq, (author, content)) in (1..).zip(messages) {
            let change = Change::Message(conversation.id, seq, message(at, author, content));
            trees.write(&mut txn, &change).unwrap();
            at += 1000;
        }
    }
    trees.db.commit(txn).unwrap();
}

fn found(trees: &Trees, filter: &Filter) -> Vec<(u64, u32)> {
    let Found { messages, next } = search(trees, CUSTOMER, filter, None, 200, |_| true).unwrap();
    assert_eq!(next, None);
    messages
        .iter()
        .map(|(id, seq, _)| (id.0 & 0xffff_ffff, *seq))
        .collect()
}

fn word(word: &str) -> Filter {
    Filter {
        word: Some(word.to_lowercase()),
        ..Filter::default()
    }
}

fn shop() -> (tempfile::TempDir, Trees) {
    let folder = tempfile::tempdir().unwrap();
    let trees = trees(&folder);
    let file = Content::File {
        media: Some(MediaRef {
            id: "id-of-invoice".into(),
            mime: "application/pdf".into(),
            size: 1,
            name: Some("Invoice-发票.PDF".into()),
        }),
    };
    let voice = Content::Voice {
        media: None,
        transcript: Some("我要退货".into()),
    };
    fill(
        &trees,
        vec![
            (
                Some(LI),
                vec![
                    (Author::Customer, Content::text("发票怎么开")),
                    (Author::Agent(LI), Content::text("发到邮箱 A@b.com")),
                ],
            ),
            (
                Some(WANG),
                vec![
                    (Author::Customer, voice),
                    (Author::Note(LI), Content::text("老客户")),
                    (Author::Agent(WANG), file),
                ],
            ),
            (None, vec![(Author::Customer, Content::text("INVOICE?"))]),
        ],
    );
    (folder, trees)
}

#[test]
fn words_agents_and_times_narrow_it_down() {
    let (_folder, trees) = shop();
    let all = found(&trees, &Filter::default());
    assert_eq!(all, [(1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (3, 1)]);
    assert_eq!(found(&trees, &word("发票")), [(1, 1), (2, 3)]);
    assert_eq!(found(&trees, &word("invoice")), [(2, 3), (3, 1)]);
    assert_eq!(found(&trees, &word("a@B")), [(1, 2)]);
    assert_eq!(found(&trees, &word("退货")), [(2, 1)]);
    assert_eq!(
        found(&trees, &word("id-of")),
        [],
        "an id is not what somebody said"
    );
    let by = |agent| Filter {
        agent: Some(agent),
        ..Filter::default()
    };
    // What he wrote, and what customers wrote to him.
    assert_eq!(found(&trees, &by(LI)), [(1, 1), (1, 2), (2, 2)]);
    assert_eq!(found(&trees, &by(WANG)), [(2, 1), (2, 3)]);
    assert_eq!(found(&trees, &by(AgentId(9))), []);
    let between = |from, to| Filter {
        from,
        to,
        ..Filter::default()
    };
    assert_eq!(found(&trees, &between(1000, 2000)), [(1, 2), (2, 1)]);
    assert_eq!(found(&trees, &between(5000, i64::MAX)), [(3, 1)]);
    assert_eq!(found(&trees, &between(2000, 1000)), []);
    let both = Filter {
        agent: Some(LI),
        ..word("发")
    };
    assert_eq!(found(&trees, &both), [(1, 1), (1, 2)]);
}

#[test]
fn what_may_not_be_read_is_not_found() {
    let (_folder, trees) = shop();
    let second = ConversationId::of(SHOP, 2);
    let found = search(&trees, CUSTOMER, &Filter::default(), None, 200, |known| {
        known.id != second
    });
    assert_eq!(found.unwrap().messages.len(), 3);
    let other = search(&trees, CustomerId(43), &Filter::default(), None, 200, |_| true);
    assert!(other.unwrap().messages.is_empty());
}

#[test]
fn pages_go_on_where_they_ended_and_an_answer_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let trees = trees(&folder);
    let spoken = |n: usize| {
        let text = if n.is_multiple_of(700) { "针" } else { "草" };
        (Author::Customer, Content::text(text))
    };
    fill(
        &trees,
        (0..6).map(|_| (None, (0..701).map(spoken).collect())).collect(),
    );
    for (filter, limit, expected) in [
        (word("针"), 5, 12),
        (word("没有"), 5, 0),
        (Filter::default(), 200, 4206),
    ] {
        let (mut cursor, mut all, mut answers): (Option<Cursor>, Vec<_>, usize) = (None, Vec::new(), 0);
        loop {
            let Found { messages, next } =
                search(&trees, CUSTOMER, &filter, cursor, limit, |_| true).unwrap();
            assert!(messages.len() <= limit);
            let mut page: Vec<(ConversationId, u32)> =
                messages.iter().map(|(id, seq, _)| (*id, *seq)).collect();
            assert!(page.is_sorted(), "oldest first");
            page.append(&mut all);
            all = page;
            answers += 1;
            let Some(next) = next else { break };
            assert!(cursor.is_none_or(|cursor| next < cursor), "it goes on");
            cursor = Some(next);
        }
        assert_eq!(all.len(), expected);
        assert!(all.is_sorted_by(|a, b| a < b), "each once");
        assert!(answers > 4206 / READ, "{answers} answers");
        assert!(answers <= 4206 / READ + expected / limit + 2, "{answers} answers");
    }
}
