//! The one table of rights. HTTP routes, live events and the command line all ask here.
use crate::ids::{AgentId, CustomerId, ShopId};
use crate::records::{Conversation, ConversationState, Role};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something a person may or may not do in a shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(rename = "Right")]
pub enum Action {
    /// See the desk, accept, answer and close one's own customers.
    Serve,
    /// See and correct customers.
    Customers,
    /// See the shop's settings.
    ReadSettings,
    /// See and close conversations other agents hold.
    Supervise,
    /// Make, rename and delete the service tags of customers.
    ManageTags,
    /// Tables of the shop's customers, tags and replies, out and in; what is done to many customers by a filter.
    Export,
    /// Prepare, start and watch broadcasts to many customers.
    Broadcast,
    /// Change what holds for the whole shop: texts, times, shared replies, entries.
    EditShop,
    /// Channels, agents, roles.
    Administer,
    /// Shops, and whatever concerns more than one of them. No role has it: it is the machine's owner's.
    Install,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asker {
    /// A member of the shop in question.
    Member(Role),
    /// Whoever can run the command line on the data folder: the machine's owner.
    Owner,
}

impl Action {
    /// All of them, in the order people read them.
    pub const ALL: [Action; 10] = [
        Action::Serve,
        Action::Customers,
        Action::ReadSettings,
        Action::Supervise,
        Action::ManageTags,
        Action::Export,
        Action::Broadcast,
        Action::EditShop,
        Action::Administer,
        Action::Install,
    ];

    /// The least role that may do it; `None`: no role may.
    const fn least(self) -> Option<Role> {
        match self {
            Action::Serve | Action::Customers | Action::ReadSettings => Some(Role::Agent),
            Action::Supervise | Action::ManageTags | Action::Export | Action::Broadcast => Some(Role::Senior),
            Action::EditShop | Action::Administer => Some(Role::Administrator),
            Action::Install => None,
        }
    }
}

impl Role {
    /// All of them, the least first.
    pub const ALL: [Role; 3] = [Role::Agent, Role::Senior, Role::Administrator];
}

/// Whether a role may do something.
#[must_use]
pub fn permits(role: Role, action: Action) -> bool {
    action.least().is_some_and(|least| role >= least)
}

/// Whether somebody may do something.
#[must_use]
pub fn allows(asker: Asker, action: Action) -> bool {
    match asker {
        Asker::Member(role) => permits(role, action),
        Asker::Owner => true,
    }
}

/// Who holds a conversation, as far as it decides who may read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holding {
    /// Whose it is.
    pub customer: CustomerId,
    /// Where it stands.
    pub state: ConversationState,
    /// Who answers.
    pub owner: Option<AgentId>,
    /// Whom it is offered to.
    pub offered: Option<AgentId>,
}

impl From<&Conversation> for Holding {
    fn from(conversation: &Conversation) -> Self {
        Holding {
            customer: conversation.customer,
            state: conversation.state,
            owner: conversation.owner,
            offered: conversation.offered_to(),
        }
    }
}

/// Whether an agent may read a conversation, live or later: what waits is everybody's, what is held is its owner's
/// and the supervisors', and while it is offered to somebody his too. What is closed belongs to the customer's
/// records; `knows` is asked whether he may read those.
#[must_use]
pub fn may_read(agent: AgentId, role: Role, held: &Holding, knows: impl FnOnce() -> bool) -> bool {
    let Holding { owner, offered, .. } = *held;
    let by_state = || match held.state {
        ConversationState::Waiting => true,
        ConversationState::Active => false,
        ConversationState::Closed => knows(),
    };
    owner == Some(agent) || offered == Some(agent) || permits(role, Action::Supervise) || by_state()
}

/// How a customer stands to an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// Neither of what follows.
    Stranger,
    /// Waits for anybody.
    Waits,
    /// Is offered to this agent by another.
    Offered,
    /// Is served by this agent, or once was.
    Served,
}

/// Whether an agent may read what a customer and the shop have said to each other. What others hold at the
/// moment stays theirs nevertheless: [`may_read`] is asked for each conversation.
#[must_use]
pub fn may_read_records(role: Role, relation: Relation) -> bool {
    relation != Relation::Stranger || permits(role, Action::Supervise)
}

/// Whether somebody with `mine` may change an account with `theirs`: what is changed holds in every shop the
/// account works in, so he must be administrator of each. An account without a shop is nobody's.
#[must_use]
pub fn may_manage(mine: &[(ShopId, Role)], theirs: &[(ShopId, Role)]) -> bool {
    !theirs.is_empty()
        && theirs.iter().all(|(shop, _)| {
            mine.iter()
                .any(|(known, role)| known == shop && permits(*role, Action::Administer))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_reads_what_waits_and_what_is_his() {
        use ConversationState::{Active, Closed, Waiting};
        let (me, other) = (AgentId(1), AgentId(2));
        let reads = |role, state, owner, offered, knows| {
            let customer = CustomerId(1);
            let held = Holding {
                customer,
                state,
                owner,
                offered,
            };
            may_read(me, role, &held, || knows)
        };
        assert!(reads(Role::Agent, Waiting, None, None, false));
        assert!(reads(Role::Agent, Active, Some(me), Some(other), false));
        assert!(!reads(Role::Agent, Active, Some(other), None, true));
        assert!(reads(Role::Agent, Active, Some(other), Some(me), false));
        assert!(reads(Role::Senior, Active, Some(other), None, false));
        // What is over is not everybody's because nobody holds it any more.
        assert!(!reads(Role::Agent, Closed, None, None, false));
        assert!(reads(Role::Agent, Closed, None, None, true));
        assert!(reads(Role::Senior, Closed, None, None, false));
    }

    #[test]
    fn an_agent_reads_the_records_of_customers_he_has_to_do_with() {
        for relation in [Relation::Waits, Relation::Offered, Relation::Served] {
            assert!(may_read_records(Role::Agent, relation));
        }
        assert!(!may_read_records(Role::Agent, Relation::Stranger));
        assert!(may_read_records(Role::Senior, Relation::Stranger));
        assert!(may_read_records(Role::Administrator, Relation::Stranger));
    }

    #[test]
    fn rights_grow_with_the_role() {
        for action in Action::ALL {
            assert!(permits(Role::Administrator, action) || action == Action::Install);
            assert!(permits(Role::Senior, action) || !permits(Role::Agent, action));
            assert!(allows(Asker::Owner, action));
        }
        for role in Role::ALL {
            assert!(!permits(role, Action::Install));
        }
        assert!(!permits(Role::Agent, Action::Supervise));
        assert!(!permits(Role::Senior, Action::Administer));
    }

    #[test]
    fn an_account_belongs_to_the_administrators_of_all_its_shops() {
        let (one, two) = (ShopId(1), ShopId(2));
        let both = [(one, Role::Agent), (two, Role::Agent)];
        let boss = [(one, Role::Administrator), (two, Role::Administrator)];
        assert!(may_manage(&boss, &both));
        assert!(may_manage(&boss[..1], &both[..1]));
        assert!(!may_manage(&boss[..1], &both));
        assert!(!may_manage(
            &[(one, Role::Administrator), (two, Role::Senior)],
            &both
        ));
        assert!(!may_manage(&boss, &[]), "nobody's");
        assert!(!may_manage(&[], &both));
    }
}
