//! The model card (M. Mitchell et al., "Model cards for model reporting", 2019): `model_card.md`, to go with the weights.

use super::{
    document::Document,
    headline::{headline, warnings},
    published::Published,
    tables::{breakdowns, fairness, figures, per_class, published},
};
use crate::{eval::Evaluation, protocol::audit::Audit};

/// Licences of the corpora by their names here; terms of others are for the user to know.
const LICENCES: [(&str, &str); 5] = [
    ("ravdess", "CC BY-NC-SA 4.0: not for commercial use; derivatives under the same licence"),
    ("crema_d", "Open Database License"),
    ("tess", "CC BY-NC-ND 4.0: not for commercial use, no derivatives"),
    ("savee", "for research, on registration"),
    ("synthetic", "made by this program; not a person's voice"),
];

/// What holds for whoever uses a recogniser of emotions on people in the European Union, as of 2024; Markdown.
const LAW: [&str; 3] = [
    "A voice is personal data, and what is inferred from it may be health data: those who are recorded have the rights to be told, to \
     see, to correct, to have erased and to object ([GDPR](https://eur-lex.europa.eu/eli/reg/2016/679/oj), Articles 12 to 22).",
    "[EU AI Act, Article 5](https://artificialintelligenceact.eu/article/5/), paragraph 1 (f): to infer people's emotions at work or \
     in education is prohibited, except for medical or safety reasons.",
    "[EU AI Act, Article 50](https://artificialintelligenceact.eu/article/50/), paragraph 3: whoever uses a system that recognises \
     emotions must tell the people who are exposed to it; by Annex III, 1 (c), it is a high-risk system besides.",
];

/// How long training took, and how much energy at most.
fn energy(seconds: f64) -> String {
    /// What a whole small server draws at work with all that belongs to it, in watts.
    const WATTS: f64 = 200.0;
    /// Steps of what is said, in kilowatt hours.
    const STEP: f64 = 0.001;
    let most = (WATTS * seconds / 3600.0 / 1000.0 / STEP).ceil().max(1.0) * STEP;
    format!(
        "Training took {:.2} hours in all runs together, by the clock. That is at most {most:.3} kWh (estimated, not measured): the \
         time at {WATTS:.0} W, a whole small server. Searches for settings, runs that were given up and the pretraining of an \
         encoder are not in it.",
        seconds / 3600.0,
    )
}

