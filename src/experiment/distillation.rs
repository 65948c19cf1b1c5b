//! `[distil]`: trained networks whose mean answer is the target in place of the labels (Hinton et al. 2015), on what the
//! network itself is shown, mixed and altered as it is (Beyer et al. 2022). One network thus comes near the average of
//! many. Teachers whose audio, features or encoder are others hear each clip and each of its copies for themselves, once,
//! before the training: a network without an encoder thus learns from one with an encoder. What teachers have seen must not be tested on, nor what they were trained on be validated on.

use std::path::{Path, PathBuf};

use super::{
    Options, Prepared,
    lineage::{check_seen, differ, differ_in_encoder, digest, place, refused},
    network::with_weights,
};
use crate::{
    bundle::{Bundle, BundleEncoder, Member},
    cache::{Cache, DEFAULT_LIMIT, Entry},
    corpus::Clip,
    error::{Error, Result},
    events::Observer,
    frontend::{Matrix, Scaler},
    model::{Net, NetInput},
    numeric::softmax,
    protocol::Fold,
    train::{Answers, Hints},
};
use burn::{
    module::Module,
    tensor::{Device, Tensor, activation},
};
use rayon::prelude::*;

pub(super) use crate::train::DISTIL_KEY as KEY;

/// The bundles that a run learns from.
pub(super) struct Distillation {
    bundles: Vec<(PathBuf, Bundle)>,
    digests: Vec<blake3::Hash>,
    share: f64,
    /// How much it counts to tell what they see of a clip.
    hints: f64,
    /// Whether they see a clip otherwise than the network does, and hence hear it for themselves.
    hears: bool,
}

impl Distillation {
    /// Reads what the config asks for; nothing where it asks for labels alone.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where a bundle's classes are not the experiment's, where it may have seen what
    /// is tested on, or trained on what is validated on; otherwise as [`Bundle::load`].
    pub(super) fn load(
        prepared: &Prepared,
        fold: &Fold,
        seed: u64,
        encoder: Option<&BundleEncoder>,
    ) -> Result<Option<Self>> {
        let Some(config) = &prepared.experiment.distil else { return Ok(None) };
        let load = |named: &String| {
            let path = place(named, &fold.name, seed);
            let bundle = Bundle::load(&path)?;
            knows_the_classes(&bundle, prepared).map_err(|e| refused(KEY, &path, &e))?;
            check_seen(KEY, &path, &bundle, prepared, fold)?;
            Ok((path, bundle))
        };
        let bundles: Vec<(PathBuf, Bundle)> = config.bundles.iter().map(load).collect::<Result<_>>()?;
        let digests = bundles.iter().map(|(path, _)| digest(path)).collect::<Result<_>>()?;
        let other = bundles.iter().find_map(|(path, bundle)| {
            let differs = same_chain(bundle, prepared, encoder).err()?;
            Some((path, differs))
        });
        if let Some((path, differs)) = &other {
            if let Some((path, Err(error))) = bundles
                .iter()
                .map(|(path, bundle)| (path, bundle.check_answers_alone()))
                .find(|(_, alone)| alone.is_err())
            {
                return Err(refused(KEY, path, &format!("it cannot hear clips for itself: {error}")));
            }
            if prepared.plan.leak.is_some() {
                return Err(refused(KEY, path, &format!("{differs}, where copies are clips of their own")));
            }
        }
        let hears = other.is_some();
        if config.hints > 0.0 && !hears {
            let problem = format!(
                "distil.hints = {}: hints are of teachers with other [audio], [features] or [encoder], and those of {KEY} see what \
                 this network sees; leave it out",
                config.hints
            );
            return Err(Error::Config(problem));
        }
        Ok(Some(Self { bundles, digests, share: config.share, hints: config.hints, hears }))
    }

