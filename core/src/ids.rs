//! Identifiers. Each is a number of its own type, so that a customer can't be taken for a conversation.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use weikefu_storage::Key;

/// Low bits of a [`CustomerId`] or [`ConversationId`]: the number within the shop. Together with 20 bits of
/// shop the id stays below 2^53, so JavaScript can hold it.
const WITHIN_SHOP: u32 = 32;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $repr:ty) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub $repr);

        impl Key for $name {
            fn encode(&self, out: &mut Vec<u8>) {
                self.0.encode(out);
            }
            fn take(bytes: &mut &[u8]) -> Option<Self> {
                <$repr>::take(bytes).map($name)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = std::num::ParseIntError;
            fn from_str(s: &str) -> Result<Self, Self::Err> {
                s.parse().map($name)
            }
        }
    };
}

id!(
    /// A shop: one official account with its widget, customers and settings.
    ShopId, u32
);
id!(
    /// A person who answers. The same person keeps the id in every shop.
    AgentId, u32
);
id!(
    /// A channel: one account of one plugin, belonging to one shop.
    ChannelId, u32
);
id!(
    /// A customer of one shop.
    CustomerId, u64
);
id!(
    /// A conversation of one shop, in order of opening.
    ConversationId, u64
);

id!(
    /// A broadcast of one shop, in order of making.
    BroadcastId, u64
);

impl BroadcastId {
    /// The broadcast of a shop that took this ticket.
    #[must_use]
    pub fn of(shop: ShopId, ticket: u64) -> Self {
        BroadcastId(u64::from(shop.0) << WITHIN_SHOP | u64::from(ticket as u32))
    }

    /// The shop the broadcast belongs to.
    #[must_use]
    pub fn shop(self) -> ShopId {
        ShopId((self.0 >> WITHIN_SHOP) as u32)
    }
}

impl CustomerId {
    /// The number within the shop, from 1.
    #[must_use]
    pub fn number(self) -> u32 {
        self.0 as u32
    }

    /// The `number`th customer of a shop.
    #[must_use]
    pub fn of(shop: ShopId, number: u32) -> Self {
        CustomerId(u64::from(shop.0) << WITHIN_SHOP | u64::from(number))
    }

    /// The shop the customer belongs to.
    #[must_use]
    pub fn shop(self) -> ShopId {
        ShopId((self.0 >> WITHIN_SHOP) as u32)
    }
}

impl ConversationId {
    /// The `number`th conversation of a shop.
    #[must_use]
    pub fn of(shop: ShopId, number: u32) -> Self {
        ConversationId(u64::from(shop.0) << WITHIN_SHOP | u64::from(number))
    }

    /// The shop the conversation belongs to.
    #[must_use]
    pub fn shop(self) -> ShopId {
        ShopId((self.0 >> WITHIN_SHOP) as u32)
    }
}

/// Unix milliseconds, UTC.
pub type Millis = i64;
