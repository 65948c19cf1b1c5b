//! Sizes of caches, as people write them.

use std::{fmt, str::FromStr};

use bytesize::ByteSize;

/// A number of bytes, written as `20GB`, `500 MB`, `1.5TB`, `0`: powers of 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |_| format!("\"{text}\" is no size: write a number with B, kB, MB, GB or TB, as 20GB");
        text.parse().map(|size: ByteSize| Self(size.as_u64())).map_err(wrong)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", ByteSize(self.0).display().si())
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
