//! Answering: the index names places, newest first; each is read from the trees, checked and told.
use super::known::Mine;
use super::snippet::{Part, snippet};
use super::{MessageIndex, Order, Progress, texts};
use crate::error::Refusal;
use crate::history;
use crate::ids::{AgentId, ChannelId, ConversationId, CustomerId, Millis, ShopId};
use crate::records::{Author, Conversation, Customer, Message, Role};
use crate::rights::{self, Action};
use std::sync::Arc;
use weikefu_search::{Accepts, LEAST, Place, Question, Terms, fold};

/// Characters of a question at most.
const MOST: usize = 64;
/// Places looked at for one answer.
const LOOKED: usize = 1_000;
/// Places picked beyond what is wanted: some may not be there any more.
const SPARE: usize = 8;

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Reader {
    /// The agent.
    pub agent: AgentId,
    /// His role in the shop.
    pub role: Role,
}

/// What is looked for. All that is given has to fit.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Where.
    pub shop: ShopId,
    /// Part of a text, as it was typed.
    pub text: String,
    /// What this agent wrote, and what customers wrote to him: the conversations he has served.
    pub agent: Option<AgentId>,
    /// On this channel.
    pub channel: Option<ChannelId>,
    /// Stored at this time or later.
    pub from: Millis,
    /// Stored at this time or earlier.
    pub to: Millis,
    /// Older than this.
    pub after: Option<Spot>,
    /// Hits at most.
    pub limit: usize,
}

/// A place in the order of answers: by time, then by place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot(Millis, u64, u32);

impl std::fmt::Display for Spot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

impl std::str::FromStr for Spot {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '.');
        let mut next = || parts.next().ok_or(());
        Ok(Spot(
            next()?.parse().map_err(drop)?,
            next()?.parse().map_err(drop)?,
            next()?.parse().map_err(drop)?,
        ))
    }
}

/// A message that was found, with what stands beside it.
#[derive(Clone, Debug)]
pub struct Hit {
    /// Whose.
    pub customer: Customer,
    /// Where.
    pub conversation: Conversation,
    /// Which.
    pub seq: u32,
    /// The message.
    pub message: Message,
    /// Its text with what was looked for.
    pub snippet: Vec<Part>,
    /// The message in front of it in the same conversation.
    pub before: Option<(u32, Message)>,
    /// The message behind it.
    pub behind: Option<(u32, Message)>,
}

/// An answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// Newest first.
    pub hits: Vec<Hit>,
    /// Where to go on; `None` when there is nothing more.
    pub next: Option<Spot>,
    /// The index is not complete: there may be more than is told.
    pub building: Option<Progress>,
}

impl MessageIndex {
    /// Answers. Takes a while: not for a thread that others wait for.
    pub fn find(&self, asked: &Asked, reader: Reader) -> Result<Answer, Refusal> {
        let word = question(&asked.text)?;
        let terms = Terms::of(asked.shop.0, &word).ok_or_else(too_short)?;
        let (finder, building) = {
            let state = self.shared.state();
            (state.finder.clone(), state.building)
        };
        let mut answer = Answer {
            building,
            ..Answer::default()
        };
        let Some(finder) = finder else {
            return Ok(answer);
        };
        let accepts = self.accepts(asked, reader);
        let mut question = Question {
            terms,
            before: asked
                .after
                .map(|Spot(at, conversation, seq)| (at, conversation, seq)),
            from: asked.from,
            to: asked.to,
            limit: asked.limit + 1 + SPARE,
        };
        let mut looked = 0;
        loop {
            let places = finder.find(&question, Arc::clone(&accepts)).map_err(|error| {
                tracing::error!(%error, "the search index could not answer");
                self.tell(Order::Distrust);
                Refusal::Unavailable
            })?;
            for place in &places {
                looked += 1;
                question.before = Some(place.key());
                let Some(hit) = self.hit(asked, reader, place, &word)? else {
                    continue;
                };
                if answer.hits.len() == asked.limit {
                    answer.next = answer.hits.last().map(Hit::spot);
                    return Ok(answer);
                }
                answer.hits.push(hit);
            }
            if places.len() < question.limit {
                return Ok(answer);
            }
            if looked >= LOOKED {
                answer.next = question.before.map(|(at, id, seq)| Spot(at, id, seq));
                return Ok(answer);
            }
        }
    }