    /// What the teachers say of the clips that the network learns from and of their copies, where they hear them for
    /// themselves; of each the mean of their probabilities, which have the temperature that each teacher has for the clip: of several
    /// the one that is far from what it has learnt counts less.
    ///
    /// # Errors
    ///
    /// As [`Bundle::frontend`] and [`Cache::matrices`]; what the teachers cannot answer.
    pub(super) fn hear(
        &self,
        prepared: &Prepared,
        members: &[usize],
        seed: u64,
        options: &Options,
        observer: &dyn Observer,
    ) -> Result<Option<Answers>> {
        if !self.hears {
            return Ok(None);
        }
        let clips: Vec<&Clip> = members.iter().map(|&clip| &prepared.clips[clip]).collect();
        let whole: Vec<Clip> = clips.iter().map(|&clip| clip.clone()).collect();
        let mut by_clip: Vec<Vec<Vec<f32>>> = vec![Vec::new(); prepared.clips.len()];
        let mut seen = by_clip.clone();
        let limit = options.cache_limit.unwrap_or(DEFAULT_LIMIT);
        for (path, bundle) in &self.bundles {
            observer.log(&format!("{} hears {} clips and their copies", path.display(), clips.len()));
            let frontend = bundle.frontend(&options.models)?;
            let cache = Cache::new(&options.cache, limit, &bundle.audio, frontend, prepared.known.clone())?;
            let entries = cache.matrices(&whole, observer)?;
            let copies = cache.copies(&clips, &prepared.augmenter, seed, observer)?;
            let member = Member::new(bundle.clone())?;
            let part = 1.0 / self.bundles.len() as f32;
            let answers: Vec<Vec<(Vec<f32>, Vec<f32>)>> = entries
                .par_iter()
                .zip(&copies)
                .zip(&clips)
                .map(|((own, copies), clip)| {
                    let answer = |entry: &Entry| {
                        let matrix = Matrix::new(entry.frames(), entry.dims(), entry.values()?)?;
                        let logs = member.answer(&matrix, Path::new(&clip.id))?;
                        let temperature = member.temperature(&matrix).map_or(1.0, |(temperature, _)| temperature);
                        let logits: Vec<f64> = logs.iter().map(|&log| f64::from(log) / temperature).collect();
                        let hint = if self.hints > 0.0 { member.mean(&matrix) } else { Vec::new() };
                        Ok((softmax(&logits).into_iter().map(|p| p as f32).collect(), hint))
                    };
                    std::iter::once(own).chain(copies).map(answer).collect()
                })
                .collect::<Result<_>>()?;
            for (&clip, answers) in members.iter().zip(answers) {
                by_clip[clip].resize_with(answers.len(), || vec![0.0; prepared.classes.len()]);
                seen[clip].resize_with(answers.len(), Vec::new);
                for ((sum, seen), (answer, hint)) in by_clip[clip].iter_mut().zip(&mut seen[clip]).zip(answers) {
                    sum.iter_mut().zip(answer).for_each(|(sum, p)| *sum += part * p);
                    seen.extend(hint);
                }
            }
        }
        let hints = (self.hints > 0.0).then(|| Hints {
            columns: seen.iter().flatten().map(Vec::len).next().unwrap_or(0),
            by_clip: seen,
            weight: self.hints,
        });
        Ok(Some(Answers { by_clip, share: self.share, hints }))
    }

    /// The networks on a device, to be shown features that `scaler` has scaled; none where they hear for themselves.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where a teacher was trained on features that were scaled otherwise.
    pub(super) fn on(&self, scaler: Option<&Scaler>, device: &Device) -> Result<Option<Teachers>> {
        if self.hears {
            return Ok(None);
        }
        let device = device.clone().inner();
        let net = |(path, bundle): &(PathBuf, Bundle)| {
            let same = match (&bundle.scaler, scaler) {
                (Some(theirs), Some(ours)) => same_scaling(theirs, ours),
                (theirs, ours) => theirs.is_none() && ours.is_none(),
            };
            if !same {
                let problem = "its scaler was fitted on other clips: name teachers of the same training side";
                return Err(refused(KEY, path, problem));
            }
            let net = with_weights(bundle, &device)?;
            Ok(net.valid())
        };
        Ok(Some(Teachers { nets: self.bundles.iter().map(net).collect::<Result<_>>()?, share: self.share }))
    }

    /// The corpora that they have seen.
    pub(super) fn seen(&self) -> impl Iterator<Item = &String> {
        self.bundles.iter().flat_map(|(_, bundle)| bundle.record.seen())
    }

    /// The digests of their files, in the config's order.
    pub(super) fn digests(&self) -> Vec<blake3::Hash> {
        self.digests.clone()
    }

