//! One array, written by several threads.

use std::marker::PhantomData;

/// A pointer that several threads write through, each to elements of its own.
#[derive(Clone, Copy)]
pub struct Shared<'a>(pub *mut f32, PhantomData<&'a mut [f32]>);

// SAFETY: only a pointer; those who follow it promise not to write where another thread reads or writes.
unsafe impl Send for Shared<'_> {}
// SAFETY: as above.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    /// Takes the array for as long as the threads run.
    pub fn new(numbers: &'a mut [f32]) -> Self {
        Self(numbers.as_mut_ptr(), PhantomData)
    }
}
