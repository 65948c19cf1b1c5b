//! Sets that grow together (a union-find structure).

/// Items from 0, each in one set; a set is called by its least item.
pub(super) struct Union(Vec<usize>);

impl Union {
    /// `n` items, each by itself.
    pub(super) fn new(n: usize) -> Self {
        Self((0..n).collect())
    }

    /// The least item of the set that holds `item`.
    pub(super) fn root(&mut self, mut item: usize) -> usize {
        while self.0[item] != item {
            self.0[item] = self.0[self.0[item]];
            item = self.0[item];
        }
        item
    }

    /// Makes one set of all that the items are in.
    pub(super) fn join(&mut self, items: impl IntoIterator<Item = usize>) {
        let mut items = items.into_iter();
        let Some(first) = items.next() else { return };
        for item in items {
            let (a, b) = (self.root(first), self.root(item));
            self.0[a.max(b)] = a.min(b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_that_overlap_become_one() {
        let mut sets = Union::new(7);
        sets.join([4, 5]);
        sets.join([1, 2]);
        sets.join([5, 2]);
        sets.join([]);
        assert_eq!((0..7).map(|item| sets.root(item)).collect::<Vec<_>>(), [0, 1, 1, 3, 1, 1, 6]);
    }
}