/// The card of an experiment's models.
pub(super) fn card(evaluation: &Evaluation, elsewhere: &Published) -> String {
    let protocol = &evaluation.protocol;
    let mut document = Document::default();
    document.title(format!("Model card: {}", evaluation.experiment));
    warnings(evaluation).into_iter().for_each(|warning| document.warning(warning));

    document.heading("Model");
    document.paragraph(format!(
        "A convolutional and bidirectional recurrent network that recognises one of {} emotions in an utterance: {}. One \
         model for each of {} runs (folds and seeds); weights, scaler and settings are in each run's bundle/. Made with \
         {}; config {}.",
        evaluation.confusion.classes.len(),
        evaluation.confusion.classes.join(", "),
        evaluation.runs.len(),
        evaluation.versions,
        evaluation.config_hash
    ));

    document.heading("Intended use");
    document.paragraph(
        "Research on, and comparison of, speech-emotion recognisers under the protocol below. Not for decisions about \
         people: hiring, policing, health, insurance, education, or monitoring staff or pupils. What a voice sounds \
         like is not what its speaker feels.",
    );

    document.heading("Rights of people, and the law");
    LAW.iter().for_each(|line| document.markdown(*line));

    document.heading("Data and licences");
    let pretrained = evaluation.trained_on.iter().filter(|corpus| !protocol.corpora.contains(corpus));
    let licences = protocol.corpora.iter().chain(pretrained).map(|corpus| {
        let licence = LICENCES.iter().find(|(name, _)| name == corpus);
        let licence = licence.map_or("see its source; its terms hold for the model as well", |(_, licence)| licence);
        let tested = if evaluation.trained_on.contains(corpus) { "" } else { " (tested on, not trained on)" };
        format!("{corpus}: {licence}{tested}")
    });
    document.list(licences.collect());
    let most = |of: fn(&Audit) -> usize| evaluation.runs.iter().map(|run| of(&run.audit)).max().unwrap_or(0);
    document.paragraph(format!(
        "A run is trained on up to {} clips of {} speakers, validated on up to {} clips and tested on up to {} clips of {} \
         speakers. A model trained on a corpus is bound by its licence.",
        most(|audit| audit.clips[0]),
        most(|audit| audit.speakers[0]),
        most(|audit| audit.clips[1]),
        most(|audit| audit.clips[2]),
        most(|audit| audit.speakers[2])
    ));

    document.heading("Time and energy");
    document.paragraph(energy(evaluation.runs.iter().map(|run| run.done.seconds).sum()));

    document.heading("Protocol");
    document.code(headline(evaluation));
    document.paragraph(format!("{}.", protocol.description));

    document.heading("Figures");
    let tables = [Some(figures(evaluation)), published(evaluation, elsewhere), Some(per_class(evaluation))];
    // A card says who is recognised worse; the rest is in the report.
    let people =
        breakdowns(evaluation).into_iter().filter(|table| ["By sex", "By age"].contains(&table.title.as_str()));
    tables.into_iter().flatten().chain(people).chain(fairness(evaluation)).for_each(|table| document.table(table));

    document.heading("Limits");
    let heard = match evaluation.synthetic {
        true => "The speech is synthesised; nothing here was measured on people.",
        false => {
            "The emotions are acted, a few sentences each, recorded in quiet rooms in one language. Nothing here was measured \
             on spontaneous speech, in noise, over the telephone or in another language."
        }
    };
    let mut limits: Vec<String> = [
        heard,
        "Voices that are not in the corpora (children, the old, accents, illness) were not measured.",
        "Probabilities are of the emotions above alone; speech with another one, or with none, is still given one.",
        "The intervals above say how far the figure may move with other speakers of the same kind.",
    ]
    .map(str::to_owned)
    .into();
    let speakers = evaluation.breakdowns.iter().find(|breakdown| breakdown.by == "speaker");
    if let Some(speakers) = speakers {
        let uars = speakers.groups.iter().map(|group| 100.0 * group.uar);
        let (low, high) = uars.fold((f64::INFINITY, 0.0_f64), |(low, high), uar| (low.min(uar), high.max(uar)));
        limits.push(format!(
            "Speakers differ: from {low:.1} to {high:.1} % UAR between the worst and the best recognised."
        ));
    }
    document.list(limits);
    document.to_markdown()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eval::test_support::evaluation;

    #[test]
    fn a_card_says_use_data_protocol_figures_and_limits() {
        let mut ours = evaluation("mine", 4, 30, &[1, 2], 0.5);
        ours.protocol.corpora = vec!["ravdess".into(), "own".into()];
        ours.trained_on = ["own".to_owned(), "savee".to_owned()].into();
        let card = card(&ours, &Published::default());
        let mut from = 0;
        for heading in [
            "# Model card: mine",
            "## Model",
            "## Intended use",
            "## Rights of people, and the law",
            "Article 5",
            "Article 50",
            "## Data and licences",
            "## Time and energy",
            "estimated, not measured",
            "## Protocol",
            "speaker-kfold",
            "## Figures",
            "UAR",
            "## Limits",
            "Speakers differ",
        ] {
            from += card[from..].find(heading).unwrap_or_else(|| panic!("{heading}: {card}"));
        }
        assert!(card.contains("- ravdess: CC BY-NC-SA") && card.contains("- own: see its source"), "{card}");
        assert!(card.contains("- savee: "), "started from a network that was trained on it: {card}");
        assert_eq!(card.matches("(tested on, not trained on)").count(), 1, "{card}");
    }

    #[test]
    fn synthetic_speech_is_of_no_actors() {
        let mut ours = evaluation("mine", 4, 30, &[1], 0.5);
        for (synthetic, part) in [(true, "The speech is synthesised"), (false, "The emotions are acted")] {
            ours.synthetic = synthetic;
            assert!(card(&ours, &Published::default()).contains(part), "{part}");
        }
    }

    #[test]
    fn energy_is_time_at_stated_powers() {
        let said = energy(7200.0);
        assert!(said.contains("2.00 hours") && said.contains("at most 0.400 kWh"), "{said}");
        assert!(energy(1.0).contains("at most 0.001 kWh"));
    }

    #[test]
    fn names_stay_text() {
        let mut ours = evaluation("mine", 4, 30, &[1], 0.5);
        ours.confusion.classes[0] = "<img src=x onerror=alert(2)>".into();
        ours.scores.per_class[0].class = "new\n\n## Heading".into();
        ours.protocol.corpora = vec!["```\n# a".into()];
        let card = card(&ours, &Published::default());
        assert!(!card.contains(" <img") && !card.contains("\n## Heading") && !card.contains("\n# a"), "{card}");
        assert_eq!(card.matches("````").count(), 2, "a fence that the name cannot close: {card}");
    }
}
