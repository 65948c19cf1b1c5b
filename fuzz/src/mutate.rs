//! Seeds → inputs: with mutatis's mutations of bytes, and those that files know: lengths and counts, cuts, repetitions,
//! pieces of another seed, the words of the format.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use mutatis::{Candidates, Context, Mutate, Result, Session, mutators};

/// No input is longer.
pub const LONGEST: usize = 1 << 16;

/// Makes the inputs of a target.
pub struct Mutator {
    seed: u64,
    seeds: Vec<Vec<u8>>,
    words: &'static [&'static str],
}

impl Mutator {
    pub fn new(seed: u64, target: &str, seeds: Vec<Vec<u8>>, words: &'static [&'static str]) -> Self {
        let mut hasher = DefaultHasher::new();
        (seed, target).hash(&mut hasher);
        Self { seed: hasher.finish(), seeds, words }
    }

    /// The input of that number: the first are the seeds as they are.
    pub fn input(&self, number: u64) -> Vec<u8> {
        if let Some(seed) = usize::try_from(number).ok().and_then(|number| self.seeds.get(number)) {
            return seed.clone();
        }
        let mut hasher = DefaultHasher::new();
        (self.seed, number).hash(&mut hasher);
        let random = hasher.finish();
        let mut session = Session::new().seed(random);
        let mut input = self.seeds[random as usize % self.seeds.len().max(1)].clone();
        // Most faults need few changes; some need many.
        let changes = 1 + (random >> 32) % [1, 2, 4, 12][(random >> 40) as usize % 4];
        let mut stretches = Stretches { seeds: &self.seeds, words: self.words };
        for change in 0..changes {
            let done = match (random >> (48 + change % 12)) & 3 {
                0 => session.mutate_with(&mut mutators::default::<Vec<u8>>(), &mut input),
                _ => session.mutate_with(&mut stretches, &mut input),
            };
            if done.is_err() {
                break;
            }
        }
        input.truncate(LONGEST);
        input
    }
}

/// Mutations of stretches of bytes.
struct Stretches<'a> {
    seeds: &'a [Vec<u8>],
    words: &'static [&'static str],
}

/// Numbers at the edges of what fields can hold.
const EDGES: [u64; 20] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x1_0000,
    0x7fff_f000,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_fffe,
    0xffff_ffff,
    1 << 40,
    i64::MAX as u64,
    1 << 63,
    u64::MAX,
];

/// Numbers as text has them.
const NUMBERS: [&str; 16] = [
    "0",
    "-1",
    "1e999",
    "-0.0",
    "NaN",
    "1e-320",
    "18446744073709551616",
    "4294967296",
    "99999999999999999999",
    "0x10",
    "inf",
    "1.0000000001",
    "-9223372036854775809",
    "65536",
    "1099511627776",
    "\"\"",
];

fn index(context: &mut Context, length: usize) -> usize {
    context.rng().gen_index(length).unwrap_or(0)
}

/// A stretch that lies within `length` bytes and is short more often than long.
fn stretch(context: &mut Context, length: usize) -> std::ops::Range<usize> {
    let from = index(context, length.max(1)).min(length);
    let most = match index(context, 3) {
        0 => 8,
        1 => 64,
        _ => length,
    };
    let long = 1 + index(context, most.max(1));
    from..(from + long).min(length)
}

/// Where a run of digits lies, if there is one.
fn digits(context: &mut Context, bytes: &[u8]) -> Option<std::ops::Range<usize>> {
    let place = index(context, bytes.len().max(1));
    let from = (place..bytes.len()).chain(0..place).find(|&at| bytes[at].is_ascii_digit())?;
    let begin = (0..from).rev().take_while(|&at| bytes[at].is_ascii_digit()).last().unwrap_or(from);
    let end = (from..bytes.len()).find(|&at| !bytes[at].is_ascii_digit()).unwrap_or(bytes.len());
    Some(begin..end)
}

impl Mutate<Vec<u8>> for Stretches<'_> {
    fn mutate(&mut self, candidates: &mut Candidates<'_>, value: &mut Vec<u8>) -> Result<()> {
        let length = value.len();
        // A field of 1, 2, 4 or 8 bytes, of either order, becomes a number at an edge or is moved a little.
        for width in [1usize, 2, 4, 8] {
            if length >= width {
                candidates.mutation(|context| {
                    let at = index(context, length - width + 1);
                    let field = &mut value[at..at + width];
                    let big = context.rng().gen_bool();
                    let mut bytes = [0u8; 8];
                    bytes[..width].copy_from_slice(field);
                    if big {
                        bytes[..width].reverse();
                    }
                    let old = u64::from_le_bytes(bytes);
                    let new = match index(context, 3) {
                        0 => old.wrapping_add(1 + index(context, 16) as u64),
                        1 => old.wrapping_sub(1 + index(context, 16) as u64),
                        _ => EDGES[index(context, EDGES.len())],
                    };
                    let mut bytes = new.to_le_bytes();
                    if big {
                        bytes[..width].reverse();
                    }
                    field.copy_from_slice(&bytes[..width]);
                    Ok(())
                })?;
            }
        }
        if length > 0 {
            // Cut off.
            candidates.mutation(|context| {
                value.truncate(index(context, length));
                Ok(())
            })?;
            // A stretch is lost.
            candidates.mutation(|context| {
                value.drain(stretch(context, length));
                Ok(())
            })?;
            // A stretch comes again, once or many times.
            candidates.mutation(|context| {
                let range = stretch(context, length);
                let times = [1, 2, 16, 200][index(context, 4)];
                let piece = value[range.clone()].repeat(times);
                let piece = &piece[..piece.len().min(LONGEST)];
                value.splice(range.end..range.end, piece.iter().copied());
                Ok(())
            })?;
            // A stretch of noise, or of one byte.
            candidates.mutation(|context| {
                let range = stretch(context, length);
                match context.rng().gen_bool() {
                    true => context.rng().gen_bytes(&mut value[range]),
                    false => {
                        let byte = [0, 0xff, b'"', b',', b'\n', b'{', b'\\', b' '][index(context, 8)];
                        value[range].fill(byte);
                    }
                }
                Ok(())
            })?;
            // Two stretches change places.
            candidates.mutation(|context| {
                let (a, b) = (index(context, length), index(context, length));
                let (a, b) = (a.min(b), a.max(b));
                value[a..].rotate_left((b - a).min(length - a));
                Ok(())
            })?;
        }
        // A number as text has it.
        candidates.mutation(|context| {
            if let Some(range) = digits(context, value) {
                let number = NUMBERS[index(context, NUMBERS.len())];
                value.splice(range, number.bytes());
            }
            Ok(())
        })?;
        // A word of the format.
        if !self.words.is_empty() {
            candidates.mutation(|context| {
                let word = self.words[index(context, self.words.len())];
                let at = index(context, length + 1);
                let end = if context.rng().gen_bool() { at } else { (at + word.len()).min(length) };
                value.splice(at..end, word.bytes());
                Ok(())
            })?;
        }
        // A piece of another seed, or all of it behind this one.
        if !self.seeds.is_empty() {
            candidates.mutation(|context| {
                let other = &self.seeds[index(context, self.seeds.len())];
                let piece = match context.rng().gen_bool() {
                    true => 0..other.len(),
                    false => stretch(context, other.len()),
                };
                let at = if context.rng().gen_bool() { length } else { index(context, length + 1) };
                value.splice(at..at, other[piece].iter().copied());
                Ok(())
            })?;
        }
        Ok(())
    }
}
