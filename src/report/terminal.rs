//! The report on a terminal: the headline, all figures and, where there are any, those of others; 80 columns.

use std::io::IsTerminal;

use super::{
    headline::{INDENT, Kind, lines, percent},
    published::Published,
    table::wrapped,
    tables::{figures, parts},
};
use crate::eval::Evaluation;

/// Whether standard output is a terminal whose user has not turned colour off (<https://no-color.org>).
#[must_use]
pub fn colour_wanted() -> bool {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !refused && std::env::var_os("TERM").is_none_or(|term| term != "dumb") && std::io::stdout().is_terminal()
}

/// The report, with colour or without.
#[must_use]
pub fn terminal(evaluation: &Evaluation, elsewhere: &Published, colour: bool) -> String {
    const BOLD: &str = "1";
    const BOLD_YELLOW: &str = "1;33";
    let painted = |text: &str, code: &str| if colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() };
    let mut text = String::new();
    for line in lines(evaluation) {
        let plain = wrapped(&format!("{:<INDENT$}{}", line.label, line.value), INDENT);
        match line.kind {
            Kind::Setting => text.push_str(&plain),
            Kind::Warning | Kind::Figure => {
                let code = if line.kind == Kind::Warning { BOLD_YELLOW } else { BOLD };
                plain.lines().for_each(|line| text.push_str(&format!("{}\n", painted(line, code))));
            }
        }
    }
    for table in std::iter::once(figures(evaluation)).chain(parts(evaluation)) {
        let table = table.plain();
        let (title, rest) = table.split_once('\n').unwrap_or((&table, ""));
        text.push_str(&format!("\n{}\n{rest}", painted(title, BOLD)));
    }
    if *elsewhere != Published::default() {
        text.push_str(&format!("\n{}\n", painted("The same protocol elsewhere", BOLD)));
        let ours = [("UAR", evaluation.over_seeds(|s| s.uar)), ("WA", evaluation.over_seeds(|s| s.wa))];
        for (metric, spread) in ours {
            text.push_str(&format!(
                "{:<20}{}\n",
                format!("{metric} {}", percent(spread)),
                "this experiment, folds pooled"
            ));
        }
        let mut line = |figure: String, who: String| text.push_str(&wrapped(&format!("{figure:<20}{who}"), 20));
        for of in &elsewhere.figures {
            let std = of.std.map(|std| format!(" ± {std:.2}")).unwrap_or_default();
            let caveat = of.caveat.as_ref().map(|caveat| format!("; {caveat}")).unwrap_or_default();
            line(
                format!("{} {:.2}{std}", of.metric, of.value),
                format!("{}, {} [{}{caveat}]", of.system, of.fold.as_ref().unwrap_or(&of.statistic), of.source),
            );
        }
        for of in &elsewhere.listeners {
            line(format!("WA {:.1}", of.accuracy), format!("human listeners [{}]", of.source));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        eval::test_support::evaluation,
        report::published::{Listeners, Metric, PublishedFigure},
    };

    #[test]
    fn it_fits_80_columns_and_colour_adds_nothing_but_colour() {
        let mut ours = evaluation("mine", 4, 30, &[1, 2], 0.5);
        ours.synthetic = true;
        let elsewhere = Published {
            figures: vec![PublishedFigure {
                corpus: "c".into(),
                classes: 3,
                protocols: vec![],
                folds: 1,
                fold: None,
                statistic: "mean over folds".into(),
                metric: Metric::Uar,
                value: 51.0,
                std: Some(1.0),
                system: "a network with a long description of all its many layers".into(),
                source: "Somebody and others, a conference of some standing (2026)".into(),
                caveat: Some("tuned on test".into()),
            }],
            listeners: vec![Listeners { corpus: "c".into(), classes: 3, accuracy: 67.0, source: "paper".into() }],
        };
        let plain = terminal(&ours, &elsewhere, false);
        assert!(plain.lines().all(|line| line.chars().count() <= 80), "{plain}");
        assert!(
            plain.contains("SYNTHETIC") && plain.contains("UAR 51.00 ± 1.00") && !plain.contains('\x1b'),
            "{plain}"
        );
        let mut coloured = terminal(&ours, &elsewhere, true);
        assert!(coloured.contains("\x1b[1;33m"));
        for code in ["\x1b[1;33m", "\x1b[1m", "\x1b[0m"] {
            coloured = coloured.replace(code, "");
        }
        assert_eq!(coloured, plain);
    }
}
