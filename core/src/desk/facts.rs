//! What a decision may look up beyond the live state.
use super::change::DedupeKey;
use crate::ids::{AgentId, BroadcastId, ChannelId, ConversationId, CustomerId, ShopId};
use crate::records::{
    Agent, Annotation, AnnotationId, Broadcast, Conversation, Customer, Message, Progress, Reach, Recipient,
    Seen,
};

/// A look-up that may fail because the store does.
pub type Lookup<T> = Result<Option<T>, weikefu_storage::Error>;

/// Point reads on what is stored, including what earlier commands of the same group have changed. Never a scan.
pub trait Facts {
    /// The first arrival under this key.
    fn seen(&self, key: &DedupeKey) -> Lookup<Seen>;
    /// The customer behind an address.
    fn identity(&self, channel: ChannelId, peer: &str) -> Lookup<CustomerId>;
    /// A customer.
    fn customer(&self, id: CustomerId) -> Lookup<Customer>;
    /// A conversation, open or closed.
    fn conversation(&self, id: ConversationId) -> Lookup<Conversation>;
    /// A message.
    fn message(&self, conversation: ConversationId, seq: u32) -> Lookup<Message>;
    /// An annotation.
    fn annotation(&self, shop: ShopId, id: AnnotationId) -> Lookup<Annotation>;
    /// How far an address can be reached.
    fn reach(&self, channel: ChannelId, peer: &str) -> Lookup<Reach>;
    /// An account.
    fn account(&self, agent: AgentId) -> Lookup<Agent>;
    /// A broadcast.
    fn broadcast(&self, id: BroadcastId) -> Lookup<Broadcast>;
    /// The broadcast an agent's console gave this id.
    fn broadcast_of(&self, shop: ShopId, agent: AgentId, client_id: &str) -> Lookup<BroadcastId>;
    /// How far a broadcast has come.
    fn progress(&self, id: BroadcastId) -> Lookup<Progress>;
    /// A place on a broadcast's list.
    fn recipient(&self, id: BroadcastId, n: u32) -> Lookup<Recipient>;
    /// How many broadcasts a customer has got on a day.
    fn broadcasts_on(
        &self,
        shop: ShopId,
        day: u32,
        customer: CustomerId,
    ) -> Result<u32, weikefu_storage::Error>;
}
