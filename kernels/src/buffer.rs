//! Working memory that is handed back rather than freed.
//!
//! A training step wants the same dozen buffers, several megabytes each, as the step before; fresh ones from the system
//! would cost a page fault for every 4 KiB and a pass that zeroes them, which is a noticeable part of the step.

use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, PoisonError};

/// Cache line, in numbers. Every buffer starts at one.
const LINE: usize = 16;

/// Memory kept for later at most, in numbers (64 MiB).
const KEPT: usize = 16 << 20;

static SHELF: Mutex<Vec<Vec<f32>>> = Mutex::new(Vec::new());

/// Numbers in working memory, starting at a cache line. What a new buffer holds is arbitrary.
#[derive(Debug)]
pub struct Buffer {
    memory: Vec<f32>,
    start: usize,
    len: usize,
}

impl Buffer {
    /// A buffer of `len` numbers with arbitrary content.
    pub fn new(len: usize) -> Self {
        if cfg!(exact_buffers) {
            // For a sanitizer, which sees no access beyond the end where there is more memory. NaN shows what is read
            // before it is written.
            return Self { memory: vec![f32::NAN; len], start: 0, len };
        }
        let wanted = len + LINE;
        let mut memory = {
            let mut shelf = SHELF.lock().unwrap_or_else(PoisonError::into_inner);
            // The smallest that suffices, so that a large one stays for who needs it.
            let fit = (0..shelf.len()).filter(|&i| shelf[i].len() >= wanted).min_by_key(|&i| shelf[i].len());
            fit.map(|i| shelf.swap_remove(i)).unwrap_or_default()
        };
        if memory.len() < wanted {
            memory = vec![0.0; wanted];
        }
        let misplaced = memory.as_ptr() as usize / size_of::<f32>() % LINE;
        Self { memory, start: (LINE - misplaced) % LINE, len }
    }

    /// A buffer of `len` zeros.
    pub fn zeros(len: usize) -> Self {
        let mut buffer = Self::new(len);
        buffer.fill(0.0);
        buffer
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        if cfg!(exact_buffers) {
            return;
        }
        let memory = std::mem::take(&mut self.memory);
        let mut shelf = SHELF.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.push(memory);
        // Batches of another shape leave buffers that nobody asks for again: the oldest go first.
        let mut kept: usize = shelf.iter().map(Vec::len).sum();
        while kept > KEPT {
            kept -= shelf.remove(0).len();
        }
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Self {
        let mut copy = Self::new(self.len);
        copy.copy_from_slice(self);
        copy
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.memory[self.start..self.start + self.len]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.memory[self.start..self.start + self.len]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_at_a_cache_line_and_has_the_length_asked_for() {
        for len in [0, 1, 15, 16, 1000, 123_457] {
            let mut buffer = Buffer::new(len);
            assert_eq!(buffer.len(), len);
            assert!(cfg!(exact_buffers) || (buffer.as_ptr() as usize).is_multiple_of(64));
            buffer.fill(f32::NAN);
            drop(buffer);
            assert!(Buffer::zeros(len).iter().all(|&x| x == 0.0));
        }
    }
}
