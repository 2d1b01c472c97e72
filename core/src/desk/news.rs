//! What a decision tells: each subject once, at its first place, as it is in the end.
use super::work::Happening;
use crate::ids::{AgentId, BroadcastId, ConversationId};
use crate::records::ConversationState;
use crate::rights::Holding;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

#[derive(PartialEq, Eq, Hash)]
enum Subject {
    Conversation(ConversationId),
    Message(ConversationId, u32),
    Agent(AgentId),
    Broadcast(BroadcastId),
}

/// The news without what lay between. Everything in it becomes durable together, so the end is true at any place;
/// a conversation stays in front of its messages.
pub(super) fn settled(news: Vec<Happening>) -> Vec<Happening> {
    if news.len() < 2 {
        return news;
    }
    let mut places: HashMap<Subject, usize> = HashMap::with_capacity(news.len());
    let mut kept: Vec<Happening> = Vec::with_capacity(news.len());
    for mut what in news {
        let Some(subject) = subject(&what) else {
            kept.push(what);
            continue;
        };
        match places.entry(subject) {
            Entry::Vacant(new) => {
                new.insert(kept.len());
                kept.push(what);
            }
            Entry::Occupied(known) => {
                if let Some(earlier) = kept.get_mut(*known.get()) {
                    if let (
                        Happening::Conversation { moved: before, .. },
                        Happening::Conversation { moved, .. },
                    ) = (&*earlier, &mut what)
                    {
                        *moved |= *before;
                    }
                    *earlier = what;
                }
            }
        }
    }
    // What somebody got at once never waited: it is his, not everybody's. Never the other way round, or the last
    // words of a chat that ends would become everybody's.
    let holders: HashMap<_, _> = kept.iter().filter_map(holder).collect();
    for what in &mut kept {
        if let Happening::Message {
            conversation, held, ..
        } = what
            && held.state == ConversationState::Waiting
            && let Some(holder) = holders.get(conversation)
        {
            *held = *holder;
        }
    }
    kept
}

fn holder(what: &Happening) -> Option<(ConversationId, Holding)> {
    match what {
        Happening::Conversation { conversation, .. } => Some((conversation.id, conversation.into())),
        _ => None,
    }
}

/// What an event is about, when a later one about the same takes its place.
fn subject(what: &Happening) -> Option<Subject> {
    match what {
        Happening::Conversation { conversation, .. } => Some(Subject::Conversation(conversation.id)),
        Happening::Message {
            conversation, seq, ..
        } => Some(Subject::Message(*conversation, *seq)),
        Happening::Agent { agent, .. } => Some(Subject::Agent(agent.agent)),
        Happening::Broadcast { broadcast, .. } => Some(Subject::Broadcast(broadcast.id)),
        Happening::Returned { .. } | Happening::Channel { .. } | Happening::Changed(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::DeskAgent;

    fn agent(id: u32, load: u32) -> Happening {
        Happening::Agent {
            agent: DeskAgent::new(AgentId(id)),
            load,
        }
    }

    #[test]
    fn each_subject_is_told_once_as_it_is_in_the_end() {
        let news = vec![agent(1, 1), agent(2, 7), agent(1, 2), agent(1, 3)];
        assert_eq!(settled(news), [agent(1, 3), agent(2, 7)]);
    }

    #[test]
    fn what_has_no_subject_stays() {
        use super::super::work::Topic;
        let news = vec![Happening::Changed(Topic::Tags), Happening::Changed(Topic::Tags)];
        assert_eq!(settled(news.clone()), news);
    }
}
