//! Sizes of caches, as people write them.

use std::{fmt, str::FromStr};

/// A number of bytes, written as `20GB`, `500 MB`, `1.5TB`, `0`: powers of 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

const UNITS: [(&str, f64); 5] = [("", 1.0), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9), ("TB", 1e12)];

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("\"{text}\" is no size: write a number with B, kB, MB, GB or TB, as 20GB");
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let number: f64 = number.parse().map_err(|_| wrong())?;
        let unit = unit.trim().trim_end_matches(['b', 'B']);
        let of = |&&(name, _): &&(&str, f64)| name.trim_end_matches('B').eq_ignore_ascii_case(unit);
        let (_, factor) = UNITS.iter().find(of).ok_or_else(wrong)?;
        Ok(Self((number * factor).round() as u64))
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.0 as f64;
        match UNITS.iter().rev().find(|(_, factor)| bytes >= *factor) {
            Some((unit, factor)) if *factor > 1.0 => write!(f, "{:.1} {unit}", bytes / factor),
            _ => write!(f, "{} B", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        for (text, bytes) in [("0", 0), ("512B", 512), ("1.5kB", 1_500), ("20GB", 20_000_000_000), ("3 mb", 3_000_000)]
        {
            assert_eq!(text.parse(), Ok(Size(bytes)), "{text}");
        }
        for text in ["", "GB", "20 apples", "1..5GB", "-3MB"] {
            assert!(text.parse::<Size>().unwrap_err().contains("20GB"), "{text}");
        }
        assert_eq!(
            [Size(0), Size(999), Size(1_500), Size(20_000_000_000)].map(|s| s.to_string()),
            ["0 B", "999 B", "1.5 kB", "20.0 GB"]
        );
    }
}
