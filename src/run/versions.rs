//! What a run was made with, and what several runs were made with together.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};

/// What a run was made with. Of several runs, a field names each of the values once: `flex and wgpu`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// This crate.
    pub ser: String,
    /// Burn; empty where nothing was trained here.
    pub burn: String,
    /// The device trained on; empty where nothing was trained here.
    pub device: String,
    /// The operating system and the kind of processor.
    pub platform: String,
    /// The processor's own name; empty in runs of earlier versions.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub processor: String,
    /// The vector instructions that were used: `portable`, `avx2` or `avx512`; empty in runs of earlier versions.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub simd: String,
}

impl Versions {
    /// What `runs` were made with, together; `None` of no runs.
    #[must_use]
    pub fn of_runs<'a>(runs: impl Iterator<Item = &'a Self> + Clone) -> Option<Self> {
        runs.clone().next()?;
        let all = |field: fn(&Self) -> &str| {
            let values: BTreeSet<&str> = runs.clone().map(field).filter(|value| !value.is_empty()).collect();
            values.into_iter().collect::<Vec<_>>().join(" and ")
        };
        Some(Self {
            ser: all(|of| &of.ser),
            burn: all(|of| &of.burn),
            device: all(|of| &of.device),
            platform: all(|of| &of.platform),
            processor: all(|of| &of.processor),
            simd: all(|of| &of.simd),
        })
    }

    /// Whether runs of more than one device, processor or version are together here; vector instructions alone do not
    /// change a bit, and do not count.
    #[must_use]
    pub fn mixed(&self) -> bool {
        [&self.ser, &self.burn, &self.device, &self.platform, &self.processor].iter().any(|of| of.contains(" and "))
    }
}

/// `ser 0.1.0, Burn 0.22.1, device flex, linux x86_64, AMD EPYC, avx512`.
impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ser {}", self.ser)?;
        for (name, value) in [
            (", Burn ", &self.burn),
            (", device ", &self.device),
            (", ", &self.platform),
            (", ", &self.processor),
            (", ", &self.simd),
        ] {
            if !value.is_empty() {
                write!(f, "{name}{value}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(processor: &str, simd: &str) -> Versions {
        Versions {
            ser: "0.1.0".into(),
            burn: "0.22.1".into(),
            device: "flex".into(),
            platform: "linux x86_64".into(),
            processor: processor.into(),
            simd: simd.into(),
        }
    }

    #[test]
    fn one_processor_is_named_once() {
        let runs = [versions("Zen", "avx2"), versions("Zen", "avx512"), versions("", "")];
        let all = Versions::of_runs(runs.iter()).expect("runs");
        assert_eq!(all.to_string(), "ser 0.1.0, Burn 0.22.1, device flex, linux x86_64, Zen, avx2 and avx512");
        assert!(!all.mixed());
    }

    #[test]
    fn two_processors_are_mixed() {
        let runs = [versions("Zen", "avx512"), versions("Xeon", "avx512")];
        let all = Versions::of_runs(runs.iter()).expect("runs");
        assert!(all.to_string().contains("Xeon and Zen, avx512"), "{all}");
        assert!(all.mixed());
    }

    #[test]
    fn no_runs_are_made_with_nothing() {
        assert_eq!(Versions::of_runs(std::iter::empty()), None);
    }
}
