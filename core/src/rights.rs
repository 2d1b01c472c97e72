//! The one table of rights. HTTP routes, live events and the command line all ask here.
use crate::ids::AgentId;
use crate::records::Role;

/// Something a role may or may not do in a shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// See the desk, accept, answer and close one's own customers.
    Serve,
    /// See and correct customers.
    Customers,
    /// See and close conversations other agents hold.
    Supervise,
    /// Make, rename and remove service tags.
    ManageTags,
    /// Channels, agents, roles.
    Administer,
}

/// Whether a role may do something.
#[must_use]
pub fn permits(role: Role, action: Action) -> bool {
    let least = match action {
        Action::Serve | Action::Customers => Role::Agent,
        Action::Supervise | Action::ManageTags => Role::Senior,
        Action::Administer => Role::Administrator,
    };
    role >= least
}

/// Whether an agent may read a conversation held by `owner`, live or later: what waits is everybody's, what is
/// held is its owner's and the supervisors'.
#[must_use]
pub fn may_read(agent: AgentId, role: Role, owner: Option<AgentId>) -> bool {
    owner.is_none_or(|owner| owner == agent) || permits(role, Action::Supervise)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_reads_what_waits_and_what_is_his() {
        let (me, other) = (AgentId(1), AgentId(2));
        assert!(may_read(me, Role::Agent, None));
        assert!(may_read(me, Role::Agent, Some(me)));
        assert!(!may_read(me, Role::Agent, Some(other)));
        assert!(may_read(me, Role::Senior, Some(other)));
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
        for action in [
            Action::Serve,
            Action::Customers,
            Action::Supervise,
            Action::ManageTags,
            Action::Administer,
        ] {
            assert!(permits(Role::Administrator, action));
            assert!(permits(Role::Senior, action) || !permits(Role::Agent, action));
        }
        assert!(!permits(Role::Agent, Action::Supervise));
        assert!(!permits(Role::Agent, Action::ManageTags));
        assert!(permits(Role::Senior, Action::ManageTags));
        assert!(!permits(Role::Senior, Action::Administer));
    }
}
