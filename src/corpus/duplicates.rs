//! Clips whose files are one recording, although their bytes differ: in other containers, resampled, levelled, dithered,
//! through a lossy codec, with other channels.
//!
//! Nothing is compared with everything. Files with the same sound are found by its hash; the others are sorted by their
//! [`Sketch`] once for each of its parts, and neighbours in that order are compared: n log n, whatever the sketches are. What
//! was cut out of another, or lost a part of its band, is found by [`excerpts`] and is of one recording with it.

use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
};

use rayon::prelude::*;

use super::excerpts;
use crate::audio::{Facts, Known, SAME_FILE, SAME_RECORDING, SAME_STRETCH, Sketch, Source};

/// How many neighbours in the order of sketches are compared with each.
const NEIGHBOURS: usize = 4;

/// In how many steps [`groups`] compares.
pub(crate) const STEPS: usize = Sketch::ORDERS * NEIGHBOURS + LISTENED;

/// In how many parts excerpts are listened to: what one part joins, later ones need not compare.
const LISTENED: usize = 8;

/// A file that can be used.
pub(super) struct File<'a> {
    pub source: &'a Source,
    pub hash: blake3::Hash,
    pub facts: &'a Facts,
}

/// Groups of places in the files, each of two or more, in their order.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// Copies of one file: the same samples but for level, dither, rate, or what a codec takes.
    pub copies: Vec<Vec<usize>>,
    /// One recording: copies, takes that were cut twice, and what has a stretch in common.
    pub recordings: Vec<Vec<usize>>,
}

/// What the recordings in these files have in common: equal for files that are one recording, whatever their containers,
/// rates and levels. Of a file that cannot be decoded its bytes tell; none of one that cannot be read.
pub(crate) fn of_recordings(paths: &[PathBuf], known: &Known) -> Vec<Option<blake3::Hash>> {
    let looks: Vec<_> = paths.par_iter().map(|path| known.look(path).ok()).collect();
    let sources: Vec<Source> = paths.iter().map(|path| Source::File(path.clone())).collect();
    let mut found: Vec<Option<blake3::Hash>> = looks.iter().map(|look| look.as_ref().map(|(hash, ..)| *hash)).collect();
    let (places, files): (Vec<usize>, Vec<File>) = looks
        .iter()
        .zip(&sources)
        .enumerate()
        .filter_map(|(at, (look, source))| match look {
            Some((hash, _, Ok(facts))) => Some((at, File { source, hash: *hash, facts })),
            _ => None,
        })
        .unzip();
    for group in groups(&files, known, || {}).recordings {
        let first = found[places[group[0]]];
        group.into_iter().for_each(|member| found[places[member]] = first);
    }
    found
}

/// Finds the files that are one recording.
pub(super) fn groups(files: &[File], known: &Known, compared: impl Fn()) -> Groups {
    let (mut copies, mut recordings) = (Sets::new(files.len()), Sets::new(files.len()));
    let mut first_with: HashMap<blake3::Hash, usize> = HashMap::new();
    let mut kept = Vec::new();
    for (i, file) in files.iter().enumerate() {
        match first_with.get(&file.facts.sound) {
            Some(&first) => [&mut copies, &mut recordings].into_iter().for_each(|sets| sets.join(first, i)),
            None => {
                first_with.insert(file.facts.sound, i);
                kept.extend(file.facts.sketch.map(|sketch| (sketch, i)));
            }
        }
    }
    for order in 0..Sketch::ORDERS {
        kept.par_sort_unstable_by_key(|(sketch, i)| (sketch.rotated(order), *i));
        // The nearest first: what they join need not be compared again, and a distance's pairs are compared at once.
        for distance in 1..=NEIGHBOURS {
            let pairs: Vec<(usize, usize)> = kept
                .iter()
                .zip(kept.iter().skip(distance))
                .filter(|((sketch, _), (other, _))| sketch.resembles(other))
                .map(|((_, i), (_, j))| (*i, *j))
                .filter(|(i, j)| copies.of(*i) != copies.of(*j))
                .collect();
            let file = |i: usize| (files[i].source, files[i].facts);
            let correlations: Vec<f64> = pairs.par_iter().map(|&(i, j)| known.correlation(file(i), file(j))).collect();
            for (&(i, j), correlation) in pairs.iter().zip(correlations) {
                if correlation >= SAME_FILE {
                    copies.join(i, j);
                }
                if correlation >= SAME_RECORDING {
                    recordings.join(i, j);
                }
            }
            compared();
        }
    }
    let prints = first_with.values().filter_map(|&i| Some((i, files[i].facts.print.as_ref()?)));
    let candidates = excerpts::candidates(prints);
    let size = candidates.len().div_ceil(LISTENED).max(1);
    for part in 0..LISTENED {
        let pairs: Vec<_> = candidates.iter().skip(part * size).take(size).collect();
        // Segments of one file are together anyway.
        let is_one =
            |a: usize, b: usize| files[a].source.file().is_some_and(|file| files[b].source.file() == Some(file));
        let pairs: Vec<_> = pairs
            .into_iter()
            .filter(|pair| recordings.of(pair.a) != recordings.of(pair.b) && !is_one(pair.a, pair.b))
            .collect();
        let file = |i: usize| (files[i].source, files[i].facts);
        let correlations: Vec<f64> =
            pairs.par_iter().map(|pair| known.correlation_over(file(pair.a), file(pair.b), pair.later)).collect();
        for (pair, _) in pairs.iter().zip(correlations).filter(|(_, correlation)| *correlation >= SAME_STRETCH) {
            recordings.join(pair.a, pair.b);
        }
        compared();
    }
    Groups { copies: copies.groups(), recordings: recordings.groups() }
}

/// Disjoint sets, each known by one of its members.
struct Sets(Vec<usize>);

impl Sets {
    fn new(size: usize) -> Self {
        Self((0..size).collect())
    }

    fn groups(mut self) -> Vec<Vec<usize>> {
        let mut groups: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for i in 0..self.0.len() {
            groups.entry(self.of(i)).or_default().push(i);
        }
        groups.into_values().filter(|group| group.len() > 1).collect()
    }

    fn of(&mut self, i: usize) -> usize {
        let mut root = i;
        while self.0[root] != root {
            root = self.0[root];
        }
        let mut at = i;
        while self.0[at] != root {
            at = std::mem::replace(&mut self.0[at], root);
        }
        root
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.of(a), self.of(b));
        self.0[a.max(b)] = a.min(b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joined_sets_are_one_in_any_order() {
        let mut sets = Sets::new(8);
        [(6, 7), (1, 2), (5, 6), (2, 7)].into_iter().for_each(|(a, b)| sets.join(a, b));
        assert_eq!((0..8).map(|i| sets.of(i)).collect::<Vec<_>>(), [0, 1, 1, 3, 4, 1, 1, 1]);
        assert_eq!(sets.groups(), [[1, 2, 5, 6, 7]]);
    }
}
