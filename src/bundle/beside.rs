//! Several bundles in one file: they vote, and share the encoder inside.
//!
//! The first stands in the file as it would alone; the text of each other is in its description under [`KEY`], and the names of
//! its arrays begin with its number.

use std::path::Path;

use super::{Bundle, Description, Inside, Vote};
use crate::{
    arrays::{Arrays, Precision},
    error::{Error, Result},
    frontend::ScalerScope,
};

/// What temperatures may be multiplied by.
const FACTORS: std::ops::RangeInclusive<f64> = 0.1..=10.0;

/// How many times the others' votes may count near their training.
const NEAR: std::ops::RangeInclusive<f64> = 1.0..=100.0;

/// The key of the other bundles' descriptions.
pub(super) const KEY: &str = "beside";

/// What the names of the arrays of the other bundle `at` begin with. No parameter of a network is called so.
fn prefix(at: usize) -> String {
    format!("{KEY}/{at}/")
}

impl Bundle {
    /// The bundles of the file, each for itself.
    #[must_use]
    pub fn voters(mut self) -> Vec<Self> {
        let others = std::mem::take(&mut self.beside);
        std::iter::once(self).chain(others).collect()
    }

    /// Whether the vote of one of the file counts more near its training.
    pub(super) fn has_weights(&self) -> bool {
        std::iter::once(self).chain(&self.beside).any(|of| of.vote.is_some())
    }

    /// The same, the votes of the bundles beside it, together, counting `near` times where a clip is as near to their training as training
    /// itself is, and once where it is half as far away again. What knows home best then decides there, and has no more to say elsewhere.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where there are none beside it, one of them does not know how far a clip is, or `near` is not from 1 to 100.
    pub fn leaning(mut self, near: f64) -> Result<Self> {
        let wrong = |problem: &str| Err(Error::Config(format!("--near-weight {near}: {problem}")));
        if !NEAR.contains(&near) {
            return wrong(&format!("a number from {} to {}", NEAR.start(), NEAR.end()));
        }
        if self.beside.is_empty() {
            return wrong("the bundle votes alone; name others (--with)");
        }
        if self.beside.iter().any(|of| of.scaler.is_none() || of.features.scaler != ScalerScope::Train) {
            return wrong(
                "a bundle beside the first has no scaler of its training side, so that it does not know how near a clip is",
            );
        }
        let count = self.beside.len() as f64;
        let vote = Vote { near: near / count, far: 1.0 / count };
        self.beside.iter_mut().for_each(|of| of.vote = Some(vote));
        Ok(self)
    }

    /// Whether another is the same network, whatever its temperature.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.weights == other.weights && self.record == other.record && self.inside == other.inside
    }

    /// The same with other bundles beside it in one file, which vote with it; what is in their files beside them is, too.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where one of them is this one or another again, knows other emotions or ranges, or needs another encoder,
    /// or carries its encoder: the file gets one for all.
    pub fn with_others(self, others: Vec<Self>) -> Result<Self> {
        let mut all: Vec<Self> = std::iter::once(self).chain(others).flat_map(Self::voters).collect();
        let wrong = |problem: String| Err(Error::Config(format!("bundles that vote in one file {problem}")));
        for (at, one) in all.iter().enumerate() {
            let first = &all[0];
            if all[..at].iter().any(|other| other.is_same(one)) {
                return wrong("must differ: one of them is given twice".into());
            }
            if (&one.classes, &one.targets, one.task) != (&first.classes, &first.targets, first.task)
                || one.scales != first.scales
            {
                return wrong(format!(
                    "must have learnt the same: one knows {}, another {}",
                    first.classes.join(", "),
                    one.classes.join(", ")
                ));
            }
            one.check_answers_alone()?;
        }
        let needs: Vec<_> = all.iter().filter_map(|of| of.encoder.as_ref()).collect();
        if let Some(other) = needs.iter().find(|of| of.digest != needs[0].digest) {
            return wrong(format!("share one encoder: one needs {}, another {}", needs[0].name, other.name));
        }
        let carry = all.iter().filter(|of| of.inside.is_some()).count();
        if carry > 0 {
            return wrong(
                "get their encoder together: give bundles as training left them, and --self-contained".to_owned(),
            );
        }
        // The file's encoder is the first one's.
        if let Some(first) = all.iter().position(|of| of.encoder.is_some()) {
            all.swap(0, first);
        }
        let mut all = all.into_iter();
        let Some(first) = all.next() else { return wrong("are none".into()) };
        Ok(Self { beside: all.collect(), ..first })
    }

    /// The same with all weights to be kept in `precision`.
    #[must_use]
    pub fn in_precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self.beside.iter_mut().for_each(|other| other.precision = precision);
        self
    }

    /// The same with every temperature multiplied by `factor`: below 1 answers become surer. Votes of which each is as sure as it
    /// should be are together less sure than they should.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where a bundle has no temperature, or `factor` is not from 0.1 to 10.
    pub fn tempered(mut self, factor: f64) -> Result<Self> {
        if !FACTORS.contains(&factor) {
            let [least, most] = [FACTORS.start(), FACTORS.end()];
            return Err(Error::Config(format!("--temperature-factor {factor}: a number from {least} to {most}")));
        }
        for bundle in std::iter::once(&mut self.temperature).chain(self.beside.iter_mut().map(|of| &mut of.temperature))
        {
            let Some(temperature) = bundle else {
                return Err(Error::Config(
                    "--temperature-factor: the bundle has no temperature: it learnt numbers, or its training had no validation side to \
                     fit it on"
                        .into(),
                ));
            };
            *temperature *= factor;
        }
        for bundle in std::iter::once(&mut self.factor).chain(self.beside.iter_mut().map(|of| &mut of.factor)) {
            *bundle = Some(bundle.unwrap_or(1.0) * factor);
        }
        Ok(self)
    }
}

