//! Bundles made ready to answer.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::{
    Answer, Channels, Side,
    answer::Adapted,
    listen::{Listener, Listening},
    output::Vocabulary,
    ways::{Key, Ways},
};
use crate::{
    adapt::{Adaptation, Estimate, Heard},
    audio::{Audio, Decoder, RATES},
    bundle::{self, Bundle, Chain, Member},
    error::{Error, Result},
    events::Observer,
    frontend::{Matrix, ScalerScope, encoder::models_dir},
    numeric::softmax,
    setting::out_of_range,
    task::{self, Scale},
};

/// The longest that is taken as one clip, in seconds: networks are trained on utterances, and memory grows with length.
const LONGEST: f64 = 600.0;

/// Recognises emotions with one bundle, or with several that vote by the mean of their probabilities.
///
/// Every step is the one that the network was trained with: rate, denoising, trimming, normalisation, features, scaler,
/// network, temperature. The same audio gets the same bits whichever way it comes (file, samples, stream), whatever runs
/// beside it.
///
/// ```no_run
/// use ser::predict::Recognizer;
///
/// # fn main() -> ser::error::Result<()> {
/// let recognizer = Recognizer::load("experiments/ravdess/fold-0/seed-42".as_ref())?;
/// let answer = recognizer.file("clip.wav".as_ref())?;
/// println!("{} ({:.0} %)", answer.emotion(), 100.0 * answer.confidence());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Recognizer {
    /// Clones share it: it is never changed.
    inner: Arc<Inner>,
    calibrated: bool,
}

struct Inner {
    /// Nothing where numbers alone were learnt.
    classes: Arc<[String]>,
    /// The targets; nothing where classes alone were learnt.
    targets: Arc<[String]>,
    /// Their ranges.
    scales: Arc<[Scale]>,
    ways: Ways,
    voters: Vec<Voter>,
}

/// What was heard of a clip: what each bundle says of it, before it becomes an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    members: Vec<Said>,
    pub(super) seconds: f64,
    notes: Vec<String>,
}

/// What one bundle says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Said {
    /// Log-probabilities.
    logs: Vec<f32>,
    /// What a second head makes of the clip, where the bundle has one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scores: Vec<f32>,
    /// Parts of the targets' ranges.
    parts: Vec<f32>,
    /// What divides the log-probabilities.
    temperature: f64,
    /// What of it is for the clip's distance from training.
    doubt: f64,
    /// How many times its vote counts.
    vote: f64,
}

impl Evidence {
    /// How long the audio is, in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// What each bundle remembers of a clip, `seconds` of which are new.
    pub(super) fn heard(&self, seconds: f64) -> impl Iterator<Item = Heard> {
        self.members.iter().map(move |Said { logs, scores, .. }| Heard {
            logs: logs.clone(),
            scores: scores.clone(),
            seconds,
        })
    }
}

/// A bundle, and the ways to what it sees.
struct Voter {
    network: usize,
    /// To what its second head sees, where that is something else.
    speaker: Option<usize>,
    /// Hz that it was trained on.
    sample_rate: u32,
    member: Member,
}

impl Recognizer {
    /// Reads the bundles that `path` is or holds: a bundle's file or folder, the folder of a run, or that of an experiment,
    /// whose runs then vote.
    ///
    /// # Errors
    ///
    /// As [`Bundle::load`] and [`Recognizer::new`].
    pub fn load(path: &Path) -> Result<Self> {
        Self::new(load_all(&[path.to_owned()])?)
    }

    /// Makes bundles ready; they must know the same emotions.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where there is none or their emotions differ; [`Error::Data`] where weights do not fit the network.
    pub fn new(bundles: Vec<Bundle>) -> Result<Self> {
        Self::with_models(bundles, &models_dir(None))
    }

