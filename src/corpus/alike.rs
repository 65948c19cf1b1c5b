//! Files that are one recording although their bytes differ: two equal originals of which each was resampled, or taken
//! through a lossless codec, with dither of its own.
//!
//! Comparing all with all would read everything many times. A [`Print`] is a few samples of a file, read while it is
//! open anyway; only files whose prints agree are compared in full, and those are few.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, Read, Seek, SeekFrom},
    path::Path,
};

use super::{
    Clip,
    chunks::{self, Extent},
};

/// Two files are one recording if no sample of 16 bits is further from the other file's than this many steps. Dither of
/// two steps in each file can part them by four.
pub const DITHER_STEPS: u16 = 4;

/// How many samples a print has, at even distances: enough that two recordings of one length hardly ever agree in all.
const POINTS: u64 = 16;

/// Fewer samples than this prove nothing.
const FEWEST: u64 = 1024;

const SAMPLE_BYTES: u64 = 2;

/// A few samples of a file, and where all of them are.
#[derive(Debug, Clone)]
pub(super) struct Print {
    extent: Extent,
    points: Vec<i16>,
}

impl Print {
    /// Reads the print of a file whose samples are at `extent`; none where they are too few.
    pub(super) fn take(file: &mut File, extent: Extent) -> io::Result<Option<Self>> {
        let samples = extent.length / SAMPLE_BYTES;
        if samples < FEWEST {
            return Ok(None);
        }
        let point = |k: u64| -> io::Result<i16> {
            let at = (2 * k + 1) * samples / (2 * POINTS);
            file.seek(SeekFrom::Start(extent.start + at * SAMPLE_BYTES))?;
            let mut bytes = [0; SAMPLE_BYTES as usize];
            file.read_exact(&mut bytes)?;
            Ok(i16::from_le_bytes(bytes))
        };
        Ok(Some(Self { extent, points: (0..POINTS).map(point).collect::<io::Result<_>>()? }))
    }

    fn agrees(&self, other: &Self) -> bool {
        self.points.iter().zip(&other.points).all(|(a, b)| a.abs_diff(*b) <= DITHER_STEPS)
    }
}

/// A clip with its file and that file's print.
pub(super) type Printed<'a> = (&'a Clip, &'a Path, Print);

/// The pairs of clips that are one recording, by their ids, but for those that are `known` to be; a file that cannot be
/// read again is like no other.
pub(super) fn pairs<'a>(prints: &[Printed<'a>], known: impl Fn(&Clip, &Clip) -> bool) -> Vec<(&'a str, &'a str)> {
    let mut by_shape: BTreeMap<(u64, u32, u16), Vec<&Printed<'a>>> = BTreeMap::new();
    for print in prints {
        let Extent { length, rate, channels, .. } = print.2.extent;
        by_shape.entry((length, rate, channels)).or_default().push(print);
    }
    let mut pairs = Vec::new();
    for group in by_shape.values() {
        for (i, a) in group.iter().enumerate() {
            for b in group[i + 1..].iter().filter(|b| a.2.agrees(&b.2) && !known(a.0, b.0)) {
                if are_alike((a.1, a.2.extent), (b.1, b.2.extent)).unwrap_or(false) {
                    pairs.push((a.0.id.as_str(), b.0.id.as_str()));
                }
            }
        }
    }
    pairs
}

/// Compares two files sample by sample.
fn are_alike(a: (&Path, Extent), b: (&Path, Extent)) -> io::Result<bool> {
    let open = |(path, extent): (&Path, Extent)| -> io::Result<_> {
        let mut file = BufReader::new(File::open(path)?);
        file.seek(SeekFrom::Start(extent.start))?;
        Ok(file.take(extent.length))
    };
    let (mut a, mut b) = (open(a)?, open(b)?);
    let (mut left, mut right) = (vec![0; 1 << 14], vec![0; 1 << 14]);
    let sample = |bytes: &[u8]| i16::from_le_bytes([bytes[0], bytes[1]]);
    loop {
        let (filled, also) = (chunks::fill(&mut a, &mut left)?, chunks::fill(&mut b, &mut right)?);
        let mut samples = left[..filled].chunks_exact(2).zip(right[..also].chunks_exact(2));
        if filled != also || samples.any(|(a, b)| sample(a).abs_diff(sample(b)) > DITHER_STEPS) {
            return Ok(false);
        }
        if filled < left.len() {
            return Ok(true);
        }
    }
}
