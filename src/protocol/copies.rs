//! Copies by their names: `x_noise.wav` and `x_pitch2.wav` are the recording `x` again, and no other one.

/// What programs call the copies that they make. No word that may as well name another recording of the same sentence
/// (`fast`, `loud`): a split that is refused for two different recordings would be as wrong as one that leaks.
const WORDS: [&str; 24] = [
    "aug",
    "augment",
    "augmented",
    "awgn",
    "clean",
    "copy",
    "gain",
    "noise",
    "noisy",
    "orig",
    "original",
    "pitch",
    "pitched",
    "pitchshift",
    "reverb",
    "shift",
    "shifted",
    "specaug",
    "speed",
    "stretch",
    "stretched",
    "tempo",
    "timestretch",
    "whitenoise",
];

/// What may stand behind a copy's number.
const UNITS: [&str; 6] = ["", "db", "hz", "ms", "st", "x"];

/// The stem of the recording that a file named `stem` is, or is a copy of.
pub(super) fn original_stem(mut stem: &str) -> &str {
    while let Some(shorter) = without_word(stem).or_else(|| without_word(without_number(stem)?)) {
        stem = shorter;
    }
    stem
}

/// The stem without its last part, where that says how the copy was made: `_noise`, `-pitch2`, ` (copy)`.
fn without_word(stem: &str) -> Option<&str> {
    let (rest, part) = last_part(stem)?;
    let letters = part.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').to_ascii_lowercase();
    WORDS.contains(&letters.as_str()).then_some(rest)
}

/// The stem without its last part, where that is a number: `_2`, `_0.8x`, `_+3st`.
fn without_number(stem: &str) -> Option<&str> {
    let (rest, part) = last_part(stem)?;
    let unit = part.trim_start_matches(|c: char| c.is_ascii_digit() || ".+".contains(c));
    (unit.len() < part.len() && UNITS.contains(&unit.to_ascii_lowercase().as_str())).then_some(rest)
}

/// The stem's last part with what is before it, which is not nothing.
fn last_part(stem: &str) -> Option<(&str, &str)> {
    let at = stem.rfind(['_', '-', ' ', '('])?;
    let rest = stem[..at].trim_end_matches(['_', '-', ' ', '(']);
    (!rest.is_empty()).then(|| (rest, stem[at + 1..].trim_end_matches(')')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_called_after_its_original() {
        for copy in [
            "03-01-05-01-02-01-01",
            "03-01-05-01-02-01-01_noise",
            "03-01-05-01-02-01-01_noise_stretch",
            "03-01-05-01-02-01-01-Pitch2",
            "03-01-05-01-02-01-01_pitch_-2",
            "03-01-05-01-02-01-01_speed_0.9x",
            "03-01-05-01-02-01-01_noise_10dB",
            "03-01-05-01-02-01-01 (copy)",
            "03-01-05-01-02-01-01_aug3",
        ] {
            assert_eq!(original_stem(copy), "03-01-05-01-02-01-01", "{copy}");
        }
    }

    #[test]
    fn other_names_are_left_as_they_are() {
        for stem in
            ["OAF_back_fear", "1001_IEO_ANG_HI", "DC_a01", "s01_angry_boat_2", "take-3", "noise", "_noise", "x_"]
        {
            assert_eq!(original_stem(stem), stem);
        }
    }
}
