//! From scaled matrices to what a network makes of each clip: cut into windows, shown in batches, averaged by clip. The
//! one way for validation, test and prediction.

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
};

use burn::tensor::{Device, Tensor};

use crate::{
    audio::Windows,
    error::{Error, Result},
    model::{Net, NetInput, pad},
    task::Activation,
    train::Item,
};

/// Clips as scaled matrices `[frames, dims]`.
pub trait Clips {
    /// How many frames a clip has.
    fn frames(&self, clip: usize) -> usize;

    /// The scaled values of some frames of a clip, row after row.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where they cannot be read.
    fn rows(&self, clip: usize, frames: Range<usize>) -> Result<Vec<f32>>;

    /// What a message calls the clip.
    fn name(&self, clip: usize) -> String;
}

/// A network at work on clips: without dropout, with running statistics.
pub struct Scoring<'a> {
    /// The network, as it is used ([`burn::module::Module::valid`]).
    pub net: &'a Net,
    /// How a clip is cut.
    pub windows: Windows,
    /// Columns of the matrices.
    pub dims: usize,
    /// The fewest frames of a batch.
    pub min_frames: usize,
    /// How many windows are shown at once. It does not change a result.
    pub batch_size: usize,
    /// Where the network is.
    pub device: &'a Device,
    /// What becomes of its outputs.
    pub activation: Activation,
}

impl Scoring<'_> {
    /// The answer to each of the clips, in the order asked for: the mean over a clip's windows, as the activation has it.
    /// Of a classification, the log-probabilities of every class.
    ///
    /// # Errors
    ///
    /// [`Error::Data`] naming a clip for which the network gives a value that is not finite; as [`Clips::rows`].
    pub fn answers(&self, clips: &dyn Clips, members: &[usize]) -> Result<Vec<Vec<f32>>> {
        let by_clip = self.by_window(clips, members, |input| self.activation.apply(self.net.forward(input, None)))?;
        Ok(by_clip.iter().map(|windows| self.activation.average(windows)).collect())
    }

    /// What the network's penultimate layer makes of each of the clips, in the order asked for: the mean over a clip's
    /// windows.
    ///
    /// # Errors
    ///
    /// As [`Scoring::answers`].
    pub fn embeddings(&self, clips: &dyn Clips, members: &[usize]) -> Result<Vec<Vec<f32>>> {
        let by_clip = self.by_window(clips, members, |input| self.net.penultimate(input))?;
        Ok(by_clip.iter().map(|windows| mean(windows)).collect())
    }

    /// The answer to a clip and its embedding, of one way through the network.
    ///
    /// # Errors
    ///
    /// As [`Scoring::answers`].
    pub fn both(&self, clips: &dyn Clips, clip: usize) -> Result<(Vec<f32>, Vec<f32>)> {
        let by_clip = self.by_window(clips, &[clip], |input| {
            let embedding = self.net.penultimate(input);
            Tensor::cat(vec![self.activation.apply(self.net.classify(embedding.clone())), embedding], 1)
        })?;
        let outputs = self.net.outputs();
        let mut windows = by_clip.into_iter().next().unwrap_or_default();
        let embeddings: Vec<Vec<f32>> = windows.iter_mut().map(|row| row.split_off(outputs.min(row.len()))).collect();
        Ok((self.activation.average(&windows), mean(&embeddings)))
    }

    /// A row of what `output` gives for each window of each member, in their order, whatever batches the windows were in:
    /// the order of a sum matters to its last bits.
    fn by_window(
        &self,
        clips: &dyn Clips,
        members: &[usize],
        output: impl Fn(NetInput) -> Tensor<2>,
    ) -> Result<Vec<Vec<Vec<f32>>>> {
        let mut by_clip = HashMap::<usize, BTreeMap<usize, Vec<f32>>>::new();
        for batch in self.batches(clips, members) {
            let not_a_number = |clip: usize, what: &str| {
                let name = clips.name(clip);
                Error::Data(format!("{name}: {what} not a number for this clip: mend the file, or leave it out"))
            };
            let rows: Vec<Vec<f32>> = batch
                .iter()
                .map(|item| {
                    let rows = clips.rows(item.clip, self.windows.range(clips.frames(item.clip), item.window))?;
                    // An activation can turn what is no number into 0: look before the network does.
                    match rows.iter().all(|value| value.is_finite()) {
                        true => Ok(rows),
                        false => Err(not_a_number(item.clip, "a feature is")),
                    }
                })
                .collect::<Result<_>>()?;
            let rows: Vec<&[f32]> = rows.iter().map(Vec::as_slice).collect();
            let given = output(pad(&rows, self.dims, self.min_frames, self.device));
            let [_, width] = given.dims();
            let given: Vec<f32> = given.into_data().iter::<f32>().collect();
            for (item, row) in batch.iter().zip(given.chunks_exact(width)) {
                if row.iter().any(|value| value.is_nan()) {
                    return Err(not_a_number(item.clip, "the network's output is"));
                }
                by_clip.entry(item.clip).or_default().insert(item.window, row.to_vec());
            }
        }
        Ok(members.iter().filter_map(|clip| by_clip.remove(clip)).map(|of| of.into_values().collect()).collect())
    }

    /// The members' windows in batches, sorted by length, so that little is padded.
    fn batches(&self, clips: &dyn Clips, members: &[usize]) -> Vec<Vec<Item>> {
        let windows =
            |&clip: &usize| (0..self.windows.count(clips.frames(clip))).map(move |window| Item { clip, window });
        let mut order: Vec<Item> = members.iter().flat_map(windows).collect();
        order.sort_by_key(|item| (self.windows.range(clips.frames(item.clip), item.window).len(), *item));
        order.chunks(self.batch_size.max(1)).map(<[Item]>::to_vec).collect()
    }
}

