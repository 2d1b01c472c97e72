//! What may be asked of a desk, at random. Steps name things loosely ("some open conversation"), so that every
//! shortened script still means something.
use crate::{contact, customers};
use proptest::prelude::*;
use proptest::sample::Index;
use weikefu_channel::{Action, Cause, Content, Profile, Words};
use weikefu_core::desk::DeliveryResult;

/// Which agent acts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Who {
    /// The owner of the conversation, if it has one.
    Owner,
    /// Whom it is offered to, if it is.
    Receiver,
    /// One of a few, at the desk or not.
    Agent(u32),
}

/// Which conversation.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Which {
    Waiting(Index),
    Open(Index),
    Offered(Index),
    /// Any there ever was.
    Known(Index),
    /// One that does not exist.
    Missing,
}

/// Which epoch the agent saw.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Epoch {
    Current,
    Stale,
}

/// Which message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Place {
    /// One on its way out.
    UnderWay(Index),
    /// One that failed, or whose fate nobody knows.
    Stuck(Index),
    /// Any.
    Any(Index),
}

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Message {
        from: u32,
        id: u32,
        content: Content,
        profile: Profile,
    },
    Behaviour {
        from: u32,
        id: u32,
        profile: Profile,
        action: Action,
    },
    Amend {
        from: u32,
        id: u32,
        content: Content,
    },
    Join(u32),
    Leave(u32),
    Suspend(u32),
    SetOnline(u32, bool),
    SetPage(u32, bool),
    Started,
    /// So many seconds go by, then the desk does what is due.
    Tick(u32),
    Configure {
        agent: u32,
        auto: bool,
        limit: u32,
        greeting: bool,
        close: Option<u32>,
        offline: bool,
    },
    ConfigureShop {
        nobody: bool,
        busy: bool,
        transfer_seconds: u32,
        away_seconds: u32,
    },
    Dismiss {
        who: Who,
        which: Which,
        epoch: Epoch,
    },
    Offer {
        who: Who,
        senior: bool,
        which: Which,
        epoch: Epoch,
        to: u32,
        note: bool,
    },
    Take {
        who: Who,
        which: Which,
        epoch: Epoch,
    },
    Decline {
        who: Who,
        which: Which,
        epoch: Epoch,
    },
    Withdraw {
        who: Who,
        senior: bool,
        which: Which,
        epoch: Epoch,
    },
    Accept {
        who: Who,
        which: Which,
        epoch: Epoch,
    },
    /// Two agents press at once, then the winner again.
    Race {
        first: u32,
        second: u32,
        which: Which,
    },
    Close {
        who: Who,
        senior: bool,
        which: Which,
        epoch: Epoch,
    },
    Read {
        who: Who,
        which: Which,
        all: bool,
    },
    Send {
        who: Who,
        which: Which,
        client_id: u32,
        content: Content,
        force: bool,
    },
    Retry {
        who: Who,
        place: Place,
        force: bool,
    },
    /// Nothing happens for so many seconds.
    Wait(u32),
    Delivering(Place),
    Delivered(Place, DeliveryResult),
    Customer(customers::Step),
    Contact(contact::Step),
    Refresh(u32),
    Announce(bool),
    /// Out of every bound.
    Oversized(u32),
}

fn content() -> impl Strategy<Value = Content> {
    prop_oneof![
        4 => "[a-z一-三😀]{0,5}".prop_map(Content::text),
        1 => "[一-三]{70,90}".prop_map(Content::text),
        1 => Just(Content::Image { media: None }),
        1 => "[a-z]{1,3}".prop_map(|label| Content::Location { latitude: 31.2, longitude: 121.5, label }),
    ]
}

fn profile() -> impl Strategy<Value = Profile> {
    prop_oneof![
        3 => Just(Profile::default()),
        1 => "[a-b]".prop_map(|name| Profile { nickname: Some(name), ..Profile::default() }),
        1 => Just(Profile { verified: true, ..Profile::default() }),
    ]
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        Just(Action::PageView),
        Just(Action::MenuClick),
        Just(Action::Follow),
        Just(Action::Unfollow)
    ]
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![3 => Just(Who::Owner), 2 => (0..AGENTS).prop_map(Who::Agent)]
}

fn receiver() -> impl Strategy<Value = Who> {
    prop_oneof![4 => Just(Who::Receiver), 1 => who()]
}

fn offered() -> impl Strategy<Value = Which> {
    prop_oneof![6 => any::<Index>().prop_map(Which::Offered), 1 => which()]
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![
        3 => any::<Index>().prop_map(Which::Waiting),
        8 => any::<Index>().prop_map(Which::Open),
        2 => any::<Index>().prop_map(Which::Known),
        1 => Just(Which::Missing),
    ]
}

fn epoch() -> impl Strategy<Value = Epoch> {
    prop_oneof![4 => Just(Epoch::Current), 1 => Just(Epoch::Stale)]
}

fn place() -> impl Strategy<Value = Place> {
    prop_oneof![
        4 => any::<Index>().prop_map(Place::UnderWay),
        2 => any::<Index>().prop_map(Place::Stuck),
        1 => any::<Index>().prop_map(Place::Any),
    ]
}

