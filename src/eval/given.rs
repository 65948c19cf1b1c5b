//! Predictions that were made elsewhere, by PyTorch or by people → the same figures. How they came about is not known here,
//! and everything that is made of them says so.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Bootstrap, Evaluation,
    evaluate::{About, figures},
};
use crate::{
    error::{Error, Result},
    protocol::{
        Caveat,
        audit::{Foreign, Verdict},
    },
    run::{ClipRecord, Elsewhere, Predictions, ProtocolRecord, Versions},
};

/// What is said of predictions from elsewhere.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    /// The experiment's name.
    pub name: String,
    /// Whether no test speaker was heard in training, by the word of who made the predictions.
    pub speaker_independent: bool,
    /// The audio files of clips, by the clips' ids, where they are known.
    pub files: BTreeMap<String, String>,
    /// What is known of clips.
    pub clips: Vec<ClipRecord>,
    /// The corpora, where they are known.
    pub corpora: Vec<String>,
    /// The audit of the split, where it was given: it says whether test speakers were heard in training.
    pub audit: Option<Foreign>,
    /// What the figures do not cover.
    pub caveats: Vec<Caveat>,
    /// What else is to be known, a sentence each.
    pub notes: Vec<String>,
    /// The digest of the test side, where all of it was given.
    pub test_side: Option<String>,
}

impl From<Elsewhere> for (Given, Predictions) {
    fn from(of: Elsewhere) -> Self {
        let given = Given {
            clips: of.clips,
            corpora: of.corpora,
            audit: of.audit,
            caveats: of.caveats,
            notes: of.notes,
            test_side: Some(of.test_side),
            ..Given::default()
        };
        (given, of.predictions)
    }
}

/// The figures of predictions from elsewhere. A speaker whose name is empty is not known: intervals over speakers, and
/// figures by speaker, are there where all are. Clips whose ids are equal were predicted under several seeds.
///
/// # Errors
///
/// [`Error::Data`] where there is no row, or naming the row (from 0) that is predicted twice under one seed, has a class
/// that there is not, or probabilities that are none.
pub fn evaluate_given(given: Given, predictions: Predictions, bootstrap: Bootstrap) -> Result<Evaluation> {
    check(&predictions)?;
    let speakers = predictions.rows.iter().all(|row| !row.speaker.is_empty());
    let mut known: BTreeMap<String, ClipRecord> =
        given.clips.into_iter().map(|clip| (clip.clip.clone(), clip)).collect();
    let clips = predictions.rows.iter().filter_map(|row| {
        let file = given.files.get(&row.clip)?;
        let record = ClipRecord {
            clip: row.clip.clone(),
            speaker: row.speaker.clone(),
            file: Some(file.clone()),
            ..ClipRecord::default()
        };
        Some((row.clip.clone(), record))
    });
    known.extend(clips);
    let verdict = given.audit.as_ref().map(Foreign::verdict);
    let made = if given.audit.is_some() { Caveat::MadeElsewhereAudited } else { Caveat::MadeElsewhere };
    let leaks = (verdict == Some(Verdict::Leaks)).then_some(Caveat::SplitLeaks);
    let description = match given.notes.is_empty() {
        true => "predictions that were made elsewhere; who was trained on was not looked at".into(),
        false => given.notes.join("; "),
    };
    let not_known = || "not known".to_owned();
    let about = About {
        experiment: given.name,
        protocol: ProtocolRecord {
            name: "predictions from elsewhere".into(),
            speaker_independent: verdict.map_or(given.speaker_independent, |of| of == Verdict::SpeakerIndependent),
            description,
            validation_rule: not_known(),
            selection: not_known(),
            scaler: not_known(),
            corpora: given.corpora,
            split_seed: 0,
            folds: Vec::new(),
            brand: leaks.is_some().then(|| "LEAKING SPLIT".into()),
            leak: None,
            validation: Vec::new(),
            test_sides: given.test_side,
            caveats: std::iter::once(made).chain(leaks).chain(given.caveats).collect(),
            shots: None,
            validation_learnt: false,
        },
        trained_on: BTreeSet::new(),
        label_rule: not_known(),
        synthetic: false,
        versions: Versions {
            ser: env!("CARGO_PKG_VERSION").into(),
            burn: String::new(),
            device: String::new(),
            platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            processor: String::new(),
            simd: String::new(),
        },
        config_hash: String::new(),
    };
    let mut evaluation = figures(about, Vec::new(), predictions, known, bootstrap)?;
    evaluation.split_audit = given.audit;
    // An id is whatever its maker calls the clip: what stands before a slash is no corpus.
    evaluation.breakdowns.retain(|breakdown| match breakdown.by {
        "corpus" => false,
        "speaker" => speakers,
        _ => true,
    });
    Ok(evaluation)
}

