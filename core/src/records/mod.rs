//! What is stored. These types never cross a boundary: plugins and browsers have words of their own.
mod account;
mod channel;
mod content;
mod conversation;
mod customer;
mod media;
mod message;
mod message_1;
mod named;
mod shop;

pub use account::{Agent, Membership, Role, Session};
pub use channel::{Alarm, Blob, ChannelRecord};
pub use content::{StoredContent, StoredMedia};
pub use conversation::{Conversation, ConversationState, LastMessage, Said, Speaker, Transfer};
pub use customer::{BehaviourRecord, Customer, Identity};
pub use media::MediaMeta;
pub use message::{Author, Auto, Delivery, DeliveryState, Message, OutboxEntry, Reason, Seen};
pub use shop::{AutoClose, Counters, DeskAgent, OfflineText, Presence, Shop, ShopSettings};
