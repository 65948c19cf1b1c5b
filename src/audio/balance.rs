//! Whether the channels of a recording cancel each other out where they are mixed: one of them is the other upside down, as
//! wires that were swapped leave it.

use super::{SILENCE, pcm::Channel};

/// The mean of channels whose variance is less than this part of theirs is what cancelling leaves over: 40 dB below them.
const LEFT_OVER: f64 = 1e-4;

/// What was heard so far of each channel, and of their mean.
#[derive(Debug, Default)]
pub(super) struct Balance {
    channels: Vec<Level>,
    mean: Level,
}

#[derive(Debug, Clone, Copy)]
struct Level {
    samples: u64,
    sum: f64,
    squares: f64,
    least: f32,
    most: f32,
}

impl Default for Level {
    fn default() -> Self {
        Self { samples: 0, sum: 0.0, squares: 0.0, least: f32::INFINITY, most: f32::NEG_INFINITY }
    }
}

impl Level {
    fn add(&mut self, samples: impl Iterator<Item = f32>) {
        for x in samples {
            self.samples += 1;
            self.sum += f64::from(x);
            self.squares += f64::from(x) * f64::from(x);
            self.least = self.least.min(x);
            self.most = self.most.max(x);
        }
    }

    fn variance(&self) -> f64 {
        let n = self.samples.max(1) as f64;
        (self.squares / n - (self.sum / n).powi(2)).max(0.0)
    }
}

impl Balance {
    /// What is handed out of interleaved samples, as [`Channel::of`] has it; what is mixed is taken down.
    pub(super) fn of(&mut self, channel: Channel, interleaved: Vec<f32>, channels: usize) -> Option<Vec<f32>> {
        if channel != Channel::Mix || channels < 2 {
            return channel.of(interleaved, channels);
        }
        self.channels.resize(channels, Level::default());
        for (at, level) in self.channels.iter_mut().enumerate() {
            level.add(interleaved.iter().skip(at).step_by(channels).copied());
        }
        let mixed = channel.of(interleaved, channels)?;
        self.mean.add(mixed.iter().copied());
        Some(mixed)
    }

    /// Whether what was mixed so far has cancelled out.
    pub(super) fn is_cancelling(&self) -> bool {
        let sounds = self.channels.iter().any(|level| level.most - level.least > SILENCE);
        let theirs = self.channels.iter().map(Level::variance).sum::<f64>() / self.channels.len().max(1) as f64;
        sounds && self.mean.variance() <= LEFT_OVER * theirs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cancels(channels: usize, frame: impl Fn(usize) -> Vec<f32>) -> bool {
        let mut balance = Balance::default();
        for block in 0..4 {
            let samples = (0..500).flat_map(|i| frame(500 * block + i)).collect();
            balance.of(Channel::Mix, samples, channels).unwrap();
        }
        balance.is_cancelling()
    }

    #[test]
    fn channels_cancel_out_where_one_is_the_other_upside_down_and_only_there() {
        let tone = |i: usize| 0.3 * (i as f32 * 0.1).sin();
        assert!(cancels(2, |i| vec![tone(i), -tone(i)]));
        assert!(cancels(2, |i| vec![tone(i) + 0.1, -0.997 * tone(i) + 0.1]), "nearly, and beside an offset");
        assert!(cancels(3, |i| vec![tone(i), -0.5 * tone(i), -0.5 * tone(i)]));
        assert!(!cancels(2, |i| vec![tone(i), tone(i)]));
        assert!(!cancels(2, |i| vec![tone(i), 0.0]));
        assert!(!cancels(2, |i| vec![tone(i), -0.9 * tone(i)]));
        assert!(!cancels(2, |i| vec![tone(i), tone(i + 16)]));
        assert!(!cancels(2, |_| vec![0.5, -0.5]), "neither sounds");
        assert!(!cancels(1, |i| vec![tone(i)]));
        let mut alone = Balance::default();
        alone.of(Channel::Only(0), (0..500).flat_map(|i| [tone(i), -tone(i)]).collect(), 2).unwrap();
        assert!(!alone.is_cancelling());
    }
}
