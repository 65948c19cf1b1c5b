//! What an input may cost: its time, its memory, and no panic.

use std::{
    alloc::System,
    fs::{File, OpenOptions},
    io::{Seek, SeekFrom, Write},
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use cap::Cap;

#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

/// What an input of at most 64 KiB may take beyond what is taken already. A second of sound at the highest rate that is
/// read has 3 MB; a declared length must not be believed.
const MOST_BYTES: usize = 256 << 20;

/// How long it may take, on a machine that is busy with other things. It is counted in naps of the watcher: one that is stopped
/// for a while (`kill -STOP`) is not slow.
const MOST_SECONDS: u64 = 20;
const NAP: Duration = Duration::from_millis(500);

/// Where the input lies that a target is at: in memory where the system has files there.
pub fn current(findings: &Path, target: &str) -> PathBuf {
    findings.join(format!(".{target}.current"))
}

/// The number of the input that was written last, and its bytes.
pub fn read(path: &Path) -> (u64, Vec<u8>) {
    let bytes = std::fs::read(path).unwrap_or_default();
    match bytes.split_first_chunk::<16>() {
        Some((head, rest)) => {
            let (number, length) = head.split_at(8);
            let number_of = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().unwrap_or_default());
            (number_of(number), rest[..rest.len().min(number_of(length) as usize)].to_vec())
        }
        None => (0, Vec::new()),
    }
}

/// Watches over inputs.
pub struct Guard {
    findings: PathBuf,
    target: &'static str,
    current: Option<File>,
    /// One more than the number of the input that is being read; 0 between two.
    at: Arc<AtomicU64>,
}

impl Guard {
    pub fn new(findings: &Path, target: &'static str) -> Self {
        let path = current(findings, target);
        let current = OpenOptions::new().create(true).write(true).truncate(false).open(path).ok();
        let at = Arc::new(AtomicU64::new(0));
        let watched = Arc::clone(&at);
        std::thread::spawn(move || {
            let (mut seen, mut naps) = (0, 0);
            loop {
                std::thread::sleep(NAP);
                let now = watched.load(Ordering::Relaxed);
                (seen, naps) = (now, if now == seen { naps + 1 } else { 0 });
                if now > 0 && NAP * naps > Duration::from_secs(MOST_SECONDS) {
                    eprintln!("took more than {MOST_SECONDS} s");
                    std::process::abort();
                }
            }
        });
        Self { findings: findings.to_owned(), target, current, at }
    }

    /// Has an input read; names it where it was not answered.
    pub fn watch(&mut self, number: u64, input: &[u8], read: impl FnOnce() -> &'static str) {
        if let Some(file) = &mut self.current {
            // One write: a process that is ended has it whole.
            let mut record = Vec::with_capacity(16 + input.len());
            record.extend(number.to_le_bytes());
            record.extend((input.len() as u64).to_le_bytes());
            record.extend(input);
            let _ = file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&record));
        }
        let _ = MEMORY.set_limit(MEMORY.allocated() + MOST_BYTES);
        self.at.store(number + 1, Ordering::Relaxed);
        let answered = catch_unwind(AssertUnwindSafe(read));
        self.at.store(0, Ordering::Relaxed);
        if answered.is_err() {
            let kept = self.findings.join(format!("{}-{number}", self.target));
            let _ = std::fs::write(&kept, input);
            println!("FINDING {}: panicked", kept.display());
        }
    }
}