/// The arrays of other bundles as they are called in the file.
pub(super) fn arrays(others: &[Bundle]) -> Arrays {
    let named = |(at, of): (usize, &Bundle)| {
        let prefix = prefix(at);
        of.arrays().into_iter().map(move |(name, weight)| (format!("{prefix}{name}"), weight))
    };
    others.iter().enumerate().flat_map(named).collect()
}

/// What the file's text says of them: each as it would be without the encoder, which the file has once.
pub(super) fn descriptions(others: &[Bundle]) -> Vec<Description<'_>> {
    others.iter().map(|of| of.described(None)).collect()
}

/// Takes the other bundles out of a file's text and arrays.
///
/// # Errors
///
/// [`Error::File`] where one is damaged or contradicts itself.
pub(super) fn take(
    others: serde_json::Value,
    arrays: &mut Arrays,
    inside: Option<&Inside>,
    path: &Path,
) -> Result<Vec<Bundle>> {
    let wrong = |problem: String| Error::file(path, format!("is a bundle that contradicts itself: {problem}"));
    let serde_json::Value::Array(others) = others else {
        return Err(wrong(format!("{KEY} is no list of bundles")));
    };
    let mut taken = Vec::with_capacity(others.len());
    for (at, text) in others.into_iter().enumerate() {
        if text.get(KEY).is_some() {
            return Err(wrong("a bundle beside it has bundles beside it".into()));
        }
        let prefix = prefix(at);
        let (mut own, rest) =
            std::mem::take(arrays).into_iter().partition::<Arrays, _>(|(name, _)| name.starts_with(&prefix));
        *arrays = rest;
        own.iter_mut().for_each(|(name, _)| *name = name.split_off(prefix.len()));
        taken.push(Bundle::new(&text.to_string(), own, None, path)?);
    }
    given_to(&mut taken, inside).map_err(wrong)?;
    Ok(taken)
}

/// The same, the bundles beside it having the encoder that it carries.
pub(super) fn given(mut bundle: Bundle) -> Result<Bundle> {
    given_to(&mut bundle.beside, bundle.inside.as_ref()).map_err(Error::Data)?;
    Ok(bundle)
}

