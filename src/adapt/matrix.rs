//! Small symmetric matrices: a Cholesky factor and what is solved with it.

/// The lower triangle `L` of `A = L L'`.
pub(super) struct Factor(Vec<Vec<f64>>);

impl Factor {
    /// The factor of a positive definite matrix, of which the lower half is looked at; none of another.
    pub(super) fn of(matrix: &[Vec<f64>]) -> Option<Self> {
        let mut lower: Vec<Vec<f64>> = Vec::with_capacity(matrix.len());
        for (i, of) in matrix.iter().enumerate() {
            let mut row = vec![0.0; matrix.len()];
            for j in 0..=i {
                let other = if j == i { &row } else { &lower[j] };
                let rest = of.get(j)? - (0..j).map(|k| row[k] * other[k]).sum::<f64>();
                row[j] = if i == j {
                    Some(rest.sqrt()).filter(|_| rest > 0.0 && rest.is_finite())?
                } else {
                    rest / other[j]
                };
            }
            lower.push(row);
        }
        Some(Self(lower))
    }

    /// The `x` of `A x = b`.
    pub(super) fn solve(&self, b: &[f64]) -> Vec<f64> {
        let lower = &self.0;
        let mut x = b.to_vec();
        for i in 0..x.len() {
            let known: f64 = (0..i).map(|k| lower[i][k] * x[k]).sum();
            x[i] = (x[i] - known) / lower[i][i];
        }
        for i in (0..x.len()).rev() {
            let known: f64 = (i + 1..x.len()).map(|k| lower[k][i] * x[k]).sum();
            x[i] = (x[i] - known) / lower[i][i];
        }
        x
    }

    /// The inverse of `A`.
    pub(super) fn inverse(&self) -> Vec<Vec<f64>> {
        let n = self.0.len();
        let column = |i: usize| self.solve(&(0..n).map(|j| f64::from(u8::from(i == j))).collect::<Vec<_>>());
        (0..n).map(column).collect()
    }
}

/// A matrix times a vector.
pub(super) fn times(matrix: &[Vec<f64>], vector: &[f64]) -> Vec<f64> {
    matrix.iter().map(|row| dot(row, vector)).collect()
}

/// The sum of products.
pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The sum of the diagonal.
pub(super) fn trace(matrix: &[Vec<f64>]) -> f64 {
    matrix.iter().enumerate().filter_map(|(i, row)| row.get(i)).sum()
}

/// Adds `weight` times the product of a vector with itself.
pub(super) fn add_square(matrix: &mut [Vec<f64>], vector: &[f64], weight: f64) {
    for (row, a) in matrix.iter_mut().zip(vector) {
        row.iter_mut().zip(vector).for_each(|(cell, b)| *cell += weight * a * b);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_solved_solves_and_what_has_no_factor_has_none() {
        let matrix = vec![vec![4.0, 2.0, 0.5], vec![2.0, 3.0, 1.0], vec![0.5, 1.0, 2.0]];
        let factor = Factor::of(&matrix).unwrap();
        let x = factor.solve(&[1.0, -2.0, 3.0]);
        for (found, expected) in times(&matrix, &x).iter().zip([1.0, -2.0, 3.0]) {
            assert!((found - expected).abs() < 1e-12, "{x:?}");
        }
        let inverse = factor.inverse();
        assert!((dot(&matrix[0], &inverse[0]) - 1.0).abs() < 1e-12 && dot(&matrix[0], &inverse[1]).abs() < 1e-12);
        assert!(Factor::of(&[vec![1.0, 2.0], vec![2.0, 1.0]]).is_none());
        assert!(Factor::of(&[vec![f64::NAN]]).is_none());
    }
}