    /// Who they are, for people.
    pub(super) fn words(&self) -> String {
        let paths: Vec<String> = self.bundles.iter().map(|(path, _)| path.display().to_string()).collect();
        format!("distilled from {}", paths.join(", "))
    }
}

/// Distillation at work.
pub(super) struct Teachers {
    nets: Vec<Net>,
    share: f64,
}

impl Teachers {
    /// What the network should say of a batch: the teachers' mean answer to it, and the rest of `targets`. Both
    /// `[batch, classes]`.
    pub(super) fn targets(&self, input: &NetInput, targets: Tensor<2>) -> Tensor<2> {
        let features = input.features.clone().inner();
        let answers = self.nets.iter().map(|net| {
            let input = NetInput { features: features.clone(), lengths: input.lengths.clone() };
            activation::softmax(net.forward(input, None), 1)
        });
        let Some(sum) = answers.reduce(|sum, answer| sum + answer) else { return targets };
        let answer = sum.mul_scalar(self.share / self.nets.len() as f64);
        Tensor::from_inner(answer) + targets.mul_scalar(1.0 - self.share)
    }
}

/// Whether the network sees of a clip what a teacher does; else in what they differ.
fn same_chain(
    bundle: &Bundle,
    prepared: &Prepared,
    encoder: Option<&BundleEncoder>,
) -> std::result::Result<(), String> {
    differ("audio", &bundle.audio, &prepared.experiment.audio)?;
    differ("features", &bundle.features, &prepared.experiment.features)?;
    differ_in_encoder(bundle.encoder.as_ref(), encoder)
}

/// The classes must be the experiment's; the network may be another, and so may what it sees.
fn knows_the_classes(bundle: &Bundle, prepared: &Prepared) -> std::result::Result<(), String> {
    if bundle.classes != prepared.classes {
        return Err(format!(
            "its classes are {}, this experiment's {}: they must be the same",
            bundle.classes.join(", "),
            prepared.classes.join(", ")
        ));
    }
    Ok(())
}

/// Whether two scalers are the same but for rounding.
fn same_scaling(theirs: &Scaler, ours: &Scaler) -> bool {
    let near = |a: &[f32], b: &[f32]| {
        a.len() == b.len() && a.iter().zip(b).zip(&ours.std).all(|((a, b), std)| (a - b).abs() <= 1e-4 * std)
    };
    near(&theirs.mean, &ours.mean) && near(&theirs.std, &ours.std)
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;
    use crate::bundle::made_up;

    #[test]
    fn what_is_learnt_is_the_mean_answer_and_the_rest_of_the_label() {
        let bundles: Vec<_> = [1, 2].map(|seed| ("x".into(), made_up::bundle(seed))).into();
        let (dims, scaler) = (bundles[0].1.features.dims(), bundles[0].1.scaler.clone());
        let device = Device::flex().autodiff();
        let values: Vec<f32> = (0..2 * 30 * dims).map(|i| (i as f32 * 0.37).sin()).collect();
        let features = Tensor::<3>::from_data(TensorData::new(values, [2, 30, dims]), &device);
        let input = NetInput { features, lengths: vec![30, 24] };
        let labels = || Tensor::<2>::from_data([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], &device);
        let numbers = |x: Tensor<2>| x.into_data().iter::<f32>().collect::<Vec<_>>();
        let answers = |share, of: &[usize]| {
            let bundles = of.iter().map(|&i| bundles[i].clone()).collect();
            let distillation = Distillation { bundles, digests: vec![], share, hints: 0.0, hears: false };
            numbers(distillation.on(scaler.as_ref(), &device).unwrap().unwrap().targets(&input, labels()))
        };
        let (one, other) = (answers(1.0, &[0]), answers(1.0, &[1]));
        assert!(one.iter().zip(&other).any(|(a, b)| (a - b).abs() > 1e-3), "{one:?} {other:?}");
        let expected = one.iter().zip(&other).zip(numbers(labels())).map(|((a, b), label)| 0.4 * (a + b) + 0.2 * label);
        for (ours, expected) in answers(0.8, &[0, 1]).into_iter().zip(expected) {
            approx::assert_abs_diff_eq!(ours, expected, epsilon = 1e-6);
        }
        let distillation = Distillation { bundles, digests: vec![], share: 1.0, hints: 0.0, hears: false };
        assert!(distillation.on(None, &device).is_err(), "other features");
    }
}