fn given_to(others: &mut [Bundle], inside: Option<&Inside>) -> std::result::Result<(), String> {
    for other in others.iter_mut().filter(|other| other.encoder.is_some()) {
        other.inside = inside.cloned();
        inside.map_or(Ok(()), |inside| inside.check(other.encoder.as_ref()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{bundle::made_up, predict::Recognizer};

    #[test]
    fn bundles_in_one_file_vote_as_bundles_do() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("both.safetensors");
        let all: Vec<Bundle> = [1, 2, 3].map(made_up::bundle).into();
        let both = all[0].clone().with_others(all[1..].to_vec()).unwrap();
        both.save(&file).unwrap();
        let read = Bundle::load(&file).unwrap();
        assert_eq!(read, both);
        assert_eq!(read.clone().voters(), all);
        assert!(read.to_json().unwrap().contains("\"format\": 5"));
        let clip: Vec<f32> =
            (0..30_000).map(|i| 0.3 * (i as f32 * 0.03).sin() * (1.0 + (i as f32 * 0.001).sin())).collect();
        let answer = |bundles| Recognizer::new(bundles).unwrap().samples(&clip, 22_050).unwrap();
        assert_eq!(answer(vec![read.clone()]), answer(all.clone()));
        // A whole file may be put beside another.
        let nested = made_up::bundle(4).with_others(vec![read]).unwrap();
        assert_eq!(nested.beside.len(), 3);
    }

    #[test]
    fn what_cannot_vote_together_is_refused() {
        let one = || made_up::bundle(1);
        let refused = |others: Vec<Bundle>| one().with_others(others).unwrap_err().to_string();
        assert!(refused(vec![one()]).contains("given twice"));
        let mut other = made_up::bundle(2);
        other.classes = vec!["angry".into(), "bored".into(), "sad".into()];
        assert!(refused(vec![other]).contains("must have learnt the same"));
    }

    #[test]
    fn a_factor_makes_all_of_them_surer() {
        let both = made_up::bundle(1).with_others(vec![made_up::bundle(2)]).unwrap();
        let before: Vec<f64> = both.clone().voters().iter().filter_map(|of| of.temperature).collect();
        let after: Vec<f64> =
            both.clone().tempered(0.5).unwrap().voters().iter().filter_map(|of| of.temperature).collect();
        assert_eq!(after, before.iter().map(|t| 0.5 * t).collect::<Vec<_>>());
        assert!(both.clone().tempered(0.0).is_err());
        let mut none = both;
        none.beside[0].temperature = None;
        assert!(none.tempered(0.5).unwrap_err().to_string().contains("no temperature"));
    }

    #[test]
    fn a_vote_that_counts_more_near_its_training_is_kept_and_counted() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("both.safetensors");
        let [one, mut two] = [1, 2].map(made_up::bundle);
        // A clip is near, so that the vote counts four times.
        two.scaler.iter_mut().for_each(|scaler| scaler.std.fill(1e6));
        let even = one.clone().with_others(vec![two.clone()]).unwrap();
        let leaning = even.clone().leaning(4.0).unwrap();
        leaning.save(&file).unwrap();
        assert_eq!(Bundle::load(&file).unwrap(), leaning);
        assert!(leaning.to_json().unwrap().contains("\"format\": 6"));
        let clip: Vec<f32> = (0..30_000).map(|i| 0.3 * (i as f32 * 0.03).sin()).collect();
        let answer = |bundle: Bundle| Recognizer::new(vec![bundle]).unwrap().samples(&clip, 22_050).unwrap();
        let first = |bundle| f64::from(answer(bundle).probabilities()[0]);
        let (both, alone, leans) = (first(even.clone()), [first(one.clone()), first(two)], first(leaning.clone()));
        assert!((both - (alone[0] + alone[1]) / 2.0).abs() < 1e-6);
        assert!((leans - (alone[0] + 4.0 * alone[1]) / 5.0).abs() < 1e-6, "{leans} {alone:?}");
        for near in [0.5, 101.0, f64::NAN] {
            assert!(even.clone().leaning(near).unwrap_err().to_string().contains("from 1 to 100"));
        }
        assert!(one.leaning(4.0).unwrap_err().to_string().contains("alone"));
        let mut speakers = even;
        speakers.beside[0].features.scaler = ScalerScope::Speaker;
        assert!(speakers.leaning(4.0).unwrap_err().to_string().contains("how near"));
        // What says one thing and is another is refused.
        let mut value = serde_json::to_value(leaning.description()).unwrap();
        value["format"] = 5.into();
        let mut arrays = leaning.arrays();
        arrays.extend(super::arrays(&leaning.beside));
        let read = Bundle::new(&value.to_string(), arrays, None, Path::new("b.safetensors"));
        assert!(read.unwrap_err().to_string().contains("counts more near"));
    }

    #[test]
    fn a_file_that_contradicts_itself_is_refused() {
        let both = made_up::bundle(1).with_others(vec![made_up::bundle(2)]).unwrap();
        let path = Path::new("b.safetensors");
        let read = |change: &dyn Fn(&mut serde_json::Value)| {
            let mut value = serde_json::to_value(both.description()).unwrap();
            change(&mut value);
            let mut arrays = both.arrays();
            arrays.extend(super::arrays(&both.beside));
            Bundle::new(&value.to_string(), arrays, None, path).map_err(|error| error.to_string())
        };
        assert_eq!(read(&|_| {}).unwrap(), both);
        assert!(read(&|value| value["format"] = 2.into()).unwrap_err().contains("other bundles beside it"));
        assert!(read(&|value| value["format"] = 7.into()).unwrap_err().contains("newer version"));
        assert!(read(&|value| value["beside"] = serde_json::json!([])).unwrap_err().contains("no other bundles"));
        assert!(read(&|value| value["beside"][0]["beside"] = serde_json::json!([])).unwrap_err().contains("beside"));
        let mut lacks = both.arrays();
        lacks.extend(super::arrays(&both.beside).into_iter().skip(1));
        let text = serde_json::to_string(&both.description()).unwrap();
        // Its weights are looked at where the network is built.
        let found = Bundle::new(&text, lacks, None, path).unwrap();
        assert!(Recognizer::new(vec![found]).is_err());
    }
}
