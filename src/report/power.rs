//! How many speakers tell two systems apart, as text.

use super::table::{Table, wrapped};
use crate::eval::Power;

/// Clips a speaker.
const CLIPS: [usize; 6] = [10, 20, 40, 60, 100, 200];
/// Speakers that corpora have: RAVDESS's tested ones, its actors, CREMA-D's tested ones, its actors.
const SPEAKERS: [usize; 5] = [5, 10, 24, 50, 91];

/// The speakers that it takes by clips a speaker, and what so many find.
#[must_use]
pub fn power(of: &Power) -> String {
    let percent = |share: f64| format!("{:.2}", 100.0 * share);
    let text = wrapped(
        &format!(
            "A difference of {} points, {} % of clips recognised by one system alone, {} points of deviation between speakers. \
             A two-sided test at 5 %; speakers, each with as many clips, answered by both systems.",
            percent(of.difference),
            percent(of.discordant),
            percent(of.between_speakers)
        ),
        0,
    );
    let rows = CLIPS.iter().map(|&clips| {
        let wanted = [0.8, 0.9].map(|probability| of.speakers(clips, probability));
        vec![clips.to_string(), wanted[0].to_string(), wanted[1].to_string(), (wanted[0] * clips).to_string()]
    });
    let columns = ["clips a speaker", "speakers, found 8 times of 10", "9 times of 10", "clips in all (8 of 10)"];
    let wanted = Table::new("Speakers that it takes", columns).rows(rows);
    let rows = SPEAKERS.iter().map(|&speakers| {
        let mut row = vec![speakers.to_string()];
        row.extend(CLIPS.iter().map(|&clips| percent(of.found_by(speakers, clips, 0.8))));
        row
    });
    let columns = std::iter::once("speakers".to_owned()).chain(CLIPS.iter().map(|clips| format!("{clips} clips")));
    let found = Table::new("Smallest difference found 8 times of 10, points", columns).rows(rows).note(
        "By the normal approximation for clustered pairs; made for accuracy, and for UAR where classes are about equally frequent.",
    );
    format!("{text}\n{}\n{}", wanted.plain(), found.plain())
}
