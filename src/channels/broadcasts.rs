//! The channels as broadcasts see them: those whose platform limits the time to write to a customer.
use super::{Channels, read};
use std::sync::Arc;
use std::time::Duration;
use weikefu_channel::{Cause, Content, Cursor, Error, From, Manifest, Outgoing, Receipt, ThreadMessage};
use weikefu_core::broadcast::{Platform, Platforms};
use weikefu_core::error::Refusal;
use weikefu_core::ids::{ChannelId, Millis, ShopId};
use weikefu_core::outbox::Carrying;
use weikefu_core::records::ChannelRecord;

/// Capability of a plugin that lists a shop's products.
const PRODUCTS: &str = "products";

impl Channels {
    /// Refuses a message that no channel of the shop's broadcasts would carry, as the first of them would.
    pub(crate) fn check_broadcast(&self, shop: ShopId, content: &Content) -> Result<(), Refusal> {
        let mut refused = Refusal::invalid(
            "kind",
            "没有能群发的渠道：请先接入微信公众号并确认渠道已启用。",
            "No channel can carry broadcasts. Connect a WeChat official account and make sure that it is enabled.",
        );
        for (n, platform) in self.platforms(shop).iter().filter(|it| it.up).enumerate() {
            match self.check(platform.channel, content) {
                Ok(()) => return Ok(()),
                Err(refusal) if n == 0 => refused = refusal,
                Err(_) => {}
            }
        }
        Err(refused)
    }

    fn platform(&self, record: &ChannelRecord) -> Option<Platform> {
        let open = self.by_id(record.id);
        let manifest: Arc<Manifest> = match &open {
            Some(open) => Arc::clone(&open.manifest),
            None => Arc::new(self.plugins.library(&record.plugin).ok()?.manifest().clone()),
        };
        let window = Duration::from_secs(manifest.reply_window_s?);
        Some(Platform {
            channel: record.id,
            up: open.is_some(),
            entry: record.entry,
            kinds: manifest.sends.keys().copied().collect(),
            window: window.as_millis() as Millis,
            limited: open.map_or(!manifest.reply_rules.is_empty(), |open| open.counts()),
        })
    }
}

impl Platforms for Channels {
    fn platforms(&self, shop: ShopId) -> Vec<Platform> {
        let known: Vec<ChannelRecord> = read(&self.known)
            .values()
            .filter(|record| record.shop == shop)
            .cloned()
            .collect();
        let mut platforms: Vec<Platform> = known.iter().filter_map(|record| self.platform(record)).collect();
        platforms.sort_by_key(|platform| platform.channel);
        platforms
    }

    fn has_products(&self, shop: ShopId) -> bool {
        let known: Vec<ChannelId> = read(&self.known)
            .values()
            .filter(|record| record.shop == shop)
            .map(|record| record.id)
            .collect();
        let open = known.into_iter().filter_map(|id| self.by_id(id));
        open.into_iter().any(|open| open.can(PRODUCTS))
    }

    fn hand_over<'a>(
        &'a self,
        channel: ChannelId,
        peer: &'a str,
        n: u32,
        content: &'a Content,
    ) -> Carrying<'a, Result<Receipt, Error>> {
        Box::pin(async move {
            let Some(open) = self.by_id(channel) else {
                return Err(Error::told(
                    Cause::Auth,
                    "渠道未启用或未能打开，请管理员检查渠道设置后继续群发。",
                    "The channel is disabled or could not be opened. Ask an administrator to check its settings, then \
                     let the broadcast go on.",
                ));
            };
            // It stands in no conversation; no channel that has broadcasts shows its customers' threads.
            let message = ThreadMessage {
                cursor: Cursor {
                    conversation: 0,
                    seq: n,
                },
                at: weikefu_core::engine::now(),
                from: From::System,
                content: content.clone(),
                dedupe: None,
            };
            let peer = peer.to_owned();
            open.instance.send(Outgoing { peer, message }).await
        })
    }
}