/// The mean of a clip's windows.
fn mean(windows: &[Vec<f32>]) -> Vec<f32> {
    let width = windows.first().map_or(0, Vec::len);
    (0..width).map(|i| windows.iter().map(|vector| vector[i]).sum::<f32>() / windows.len() as f32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, ModelConfig};

    /// Clips of so many frames of two columns, filled with the clip's number.
    struct Lengths<'a>(&'a [usize], f32);

    impl Clips for Lengths<'_> {
        fn frames(&self, clip: usize) -> usize {
            self.0[clip]
        }

        fn rows(&self, clip: usize, frames: Range<usize>) -> Result<Vec<f32>> {
            Ok(vec![self.1 * (clip as f32 + 1.0); 2 * frames.len()])
        }

        fn name(&self, clip: usize) -> String {
            format!("c/s/{clip}")
        }
    }

    #[test]
    fn answers_come_in_the_order_asked_for_and_no_batch_size_changes_them() {
        let device = Device::flex();
        let config = ModelConfig { kind: Kind::Mlp, dense: 3, ..ModelConfig::default() };
        let net = Net::new(&config, 2, 3, &device);
        let score = |batch_size, clips: &Lengths, members: &[usize]| {
            let windows = Windows::new(10, 0.5);
            let scoring = Scoring {
                net: &net,
                windows,
                dims: 2,
                min_frames: 1,
                batch_size,
                device: &device,
                activation: Activation::LogSoftmax,
            };
            let answers = scoring.answers(clips, members)?;
            if let (Some(&clip), [answer]) = (members.first(), &answers[..]) {
                let both = scoring.both(clips, clip).unwrap();
                assert_eq!(both, (answer.clone(), scoring.embeddings(clips, members).unwrap().remove(0)));
            }
            Ok::<_, Error>(answers)
        };
        let clips = Lengths(&[9, 40, 3, 25, 17], 0.1);
        let together = score(4, &clips, &[3, 1, 2]).unwrap();
        assert_eq!(together, score(100, &clips, &[3, 1, 2]).unwrap());
        for (row, clip) in together.iter().zip([3, 1, 2]) {
            assert_eq!(*row, score(1, &clips, &[clip]).unwrap()[0]);
            assert!((row.iter().map(|p| p.exp()).sum::<f32>() - 1.0).abs() < 1e-5);
        }
        let error = score(4, &Lengths(&[9, 40], f32::NAN), &[1]).unwrap_err().to_string();
        assert!(error.contains("c/s/1") && error.contains("not a number"), "{error}");
    }
}
