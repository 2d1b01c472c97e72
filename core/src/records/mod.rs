//! What is stored. These types never cross a boundary: plugins and browsers have words of their own.
mod account;
mod annotation;
mod broadcast;
mod channel;
mod content;
mod conversation;
mod customer;
mod deed;
mod media;
mod message;
mod message_1;
mod message_2;
mod named;
mod quick_reply;
mod reach;
mod shop;
mod tag;
mod ticketed;

pub use account::{Agent, Agent1, Membership, Role, Session};
pub use annotation::{Annotation, AnnotationId, Solved};
pub use broadcast::{
    Broadcast, BroadcastDraft, BroadcastKind, BroadcastState, Paused, Progress, Recipient, RecipientState,
    Silence, Skip, WaitReason, Waiting,
};
pub use channel::{Alarm, Blob, ChannelRecord};
pub use content::{StoredContent, StoredMedia};
pub use conversation::{Conversation, ConversationState, LastMessage, Said, Speaker, Transfer};
pub use customer::{BehaviourRecord, Blocked, Card, Customer, Details, Gender, Identity};
pub use deed::{Deed, DeedId, DeedKind};
pub use media::{Begun, MediaMeta, Picture};
pub use message::{
    Author, Auto, Delivery, DeliveryState, Message, OutboxEntry, Reason, Seen, Suppression, Way,
};
pub use quick_reply::{QuickBox, QuickFolder, QuickReply};
pub use reach::{Grant, Reach};
pub use shop::{AutoClose, Counters, DeskAgent, OfflineText, Presence, Shop, ShopSettings};
pub use tag::{Tag, TagId};
