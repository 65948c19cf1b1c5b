//! The settings of a grid, ranked on the validation side. Test is not used: it is for the one setting that is kept.

use std::collections::BTreeSet;

use super::{Spread, labelling::one_data};
use crate::{
    error::{Error, Result},
    run::{Done, GridRecord, RunRecord, SettingRecord},
};

/// A search's settings, the best first; those that lack runs after all that have as many as any, those without any last.
#[derive(Debug, Clone, PartialEq)]
pub struct Grid {
    /// The config's name.
    pub experiment: String,
    /// The protocol, in a word and a sentence fragment; what leaks on purpose is branded.
    pub protocol: String,
    /// The settings.
    pub ranked: Vec<Ranked>,
    /// Runs of the setting that has most of them.
    pub runs: usize,
    /// How many seeds and folds there are among all runs.
    pub seeds: usize,
    /// Folds.
    pub folds: usize,
    /// Whether each fold and seed takes a setting of its own.
    pub nested: bool,
}

/// A setting with its figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// The setting.
    pub setting: SettingRecord,
    /// Finished runs.
    pub runs: usize,
    /// Unweighted average recall over validation, from 0 to 1: of seeds (each the mean of its folds) where there are
    /// several, else of folds.
    pub validation: Spread,
    /// Mean of the epochs that were kept.
    pub best_epoch: f64,
    /// Mean wall time of a run, in seconds.
    pub seconds: f64,
}

/// Ranks the settings by their finished runs, as [`GridRecord::finished`] gives them.
///
/// # Errors
///
/// [`Error::Config`] where no run is finished, or settings were trained on different data that no key of theirs names.
pub fn rank(record: GridRecord, finished: Vec<Vec<(RunRecord, Done)>>) -> Result<Grid> {
    let all = || finished.iter().flatten().map(|(run, _)| run);
    let each = record.settings.iter().zip(&finished);
    one_data(&record.settings, each.flat_map(|(setting, runs)| runs.iter().map(move |(run, _)| (setting, run))))?;
    let seeds = all().map(|run| run.seed).collect::<BTreeSet<_>>().len();
    let folds = all().map(|run| run.fold.as_str()).collect::<BTreeSet<_>>().len();
    let Some(protocol) = all().map(|run| &run.protocol).next() else {
        return Err(Error::Config(format!("the grid of {} has no finished run yet", record.experiment)));
    };
    let brand: String = protocol.brand.iter().map(|brand| format!("{brand}: ")).collect();
    let protocol = format!("{brand}{}: {}", protocol.name, protocol.description);
    let mut ranked: Vec<Ranked> = record
        .settings
        .into_iter()
        .zip(&finished)
        .map(|(setting, runs)| Ranked {
            setting,
            runs: runs.len(),
            validation: validation(runs),
            best_epoch: Spread::of(&runs.iter().map(|(_, done)| done.best_epoch as f64).collect::<Vec<_>>()).mean,
            seconds: Spread::of(&runs.iter().map(|(_, done)| done.seconds).collect::<Vec<_>>()).mean,
        })
        .collect();
    // Fewer runs may be the easier ones: no figure of theirs goes before a whole one's.
    ranked.sort_by(|a, b| b.runs.cmp(&a.runs).then(b.validation.mean.total_cmp(&a.validation.mean)));
    let runs = ranked.first().map_or(0, |of| of.runs);
    Ok(Grid { experiment: record.experiment, protocol, ranked, runs, seeds, folds, nested: record.nested })
}

fn validation(runs: &[(RunRecord, Done)]) -> Spread {
    let of_seeds = Spread::over_seeds(runs.iter().map(|(run, done)| (run.seed, done.validation)));
    if of_seeds.n > 1 {
        of_seeds
    } else {
        Spread::of(&runs.iter().map(|(_, done)| done.validation).collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::test_support::{self, finished};

    fn runs(of: &[(&str, u64, f64)]) -> Vec<(RunRecord, Done)> {
        let run = |&(fold, seed, validation): &(&str, u64, f64)| {
            let all = test_support::predictions(1, 3, 3, &[seed], 0.5);
            let run = finished("x", all.rows, &all.classes, seed);
            (RunRecord { fold: fold.into(), ..run.record }, Done { validation, ..run.done })
        };
        of.iter().map(run).collect()
    }

    #[test]
    fn whole_settings_come_first_and_seeds_make_the_spread() {
        let setting = |name: &str| SettingRecord { name: name.into(), values: vec![] };
        let settings = ["weak", "strong", "part", "none"].map(setting).to_vec();
        let record = GridRecord { schema: GridRecord::SCHEMA.into(), experiment: "x".into(), settings, nested: false };
        let weak = runs(&[("0", 1, 0.4), ("1", 1, 0.5), ("0", 2, 0.5), ("1", 2, 0.6)]);
        let strong = runs(&[("0", 1, 0.6), ("1", 1, 0.6), ("0", 2, 0.6), ("1", 2, 0.6)]);
        let grid = rank(record.clone(), vec![weak, strong, runs(&[("0", 1, 0.9)]), vec![]]).unwrap();
        let names: Vec<&str> = grid.ranked.iter().map(|of| of.setting.name.as_str()).collect();
        assert_eq!(names, ["strong", "weak", "part", "none"]);
        let weak = grid.ranked[1].validation;
        assert!((weak.mean - 0.5).abs() < 1e-12 && weak.n == 2);
        assert!((weak.std.unwrap() - 0.1 / 2_f64.sqrt()).abs() < 1e-12);
        assert_eq!((grid.runs, grid.seeds, grid.folds), (4, 2, 2));
        assert!(rank(record, vec![vec![]; 4]).is_err());
    }
}
