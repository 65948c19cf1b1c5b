//! One array, written by several threads.

use std::marker::PhantomData;

/// A pointer into an array that several threads write, each to elements of its own. To have one is harmless: whoever
/// follows a pointer that it gives, in an unsafe block, answers for no other thread doing so at the same place.
#[derive(Clone, Copy)]
pub struct Shared<'a> {
    first: *mut f32,
    len: usize,
    array: PhantomData<&'a mut [f32]>,
}

// SAFETY: a pointer and a length; elements are reached only through unsafe blocks, which promise to touch none that
// another thread touches. The array's own type, f32, is Send.
unsafe impl Send for Shared<'_> {}
// SAFETY: as above: a shared reference gives no more than a copy of the pointer.
unsafe impl Sync for Shared<'_> {}

impl<'a> Shared<'a> {
    /// Takes the array for as long as the threads run.
    pub fn new(numbers: &'a mut [f32]) -> Self {
        Self { first: numbers.as_mut_ptr(), len: numbers.len(), array: PhantomData }
    }

    /// The place of an element, or the one just after the last.
    pub fn at(self, index: usize) -> *mut f32 {
        assert!(index <= self.len, "element {index} of an array of {}", self.len);
        // SAFETY: within the array, or just after it.
        unsafe { self.first.add(index) }
    }
}
