//! A batch of sequences of unlike length, packed so that padding takes neither memory nor time.
//!
//! Items are ordered by falling length; rows are stored step by step, and a step holds one row for every item that is
//! still running, so that the items of a step are the first `active` ones in that order.

use std::ops::Range;

/// Which row belongs to which item and step. Only [`Ragged::new`] makes one, so that its parts agree.
#[derive(Debug, Clone)]
pub struct Ragged {
    /// The item at each place of the order.
    pub(crate) order: Vec<usize>,
    /// Items that are still running, per step.
    pub(crate) active: Vec<usize>,
    /// The first row of each step, and the number of rows after the last.
    pub(crate) first: Vec<usize>,
}

/// Consecutive rows whose predecessors are consecutive too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    /// The first row.
    pub row: usize,
    /// The row of the same item one step earlier, in the direction's order of steps.
    pub before: usize,
    /// Number of rows.
    pub len: usize,
}

impl Ragged {
    /// Packs items of the given lengths (in steps).
    #[must_use]
    pub fn new(lengths: &[usize]) -> Self {
        let mut order: Vec<usize> = (0..lengths.len()).collect();
        order.sort_by_key(|&item| std::cmp::Reverse(lengths[item]));
        let steps = order.first().map_or(0, |&longest| lengths[longest]);
        let mut active = Vec::with_capacity(steps);
        let mut first = vec![0];
        let mut running = order.len();
        for step in 0..steps {
            while running > 0 && lengths[order[running - 1]] <= step {
                running -= 1;
            }
            active.push(running);
            first.push(first[step] + running);
        }
        Self { order, active, first }
    }

    /// Steps of the longest item.
    pub(crate) fn steps(&self) -> usize {
        self.active.len()
    }

    /// Rows of all items together.
    pub(crate) fn rows(&self) -> usize {
        self.first[self.steps()]
    }

    /// The step before `step` in a direction's order, if there is one.
    pub(crate) fn before(&self, step: usize, reverse: bool) -> Option<usize> {
        if reverse { Some(step + 1).filter(|&s| s < self.steps()) } else { step.checked_sub(1) }
    }

    /// Every row that has a predecessor, in ascending order.
    pub(crate) fn runs(&self, reverse: bool) -> Vec<Run> {
        let mut runs: Vec<Run> = Vec::new();
        for step in 0..self.steps() {
            let Some(before) = self.before(step, reverse) else { continue };
            let next = Run {
                row: self.first[step],
                before: self.first[before],
                len: self.active[step].min(self.active[before]),
            };
            match runs.last_mut() {
                Some(run) if run.row + run.len == next.row && run.before + run.len == next.before => {
                    run.len += next.len;
                }
                _ => runs.push(next),
            }
        }
        runs
    }

    /// Cuts the order into at most `parts` ranges of about the same number of rows.
    pub(crate) fn split(&self, parts: usize) -> Vec<Range<usize>> {
        let items = self.order.len();
        let share = self.rows().div_ceil(parts.max(1)).max(1);
        let mut ranges = Vec::new();
        let (mut start, mut rows) = (0, 0);
        for place in 0..items {
            // The item's length: steps at which more than `place` items are running.
            rows += self.active.partition_point(|&active| active > place);
            if rows >= share || place + 1 == items {
                ranges.push(start..place + 1);
                (start, rows) = (place + 1, 0);
            }
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_by_falling_length() {
        let batch = Ragged::new(&[2, 4, 1, 4]);
        assert_eq!(batch.order, [1, 3, 0, 2]);
        assert_eq!(batch.active, [4, 3, 2, 2]);
        assert_eq!(batch.first, [0, 4, 7, 9, 11]);
        assert_eq!(batch.rows(), 11);
        assert_eq!(Ragged::new(&[]).rows(), 0);
    }

    #[test]
    fn runs_link_every_row_to_the_same_item_one_step_earlier() {
        for lengths in [vec![2, 4, 1, 4], vec![5], vec![1, 1], vec![3, 3, 3], vec![1, 7, 2, 7, 6, 6]] {
            let batch = Ragged::new(&lengths);
            let place = |row: usize| {
                let step = batch.first.partition_point(|&first| first <= row) - 1;
                (step, batch.order[row - batch.first[step]])
            };
            for reverse in [false, true] {
                let runs = batch.runs(reverse);
                let linked: usize = runs.iter().map(|run| run.len).sum();
                assert_eq!(linked, batch.rows() - lengths.len());
                for run in runs {
                    for i in 0..run.len {
                        let ((step, item), (before, same)) = (place(run.row + i), place(run.before + i));
                        assert_eq!(item, same);
                        assert_eq!(if reverse { before - 1 } else { before + 1 }, step);
                    }
                }
            }
        }
    }

    #[test]
    fn splits_cover_every_item_once() {
        let batch = Ragged::new(&[9, 1, 4, 4, 7, 2, 2]);
        for parts in 1..10 {
            let ranges = batch.split(parts);
            assert!(ranges.len() <= parts.min(7) || parts == 1);
            assert_eq!(ranges.into_iter().flatten().collect::<Vec<_>>(), (0..7).collect::<Vec<_>>());
        }
    }
}
