//! Whose console is open: counts an agent's live sockets and tells the desk when the first opens and the last
//! goes. What follows from it is the desk's.
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use weikefu_core::desk::Command;
use weikefu_core::engine::Engine;
use weikefu_core::ids::{AgentId, ShopId};

/// All open pages.
#[derive(Default)]
pub(crate) struct OpenPages(Mutex<HashMap<(ShopId, AgentId), Arc<Pages>>>);

/// One agent's pages in one shop.
#[derive(Default)]
struct Pages {
    open: AtomicUsize,
    /// Held while the desk is told, so that it hears last what is so last.
    telling: tokio::sync::Mutex<()>,
}

/// An open page, as long as this lives.
pub(crate) struct Page {
    engine: Engine,
    shop: ShopId,
    agent: AgentId,
    pages: Arc<Pages>,
}

impl OpenPages {
    /// A page opens.
    pub(crate) fn open(&self, engine: &Engine, shop: ShopId, agent: AgentId) -> Page {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let page = Page {
            engine: engine.clone(),
            shop,
            agent,
            pages: Arc::clone(all.entry((shop, agent)).or_default()),
        };
        if page.pages.open.fetch_add(1, Ordering::SeqCst) == 0 {
            page.tell();
        }
        page
    }
}

impl Page {
    fn tell(&self) {
        let (engine, pages) = (self.engine.clone(), Arc::clone(&self.pages));
        let (shop, agent) = (self.shop, self.agent);
        let telling = async move {
            let _telling = pages.telling.lock().await;
            let open = pages.open.load(Ordering::SeqCst) > 0;
            // Refused for one who does not belong to the desk any more; his pages are closed anyway.
            let _ = engine.execute(shop, Command::SetPage { agent, open }).await;
        };
        // Without a runtime the process is ending, and the next start asks for pages anew.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(telling);
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        if self.pages.open.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.tell();
        }
    }
}
