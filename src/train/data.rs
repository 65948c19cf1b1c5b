//! A fold's clips as scaled matrices, and batches of them.

use std::ops::Range;

use crate::{
    audio::Windows,
    cache::Entry,
    error::Result,
    frontend::{Scaler, ScalerFit},
};

/// What a clip's values are standardised with.
#[derive(Clone, Copy)]
pub(crate) enum Scaling<'a> {
    /// Nothing.
    None,
    /// What was fitted elsewhere.
    By(&'a Scaler),
    /// Its own mean and spread.
    Own,
}

/// A window of a clip: what the network is shown at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Item {
    /// The clip it is cut from, and whose side and label it has.
    pub clip: usize,
    /// Which of the clip's windows.
    pub window: usize,
}

/// The clips of a fold. Nothing of them is held: values are read from the cache when a batch wants them.
pub(crate) struct Dataset<'a> {
    entries: &'a [Entry],
    /// Each clip's altered copies; none but on the training side.
    copies: Vec<&'a [Entry]>,
    scaling: Vec<Scaling<'a>>,
    windows: Windows,
    min_frames: usize,
}

impl<'a> Dataset<'a> {
    /// The clips of `entries`, each with what it is scaled by.
    pub(crate) fn new(entries: &'a [Entry], scaling: Vec<Scaling<'a>>, windows: Windows, min_frames: usize) -> Self {
        Self { entries, copies: vec![&[]; entries.len()], scaling, windows, min_frames }
    }

    /// Adds altered copies of a clip, each scaled as the clip is.
    pub(crate) fn add_copies(&mut self, clip: usize, copies: &'a [Entry]) {
        self.copies[clip] = copies;
    }

    /// How many altered copies the clip has.
    pub(crate) fn copies(&self, clip: usize) -> usize {
        self.copies[clip].len()
    }

    /// The scaled values of a window, row after row: of the clip, or of one of its copies, in the same part of it.
    pub(crate) fn rows(&self, item: Item, copy: Option<usize>) -> Result<Vec<f32>> {
        let entry = copy.map_or(&self.entries[item.clip], |copy| &self.copies[item.clip][copy]);
        // A copy may be longer or shorter, and have more or fewer windows.
        let (own, others) = (self.items(item.clip).len(), self.windows.count(entry.frames()));
        let range = self.windows.range(entry.frames(), (2 * item.window + 1) * others / (2 * own));
        self.scaled(item.clip, entry, range)
    }

    /// The scaled values of some frames of a clip, row after row.
    pub(crate) fn rows_of(&self, clip: usize, frames: Range<usize>) -> Result<Vec<f32>> {
        self.scaled(clip, &self.entries[clip], frames)
    }

    fn scaled(&self, clip: usize, entry: &Entry, frames: Range<usize>) -> Result<Vec<f32>> {
        let values = entry.values()?;
        let mut rows = values[frames.start * entry.dims()..frames.end * entry.dims()].to_vec();
        match self.scaling[clip] {
            Scaling::None => {}
            Scaling::By(scaler) => scaler.apply(&mut rows),
            Scaling::Own => {
                let mut fit = ScalerFit::new(entry.dims());
                fit.add(&values);
                fit.finish().apply(&mut rows);
            }
        }
        Ok(rows)
    }

    /// How clips are cut.
    pub(crate) fn windows(&self) -> Windows {
        self.windows
    }

    /// Frames of a clip.
    pub(crate) fn frames_of(&self, clip: usize) -> usize {
        self.entries[clip].frames()
    }

    /// The fewest frames of a batch.
    pub(crate) fn min_frames(&self) -> usize {
        self.min_frames
    }

    /// Feature columns.
    pub(crate) fn dims(&self) -> usize {
        self.entries.first().map_or(0, Entry::dims)
    }

    /// The clip's windows.
    fn items(&self, clip: usize) -> impl ExactSizeIterator<Item = Item> + use<> {
        (0..self.windows.count(self.entries[clip].frames())).map(move |window| Item { clip, window })
    }

    /// How many windows a clip has.
    pub(crate) fn count(&self, clip: usize) -> usize {
        self.items(clip).len()
    }

    /// The members' windows, clip after clip.
    pub(crate) fn windows_of(&self, members: &[usize]) -> Vec<Item> {
        members.iter().flat_map(|&clip| self.items(clip)).collect()
    }
}

