//! Columns that are kept together. A matrix is cached as one file for each group of kinds, so that a setting that decides
//! one group alone leaves the others' files in use: another range for the pitch does not cost the MFCC.

use std::ops::Range;

use crate::frontend::{FeaturesConfig, Matrix, spectral::Kind};

/// The kinds of each group. What shares its work is in one.
const GROUPS: [&[Kind]; 3] = [
    &[Kind::Mfcc, Kind::Delta, Kind::Delta2, Kind::Mel],
    &[
        Kind::Chroma,
        Kind::Centroid,
        Kind::Bandwidth,
        Kind::Rolloff,
        Kind::Contrast,
        Kind::Flatness,
        Kind::Zcr,
        Kind::Rms,
    ],
    &[Kind::Pitch],
];

/// The columns of a group.
#[derive(Debug)]
pub(super) struct Group {
    /// Its kinds, in the order of the table.
    pub kinds: Vec<Kind>,
    /// Where each kind's columns are in the whole matrix.
    columns: Vec<Range<usize>>,
}

impl Group {
    /// How many columns it has.
    fn width(&self) -> usize {
        self.columns.iter().map(Range::len).sum()
    }
}

/// Which columns of a matrix are in which group.
#[derive(Debug)]
pub(super) struct Layout {
    pub groups: Vec<Group>,
    dims: usize,
}

impl Layout {
    /// The groups of a table's kinds, those that have any.
    pub(super) fn of(features: &FeaturesConfig) -> Self {
        let mut at = 0;
        let places: Vec<(Kind, Range<usize>)> = features
            .kinds
            .iter()
            .map(|&kind| {
                let width = FeaturesConfig { kinds: vec![kind], ..features.clone() }.dims();
                at += width;
                (kind, at - width..at)
            })
            .collect();
        let group = |of: &&[Kind]| {
            let (kinds, columns): (Vec<_>, Vec<_>) =
                places.iter().filter(|(kind, _)| of.contains(kind)).cloned().unzip();
            (!kinds.is_empty()).then_some(Group { kinds, columns })
        };
        Self { groups: GROUPS.iter().filter_map(group).collect(), dims: at }
    }

    pub(super) fn dims(&self) -> usize {
        self.dims
    }

    /// How many columns each group has.
    pub(super) fn widths(&self) -> impl Iterator<Item = usize> {
        self.groups.iter().map(Group::width)
    }

    /// The columns of each group out of a whole matrix.
    pub(super) fn split(&self, matrix: &Matrix) -> Vec<Matrix> {
        let part = |group: &Group| {
            let mut part = Matrix::zeros(matrix.frames(), group.width());
            for (t, row) in matrix.rows().enumerate() {
                let mut out = part.row_mut(t);
                for columns in &group.columns {
                    let (head, tail) = out.split_at_mut(columns.len());
                    head.copy_from_slice(&row[columns.clone()]);
                    out = tail;
                }
            }
            part
        };
        self.groups.iter().map(part).collect()
    }

    /// The values of a whole matrix of so many frames, row after row, out of those of each group.
    pub(super) fn join(&self, parts: &[&[f32]], frames: usize) -> Vec<f32> {
        let mut values = vec![0f32; frames * self.dims];
        for (group, part) in self.groups.iter().zip(parts) {
            for (row, own) in values.chunks_exact_mut(self.dims).zip(part.chunks_exact(group.width())) {
                let mut own = own;
                for columns in &group.columns {
                    let (head, tail) = own.split_at(columns.len());
                    row[columns.clone()].copy_from_slice(head);
                    own = tail;
                }
            }
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_in_one_group() {
        for kind in Kind::ALL {
            assert_eq!(GROUPS.iter().filter(|group| group.contains(&kind)).count(), 1, "{kind}");
        }
    }

    #[test]
    fn what_is_split_is_joined_again() {
        let features = FeaturesConfig {
            kinds: vec![Kind::Zcr, Kind::Mfcc, Kind::Pitch, Kind::Chroma, Kind::Delta],
            n_mfcc: 2,
            n_chroma: 3,
            ..FeaturesConfig::default()
        };
        let layout = Layout::of(&features);
        assert_eq!((layout.dims(), layout.widths().collect::<Vec<_>>()), (9, vec![4, 4, 1]));
        let matrix = Matrix::new(5, 9, (0..45).map(|i| i as f32).collect()).unwrap();
        let parts = layout.split(&matrix);
        assert_eq!(parts[0].row(1), [10.0, 11.0, 16.0, 17.0], "MFCC and their derivative");
        let parts: Vec<&[f32]> = parts.iter().map(Matrix::as_slice).collect();
        assert_eq!(layout.join(&parts, 5), matrix.as_slice());
    }
}