    /// The same with encoders from the folder `models` in place of `$SER_MODELS` or `models/`.
    ///
    /// # Errors
    ///
    /// As [`Recognizer::new`]; [`Error::Config`] where an encoder is not there.
    pub fn with_models(bundles: Vec<Bundle>, models: &Path) -> Result<Self> {
        let bundles: Vec<Bundle> = bundles.into_iter().flat_map(Bundle::voters).collect();
        let first = bundles.first().ok_or_else(|| Error::Config("no bundle to recognise with".into()))?;
        let (task, learnt, scales): (_, _, Arc<[Scale]>) =
            (first.task, [first.classes.clone(), first.targets.clone()], first.scales.clone().into());
        let (mut ways, mut voters) = (Ways::default(), Vec::new());
        for bundle in bundles {
            if bundle.classes != learnt[0] {
                return Err(Error::Config(format!(
                    "bundles that vote must know the same emotions: one knows {}, another {}",
                    learnt[0].join(", "),
                    bundle.classes.join(", ")
                )));
            }
            if bundle.task != task || bundle.targets != learnt[1] || bundle.scales[..] != scales[..] {
                return Err(Error::Config(
                    "bundles that vote must have learnt the same, and numbers of the same ranges: give those of one \
                     experiment"
                        .into(),
                ));
            }
            bundle.check_answers_alone()?;
            let network = ways.add(Key::of(&bundle), || Chain::new(&bundle, models))?;
            let speaker =
                Key::of_speaker(&bundle).map(|key| ways.add(key, || bundle.speaker_chain(models))).transpose()?;
            let sample_rate = bundle.audio.sample_rate;
            voters.push(Voter { network, speaker, sample_rate, member: Member::new(bundle)? });
        }
        let [mut classes, mut targets] = learnt;
        if task == task::Kind::Regression {
            std::mem::swap(&mut classes, &mut targets);
        }
        let inner = Inner { classes: classes.into(), targets: targets.into(), scales, ways, voters };
        Ok(Self { inner: Arc::new(inner), calibrated: true })
    }

    /// The emotions, in the order of the probabilities; the targets, where numbers alone were learnt.
    #[must_use]
    pub fn classes(&self) -> &[String] {
        if self.inner.classes.is_empty() { &self.inner.targets } else { &self.inner.classes }
    }

    /// The targets, in the order of the values; nothing where classes alone were learnt.
    #[must_use]
    pub fn targets(&self) -> &[String] {
        &self.inner.targets
    }

    /// Whether it says how probable emotions are, and not numbers alone.
    #[must_use]
    pub fn has_classes(&self) -> bool {
        !self.inner.classes.is_empty()
    }

    /// The ranges of the targets; nothing where classes alone were learnt.
    #[must_use]
    pub fn scales(&self) -> &[Scale] {
        &self.inner.scales
    }

