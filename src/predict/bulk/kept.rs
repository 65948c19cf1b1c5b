//! What of an earlier call can be kept: parts that are as they were written, of recordings that are as they were heard.

use std::path::Path;

use super::{
    Settings, heard_path,
    inputs::are_unchanged,
    list::{List, Reader},
    part_path,
    read::Item,
    record::{Done, is_of},
    record_path,
};
use crate::{error::Result, events::Observer};

/// How a part stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Standing {
    #[default]
    Missing,
    /// It is not as it was written, or nothing tells how it was.
    Damaged,
    /// A recording is another now.
    Changed,
    Whole,
}

/// How all parts stand.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// The parts; where answers are adapted to speakers, what was heard of them.
    pub(super) parts: Vec<Standing>,
    /// The digests of what was heard, as the records have them.
    heard: Vec<String>,
    /// By which digest of what was heard of all parts each is made, where the part is whole.
    made_of: Vec<Option<String>>,
}

impl Kept {
    /// Looks at all parts of the list.
    pub(super) fn of(list: &List, settings: &Settings) -> Result<Self> {
        let parts = list.stretches().len();
        let mut kept = Self {
            parts: vec![Standing::Missing; parts],
            heard: vec![String::new(); parts],
            made_of: vec![None; parts],
        };
        kept.look_again(list, settings)?;
        Ok(kept)
    }

    /// Looks again at those that were not whole: other processes may have written them.
    pub(super) fn look_again(&mut self, list: &List, settings: &Settings) -> Result<()> {
        let mut reader = list.reader()?;
        for number in 0..self.parts.len() {
            if self.parts[number] != Standing::Whole {
                self.look(number, list, &mut reader, settings)?;
            }
        }
        Ok(())
    }

    fn look(&mut self, number: usize, list: &List, reader: &mut Reader<'_>, settings: &Settings) -> Result<()> {
        let (record, part) = (record_path(settings, number), part_path(settings, number));
        let found = if settings.voices.is_some() { heard_path(settings, number) } else { part.clone() };
        let is_here = |path: &Path| path.symlink_metadata().is_ok();
        let Some(done) = Done::load(&record) else {
            self.parts[number] =
                if is_here(&record) && is_here(&found) { Standing::Damaged } else { Standing::Missing };
            return Ok(());
        };
        self.made_of[number] =
            done.adapted.as_ref().filter(|made| is_of(&part, &made.digest)).map(|made| made.heard.clone());
        self.heard[number].clone_from(&done.digest);
        let is_whole = is_of(&found, &done.digest);
        // A list that holds its recordings is known by its own digest.
        let unchanged = list.holds_recordings() || {
            let items: Vec<Item> = reader.items(list.stretches()[number]).collect::<Result<_>>()?;
            are_unchanged(&items, &done.inputs)
        };
        self.parts[number] = match (is_here(&found), is_whole, unchanged) {
            (_, _, false) => Standing::Changed,
            (_, true, true) => Standing::Whole,
            (true, false, true) => Standing::Damaged,
            (false, false, true) => Standing::Missing,
        };
        Ok(())
    }

    /// BLAKE3 of what was heard of all parts.
    pub(super) fn all_heard(&self) -> String {
        blake3::hash(self.heard.join("\n").as_bytes()).to_hex().to_string()
    }

    /// Whether a part is there that was made of what was heard of all.
    pub(super) fn is_made(&self, number: usize) -> bool {
        self.made_of[number].as_ref().is_some_and(|of| *of == self.all_heard())
    }

    /// Whether all are there that were made of what was heard, and what they were made of has not changed: what was heard is
    /// needed no more.
    pub(super) fn are_made(&self) -> bool {
        let all = self.all_heard();
        self.made_of.iter().all(|of| of.as_ref() == Some(&all)) && !self.parts.contains(&Standing::Changed)
    }

    /// Says what is not kept of this process's share, and what of others'.
    pub(super) fn tell(&self, settings: &Settings, observer: &dyn Observer) {
        for (standing, why) in [
            (Standing::Damaged, "not as they were written"),
            (Standing::Changed, "of recordings that have changed since or were not there"),
        ] {
            for (ours, what) in [(true, "made again"), (false, "not kept: start the shards that they are of again")] {
                let is_meant = |number: &usize| settings.shard.has(*number) == ours && self.parts[*number] == standing;
                let numbers: Vec<usize> = (0..self.parts.len()).filter(is_meant).collect();
                if let Some(first) = numbers.first() {
                    observer.warn(&format!("parts that are {why}: {}, as {first:05}; {what}", numbers.len()));
                }
            }
        }
    }
}