fn result() -> impl Strategy<Value = DeliveryResult> {
    prop_oneof![
        Just(DeliveryResult::Accepted {
            upstream: Some("m1".into()),
            proof: None,
        }),
        Just(DeliveryResult::Failed {
            cause: Cause::WindowClosed,
            reason: Words::new("等客户来信", "45015")
        }),
        Just(DeliveryResult::Failed {
            cause: Cause::QuotaSpent,
            reason: Words::new("等客户来信", "45047")
        }),
        Just(DeliveryResult::Failed {
            cause: Cause::Rejected,
            reason: Words::new("不收", "no")
        }),
        Just(DeliveryResult::Unknown {
            reason: Words::new("没有应答", "no answer")
        }),
        Just(DeliveryResult::Queued),
    ]
}

/// Agents there are. Some never join.
const AGENTS: u32 = 4;
/// Addresses customers write from, on two channels.
const ADDRESSES: u32 = 7;
/// Ids an address uses; few, so that repetitions come up.
const IDS: u32 = 9;

fn configure() -> impl Strategy<Value = Step> {
    let close = prop::option::of(1..4_u32);
    let settings = (
        0..AGENTS,
        prop::bool::weighted(0.8),
        0..=3_u32,
        any::<bool>(),
        close,
        any::<bool>(),
    );
    settings.prop_map(|(agent, auto, limit, greeting, close, offline)| Step::Configure {
        agent,
        auto,
        limit,
        greeting,
        close,
        offline,
    })
}

fn offer() -> impl Strategy<Value = Step> {
    let offer = (who(), any::<bool>(), which(), epoch(), 0..AGENTS, any::<bool>());
    offer.prop_map(|(who, senior, which, epoch, to, note)| Step::Offer {
        who,
        senior,
        which,
        epoch,
        to,
        note,
    })
}

fn step() -> impl Strategy<Value = Step> {
    let agent = || 0..AGENTS;
    prop_oneof![
        20 => (0..ADDRESSES, 0..IDS, content(), profile())
            .prop_map(|(from, id, content, profile)| Step::Message { from, id, content, profile }),
        3 => (0..ADDRESSES, 0..IDS, profile(), action())
            .prop_map(|(from, id, profile, action)| Step::Behaviour { from, id, profile, action }),
        2 => (0..ADDRESSES, 0..IDS, content()).prop_map(|(from, id, content)| Step::Amend { from, id, content }),
        6 => agent().prop_map(Step::Join),
        1 => agent().prop_map(Step::Leave),
        1 => agent().prop_map(Step::Suspend),
        8 => (agent(), prop::bool::weighted(0.7)).prop_map(|(agent, on)| Step::SetOnline(agent, on)),
        4 => configure(),
        2 => (any::<bool>(), any::<bool>(), 10..90_u32, 15..90_u32).prop_map(
            |(nobody, busy, transfer_seconds, away_seconds)| Step::ConfigureShop {
                nobody, busy, transfer_seconds, away_seconds,
            }
        ),
        6 => (agent(), prop::bool::weighted(0.6)).prop_map(|(agent, open)| Step::SetPage(agent, open)),
        1 => Just(Step::Started),
        6 => prop_oneof![3 => 0..40_u32, 1 => 40..4000_u32].prop_map(Step::Tick),
        2 => (who(), which(), epoch()).prop_map(|(who, which, epoch)| Step::Dismiss { who, which, epoch }),
        12 => offer(),
        10 => (receiver(), offered(), epoch()).prop_map(|(who, which, epoch)| Step::Take { who, which, epoch }),
        2 => (receiver(), offered(), epoch())
            .prop_map(|(who, which, epoch)| Step::Decline { who, which, epoch }),
        2 => (who(), any::<bool>(), offered(), epoch())
            .prop_map(|(who, senior, which, epoch)| Step::Withdraw { who, senior, which, epoch }),
        6 => (who(), which(), epoch()).prop_map(|(who, which, epoch)| Step::Accept { who, which, epoch }),
        4 => (agent(), agent(), which())
            .prop_map(|(first, second, which)| Step::Race { first, second, which }),
        8 => (who(), any::<bool>(), which(), epoch())
            .prop_map(|(who, senior, which, epoch)| Step::Close { who, senior, which, epoch }),
        3 => (who(), which(), any::<bool>()).prop_map(|(who, which, all)| Step::Read { who, which, all }),
        8 => (who(), which(), 0..IDS, content(), prop::bool::weighted(0.1)).prop_map(
            |(who, which, client_id, content, force)| Step::Send { who, which, client_id, content, force }
        ),
        3 => (who(), place(), prop::bool::weighted(0.2))
            .prop_map(|(who, place, force)| Step::Retry { who, place, force }),
        2 => prop_oneof![0..90_u32, 170_000..180_000_u32].prop_map(Step::Wait),
        5 => place().prop_map(Step::Delivering),
        6 => (place(), result()).prop_map(|(place, result)| Step::Delivered(place, result)),
        6 => customers::step(AGENTS).prop_map(Step::Customer),
        6 => contact::step(AGENTS).prop_map(Step::Contact),
        1 => agent().prop_map(Step::Refresh),
        1 => any::<bool>().prop_map(Step::Announce),
        1 => (0..7_u32).prop_map(Step::Oversized),
    ]
}

pub(crate) fn script() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec(step(), 1..120)
}