#[cfg(test)]
pub(crate) mod fake {
    use crate::{
        audio::AudioConfig,
        cache::{Cache, DEFAULT_LIMIT, Entry},
        corpus::{Clip, Metadata, Source},
        frontend::{FeaturesConfig, Spectral, spectral::Kind},
    };

    /// Clips of constant samples in a cache, so many samples long and of such a value: `zcr` and `rms` of short frames, the
    /// second of which is the value.
    pub fn entries(dir: &std::path::Path, clips: &[(usize, f32)]) -> Vec<Entry> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 8_000,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let clip = |(i, &(n, value)): (usize, &(usize, f32))| {
            let path = dir.join(format!("{i}-{n}-{value}.wav"));
            let mut writer = hound::WavWriter::create(&path, spec).unwrap();
            (0..n).for_each(|_| writer.write_sample(value).unwrap());
            writer.finalize().unwrap();
            Clip {
                id: format!("c/s/{i}"),
                corpus: "c".into(),
                speaker: "s".into(),
                emotion: "sad".into(),
                source: Source::File(path),
                meta: Metadata::default(),
            }
        };
        let clips: Vec<Clip> = clips.iter().enumerate().map(clip).collect();
        let features = FeaturesConfig {
            kinds: vec![Kind::Zcr, Kind::Rms],
            frame_length: 2,
            hop_length: 1,
            ..FeaturesConfig::default()
        };
        let audio = AudioConfig { sample_rate: 8_000, ..AudioConfig::default() };
        let frontend = std::sync::Arc::new(Spectral::new(&features, audio.sample_rate).unwrap());
        Cache::new(dir, DEFAULT_LIMIT, &audio, frontend, std::sync::Arc::default())
            .unwrap()
            .matrices(&clips, &())
            .unwrap()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::train::sampling::Sampling;

    #[test]
    fn windows_go_where_their_clip_goes_and_are_cut_out_of_it() {
        let dir = tempfile::tempdir().unwrap();
        // Frames: one more than samples. Clip i has the value (i + 1) / 16.
        let clips: Vec<(usize, f32)> =
            [9, 40, 3, 25, 17].into_iter().enumerate().map(|(i, n)| (n, (i + 1) as f32 / 16.0)).collect();
        let entries = fake::entries(dir.path(), &clips);
        let mut data = Dataset::new(&entries, vec![Scaling::None; 5], Windows::new(10, 0.5), 1);
        let longer = fake::entries(dir.path(), &[(57, 0.75)]);
        data.add_copies(1, &longer);

        let members = [1, 2, 4];
        let training = Sampling::Shuffled.batches(&data.windows_of(&members), |_| 0, 4, 7, 1).concat();
        let reading = data.windows_of(&members);
        let count = |clip| data.items(clip).len();
        assert_eq!([0, 1, 2, 3, 4].map(count), [1, 8, 1, 5, 3]);
        for items in [&training, &reading] {
            assert_eq!(items.len(), 12);
            let distinct: BTreeSet<Item> = items.iter().copied().collect();
            assert_eq!(
                distinct,
                members.iter().flat_map(|&clip| data.items(clip)).collect(),
                "each once, no other clip's"
            );
        }
        for item in reading {
            let rows = data.rows(item, None).unwrap();
            assert_eq!(rows.len(), 2 * if item.clip == 2 { 4 } else { 10 });
            // The first and the last frame of a clip are half padding.
            let inside = rows.chunks_exact(2).filter(|row| row[1] == clips[item.clip].1).count();
            assert!(inside * 2 + 4 >= rows.len(), "{item:?}: {rows:?}");
        }
        let last = data.rows(Item { clip: 1, window: 7 }, Some(0)).unwrap();
        let copy = longer[0].values().unwrap();
        assert_eq!(last[..], copy[copy.len() - 20..], "the last window of a longer copy is its last one");
    }

    #[test]
    fn without_windows_an_item_is_a_whole_clip() {
        let dir = tempfile::tempdir().unwrap();
        let entries = fake::entries(dir.path(), &[(30, 0.5), (20, 0.25)]);
        let data = Dataset::new(&entries, vec![Scaling::Own; 2], Windows::WHOLE, 1);
        let items = data.windows_of(&[1, 0]);
        assert_eq!(items, [Item { clip: 1, window: 0 }, Item { clip: 0, window: 0 }]);
        let rows: Vec<usize> = items.iter().map(|&item| data.rows(item, None).unwrap().len()).collect();
        assert_eq!((rows, data.frames_of(1)), (vec![2 * 21, 2 * 31], 21));
    }
}
