//! The main figures as a LaTeX table: `report.tex`, to be put into a paper (needs `booktabs`).

use super::{
    headline::{many, protocol_line, warnings},
    tables::points,
};
use crate::{
    escape::latex,
    eval::{Evaluation, Interval, IntervalOf, Unit},
};

/// UAR, WA and macro F1 with their intervals, the figures per emotion, and the protocol in the caption.
#[must_use]
pub fn report(evaluation: &Evaluation) -> String {
    let dash = || "--".to_owned();
    let within = |unit, figure: IntervalOf| {
        let range = |of: Interval| format!("[{}, {}]", points(of.low), points(of.high));
        evaluation.intervals_over(unit).map_or_else(dash, |intervals| range(figure(intervals)))
    };
    let mut rows = String::new();
    let scores = &evaluation.scores;
    let figures: [(&str, f64, IntervalOf); 3] =
        [("UAR", scores.uar, |i| i.uar), ("WA", scores.wa, |i| i.wa), ("macro F1", scores.macro_f1, |i| i.macro_f1)];
    for (name, value, figure) in figures {
        rows.push_str(&format!(
            "{name} & {} & {} & {} \\\\\n",
            points(value),
            within(Unit::Speakers, figure),
            within(Unit::Utterances, figure)
        ));
    }
    rows.push_str("\\midrule\nemotion & precision & recall & F1 (clips) \\\\\n\\midrule\n");
    for class in &scores.per_class {
        let figure = |value: f64| if class.support == 0 { dash() } else { points(value) };
        let [precision, recall, f1] = [class.precision, class.recall, class.f1].map(figure);
        let name = latex(&class.class);
        rows.push_str(&format!("{name} & {precision} & {recall} & {f1} ({}) \\\\\n", class.support));
    }
    let draws = evaluation
        .intervals
        .first()
        .map(|of| format!(" ({} draws, seed {})", of.bootstrap.samples, of.bootstrap.seed))
        .unwrap_or_default();
    let warnings = warnings(evaluation).into_iter().map(|line| format!(" {}", latex(&line)));
    let caption = format!(
        "{} on {}: {}. Per cent, folds and seeds pooled ({} predictions, {}); in brackets 95\\,\\% intervals by \
         percentile bootstrap{draws}. Labels: {}; validation: {}; scaler: {}; {}.{}",
        latex(&evaluation.experiment),
        latex(&evaluation.protocol.corpora.join(", ")),
        latex(&protocol_line(evaluation)),
        scores.n,
        many(evaluation.seeds.len(), "seed"),
        latex(&evaluation.label_rule),
        latex(&evaluation.protocol.validation_rule),
        latex(&evaluation.protocol.scaler),
        latex(&evaluation.protocol.selection),
        warnings.collect::<String>()
    );
    format!(
        "% ser {}, config {}\n\\begin{{table}}\n\\centering\n\\caption{{{caption}}}\n\\begin{{tabular}}{{lrrr}}\n\\toprule\n\
         figure & value & over speakers & over utterances \\\\\n\\midrule\n{rows}\\bottomrule\n\\end{{tabular}}\n\
         \\end{{table}}\n",
        evaluation.versions.ser, evaluation.config_hash
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::test_support::evaluation;

    #[test]
    fn names_are_text_and_the_protocol_is_in_the_caption() {
        let mut ours = evaluation("50%_of_it", 3, 30, &[1], 0.5);
        ours.scores.per_class[0].class = "pleasant_surprise".into();
        let tex = report(&ours);
        for part in ["50\\%\\_of\\_it", "pleasant\\_surprise & ", "speaker-kfold", "training side alone", "UAR & "] {
            assert!(tex.contains(part), "{part}: {tex}");
        }
        assert_eq!(tex.matches('{').count(), tex.matches('}').count());
    }
}
