//! Arrays with strides.

/// An array `[items, steps, d]`, read where it lies.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The numbers, from the first element on.
    pub data: &'a [f32],
    /// Numbers from one index to the next, per dimension.
    pub strides: [usize; 3],
}

impl View<'_> {
    /// Copies the `d` numbers of one step into `row`.
    pub fn copy_row(&self, item: usize, step: usize, row: &mut [f32]) {
        let [by_item, by_step, by_column] = self.strides;
        let from = item * by_item + step * by_step;
        match by_column {
            0 => row.fill(self.data[from]),
            1 => row.copy_from_slice(&self.data[from..from + row.len()]),
            _ => {
                for (to, from) in row.iter_mut().zip(self.data[from..].iter().step_by(by_column)) {
                    *to = *from;
                }
            }
        }
    }
}