    /// Which places are picked at all, by what is known without reading any.
    fn accepts(&self, asked: &Asked, reader: Reader) -> Accepts {
        let known = self.shared.known();
        let blocked = known.blocked();
        let mine: Option<Mine> =
            (!rights::permits(reader.role, Action::Supervise)).then(|| known.mine(asked.shop, reader.agent));
        let of_agent = asked.agent.map(|agent| (agent, known.served(asked.shop, agent)));
        let (shop, channel) = (asked.shop, asked.channel.map(|channel| channel.0));
        Arc::new(move |place: &Place| {
            let (id, customer) = (ConversationId(place.conversation), CustomerId(place.customer));
            id.shop() == shop
                && channel.is_none_or(|channel| channel == place.channel)
                && of_agent.as_ref().is_none_or(|(agent, served)| {
                    if texts::is_customers(place.author) {
                        served.conversation(id)
                    } else {
                        texts::is_agents(place.author, *agent)
                    }
                })
                && !blocked.contains(&customer)
                && mine.as_ref().is_none_or(|mine| mine.reads(id, customer))
        })
    }

    /// What stands at a place, if it may be told.
    fn hit(&self, asked: &Asked, reader: Reader, place: &Place, word: &str) -> Result<Option<Hit>, Refusal> {
        let trees = &self.shared.trees;
        let (id, seq) = (ConversationId(place.conversation), place.seq);
        let Some(conversation) = trees.conversations.get(&id)? else {
            return Ok(None);
        };
        let Some(customer) = trees.customers.get(&conversation.customer)? else {
            return Ok(None);
        };
        let elsewhere = asked
            .channel
            .is_some_and(|channel| channel != conversation.channel);
        if elsewhere || conversation.dismissed || customer.blocked.is_some() {
            return Ok(None);
        }
        if !self.may_read(reader, &conversation)? {
            return Ok(None);
        }
        let Some(message) = trees.messages.get(&(id, seq))? else {
            return Ok(None);
        };
        let by = match (asked.agent, message.author) {
            (None, _) => true,
            (Some(agent), Author::Customer) => trees.served.contains(&(customer.id, agent, id))?,
            (Some(agent), author) => author.agent() == Some(agent),
        };
        let texts = message.content.texts();
        let Some(snippet) = texts
            .into_iter()
            .find_map(|text| snippet(text, word))
            .filter(|_| by)
        else {
            return Ok(None);
        };
        let beside = |seq: u32| -> Result<Option<(u32, Message)>, Refusal> {
            Ok(trees.messages.get(&(id, seq))?.map(|message| (seq, message)))
        };
        Ok(Some(Hit {
            before: beside(seq.saturating_sub(1))?,
            behind: beside(seq.saturating_add(1))?,
            customer,
            conversation,
            seq,
            message,
            snippet,
        }))
    }

    /// The rights of records decide here as everywhere.
    fn may_read(&self, reader: Reader, conversation: &Conversation) -> Result<bool, Refusal> {
        let Reader { agent, role } = reader;
        if rights::permits(role, Action::Supervise) {
            return Ok(true);
        }
        let relation = history::relation(&self.shared.trees, conversation.customer, agent)?;
        Ok(rights::may_read_records(role, relation)
            && rights::may_read(agent, role, &conversation.into(), || true))
    }
}

impl Hit {
    fn spot(&self) -> Spot {
        Spot(self.message.at, self.conversation.id.0, self.seq)
    }
}

/// The folded question, within its bounds.
fn question(text: &str) -> Result<String, Refusal> {
    if text.trim().chars().count() > MOST {
        return Err(Refusal::invalid(
            "q",
            format!("最多 {MOST} 个字符，请缩短后重试。"),
            format!("At most {MOST} characters; shorten it and try again."),
        ));
    }
    let word = fold(text).trim().to_owned();
    if word.chars().count() < LEAST {
        return Err(too_short());
    }
    Ok(word)
}

fn too_short() -> Refusal {
    Refusal::invalid(
        "q",
        "一个字会找到太多消息，请至少输入两个字符。",
        "One character is in too many messages; type at least two.",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_two_to_sixty_four_characters() {
        assert_eq!(question(" 退货 ").unwrap(), "退货");
        assert_eq!(question("ＯＫ").unwrap(), "ok");
        let longest = "长".repeat(MOST);
        assert_eq!(question(&longest).unwrap(), longest);
        for text in ["", " ", "好", " a ", "\u{200b}好", &"长".repeat(MOST + 1)] {
            assert_eq!(question(text).unwrap_err().code().0, "invalid", "{text:?}");
        }
    }

    #[test]
    fn a_spot_is_read_as_it_was_told() {
        let spot = Spot(-5, 4_294_967_297, 12);
        assert_eq!(spot.to_string().parse(), Ok(spot));
        for text in ["", "1", "1.2", "1.2.x", "1.2.3.4", "a.1.1"] {
            assert_eq!(text.parse::<Spot>(), Err(()), "{text}");
        }
    }
}
