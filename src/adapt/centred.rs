//! A second head, for answers that know the speaker's mean.

use std::collections::BTreeMap;

use crate::arrays::{Arrays, Weight};

/// A linear head on what a clip's embedding, or its own view of a clip, differs by from the mean of its speaker's. Where many emotions are heard, the mean is
/// the voice and the microphone, and what is left of a clip is the emotion; a head that was trained on such differences reads
/// them better than one that was trained on embeddings as they come.
///
/// The mean of what the head makes of a speaker's clips is what it makes of their mean, so that nothing but
/// [`CentredHead::scores`] is kept of a clip.
#[derive(Debug, Clone, PartialEq)]
pub struct CentredHead {
    /// `[classes, width]`
    weight: Vec<f32>,
    /// `[classes]`
    bias: Vec<f32>,
}

/// The names of its arrays in a bundle.
const WEIGHT: &str = "adaptation.weight";
const BIAS: &str = "adaptation.bias";

impl CentredHead {
    /// From its weights, `[classes, width]`, and an intercept for each class; none where they do not fit each other.
    #[must_use]
    pub fn new(weight: Vec<f32>, bias: Vec<f32>) -> Option<Self> {
        let fits = !bias.is_empty() && !weight.is_empty() && weight.len().is_multiple_of(bias.len());
        fits.then_some(Self { weight, bias })
    }

    /// What the head makes of an embedding, without the intercepts: a number for each class.
    #[must_use]
    pub fn scores(&self, embedding: &[f32]) -> Vec<f32> {
        let product = |row: &[f32]| row.iter().zip(embedding).map(|(w, x)| f64::from(*w) * f64::from(*x)).sum::<f64>();
        self.weight.chunks_exact(self.width()).map(|row| product(row) as f32).collect()
    }

    /// Adds what it is to a digest.
    pub(super) fn digest(&self, hasher: &mut blake3::Hasher) {
        self.weight.iter().chain(&self.bias).for_each(|value| _ = hasher.update(&value.to_le_bytes()));
    }

    /// Its intercepts.
    pub(super) fn bias(&self) -> &[f32] {
        &self.bias
    }

    /// How many numbers an embedding has.
    #[must_use]
    pub fn width(&self) -> usize {
        self.weight.len() / self.bias.len()
    }

    /// Looks for contradictions; `classes` is how many there are.
    pub(super) fn check(&self, classes: usize) -> Result<(), String> {
        match self.bias.len() == classes && self.weight.iter().chain(&self.bias).all(|value| value.is_finite()) {
            true => Ok(()),
            false => Err(format!("a second head that is not of {classes} classes")),
        }
    }

    /// As arrays of a bundle's file.
    pub(crate) fn arrays(&self) -> Arrays {
        let shape = vec![self.bias.len(), self.width()];
        vec![
            (WEIGHT.into(), Weight { shape, values: self.weight.clone() }),
            (BIAS.into(), Weight { shape: vec![self.bias.len()], values: self.bias.clone() }),
        ]
    }

    /// Takes it from the arrays of a bundle's file; none where they have none.
    ///
    /// # Errors
    ///
    /// What is wrong, in words.
    pub(crate) fn take(arrays: &mut BTreeMap<String, Weight>) -> Result<Option<Self>, String> {
        match (arrays.remove(WEIGHT), arrays.remove(BIAS)) {
            (None, None) => Ok(None),
            (Some(weight), Some(bias)) if weight.shape.len() == 2 && weight.shape.first() == bias.shape.first() => {
                Ok(Self::new(weight.values, bias.values))
            }
            _ => Err(format!("{WEIGHT} and {BIAS} do not fit each other")),
        }
    }
}
