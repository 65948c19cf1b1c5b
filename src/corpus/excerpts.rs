//! Clips that may have a stretch in common: one is cut out of the other, both are cut out of a third, or one went through a
//! telephone. Their [`Print`]s are indexed by their keys, and neighbours under one key vote for a distance between them: the
//! work grows with n log n, whatever the recordings are.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::audio::Print;

/// How many of the clips under one key are compared with each.
const NEIGHBOURS: usize = 8;

/// In how many shares the keys are looked through.
const SHARES: u32 = 16;

/// With fewer votes a pair is not listened to.
const VOTES: usize = 3;

/// No clip is listened to beside more others than this: those with the most votes.
const MOST_PAIRS: usize = 8;

/// Two clips that may have a stretch in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub a: usize,
    pub b: usize,
    /// How many steps of a print later it stands in `a` than in `b`.
    pub later: i64,
    votes: usize,
}

/// The pairs of clips that are worth listening to, those with the most votes first; each print comes with its clip.
pub(super) fn candidates<'a>(prints: impl Iterator<Item = (usize, &'a Print)>) -> Vec<Candidate> {
    let prints: Vec<(usize, &Print)> = prints.collect();
    let mut votes: Vec<(u32, u32, i64)> = Vec::new();
    // A share of the keys at a time: those of a million recordings together take gigabytes.
    for share in 0..SHARES {
        let of = |(clip, print): &(usize, &'a Print)| {
            let clip = *clip as u32;
            print.keys().filter(move |(key, _)| key % SHARES == share).map(move |(key, step)| (key, clip, step))
        };
        let mut keys: Vec<(u32, u32, u32)> = prints.iter().flat_map(of).collect();
        keys.par_sort_unstable();
        // A sound that stays has a key for several steps; its first one stands for it.
        keys.dedup_by_key(|(key, clip, _)| (*key, *clip));
        let beside = (1..=NEIGHBOURS).flat_map(|distance| keys.iter().zip(keys.iter().skip(distance)));
        votes.extend(
            beside
                .filter(|((key, ..), (other, ..))| key == other)
                .map(|((_, a, at), (_, b, other))| (*a, *b, i64::from(*at) - i64::from(*other))),
        );
    }
    votes.par_sort_unstable();
    let mut best: BTreeMap<(u32, u32), Candidate> = BTreeMap::new();
    let runs: Vec<&[(u32, u32, i64)]> = votes.chunk_by(|one, next| one == next).collect();
    for (at, run) in runs.iter().enumerate() {
        let (a, b, later) = run[0];
        // A cut between two frames shows at either of two distances.
        let beside = runs.get(at + 1).filter(|next| next[0] == (a, b, later + 1)).map_or(0, |next| next.len());
        let votes = run.len() + beside;
        if votes >= VOTES && best.get(&(a, b)).is_none_or(|best| best.votes < votes) {
            best.insert((a, b), Candidate { a: a as usize, b: b as usize, later, votes });
        }
    }
    let mut found: Vec<Candidate> = best.into_values().collect();
    found.sort_by_key(|pair| (std::cmp::Reverse(pair.votes), pair.a, pair.b));
    let mut of_clip: BTreeMap<usize, usize> = BTreeMap::new();
    found.retain(|pair| {
        let is_few = [pair.a, pair.b].iter().all(|clip| of_clip.get(clip).is_none_or(|&pairs| pairs < MOST_PAIRS));
        if is_few {
            [pair.a, pair.b].into_iter().for_each(|clip| *of_clip.entry(clip).or_default() += 1);
        }
        is_few
    });
    found
}
