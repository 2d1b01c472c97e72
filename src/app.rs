//! Everything a running weikefu consists of, put together once.
use crate::channels::Channels;
use crate::data::DataFolder;
use crate::http::OpenPages;
use std::sync::Arc;
use tokio::sync::{mpsc, watch};
use weikefu_core::accounts::Accounts;
use weikefu_core::broadcast::Broadcasts;
use weikefu_core::engine::Engine;
use weikefu_core::index::MessageIndex;
use weikefu_core::outbox::Outbox;
use weikefu_core::people::People;
use weikefu_core::quick_replies::QuickReplies;
use weikefu_core::secrets::Sealer;
use weikefu_core::throttle::Throttle;
use weikefu_core::trees::Trees;
use weikefu_storage::{Db, OpenError, Options, Report};

/// The store and what works on it. Enough for the command line; a server adds [`App`].
#[derive(Clone)]
pub(crate) struct Installation {
    pub(crate) trees: Trees,
    pub(crate) engine: Engine,
    /// Finds customers.
    pub(crate) people: People,
    /// Finds messages.
    pub(crate) index: Arc<MessageIndex>,
    pub(crate) broadcasts: Arc<Broadcasts<Channels>>,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) quick_replies: Arc<QuickReplies>,
    pub(crate) sealer: Sealer,
    pub(crate) channels: Arc<Channels>,
}

/// A running server.
pub(crate) struct App {
    pub(crate) installation: Installation,
    pub(crate) throttle: Throttle,
    /// Whose console is open.
    pub(crate) open_pages: OpenPages,
    /// Turns true once, when the server shuts down.
    pub(crate) stopping: watch::Receiver<bool>,
    /// Serves the console from a folder instead of the executable.
    pub(crate) web: Option<weikefu_ui::Overrides>,
    /// The sample shop page, in a demo.
    pub(crate) demo_page: Option<String>,
}

/// Waits until the server shuts down.
pub(crate) async fn stopped(stopping: &mut watch::Receiver<bool>) {
    // An error means that whoever could say so is gone, which is the same.
    drop(stopping.wait_for(|stopping| *stopping).await);
}

/// Why an installation could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Data(#[from] crate::data::DataError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error("the store could not be read: {0}")]
    Store(#[from] weikefu_storage::Error),
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

impl Installation {
    /// Opens the store, starts the engine, knows the bundled plugins; opens no channel.
    pub(crate) fn open(folder: &DataFolder) -> Result<(Self, Report), StartError> {
        let sealer = Sealer::new(&folder.key()?);
        let (db, report) = Db::open(&folder.store(), Options::default())?;
        let trees = Trees::open(&db)?;
        let (effects, work) = mpsc::unbounded_channel();
        let engine = Engine::start(trees.clone(), effects)?;
        let accounts = Arc::new(Accounts::new(trees.clone()));
        let people = People::new(&engine, &trees);
        let index = Arc::new(MessageIndex::new(trees.clone(), folder.search()));
        let quick_replies = Arc::new(QuickReplies::new(trees.clone()));
        let channels = Channels::new(trees.clone(), engine.clone(), sealer.clone(), folder);
        channels.keep_effects(work);
        let broadcasts = Broadcasts::new(
            engine.clone(),
            trees.clone(),
            Arc::clone(&channels),
            people.clone(),
        );
        Ok((
            Installation {
                trees,
                engine,
                people,
                index,
                broadcasts,
                accounts,
                quick_replies,
                sealer,
                channels,
            },
            report,
        ))
    }

    /// Opens all enabled channels and begins to carry what is queued.
    pub(crate) async fn start(&self) {
        // It fails only when the engine has ended, which ends the server.
        let _ = self.engine.keep_time().await;
        self.channels.open_all().await;
        // Others do not wait for it.
        self.people.start();
        // It fails only when the engine has ended.
        let _ = self.index.start(&self.engine).await;
        if let Err(error) = crate::admin::agents::reconcile(self).await {
            tracing::warn!(%error, "the desks could not be compared with the accounts");
        }
        self.carry();
        tokio::spawn(tidy(self.trees.clone()));
    }

    /// Has carried what is queued, of the desks and of broadcasts.
    fn carry(&self) {
        if let Some(effects) = self.channels.take_effects() {
            let outbox = Outbox::new(
                self.engine.clone(),
                self.trees.clone(),
                Arc::clone(&self.channels),
            );
            let (wake, woken) = mpsc::unbounded_channel();
            let broadcasts = Arc::clone(&self.broadcasts).run(Arc::clone(&outbox), woken);
            tokio::spawn(broadcasts);
            tokio::spawn(outbox.run(effects, wake));
        }
    }
}

/// Drops what nothing needs or names any more, a little every hour.
async fn tidy(trees: Trees) {
    loop {
        tokio::time::sleep(std::time::Duration::from_hours(1)).await;
        let trees = trees.clone();
        let forgotten = tokio::task::spawn_blocking(move || {
            let now = weikefu_core::engine::now();
            trees.forget_seen(now, 20_000)?;
            trees.forget_tags(20_000)?;
            weikefu_core::media::sweep(&trees, now, 5_000)?;
            weikefu_core::stuck::forget(&trees, now, 20_000)
        });
        if let Ok(Err(error)) = forgotten.await {
            tracing::warn!(%error, "what is no longer needed could not be dropped");
        }
    }
}

impl Installation {
    /// Closes the store; everything acknowledged has been durable before.
    pub(crate) fn close(self) -> Result<(), weikefu_storage::Error> {
        self.index.stop();
        let db = self.trees.db.clone();
        drop(self);
        db.close()
    }
}
