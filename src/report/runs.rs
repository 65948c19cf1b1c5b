//! The runs of one call as a table: a row a fold and seed, then their means.

use super::{
    headline::{percent, three},
    table::Table,
    tables::points,
};
use crate::{
    duration::duration,
    error::Result,
    eval::Spread,
    files::read_json,
    run::{Done, RunDir, RunRecord},
    task,
};

/// What came of each run, for people. `name` is the experiment's.
///
/// # Errors
///
/// As [`read_json`], where a run's record cannot be read.
pub fn runs(name: &str, outcomes: &[(RunDir, Done)]) -> Result<String> {
    let mut title = name.to_owned();
    let mut rows = Vec::new();
    for (dir, done) in outcomes {
        let record: RunRecord = read_json(&dir.record())?;
        title.clone_from(&record.experiment);
        rows.push(vec![
            record.fold,
            record.seed.to_string(),
            format!("{} of {}", done.best_epoch, done.epochs),
            figure(done.task, done.validation),
            figure(done.task, done.test),
            duration(done.seconds),
        ]);
    }
    let kind = outcomes.first().map_or(task::Kind::Classification, |(_, done)| done.task);
    let note = match outcomes {
        [] | [_] => String::new(),
        many => {
            let of = |uar: fn(&Done) -> f64| {
                let spread = Spread::of(&many.iter().map(|(_, done)| uar(done)).collect::<Vec<_>>());
                match kind {
                    task::Kind::Classification | task::Kind::MultiTask => percent(spread),
                    task::Kind::Regression | task::Kind::Distribution => three(spread),
                }
            };
            let [validation, test] = [of(|done| done.validation), of(|done| done.test)];
            format!("mean ± s.d. over the runs: validation {validation}, test {test}")
        }
    };
    let columns = ["fold", "seed", "kept epoch", "validation", "test", "time"];
    let unit = match kind {
        task::Kind::Classification | task::Kind::MultiTask => ", %",
        task::Kind::Regression | task::Kind::Distribution => "",
    };
    Ok(Table::new(format!("{title}: {} of each run{unit}", kind.figure()), columns).rows(rows).note(note).plain())
}

/// A task's figure: a share in per cent, a coefficient as it is.
fn figure(kind: task::Kind, value: f64) -> String {
    match kind {
        task::Kind::Classification | task::Kind::MultiTask => points(value),
        task::Kind::Regression | task::Kind::Distribution => format!("{value:.3}"),
    }
}
