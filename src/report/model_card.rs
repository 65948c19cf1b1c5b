//! The model card (M. Mitchell et al., "Model cards for model reporting", 2019): `model_card.md`, to go with the weights.

use super::{
    headline::{headline, warnings},
    markdown,
    published::Beside,
    tables::{breakdowns, figures, per_class, published},
};
use crate::eval::Evaluation;

/// Licences of the corpora by their names here; terms of others are for the user to know.
const LICENCES: [(&str, &str); 5] = [
    ("ravdess", "CC BY-NC-SA 4.0: not for commercial use; what is made of it is shared alike"),
    ("crema_d", "Open Database License"),
    ("tess", "CC BY-NC-ND 4.0: not for commercial use, no derivatives"),
    ("savee", "for research, on registration"),
    ("synthetic", "made by this program; nobody's voice"),
];

/// The card of an experiment's models.
#[must_use]
pub fn card(evaluation: &Evaluation, beside: &Beside) -> String {
    let protocol = &evaluation.protocol;
    let mut text = format!("# Model card: {}\n", evaluation.experiment);
    for warning in warnings(evaluation) {
        text.push_str(&format!("\n**{warning}**\n"));
    }
    let emotions = evaluation.confusion.classes.join(", ");
    text.push_str(&format!(
        "\n## Model\n\nA convolutional and bidirectional recurrent network that takes an utterance for one of {} emotions: \
         {emotions}. One model for each of {} runs (folds and seeds); weights, scaler and settings are in each run's \
         `bundle/`. Made with ser {}, burn {}, on {} ({}); config {}.\n",
        evaluation.confusion.classes.len(),
        evaluation.runs.len(),
        evaluation.versions.ser,
        evaluation.versions.burn,
        evaluation.versions.device,
        evaluation.versions.platform,
        evaluation.config_hash
    ));
    text.push_str(
        "\n## Intended use\n\nResearch on, and comparison of, speech-emotion recognisers under the protocol below. Not \
         for decisions about people: hiring, policing, health, insurance, education or the watching of staff or pupils. \
         What a voice sounds like is not what its speaker feels.\n\n## Data and licences\n\n",
    );
    let before = evaluation.trained_on.iter().filter(|corpus| !protocol.corpora.contains(corpus));
    for corpus in protocol.corpora.iter().chain(before) {
        let licence = LICENCES.iter().find(|(name, _)| name == corpus);
        let licence = licence.map_or("see its source; its terms hold for the model as well", |(_, licence)| licence);
        let use_ = if evaluation.trained_on.contains(corpus) { "" } else { " (tested on alone, not trained on)" };
        text.push_str(&format!("- `{corpus}`: {licence}{use_}\n"));
    }
    let heard = evaluation.runs.iter().map(|run| (run.audit.clips, run.audit.speakers));
    let most = |side: usize| heard.clone().map(|(clips, _)| clips[side]).max().unwrap_or(0);
    let speakers = |side: usize| heard.clone().map(|(_, speakers)| speakers[side]).max().unwrap_or(0);
    text.push_str(&format!(
        "\nA run learns from up to {} clips of {} speakers, is validated on up to {} clips and tested on up to {} \
         clips of {} speakers. A model trained on a corpus is bound by its licence.\n\n## Protocol\n\n```text\n{}```\n\n{}.\n",
        most(0),
        speakers(0),
        most(1),
        most(2),
        speakers(2),
        headline(evaluation),
        protocol.description
    ));
    let tables = [Some(figures(evaluation)), published(evaluation, beside), Some(per_class(evaluation))];
    text.push_str("\n## Figures\n");
    // Who is recognised worse is the business of a card; the rest is in the report.
    let people =
        breakdowns(evaluation).into_iter().filter(|table| ["By sex", "By age"].contains(&table.title.as_str()));
    for table in tables.into_iter().flatten().chain(people) {
        text.push_str(&format!("\n### {}\n\n{}", table.title, markdown::table(&table)));
    }
    text.push_str(
        "\n## Limits\n\n- The emotions are acted, a few sentences each, recorded in quiet rooms in one language. Nothing \
         here was measured on spontaneous speech, in noise, over the telephone or in another language.\n\
         - Voices that are not in the corpora (children, the old, accents, illness) were not measured.\n\
         - Probabilities are of the emotions above alone; speech with another one, or with none, is still given one.\n\
         - The intervals above say how far the figure may move with other speakers of the same kind.\n",
    );
    let widest = evaluation
        .breakdowns
        .iter()
        .find(|breakdown| breakdown.by == "speaker")
        .map(|breakdown| breakdown.groups.iter().map(|group| group.uar))
        .map(|uars| uars.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), uar| (low.min(uar), high.max(uar))));
    if let Some((low, high)) = widest {
        text.push_str(&format!(
            "- Speakers differ: from {:.1} to {:.1} % UAR between the one recognised worst and the one recognised best.\n",
            100.0 * low,
            100.0 * high
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::made_up::evaluation;

    #[test]
    fn a_card_says_use_data_protocol_figures_and_limits() {
        let mut ours = evaluation("mine", 4, 30, &[1, 2], 0.5);
        ours.protocol.corpora = vec!["ravdess".into(), "own".into()];
        ours.trained_on = ["own".to_owned(), "savee".to_owned()].into();
        let card = card(&ours, &Beside::default());
        let mut from = 0;
        for heading in [
            "# Model card: mine",
            "## Model",
            "## Intended use",
            "## Data and licences",
            "## Protocol",
            "speaker-kfold",
            "## Figures",
            "UAR",
            "## Limits",
            "Speakers differ",
        ] {
            from += card[from..].find(heading).unwrap_or_else(|| panic!("{heading}: {card}"));
        }
        assert!(card.contains("`ravdess`: CC BY-NC-SA") && card.contains("`own`: see its source"), "{card}");
        assert!(card.contains("`savee`: "), "started from a network that has heard it: {card}");
        assert_eq!(card.matches("(tested on alone, not trained on)").count(), 1, "{card}");
    }
}
