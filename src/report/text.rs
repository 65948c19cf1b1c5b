//! The classification report in scikit-learn's layout, equal to its `classification_report` to the last character.

use std::fmt::Write;

use crate::{escape, eval::Scores};

/// Formats `scores` as scikit-learn does, with `digits` decimals (scikit-learn's own default is 2; 4 tell more).
#[must_use]
pub(super) fn classification_report(scores: &Scores, digits: usize) -> String {
    const LAST_HEADING: &str = "weighted avg";
    let names: Vec<_> = scores.per_class.iter().map(|class| escape::text(&class.class)).collect();
    let longest_name = names.iter().map(|name| name.chars().count()).max().unwrap_or(0);
    let width = longest_name.min(escape::WIDEST).max(LAST_HEADING.len()).max(digits);

    let mut report = format!("{:>width$} ", "");
    for heading in ["precision", "recall", "f1-score", "support"] {
        // Writing to a String cannot fail, here and below.
        let _ = write!(report, " {heading:>9}");
    }
    report.push_str("\n\n");
    let row = |report: &mut String, name: &str, figures: [f64; 3], support: u64| {
        let _ = write!(report, "{name:>width$} ");
        for figure in figures {
            let _ = write!(report, " {figure:>9.digits$}");
        }
        let _ = writeln!(report, " {support:>9}");
    };
    for (class, name) in scores.per_class.iter().zip(&names) {
        row(&mut report, name, [class.precision, class.recall, class.f1], class.support);
    }
    report.push('\n');
    let _ = writeln!(report, "{:>width$}  {:>9} {:>9} {:>9.digits$} {:>9}", "accuracy", "", "", scores.wa, scores.n);
    for (name, average) in [("macro avg", &scores.macro_avg), (LAST_HEADING, &scores.weighted_avg)] {
        row(&mut report, name, [average.precision, average.recall, average.f1], scores.n);
    }
    report
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::eval::Confusion;

    #[derive(Deserialize)]
    struct Golden {
        classes: Vec<String>,
        counts: Vec<Vec<u64>>,
    }

    macro_rules! golden {
        ($name:literal) => {
            (
                $name,
                include_str!(concat!("../../tests/golden/report_", $name, ".json")),
                include_str!(concat!("../../tests/golden/report_", $name, ".txt")),
            )
        };
    }

    #[test]
    fn report_equals_that_of_scikit_learn_character_by_character() {
        for (name, json, text) in [
            golden!("two_classes"),
            golden!("seven_classes"),
            golden!("eight_long_names"),
            golden!("class_without_clips"),
            golden!("class_never_predicted"),
            golden!("neither_clips_nor_predictions"),
            golden!("all_right"),
            golden!("all_wrong"),
        ] {
            let golden: Golden = serde_json::from_str(json).unwrap();
            let scores = Scores::of(&Confusion::new(golden.classes, golden.counts).unwrap()).unwrap();
            assert_eq!(classification_report(&scores, 4), text, "{name}");
        }
    }
}
