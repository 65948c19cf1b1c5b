//! The instruction set that everything runs with.

use std::{fmt, sync::OnceLock};

/// The environment variable that names the level.
const VARIABLE: &str = "SER_SIMD";

/// An instruction set that this processor has: only this module makes one, which is why a kernel may take it at its word.
///
/// Every level gives the same bits. The variable `SER_SIMD` (`portable`, `avx2` or `avx512`) forces a lower level than the
/// processor's best, so that this can be tested on one machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level(Set);

/// The instruction sets that kernels are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Set {
    /// Four lanes of ordinary arithmetic, for any processor.
    Portable,
    /// Eight lanes with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// Sixteen lanes with fused multiply-add.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// Every instruction set of this processor, narrowest first.
    #[must_use]
    pub fn all() -> Vec<Self> {
        let mut levels = vec![Self(Set::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
            if avx2 {
                levels.push(Self(Set::Avx2));
            }
            if avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512dq")
                && is_x86_feature_detected!("avx512vl")
            {
                levels.push(Self(Set::Avx512));
            }
        }
        levels
    }

    /// The level that everything runs with: the one that `SER_SIMD` names, else the processor's best.
    ///
    /// The variable is read once. A value that [`Level::check`] refuses counts for nothing here.
    #[must_use]
    pub fn current() -> Self {
        static CURRENT: OnceLock<Level> = OnceLock::new();
        let best = || Self::all().pop().unwrap_or(Self(Set::Portable));
        *CURRENT.get_or_init(|| chosen().clone().unwrap_or(None).unwrap_or_else(best))
    }

    /// Whether `SER_SIMD` is something that this processor can do; for a program to ask before it begins.
    ///
    /// # Errors
    ///
    /// A sentence with the value and what may stand in its place.
    pub fn check() -> Result<(), String> {
        chosen().clone().map(|_| ())
    }

    /// The set itself: this processor has it.
    pub(crate) fn set(self) -> Set {
        self.0
    }

    /// The name in `SER_SIMD`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            Set::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "avx512",
        }
    }

    fn named(name: &str) -> Result<Self, String> {
        let all = Self::all();
        all.iter().copied().find(|level| level.name() == name).ok_or_else(|| {
            let names: Vec<&str> = all.iter().map(|level| level.name()).collect();
            let problem = if ["portable", "avx2", "avx512"].contains(&name) {
                "this processor does not have it"
            } else {
                "no such level"
            };
            format!("{VARIABLE}={name}: {problem}; set it to one of {}, or unset it", names.join(", "))
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The level that the environment asks for, if it does.
fn chosen() -> &'static Result<Option<Level>, String> {
    static CHOSEN: OnceLock<Result<Option<Level>, String>> = OnceLock::new();
    CHOSEN.get_or_init(|| match std::env::var_os(VARIABLE) {
        None => Ok(None),
        Some(name) => Level::named(&name.to_string_lossy()).map(Some),
    })
}

/// The processor's own name for itself, and the level that everything runs with: what a record of a run says.
#[must_use]
pub fn processor() -> (String, Level) {
    (brand().unwrap_or_else(|| std::env::consts::ARCH.to_owned()), Level::current())
}

/// The brand string of an x86 processor.
#[cfg(target_arch = "x86_64")]
fn brand() -> Option<String> {
    use std::arch::x86_64::__cpuid;

    const FIRST: u32 = 0x8000_0002;
    if __cpuid(0x8000_0000).eax < FIRST + 2 {
        return None;
    }
    let bytes: Vec<u8> = (FIRST..FIRST + 3)
        .map(__cpuid)
        .flat_map(|part| [part.eax, part.ebx, part.ecx, part.edx])
        .flat_map(u32::to_le_bytes)
        .take_while(|&byte| byte != 0)
        .collect();
    let name = String::from_utf8_lossy(&bytes).split_whitespace().collect::<Vec<_>>().join(" ");
    (!name.is_empty()).then_some(name)
}

#[cfg(not(target_arch = "x86_64"))]
fn brand() -> Option<String> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_found_by_its_name_and_others_are_refused_with_the_choice() {
        for level in Level::all() {
            assert_eq!(Level::named(level.name()), Ok(level));
        }
        let refused = Level::named("sse9").unwrap_err();
        assert!(refused.starts_with("SER_SIMD=sse9: no such level; set it to one of portable"), "{refused}");
        if Level::all().len() < 3 {
            assert!(Level::named("avx512").unwrap_err().contains("does not have it"));
        }
    }

    #[test]
    fn the_processor_has_a_name() {
        let (name, level) = processor();
        assert!(!name.is_empty() && Level::all().contains(&level));
    }
}
