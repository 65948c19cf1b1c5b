//! The confusion matrix: how many clips of each true emotion were taken for which.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// Counts of clips by true and predicted emotion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confusion {
    /// The class names, in the order of the rows and of the columns.
    pub classes: Vec<String>,
    /// Number of clips, `[truth][prediction]`.
    pub counts: Vec<Vec<u64>>,
}

impl Confusion {
    /// A matrix from counts that exist already; an error unless they are `[classes][classes]`.
    pub fn new(classes: Vec<String>, counts: Vec<Vec<u64>>) -> Result<Self> {
        let n = classes.len();
        if counts.len() != n || counts.iter().any(|row| row.len() != n) {
            return Err(Error::Data(format!(
                "a confusion matrix of {n} classes needs {n} rows of {n} counts, got {} rows of {:?}",
                counts.len(),
                counts.iter().map(Vec::len).collect::<Vec<_>>()
            )));
        }
        Ok(Self { classes, counts })
    }

    /// Counts `(truth, prediction)` pairs of class indices; an error names the first pair outside the classes.
    pub fn from_pairs(classes: Vec<String>, pairs: impl IntoIterator<Item = (usize, usize)>) -> Result<Self> {
        let n = classes.len();
        let mut counts = vec![vec![0; n]; n];
        for (position, (truth, prediction)) in pairs.into_iter().enumerate() {
            let cell = counts.get_mut(truth).and_then(|row| row.get_mut(prediction)).ok_or_else(|| {
                Error::Data(format!(
                    "prediction {position} (from 0) has truth {truth} and prediction {prediction}, \
                     but there are only {n} classes, numbered from 0"
                ))
            })?;
            *cell += 1;
        }
        Ok(Self { classes, counts })
    }

    /// Number of clips in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().flatten().sum()
    }

    /// Number of clips whose emotion was recognised: the diagonal.
    #[must_use]
    pub fn correct(&self) -> u64 {
        self.hits().iter().sum()
    }

    /// Number of clips recognised, per class.
    #[must_use]
    pub fn hits(&self) -> Vec<u64> {
        self.counts.iter().enumerate().map(|(class, row)| row.get(class).copied().unwrap_or(0)).collect()
    }

    /// Number of clips that truly are of each class: the sums of the rows.
    #[must_use]
    pub fn support(&self) -> Vec<u64> {
        self.counts.iter().map(|row| row.iter().sum()).collect()
    }

    /// Number of clips taken for each class: the sums of the columns.
    #[must_use]
    pub fn predicted(&self) -> Vec<u64> {
        let mut sums = vec![0; self.classes.len()];
        for row in &self.counts {
            for (sum, count) in sums.iter_mut().zip(row) {
                *sum += count;
            }
        }
        sums
    }

    /// Each row as fractions of its class (0 to 1, summing to 1); `None` for a class without clips, of which no
    /// fraction can be said.
    #[must_use]
    pub fn rows(&self) -> Vec<Option<Vec<f64>>> {
        self.counts
            .iter()
            .zip(self.support())
            .map(|(row, support)| {
                (support > 0).then(|| row.iter().map(|&count| count as f64 / support as f64).collect())
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(n: usize) -> Vec<String> {
        (0..n).map(|class| format!("class {class}")).collect()
    }

    #[test]
    fn counts_land_in_the_row_of_the_truth() {
        let confusion = Confusion::from_pairs(names(3), [(0, 1), (0, 1), (0, 0), (2, 2)]).unwrap();
        assert_eq!(confusion.counts, [[1, 2, 0], [0, 0, 0], [0, 0, 1]]);
        assert_eq!(confusion.total(), 4);
        assert_eq!(confusion.correct(), 2);
        assert_eq!(confusion.support(), [3, 0, 1]);
        assert_eq!(confusion.predicted(), [1, 2, 1]);
    }

    #[test]
    fn a_class_without_clips_has_no_row_of_fractions() {
        let confusion = Confusion::from_pairs(names(2), [(0, 1), (0, 1), (0, 0), (0, 0)]).unwrap();
        assert_eq!(confusion.rows(), [Some(vec![0.5, 0.5]), None]);
    }

    #[test]
    fn an_index_outside_the_classes_is_an_error_that_names_the_pair() {
        let error = Confusion::from_pairs(names(2), [(0, 1), (1, 2)]).unwrap_err().to_string();
        assert!(error.contains("prediction 1 ") && error.contains("truth 1 and prediction 2"), "{error}");
    }

    #[test]
    fn counts_of_the_wrong_shape_are_an_error() {
        assert!(Confusion::new(names(2), vec![vec![1, 2]]).is_err());
        assert!(Confusion::new(names(2), vec![vec![1, 2], vec![3]]).is_err());
        assert!(Confusion::new(names(2), vec![vec![1, 2], vec![3, 4]]).is_ok());
    }
}