    /// What its answers are of.
    #[must_use]
    pub fn vocabulary(&self) -> Vocabulary<'_> {
        let Inner { classes, targets, scales, .. } = &*self.inner;
        Vocabulary { emotions: classes, targets, scales }
    }

    /// How many bundles vote.
    #[must_use]
    pub fn bundles(&self) -> usize {
        self.inner.voters.len()
    }

    /// The same with the probabilities as the networks give them, no temperature applied.
    #[must_use]
    pub fn uncalibrated(self) -> Self {
        Self { calibrated: false, ..self }
    }

    /// The confidence below which an answer is "uncertain", as the bundles have it; 0 where one of them does not doubt.
    #[must_use]
    pub fn threshold(&self) -> f32 {
        let members = self.inner.voters.iter().map(|voter| &voter.member);
        let thresholds: Option<Vec<f64>> = members.map(Member::threshold).collect();
        let thresholds = thresholds.filter(|_| self.calibrated).unwrap_or_default();
        (thresholds.iter().sum::<f64>() / thresholds.len().max(1) as f64) as f32
    }

    /// What should be known of the bundles before their answers are trusted.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let by_speaker = self.inner.voters.iter().any(|voter| voter.member.scope() == ScalerScope::Speaker);
        by_speaker
            .then(|| {
                "features are standardised by clip: speakers are not known here, each clip stands for its own".into()
            })
            .into_iter()
            .collect()
    }

    /// The answer to an audio file, taken as one clip.
    ///
    /// # Errors
    ///
    /// As [`Decoder::open`], [`Decoder::next`] and [`Recognizer::samples`], the file named.
    pub fn file(&self, path: &Path) -> Result<Answer> {
        self.decoder(Decoder::open(path)?, path)
    }

    /// The answer to each of the files, which are worked on in parallel; the results in the files' order. Once the
    /// observer has asked for a stop, the remaining ones are [`Error::Interrupted`].
    #[must_use]
    pub fn files(&self, paths: &[PathBuf], observer: &dyn Observer) -> Vec<Result<Answer>> {
        let stopped = || Error::Interrupted("stopped before this file".into());
        let answer = |path: &PathBuf| if observer.stop_requested() { Err(stopped()) } else { self.file(path) };
        paths.par_iter().map(answer).collect()
    }

    /// The answer to all that is left of a decoder, taken as one clip; `path` serves the messages alone.
    ///
    /// # Errors
    ///
    /// As [`Recognizer::file`].
    pub fn decoder(&self, decoder: Decoder, path: &Path) -> Result<Answer> {
        self.audio(Self::whole(decoder, path)?, path)
    }

    /// All that is left of a decoder.
    pub(super) fn whole(mut decoder: Decoder, path: &Path) -> Result<Audio> {
        let mut samples = Vec::new();
        while let Some(block) = decoder.next()? {
            samples.extend(block);
            let rate = decoder.sample_rate().unwrap_or(u32::MAX);
            if samples.len() as f64 > LONGEST * f64::from(rate) {
                return Err(Error::file(
                    path,
                    format!("lasts longer than {LONGEST} s, too long for one clip: ask for its timeline"),
                ));
            }
        }
        match decoder.sample_rate() {
            Some(sample_rate) if !samples.is_empty() => Ok(Audio { samples, sample_rate }),
            _ => Err(Error::file(path, "holds no audio samples")),
        }
    }

    /// The answers to the channels of a recording that are meant, each taken as one clip; `open` opens it, and `path` serves the
    /// messages alone.
    ///
    /// # Errors
    ///
    /// As [`Channels::decoders`]; of a channel, as [`Recognizer::decoder`].
    pub fn channels(
        &self,
        channels: Channels,
        open: impl Fn() -> Result<Decoder>,
        path: &Path,
    ) -> Result<Vec<(Side, Result<Answer>)>> {
        let answer = |(side, decoder)| (side, self.decoder(decoder, path));
        Ok(channels.decoders(open)?.into_iter().map(answer).collect())
    }

    /// The answer to mono samples (full scale ±1) at `sample_rate` Hz, taken as one clip.
    ///
    /// # Errors
    ///
    /// [`Error::File`] where they are shorter than a frame of the features, all zero, not all finite, or at a rate that
    /// cannot be converted.
    pub fn samples(&self, samples: &[f32], sample_rate: u32) -> Result<Answer> {
        self.audio(Audio { samples: samples.to_vec(), sample_rate }, Path::new("samples"))
    }

    /// Starts listening to a signal that comes piece by piece, at `sample_rate` Hz.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where a setting is out of range, the rate cannot be converted, or the bundles that vote work at
    /// several rates.
    pub fn listen(&self, sample_rate: u32, listening: Listening) -> Result<Listener> {
        let rates: Vec<u32> = self.inner.ways.sample_rates().collect();
        if !RATES.contains(&sample_rate) {
            let rule = format!("Hz, from {} to {}", RATES.start(), RATES.end());
            return Err(out_of_range("rate", sample_rate, rule.as_str()));
        }
        match rates[..] {
            [rate, ..] if rates.iter().all(|other| *other == rate) => {
                Listener::new(self.clone(), sample_rate, rate, listening)
            }
            _ => Err(Error::Config(format!(
                "bundles that vote on a timeline or a stream must work at one rate, not at {rates:?} Hz"
            ))),
        }
    }

    /// What is heard in audio that was decoded already, taken as one clip; `path` serves the messages alone.
    ///
    /// # Errors
    ///
    /// As [`Recognizer::samples`].
    pub fn audio(&self, audio: Audio, path: &Path) -> Result<Answer> {
        Ok(self.answer(&self.heard(audio, path, false)?, None))
    }

    /// What the bundles make of audio before it becomes an answer, for any speaker or one who is known.
    ///
    /// # Errors
    ///
    /// As [`Recognizer::samples`].
    pub fn evidence(&self, audio: Audio, path: &Path) -> Result<Evidence> {
        self.heard(audio, path, true)
    }

    /// The same; where `adapting` is not asked for, without what adaptation alone needs.
    pub(super) fn heard(&self, audio: Audio, path: &Path, adapting: bool) -> Result<Evidence> {
        let wrong = |problem: String| Error::file(path, problem);
        audio.check().map_err(wrong)?;
        if audio.is_silent() {
            return Err(wrong("is digital silence: no sound to analyse".into()));
        }
        let seconds = audio.samples.len() as f64 / f64::from(audio.sample_rate);
        let Inner { ways, voters, .. } = &*self.inner;
        let views = voters.iter().filter_map(|voter| voter.speaker).filter(|_| adapting);
        let wanted: Vec<usize> = voters.iter().map(|voter| voter.network).chain(views).collect();
        let matrices = ways.matrices(&wanted, &audio, path)?;
        let said = |voter: &Voter| {
            let matrix = matrices.get(voter.network).and_then(Option::as_ref);
            let matrix = matrix.ok_or_else(|| Error::Data("a bundle sees nothing of the clip".into()))?;
            let view = voter.speaker.and_then(|at| matrices.get(at)?.as_ref());
            self.said_by(&voter.member, matrix, view, path, adapting)
        };
        let members = voters.iter().map(said).collect::<Result<_>>()?;
        Ok(Evidence { members, seconds, notes: self.notes_at(audio.sample_rate) })
    }

    /// What a bundle makes of what it sees; `view` is what its second head does, where that is something else.
    fn said_by(
        &self,
        member: &Member,
        matrix: &Matrix,
        view: Option<&Matrix>,
        path: &Path,
        adapting: bool,
    ) -> Result<Said> {
        let emotions = self.inner.classes.len();
        let (mut logs, scores) = match adapting {
            true => member.answer_and_scores(matrix, view, path)?,
            false => (member.answer(matrix, path)?, vec![]),
        };
        let parts = logs.split_off(emotions.min(logs.len()));
        let fitted = if self.calibrated && emotions > 0 { member.temperature(matrix) } else { None };
        let (temperature, doubt) = fitted.unwrap_or((1.0, 1.0));
        Ok(Said { logs, scores, parts, temperature, doubt, vote: member.vote(matrix) })
    }

    /// The same of all that is left of a decoder.
    ///
    /// # Errors
    ///
    /// As [`Recognizer::file`].
    pub fn evidence_in(&self, decoder: Decoder, path: &Path) -> Result<Evidence> {
        self.evidence(Self::whole(decoder, path)?, path)
    }

    /// The answer that evidence amounts to; less each bundle's estimate of the speaker, where there are estimates.
    pub(super) fn answer(&self, evidence: &Evidence, adapted: Option<(&[Estimate], Adapted)>) -> Answer {
        let Evidence { members, seconds, notes } = evidence;
        let emotions = self.inner.classes.len();
        let mut sum = vec![0.0; emotions + self.inner.targets.len()];
        for (at, Said { logs, scores, parts, temperature, doubt, vote }) in members.iter().enumerate() {
            sum[emotions..].iter_mut().zip(parts).for_each(|(sum, part)| *sum += vote * f64::from(*part));
            if emotions == 0 {
                continue;
            }
            let estimate = adapted.as_ref().and_then(|(estimates, _)| estimates.get(at));
            let (logs, temperature) = match estimate.filter(|estimate| estimate.off.is_none()) {
                // Most of the distance is the speaker's and the recording's, and leaves with their mean.
                Some(estimate) => (estimate.adapted(logs, scores), temperature / doubt.powf(estimate.mean)),
                None => (logs.iter().map(|&log| f64::from(log)).collect(), *temperature),
            };
            let logits: Vec<f64> = logs.into_iter().map(|log| log / temperature).collect();
            sum.iter_mut().zip(softmax(&logits)).for_each(|(sum, p)| *sum += vote * p);
        }
        let count: f64 = members.iter().map(|said| said.vote).sum();
        let mean: Vec<f32> = sum.into_iter().map(|p| (p / count) as f32).collect();
        let (probabilities, parts) = mean.split_at(emotions);
        let (targets, scales) = (self.inner.targets.clone(), self.inner.scales.clone());
        if emotions == 0 {
            return Answer::of_numbers(targets, scales, parts, *seconds, notes.clone());
        }
        let answer = Answer::new(self.inner.classes.clone(), probabilities.to_vec(), *seconds, notes.clone())
            .with(adapted.map(|(_, adapted)| adapted));
        if targets.is_empty() { answer } else { answer.with_numbers(targets, scales, parts) }
    }

    /// What each bundle knows of speakers, in the order of their evidence.
    pub(super) fn adaptations(&self) -> Result<Vec<&Adaptation>> {
        if self.inner.classes.is_empty() {
            return Err(Error::Config(
                "a recogniser of numbers cannot adapt to a speaker: adaptation is of emotions' probabilities".into(),
            ));
        }
        let members = self.inner.voters.iter().map(|voter| &voter.member);
        members.map(Member::adaptation).collect::<Option<Vec<_>>>().ok_or_else(|| {
            Error::Config(
                "this bundle cannot adapt to a speaker: it is of an earlier version, or its training had fewer than three \
                 validation speakers, or too few clips of an emotion. Train it again, or do without enrolment and speakers"
                    .into(),
            )
        })
    }

    /// What should be known of recordings at `sample_rate` Hz.
    pub(super) fn notes_at(&self, sample_rate: u32) -> Vec<String> {
        let mut notes: Vec<String> = self.inner.voters.iter().filter_map(|voter| voter.note(sample_rate)).collect();
        notes.dedup();
        notes
    }
}

