//! The runs of one call as a table: a row a fold and seed, then their means.

use super::table::Table;
use crate::{
    duration::duration,
    error::Result,
    files::read_json,
    run::{Done, RunDir, RunRecord},
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
            percent(done.validation_uar),
            percent(done.test_uar),
            duration(done.seconds),
        ]);
    }
    let note = match outcomes {
        [] | [_] => String::new(),
        many => {
            let of =
                |uar: fn(&Done) -> f64| mean_and_deviation(&many.iter().map(|(_, done)| uar(done)).collect::<Vec<_>>());
            let [validation, test] = [of(|done| done.validation_uar), of(|done| done.test_uar)];
            format!("mean and deviation over the runs: validation {validation}, test {test}")
        }
    };
    let columns = ["fold", "seed", "best epoch", "validation", "test", "time"];
    Ok(Table::new(format!("{title}: UAR of each run, %"), &columns).rows(rows).note(note).plain())
}

fn percent(share: f64) -> String {
    format!("{:.2}", 100.0 * share)
}

/// "61.20 ± 3.41", in percent, with the sample's standard deviation.
fn mean_and_deviation(shares: &[f64]) -> String {
    let n = shares.len() as f64;
    let mean = shares.iter().sum::<f64>() / n;
    let variance = shares.iter().map(|share| (share - mean).powi(2)).sum::<f64>() / (n - 1.0);
    format!("{} ± {}", percent(mean), percent(variance.sqrt()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn means_come_with_the_samples_deviation() {
        assert_eq!(super::mean_and_deviation(&[0.5, 0.6, 0.7]), "60.00 ± 10.00");
    }
}
