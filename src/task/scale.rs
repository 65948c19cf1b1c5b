//! The range of a target, and the unit that networks work in: 0 at its lower end, 1 at its upper one.

use serde::{Deserialize, Serialize};

/// From the least to the greatest value of a target: in files a list of the two.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f64; 2]", into = "[f64; 2]")]
pub struct Scale {
    /// The least value.
    pub low: f64,
    /// The greatest value.
    pub high: f64,
}

impl Scale {
    /// From 0 to 1.
    pub const UNIT: Self = Self { low: 0.0, high: 1.0 };

    /// Whether it is a range at all.
    #[must_use]
    pub fn is_valid(self) -> bool {
        self.low.is_finite() && self.high.is_finite() && self.low < self.high
    }

    /// Whether the value lies on it.
    #[must_use]
    pub fn contains(self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// The part of the range that lies below the value.
    #[must_use]
    pub fn part(self, value: f64) -> f64 {
        (value - self.low) / (self.high - self.low)
    }

    /// The value above that part of the range, in single precision.
    #[must_use]
    pub fn value(self, part: f32) -> f32 {
        (self.low + (self.high - self.low) * f64::from(part)) as f32
    }
}

impl From<[f64; 2]> for Scale {
    fn from([low, high]: [f64; 2]) -> Self {
        Self { low, high }
    }
}

impl From<Scale> for [f64; 2] {
    fn from(scale: Scale) -> Self {
        [scale.low, scale.high]
    }
}

impl std::fmt::Display for Scale {
    /// "1 to 7".
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} to {}", self.low, self.high)
    }
}