/// Reads all bundles that the paths are or hold; several in one file are several.
///
/// # Errors
///
/// As [`Bundle::load`]; [`Error::Config`] where one bundle would vote twice.
pub fn load_all(paths: &[PathBuf]) -> Result<Vec<Bundle>> {
    let files = paths.iter().map(|path| bundle::find(path)).collect::<Result<Vec<_>>>()?.concat();
    let mut bundles = Vec::new();
    for (at, file) in files.iter().enumerate() {
        bundles.extend(Bundle::load(file)?.voters().into_iter().map(|bundle| (at, bundle)));
    }
    for (at, (file, bundle)) in bundles.iter().enumerate() {
        if let Some((first, _)) = bundles[..at].iter().find(|(_, other)| other.is_same(bundle)) {
            let [first, again] = [first, file].map(|at| files[*at].display());
            return Err(Error::Config(format!(
                "{first} and {again} are one bundle, or have one in them, which would vote twice: leave one out"
            )));
        }
    }
    Ok(bundles.into_iter().map(|(_, bundle)| bundle).collect())
}

impl Voter {
    fn note(&self, sample_rate: u32) -> Option<String> {
        let trained = self.sample_rate;
        // A tenth less is still speech as the network knows it: 20 kHz for 22.05.
        (f64::from(sample_rate) < 0.9 * f64::from(trained)).then(|| {
            format!(
                "recorded at {sample_rate} Hz: nothing above {} Hz is in it, and the network was trained on {trained} Hz",
                sample_rate / 2
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::made_up;

    fn speech(n: usize, pitch: f32) -> Vec<f32> {
        (0..n).map(|i| 0.3 * (i as f32 * pitch).sin() * (1.0 + (i as f32 * 0.001).sin())).collect()
    }

    #[test]
    fn a_bundle_votes_once() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        for (name, seed) in [("a.safetensors", 1), ("copy.safetensors", 1), ("other.safetensors", 2)] {
            made_up::bundle(seed).save(&at(name)).unwrap();
        }
        assert_eq!(load_all(&[at("a.safetensors"), at("other.safetensors")]).unwrap().len(), 2);
        let error = load_all(&["a", "other", "copy"].map(|name| at(&format!("{name}.safetensors")))).unwrap_err();
        assert!(error.to_string().contains("vote twice"), "{error}");
    }

    #[test]
    fn one_bundle_answers_alike_alone_and_in_parallel() {
        let recognizer = Recognizer::new(vec![made_up::bundle(1)]).unwrap();
        let clips: Vec<Vec<f32>> = (1..20).map(|i| speech(8_000 + 1_000 * i, 0.01 * i as f32)).collect();
        let alone: Vec<Answer> = clips.iter().map(|clip| recognizer.samples(clip, 22_050).unwrap()).collect();
        let together: Vec<Answer> = clips.par_iter().map(|clip| recognizer.samples(clip, 22_050).unwrap()).collect();
        assert_eq!(alone, together);
        for answer in alone {
            assert!((answer.probabilities().iter().sum::<f32>() - 1.0).abs() < 1e-6);
            let ranked = answer.ranked();
            assert_eq!((answer.emotion(), answer.confidence()), ranked[0]);
            assert!(ranked.windows(2).all(|pair| pair[0].1 >= pair[1].1));
        }
    }

    #[test]
    fn several_bundles_vote_by_their_mean() {
        let clip = speech(30_000, 0.03);
        let answer = |bundles| Recognizer::new(bundles).unwrap().samples(&clip, 22_050).unwrap();
        let (one, two) = (made_up::bundle(1), made_up::bundle(2));
        let mut other_chain = made_up::bundle(3);
        other_chain.audio.sample_rate = 16_000;
        let alone = [&one, &two, &other_chain].map(|bundle| answer(vec![bundle.clone()]));
        let together = answer(vec![one.clone(), two, other_chain.clone()]);
        for (i, p) in together.probabilities().iter().enumerate() {
            let mean = alone.iter().map(|answer| answer.probabilities()[i]).sum::<f32>() / 3.0;
            assert!((p - mean).abs() < 1e-6);
        }
        let error = Recognizer::new(vec![one.clone(), other_chain.clone()]).unwrap();
        assert!(error.listen(16_000, Listening::timeline()).err().unwrap().to_string().contains("one rate"));
        other_chain.classes = vec!["angry".into(), "bored".into(), "sad".into()];
        let error = Recognizer::new(vec![one, other_chain]).err().unwrap();
        assert!(error.exit_status() == 2 && error.to_string().contains("same emotions"), "{error}");
        assert!(Recognizer::new(vec![]).is_err());
    }

    #[test]
    fn the_temperature_sharpens_and_can_be_left_out() {
        let clip = speech(30_000, 0.03);
        let mut bundle = made_up::bundle(1);
        bundle.temperature = Some(1.0);
        let plain = Recognizer::new(vec![bundle.clone()]).unwrap().samples(&clip, 22_050).unwrap();
        bundle.temperature = Some(0.25);
        let sharp = Recognizer::new(vec![bundle.clone()]).unwrap();
        assert!(sharp.samples(&clip, 22_050).unwrap().confidence() > plain.confidence());
        assert_eq!(sharp.uncalibrated().samples(&clip, 22_050).unwrap(), plain);
    }

    #[test]
    fn what_no_emotion_can_be_heard_in_is_an_error_that_says_why() {
        let recognizer = Recognizer::new(vec![made_up::bundle(1)]).unwrap();
        for (samples, rate, expected) in [
            (vec![0.0; 22_050], 22_050, "digital silence"),
            (vec![0.1; 22_050], 22_050, "digital silence"),
            (speech(220, 0.1), 22_050, "lasts 0.010 s: too short"),
            (vec![], 22_050, "digital silence"),
            (vec![0.1, f32::NAN, 0.1], 22_050, "sample 1 is NaN"),
            (vec![0.1; 22_050], 22_050, "digital silence"),
            (vec![0.1; 22_050], 7, "sample rate of 7 Hz"),
        ] {
            let error = recognizer.samples(&samples, rate).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let telephone = recognizer.samples(&speech(8_000, 0.1), 8_000).unwrap();
        assert!(telephone.notes()[0].contains("recorded at 8000 Hz"), "{:?}", telephone.notes());
        let loud = recognizer.samples(&vec![f32::MAX; 30_000], 22_050).unwrap_err().to_string();
        assert!(loud.contains("no full scale"), "{loud}");
    }

    #[test]
    fn weights_that_do_not_fit_are_refused() {
        let mut bundle = made_up::bundle(1);
        bundle.model.hidden += 1;
        assert!(Recognizer::new(vec![bundle]).err().unwrap().to_string().contains("do not fit"));
    }
}
