//! How work is cut: tasks of some items each, which go through the steps in their direction's order.

use std::ops::Range;

use crate::bilstm::ragged::Ragged;

/// Rows that are taken through the matrix products at a time, so that their gates are still in the second-level cache
/// when the recurrence comes to them.
pub const CHUNK: usize = 96;

/// Items that are worth a task of their own.
const ITEMS: usize = 6;

/// The items that one task takes: all of them, unless there are threads that would otherwise stand idle.
pub fn groups(batch: &Ragged) -> Vec<Range<usize>> {
    let parts = rayon::current_num_threads().div_ceil(2).min(batch.order.len() / ITEMS);
    batch.split(parts)
}

/// A task's items, step by step in its direction's order.
pub struct Steps<'a> {
    /// The batch.
    pub batch: &'a Ragged,
    /// The task's places in the order of the batch.
    pub items: Range<usize>,
    /// Whether the direction starts at the end.
    pub reverse: bool,
    /// The number of the task's rows before each step.
    pub rows: Vec<usize>,
}

impl<'a> Steps<'a> {
    /// The steps of the given places of the order.
    pub fn new(batch: &'a Ragged, items: Range<usize>, reverse: bool) -> Self {
        let mut rows = vec![0];
        for (step, &active) in batch.active.iter().enumerate() {
            rows.push(rows[step] + active.clamp(items.start, items.end) - items.start);
        }
        Self { batch, items, reverse, rows }
    }

    /// The task's items at a step.
    pub fn active(&self, step: usize) -> usize {
        self.rows[step + 1] - self.rows[step]
    }

    /// The batch's row of the task's first item at a step.
    pub fn first(&self, step: usize) -> usize {
        self.batch.first[step] + self.items.start
    }

    /// Those of the task's items at a step that were running at `other`, too.
    pub fn linked(&self, step: usize, other: Option<usize>) -> usize {
        other.map_or(0, |other| self.active(step).min(self.active(other)))
    }

    pub fn before(&self, step: usize) -> Option<usize> {
        self.batch.before(step, self.reverse)
    }

    pub fn after(&self, step: usize) -> Option<usize> {
        self.batch.before(step, !self.reverse)
    }

    /// Consecutive steps of about [`CHUNK`] rows together, in ascending order.
    pub fn chunks(&self) -> Vec<Range<usize>> {
        let mut chunks = Vec::new();
        let mut start = 0;
        for step in 0..self.batch.steps() {
            if step > start && self.rows[step + 1] - self.rows[start] > CHUNK {
                chunks.push(start..step);
                start = step;
            }
        }
        chunks.push(start..self.batch.steps());
        chunks
    }

    /// The same chunks in the order of the direction, or against it.
    pub fn ordered_chunks(&self, backward: bool) -> Vec<Range<usize>> {
        let mut chunks = self.chunks();
        if self.reverse != backward {
            chunks.reverse();
        }
        chunks
    }

    /// The `i`-th step of a chunk in the order of the direction, or against it.
    pub fn nth(&self, chunk: &Range<usize>, i: usize, backward: bool) -> usize {
        if self.reverse != backward { chunk.end - 1 - i } else { chunk.start + i }
    }

    /// Consecutive rows of a chunk: (the batch's row, the row counted from the chunk's first, number of rows).
    pub fn stretches(&self, chunk: &Range<usize>) -> Vec<(usize, usize, usize)> {
        if self.items == (0..self.batch.order.len()) {
            return vec![(self.first(chunk.start), 0, self.rows[chunk.end] - self.rows[chunk.start])];
        }
        chunk
            .clone()
            .map(|step| (self.first(step), self.rows[step] - self.rows[chunk.start], self.active(step)))
            .filter(|&(_, _, rows)| rows > 0)
            .collect()
    }
}
