//! A plugin's calls of the host that are not answered yet.
use crate::served::{Payload, Serving, start};
use crate::services::Services;
use crate::web::Web;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use tokio::task::AbortHandle;
use weikefu_channel::abi::Frame;
use weikefu_channel::{Cause, Error};

/// Calls of one instance under way.
const MOST: usize = 16_384;

/// Takes an answer back to the plugin. Any thread.
pub(crate) type Carrier = Arc<dyn Fn(u64, Result<Payload, Error>) + Send + Sync>;

#[derive(Clone)]
pub(crate) struct Desk {
    under_way: Arc<Mutex<HashMap<u64, Option<AbortHandle>>>>,
    services: Arc<dyn Services>,
    web: Arc<Web>,
    runtime: tokio::runtime::Handle,
    carrier: Carrier,
}

impl Desk {
    pub(crate) fn new(
        services: Arc<dyn Services>,
        web: Web,
        runtime: tokio::runtime::Handle,
        carrier: Carrier,
    ) -> Self {
        Desk {
            under_way: Arc::default(),
            services,
            web: Arc::new(web),
            runtime,
            carrier,
        }
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<u64, Option<AbortHandle>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts a call. What can be answered at once is, without a change of threads.
    pub(crate) fn serve(&self, frame: &Frame<'_>) {
        let id = frame.id;
        {
            let mut under_way = self.under_way();
            if under_way.len() >= MOST || under_way.contains_key(&id) {
                drop(under_way);
                let error = Error::told(
                    Cause::Retryable,
                    "渠道正在处理的请求过多，请稍后重试",
                    "too many calls of this plugin are under way",
                );
                return (self.carrier)(id, Err(error));
            }
            under_way.insert(id, None);
        }
        let mut serving = match start(&self.services, &self.web, frame.op, frame.head, frame.body) {
            Ok(serving) => serving,
            Err(error) => return self.served(id, Err(error)),
        };
        let entered = self.runtime.enter();
        let mut context = Context::from_waker(Waker::noop());
        let first = catch_unwind(AssertUnwindSafe(|| serving.as_mut().poll(&mut context)));
        drop(entered);
        match first {
            Ok(Poll::Ready(answer)) => self.served(id, answer),
            Ok(Poll::Pending) => self.serve_on(id, serving),
            Err(_) => self.served(id, Err(failed())),
        }
    }

    /// Goes on with an answer that was not there at once.
    fn serve_on(&self, id: u64, serving: Serving) {
        struct Owed(Desk, u64);
        impl Drop for Owed {
            /// Says so when the task has ended without an answer: the service panicked, or the runtime ended.
            fn drop(&mut self) {
                self.0.served(self.1, Err(failed()));
            }
        }
        let owed = Owed(self.clone(), id);
        let task = self.runtime.spawn(async move {
            let owed = owed;
            let answer = serving.await;
            owed.0.served(id, answer);
        });
        if let Some(slot) = self.under_way().get_mut(&id) {
            *slot = Some(task.abort_handle());
        }
    }

    /// Answers, unless the plugin has cancelled the call.
    fn served(&self, id: u64, answer: Result<Payload, Error>) {
        let owed = self.under_way().remove(&id).is_some();
        if owed {
            (self.carrier)(id, answer);
        }
    }

    /// The plugin no longer waits.
    pub(crate) fn cancel(&self, id: u64) {
        let task = self.under_way().remove(&id);
        if let Some(Some(task)) = task {
            task.abort();
        }
    }

    /// Nobody waits for anything any more.
    pub(crate) fn end(&self) {
        let tasks = std::mem::take(&mut *self.under_way());
        tasks.into_values().flatten().for_each(|task| task.abort());
    }
}

fn failed() -> Error {
    Error::told(
        Cause::Internal,
        "服务器没有完成此操作，原因见服务器日志",
        "the host could not finish this; its log says why",
    )
}
