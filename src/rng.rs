//! Named random streams: every use of randomness has a stream of its own, derived from the experiment's one seed and
//! the stream's name (purpose, epoch, clip …). Order of work and number of threads therefore never change a result.

use std::fmt::Display;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The random stream called `name` of the experiment's `seed`.
///
/// The generator is ChaCha with 8 rounds, keyed by the BLAKE3 hash of the seed and the parts of the name; both are
/// specified algorithms, so a stream is the same on every machine.
///
/// ```
/// use rand::Rng;
/// let mut a = ser::rng::stream(42, &[&"dropout", &3, &"clip-7"]);
/// let mut b = ser::rng::stream(42, &[&"dropout", &3, &"clip-7"]);
/// let mut c = ser::rng::stream(42, &[&"dropout", &4, &"clip-7"]);
/// let (a, b, c) = (a.next_u64(), b.next_u64(), c.next_u64());
/// assert_eq!(a, b);
/// assert_ne!(a, c);
/// ```
#[must_use]
pub fn stream(seed: u64, name: &[&dyn Display]) -> ChaCha8Rng {
    let mut key = blake3::Hasher::new_derive_key("ser named random stream v1");
    key.update(&seed.to_le_bytes());
    for part in name {
        let part = part.to_string();
        // The length keeps ("ab", "c") and ("a", "bc") apart.
        key.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    ChaCha8Rng::from_seed(*key.finalize().as_bytes())
}
