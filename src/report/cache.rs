//! What `ser-data cache` says of a cache.

use std::{fmt::Write as _, path::Path, time::SystemTime};

use indicatif::HumanDuration;

use crate::cache::{Evicted, Stat, Verified};

/// How much is in the cache in `dir`, a line each.
#[must_use]
pub fn stat(dir: &Path, stat: &Stat) -> String {
    let ago = |time: SystemTime| format!("{} ago", HumanDuration(time.elapsed().unwrap_or_default()));
    let mut text = format!("folder     {}\nfiles      {}\nsize       {}\n", dir.display(), stat.entries, stat.size);
    if let Some((longest, last)) = stat.used {
        let _ = writeln!(text, "used last  {}\noldest use {} ago", ago(last), ago(longest).trim_end_matches(" ago"));
    }
    let _ = writeln!(text, "in use     {}", stat.in_use);
    if stat.partial > 0 {
        let _ = writeln!(text, "unfinished {} (being written, or left by a process that was killed)", stat.partial);
    }
    text
}

/// Which files of a cache were damaged.
#[must_use]
pub fn verified(found: &Verified) -> String {
    let mut text = String::new();
    for path in &found.damaged {
        let _ = writeln!(text, "damaged    {}", path.display());
    }
    let Verified { entries, damaged } = found;
    match damaged.len() {
        0 => writeln!(text, "{entries} files, all whole"),
        n => writeln!(text, "{entries} files, {n} damaged and removed: they are made again when they are needed"),
    }
    .unwrap_or_default();
    text
}

/// What was removed from a cache.
#[must_use]
pub fn evicted(evicted: &Evicted) -> String {
    let Evicted { entries, freed, left, size } = evicted;
    format!("{entries} files ({freed}) removed, {left} ({size}) left\n")
}
