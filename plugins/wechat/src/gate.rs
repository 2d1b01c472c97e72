//! A door for one at a time, for futures of one thread. Whoever waits is woken when it opens.
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// See the module.
#[derive(Default)]
pub(crate) struct Gate {
    busy: Cell<bool>,
    waiting: RefCell<Vec<Waker>>,
}

/// Being inside; dropping it opens the gate.
pub(crate) struct Pass<'a>(&'a Gate);

impl Gate {
    /// Waits until nobody is inside.
    pub(crate) async fn enter(&self) -> Pass<'_> {
        poll_fn(|context| {
            if self.busy.replace(true) {
                self.waiting.borrow_mut().push(context.waker().clone());
                return Poll::Pending;
            }
            Poll::Ready(Pass(self))
        })
        .await
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.busy.set(false);
        // All of them: the first may have been cancelled meanwhile, and the others queue up again.
        let waiting = self.0.waiting.take();
        waiting.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::Context;

    #[test]
    fn one_at_a_time_and_a_cancelled_waiter_blocks_nobody() {
        let gate = Gate::default();
        let mut context = Context::from_waker(Waker::noop());
        let Poll::Ready(inside) = pin!(gate.enter()).poll(&mut context) else {
            panic!("it is open")
        };
        {
            let mut cancelled = pin!(gate.enter());
            assert!(cancelled.as_mut().poll(&mut context).is_pending());
        }
        let mut patient = pin!(gate.enter());
        assert!(patient.as_mut().poll(&mut context).is_pending());
        drop(inside);
        assert!(patient.as_mut().poll(&mut context).is_ready());
    }
}
