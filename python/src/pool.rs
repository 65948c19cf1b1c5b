//! The threads that work is shared among.

use std::sync::{Arc, Mutex, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};
use ser::error::{Error, Result};

/// The process that the threads belong to, with them.
static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// This process's threads, as many as there are cores or as `$RAYON_NUM_THREADS` says.
///
/// `multiprocessing` may fork a process that has threads, and the child has none of them: work that were left to rayon's
/// global pool would wait there for ever. So each process has a pool of its own, made when it is first wanted.
///
/// # Errors
///
/// [`Error::Data`] where the system gives no threads.
pub fn pool() -> Result<Arc<ThreadPool>> {
    let process = std::process::id();
    let mut held = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    match &*held {
        Some((of, pool)) if *of == process => return Ok(pool.clone()),
        _ => {}
    }
    let made = ThreadPoolBuilder::new().thread_name(|i| format!("serkit-{i}")).build();
    let pool = Arc::new(made.map_err(|error| Error::Data(format!("cannot start threads: {error}")))?);
    // A parent's pool is not dropped here: that would wait for its threads, which are not in this process.
    std::mem::forget(held.replace((process, pool.clone())));
    Ok(pool)
}

/// Does work on this process's threads.
///
/// # Errors
///
/// As [`pool`] and the work itself.
pub fn on_threads<T: Send>(work: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    pool()?.install(work)
}
