use super::*;
use std::rc::Rc;

/// Counts the wakes that were asked for.
#[derive(Default)]
struct Wakes(Mutex<usize>);

impl Line for Wakes {
    fn post(&self, frame: &Frame<'_>) {
        assert_eq!(frame.kind, FrameKind::Wake);
        *self.0.lock().unwrap() += 1;
    }
}

fn fixture() -> (Executor, Arc<Wakes>) {
    let line = Arc::new(Wakes::default());
    (Executor::new(line.clone()), line)
}

fn run(executor: &Executor) {
    executor.attend();
    executor.run(|key, panic| panic!("{key:?} panicked: {panic:?}"));
}

/// Pending once; hands its waker out.
struct Once(Rc<RefCell<Option<Waker>>>, bool);

impl Future for Once {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.1, true) {
            return Poll::Ready(());
        }
        *self.0.borrow_mut() = Some(cx.waker().clone());
        Poll::Pending
    }
}

#[test]
fn a_waker_of_another_thread_asks_for_one_wake() {
    let (executor, wakes) = fixture();
    let (slot, done) = (Rc::new(RefCell::new(None)), Rc::new(Cell::new(false)));
    let (once, end) = (Once(slot.clone(), false), done.clone());
    executor.attend();
    executor.spawn(Box::pin(async move {
        once.await;
        end.set(true);
    }));
    run(&executor);
    let bell = slot.take().unwrap();
    std::thread::spawn(move || {
        bell.wake_by_ref();
        bell.wake();
    })
    .join()
    .unwrap();
    assert_eq!(*wakes.0.lock().unwrap(), 1);
    assert!(!done.get());
    run(&executor);
    assert!(done.get());
}

#[test]
fn a_waker_may_outlive_its_task() {
    let (executor, wakes) = fixture();
    let slot = Rc::new(RefCell::new(None));
    executor.attend();
    executor.spawn(Box::pin(Once(slot.clone(), false)));
    run(&executor);
    executor.clear(|panic| panic!("{panic:?}"));
    executor.run(|_, _| {});
    slot.take().unwrap().wake();
    assert_eq!(*wakes.0.lock().unwrap(), 1);
    run(&executor);
}

#[test]
fn a_lane_runs_in_order_and_survives_the_end_of_its_first() {
    let (executor, _) = fixture();
    let seen = Rc::new(RefCell::new(Vec::new()));
    let slot = Rc::new(RefCell::new(None));
    executor.attend();
    for id in 1..=4 {
        let (seen, once) = (seen.clone(), (id == 1).then(|| Once(slot.clone(), false)));
        let work = async move {
            if let Some(once) = once {
                once.await;
            }
            seen.borrow_mut().push(id);
        };
        assert!(executor.answer(id, Some(9), Box::pin(work)));
    }
    assert!(
        !executor.answer(4, None, Box::pin(async {})),
        "an id under way is not taken twice"
    );
    run(&executor);
    assert!(seen.borrow().is_empty(), "the first still waits");
    executor.cancel(3).unwrap();
    executor.cancel(1).unwrap();
    run(&executor);
    assert_eq!(*seen.borrow(), [2, 4]);
    assert!(executor.lanes.borrow().is_empty() && executor.tasks.borrow().is_empty());
}

#[test]
fn a_future_that_never_rests_gives_way() {
    struct Restless;
    impl Future for Restless {
        type Output = ();
        fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    }
    let (executor, wakes) = fixture();
    executor.attend();
    executor.spawn(Box::pin(Restless));
    run(&executor);
    assert_eq!(*wakes.0.lock().unwrap(), 1);
}

#[test]
fn panics_end_their_task_only_also_in_drop() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }
    let (executor, _) = fixture();
    executor.attend();
    executor.answer(1, None, Box::pin(async { panic!("polled") }));
    executor.answer(2, None, Box::pin(async { drop(Bomb) }));
    let bomb = Bomb;
    executor.answer(
        3,
        None,
        Box::pin(async move {
            let _bomb = bomb;
            std::future::pending::<()>().await;
        }),
    );
    let panics = RefCell::new(Vec::new());
    executor.run(|key, panic| panics.borrow_mut().push((key, panic.message)));
    assert_eq!(
        panics.take(),
        [(Key::Call(1), "polled".into()), (Key::Call(2), "dropped".into())]
    );
    assert_eq!(executor.cancel(3).unwrap_err().message, "dropped");
    executor.attend();
    executor.spawn(Box::pin(async {}));
    run(&executor);
}
