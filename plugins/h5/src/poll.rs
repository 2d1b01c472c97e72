//! Long polls: who waits for a visitor's next message, and waiting itself.
//!
//! A poll registers before it reads the thread, so what arrives between the reading and the waiting wakes it.
use crate::limits;
use crate::texts::Code;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

#[derive(Default)]
struct Waiter {
    woken: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

/// Everybody who waits, by visitor.
#[derive(Default)]
pub(crate) struct Polls {
    waiting: RefCell<HashMap<String, Vec<Rc<Waiter>>>>,
}

/// One poll. Dropping it ends the registration.
pub(crate) struct Waiting<'a> {
    polls: &'a Polls,
    peer: String,
    waiter: Rc<Waiter>,
}

impl Polls {
    /// Registers a poll.
    ///
    /// # Errors
    /// [`Code::TooMany`].
    pub(crate) fn enter(&self, peer: &str) -> Result<Waiting<'_>, Code> {
        let waiter = Rc::new(Waiter::default());
        let mut waiting = self.waiting.borrow_mut();
        let waiters = waiting.entry(peer.to_owned()).or_default();
        if waiters.len() >= limits::POLLS {
            return Err(Code::TooMany);
        }
        waiters.push(Rc::clone(&waiter));
        Ok(Waiting {
            polls: self,
            peer: peer.to_owned(),
            waiter,
        })
    }

    /// Wakes every poll of a visitor.
    pub(crate) fn wake(&self, peer: &str) {
        for waiter in self.waiting.borrow().get(peer).into_iter().flatten() {
            waiter.woken.set(true);
            if let Some(waker) = waiter.waker.take() {
                waker.wake();
            }
        }
    }

    /// Wakes every poll there is.
    pub(crate) fn wake_all(&self) {
        let peers: Vec<String> = self.waiting.borrow().keys().cloned().collect();
        for peer in &peers {
            self.wake(peer);
        }
    }

    /// Number of visitors with a poll.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.waiting.borrow().len()
    }
}

impl Waiting<'_> {
    /// Waits until the poll is woken or `timeout` ends. Whether it was woken.
    pub(crate) async fn woken_before(&self, timeout: impl Future<Output = ()>) -> bool {
        let mut timeout = pin!(timeout);
        std::future::poll_fn(|context: &mut Context<'_>| {
            if self.waiter.woken.get() {
                return Poll::Ready(true);
            }
            *self.waiter.waker.borrow_mut() = Some(context.waker().clone());
            timeout.as_mut().poll(context).map(|()| false)
        })
        .await
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut waiting = self.polls.waiting.borrow_mut();
        if let Some(waiters) = waiting.get_mut(&self.peer) {
            waiters.retain(|other| !Rc::ptr_eq(other, &self.waiter));
            if waiters.is_empty() {
                waiting.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::{pending, ready};

    fn poll_once<T>(future: impl Future<Output = T>) -> Poll<T> {
        pin!(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_wake_before_the_waiting_is_not_lost() {
        let polls = Polls::default();
        let waiting = polls.enter("a").unwrap();
        polls.wake("b");
        assert_eq!(poll_once(waiting.woken_before(pending())), Poll::Pending);
        polls.wake("a");
        assert_eq!(poll_once(waiting.woken_before(pending())), Poll::Ready(true));
    }

    #[test]
    fn the_timeout_ends_the_waiting() {
        let polls = Polls::default();
        let waiting = polls.enter("a").unwrap();
        assert_eq!(poll_once(waiting.woken_before(ready(()))), Poll::Ready(false));
    }

    #[test]
    fn a_visitor_holds_four_and_dropping_frees() {
        let polls = Polls::default();
        let held: Vec<_> = (0..limits::POLLS).map(|_| polls.enter("a").unwrap()).collect();
        assert_eq!(polls.enter("a").err(), Some(Code::TooMany));
        assert!(polls.enter("b").is_ok());
        drop(held);
        assert!(polls.enter("a").is_ok());
        assert_eq!(polls.count(), 0, "nothing is left behind");
    }
}