fn check(predictions: &Predictions) -> Result<()> {
    if predictions.rows.is_empty() {
        return Err(Error::Data("there are no predictions to score".into()));
    }
    let classes = predictions.classes.len();
    if classes < 2 {
        return Err(Error::Data(format!("{classes} classes: there must be two or more to tell apart")));
    }
    if let Some(twice) = repeated(predictions.classes.iter()) {
        return Err(Error::Data(format!("two classes are called \"{twice}\"")));
    }
    let mut seen = BTreeMap::new();
    for (number, row) in predictions.rows.iter().enumerate() {
        let wrong = |problem: String| Error::Data(format!("row {number} ({}): {problem}", row.clip));
        if row.truth >= classes || row.prediction >= classes {
            return Err(wrong(format!("class {} of {classes}", row.truth.max(row.prediction))));
        }
        if row.probabilities.len() != classes {
            return Err(wrong(format!("{} probabilities for {classes} classes", row.probabilities.len())));
        }
        row.check_probabilities().map_err(wrong)?;
        if let Some(first) = seen.insert((row.seed, row.clip.as_str()), number) {
            return Err(wrong(format!("predicted twice under seed {}, first in row {first}", row.seed)));
        }
    }
    Ok(())
}

fn repeated<'a>(names: impl Iterator<Item = &'a String>) -> Option<&'a str> {
    let mut seen = BTreeSet::new();
    names.map(String::as_str).find(|name| !seen.insert(*name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::{Unit, test_support};

    #[test]
    fn predictions_from_elsewhere_get_the_figures_of_our_own() {
        let predictions = test_support::predictions(4, 30, 3, &[1, 2], 0.7);
        let ours = test_support::evaluation("a", 4, 30, &[1, 2], 0.7);
        let mut turned = predictions.clone();
        turned.rows.reverse();
        let given = Given { name: "theirs".into(), speaker_independent: true, ..Given::default() };
        let found = evaluate_given(given, turned, Bootstrap::default()).unwrap();
        assert_eq!(found.predictions, predictions);
        let again = evaluate_given(Given::default(), ours.predictions.clone(), Bootstrap::default()).unwrap();
        assert_eq!(format!("{:?}", again.scores), format!("{:?}", ours.scores));
        assert_eq!((again.certainty, again.intervals), (ours.certainty, ours.intervals));
        assert!(found.is_given() && found.calibrated.is_none() && !ours.runs.is_empty());
        assert!(found.protocol.caveats[0].to_string().contains("FROM ELSEWHERE"));
        assert!(found.intervals_over(Unit::Speakers).is_some());
        assert_eq!(found.breakdowns.iter().map(|of| of.by).collect::<Vec<_>>(), ["speaker"]);
        let mut nobody = predictions;
        nobody.rows.iter_mut().for_each(|row| row.speaker.clear());
        let found = evaluate_given(Given::default(), nobody, Bootstrap::default()).unwrap();
        assert!(found.intervals_over(Unit::Speakers).is_none() && found.breakdowns.is_empty());
    }

    #[test]
    fn a_row_that_is_no_prediction_is_named() {
        let good = test_support::predictions(2, 4, 3, &[1], 0.7);
        type Damage = fn(&mut Predictions);
        let wrong: [(&str, Damage); 6] = [
            ("no predictions", |of| of.rows.clear()),
            ("row 2 (", |of| of.rows[2].truth = 3),
            ("row 3 (", |of| of.rows[3].probabilities = vec![0.5, 0.5]),
            ("sum to", |of| of.rows[1].probabilities = vec![0.5, 0.1, 0.1]),
            ("predicted twice under seed 1, first in row 0", |of| of.rows[1].clip = of.rows[0].clip.clone()),
            ("two classes are called", |of| of.classes[1] = of.classes[0].clone()),
        ];
        for (expected, damage) in wrong {
            let mut bad = good.clone();
            damage(&mut bad);
            let error = evaluate_given(Given::default(), bad, Bootstrap::default()).unwrap_err().to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
    }
}
