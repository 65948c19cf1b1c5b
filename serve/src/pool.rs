//! Threads for the work on the processor, with a bounded queue before them.
//!
//! Recordings and streams have threads of their own, as many each: the system shares the cores between them, so that a row
//! of long recordings does not keep streams waiting.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use ser::{
    error::{Error, Result},
    events::Stop,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::problem::Problem;

/// Threads with a queue.
pub struct Pool {
    threads: rayon::ThreadPool,
    /// One for each piece of work that is under way or waits.
    places: Arc<Semaphore>,
    size: usize,
}

/// A place in the queue; free again when it is dropped.
pub struct Place(#[allow(dead_code)] OwnedSemaphorePermit);

/// Asks work to stop when nobody waits for it any more.
struct Waiting(Stop);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.request();
    }
}

impl Pool {
    /// `threads` threads, and room for `queue` pieces of work that wait.
    pub fn new(name: &'static str, threads: usize, queue: usize) -> Result<Self> {
        let size = threads + queue;
        let threads = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(move |i| format!("{name}-{i}"))
            .build()
            .map_err(|e| Error::Data(format!("cannot start threads: {e}")))?;
        Ok(Self { threads, places: Arc::new(Semaphore::new(size)), size })
    }

    /// A place in the queue; none where it is full.
    pub fn place(&self) -> Option<Place> {
        Arc::clone(&self.places).try_acquire_owned().ok().map(Place)
    }

    pub fn is_full(&self) -> bool {
        self.places.available_permits() == 0
    }

    /// How many pieces of work are under way or wait.
    pub fn taken(&self) -> usize {
        self.size - self.places.available_permits()
    }

    /// Does the work when its turn comes. Where the caller does not wait to the end, work that has not begun is not done,
    /// and work under way is asked to stop.
    ///
    /// # Errors
    ///
    /// A problem where the work panicked.
    pub async fn run<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce(&Stop) -> T + Send + 'static,
    ) -> std::result::Result<T, Problem> {
        let stop = Stop::default();
        let waiting = Waiting(stop.clone());
        let (done, answer) = oneshot::channel();
        self.threads.spawn(move || {
            let result = (!done.is_closed()).then(|| catch_unwind(AssertUnwindSafe(|| work(&stop))));
            // Before the result is told of: whoever has it may ask for a place again at once.
            drop(place);
            // What panicked is dropped.
            if let Some(Ok(result)) = result {
                drop(done.send(result));
            }
        });
        let answer = answer.await;
        drop(waiting);
        answer.map_err(|_| {
            let status = axum::http::StatusCode::INTERNAL_SERVER_ERROR;
            Problem::new(
                status,
                "the work on this request broke off, which is a fault of this program: please report it",
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use ser::events::Observer;

    use super::*;

    fn block_on<F: Future>(future: F) -> F::Output {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    #[test]
    fn what_is_full_refuses_and_what_panics_gives_its_place_back() {
        let pool = Pool::new("test", 1, 1).unwrap();
        block_on(async {
            let (one, two) = (pool.place().unwrap(), pool.place().unwrap());
            assert!(pool.is_full() && pool.place().is_none() && pool.taken() == 2);
            let problem = pool.run(one, |_| panic!("on purpose")).await.map(|(): ()| ()).unwrap_err();
            assert_eq!(problem.status, 500);
            assert_eq!(pool.run(two, |_| 7).await.unwrap(), 7);
            while pool.taken() > 0 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
    }

    #[test]
    fn work_that_nobody_waits_for_is_asked_to_stop() {
        let pool = Pool::new("test", 1, 1).unwrap();
        let (begun, begins) = std::sync::mpsc::channel();
        let (ended, ends) = std::sync::mpsc::channel();
        block_on(async {
            let work = pool.run(pool.place().unwrap(), move |stop: &Stop| {
                begun.send(()).unwrap();
                while !stop.stop_requested() {
                    std::thread::yield_now();
                }
                ended.send(()).unwrap();
            });
            assert!(tokio::time::timeout(Duration::from_millis(50), work).await.is_err());
        });
        begins.recv_timeout(Duration::from_secs(10)).unwrap();
        ends.recv_timeout(Duration::from_secs(10)).unwrap();
    }
}
