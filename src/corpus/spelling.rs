//! One meaning for a name: what is safe to bring to one spelling, and what is suspiciously similar.
//!
//! `s00` and `S00`, `1`, `01` and `1.0`, a name typed on two machines (composed and decomposed letters), or with a
//! Cyrillic letter that looks like a Latin one: as speakers they would be dealt on two sides, and the figure would be
//! called speaker-independent.

use std::collections::{BTreeMap, BTreeSet};

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};
use unicode_security::skeleton;

/// What programs and people write where nobody is meant. Compared without case and punctuation.
const NOBODY: [&str; 46] = [
    "",
    "0na",
    "all",
    "anon",
    "anonymous",
    "both",
    "desconocido",
    "empty",
    "inconnu",
    "missing",
    "na",
    "nan",
    "nil",
    "nobody",
    "noname",
    "none",
    "noone",
    "nospeaker",
    "notavailable",
    "notknown",
    "notspecified",
    "null",
    "other",
    "others",
    "sconosciuto",
    "somebody",
    "speaker",
    "speakerunknown",
    "tbd",
    "unassigned",
    "unbekannt",
    "undefined",
    "unidentified",
    "unk",
    "unknown",
    "unknownspeaker",
    "unkown",
    "unlabeled",
    "unlabelled",
    "unnamed",
    "unspecified",
    "various",
    "неизвестен",
    "неизвестно",
    "不明",
    "未知",
];

/// The name in one spelling, where that is safe: composed letters, no invisible characters, single blanks, none around it.
pub(crate) fn tidy(name: &str) -> String {
    let composed: String = name.nfc().filter(|c| c.is_whitespace() || !is_invisible(*c)).collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Zero-width marks, byte-order marks, directions of writing, control characters.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Whether the name says that nobody knows who it is: `nan`, `unknown`, `n/a`, `-` …
pub(crate) fn names_nobody(name: &str) -> bool {
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    // Tables code what is missing as minus one, or by nines.
    NOBODY.contains(&letters.as_str())
        || ["-1", "-1.0", "-9", "-99", "-999", "-9999"].contains(&name.trim())
        || is_failed_formula(name)
}

/// Whether it is what a spreadsheet writes where a formula failed or a column is too narrow: `#REF!`, `#NAME?`, `#N/A`,
/// `#####`, `Err:502`.
pub(crate) fn is_failed_formula(name: &str) -> bool {
    let upper = name.trim().to_uppercase();
    let marked = upper.strip_prefix('#').is_some_and(|rest| {
        let is_word = rest.chars().all(|c| c.is_alphanumeric() || "/_ !?.".contains(c));
        let is_known =
            ["N/A", "NV", "N/D", "ND", "N/V", "REF", "NAME", "VALUE", "DIV/0", "NUM", "NULL", "GETTING_DATA"];
        is_word && (rest.ends_with(['!', '?']) || is_known.contains(&rest))
            || (!rest.is_empty() && rest.chars().all(|c| c == '#'))
    });
    marked
        || upper.strip_prefix("ERR:").is_some_and(|code| !code.is_empty() && code.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether the name says that there is none: what programs write into empty cells. `none` and `other` may be emotions.
pub(crate) fn is_left_open(name: &str) -> bool {
    let letters: String = name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
    ["", "na", "nan", "nil", "null", "notavailable", "undefined"].contains(&letters.as_str()) || is_failed_formula(name)
}

/// The names, of which each is given once, in groups that are one name for a reader: they differ in case, blanks,
/// hyphens, accents, leading zeros, a `.0`, or in letters that look the same. Groups of one are left out.
pub(crate) fn same_spelling<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Vec<&'a str>> {
    let mut group_of: BTreeMap<String, usize> = BTreeMap::new();
    let mut groups: Vec<BTreeSet<&str>> = Vec::new();
    for name in names {
        let keys = keys(name);
        let known: BTreeSet<usize> = keys.iter().filter_map(|key| group_of.get(key).copied()).collect();
        let at = known.first().copied().unwrap_or(groups.len());
        if at == groups.len() {
            groups.push(BTreeSet::new());
        }
        groups[at].insert(name);
        // Two groups that a name belongs to are one; few names have such a pair.
        for other in known.into_iter().skip(1) {
            let members = std::mem::take(&mut groups[other]);
            for member in members {
                group_of.extend(self::keys(member).map(|key| (key, at)));
                groups[at].insert(member);
            }
        }
        group_of.extend(keys.map(|key| (key, at)));
    }
    groups.into_iter().filter(|group| group.len() > 1).map(|group| group.into_iter().collect()).collect()
}

/// A digit of any script as one of ours.
fn ascii_digit(c: char) -> char {
    /// Where the tens of decimal digits begin, in scripts that people number speakers in.
    const ZEROS: [char; 12] = [
        '\u{660}', '\u{6f0}', '\u{7c0}', '\u{966}', '\u{9e6}', '\u{a66}', '\u{ae6}', '\u{be6}', '\u{e50}', '\u{ed0}',
        '\u{f20}', '\u{1040}',
    ];
    let place = ZEROS.iter().find_map(|&zero| u32::from(c).checked_sub(u32::from(zero)).filter(|place| *place < 10));
    place.and_then(|place| char::from_digit(place, 10)).unwrap_or(c)
}

/// Two names are one in another spelling if they share one of these.
fn keys(name: &str) -> [String; 4] {
    let lower = name.to_lowercase();
    let plain = plain(&lower);
    let look = skeleton(&plain).collect::<String>();
    let upper = skeleton(&self::plain(name)).collect::<String>().to_lowercase();
    [plain, look, upper, self::plain(&in_two_letters(&lower))]
}

/// A letter as it is written where it is not on the keyboard, in two letters: Müller is Mueller, Åse is Aase.
fn in_two_letters(lower: &str) -> String {
    let mut text = String::with_capacity(lower.len());
    for c in lower.nfc() {
        match c {
            'ä' => text.push_str("ae"),
            'ö' | 'ø' => text.push_str("oe"),
            'ü' => text.push_str("ue"),
            'å' => text.push_str("aa"),
            'đ' => text.push_str("dj"),
            'ð' => text.push_str("dh"),
            'ñ' => text.push_str("nh"),
            c => text.push(c),
        }
    }
    text
}

/// A letter that has no decomposition, as it is written without its stroke, in the letters that it was made of, or in the
/// one that stands for all of its forms; nothing where it only tells how another is said.
fn simple(c: char) -> Option<&'static str> {
    Some(match c {
        'ß' => "ss",
        'ẞ' => "SS",
        'æ' => "ae",
        'Æ' => "AE",
        'œ' => "oe",
        'Œ' => "OE",
        'þ' => "th",
        'Þ' => "TH",
        'ø' | 'ɵ' | 'ɔ' => "o",
        'Ø' | 'Ɵ' | 'Ɔ' => "O",
        'ł' | 'ƚ' | 'ɫ' => "l",
        'Ł' | 'Ƚ' | 'Ɫ' => "L",
        'đ' | 'ð' | 'ɗ' | 'ɖ' => "d",
        'Đ' | 'Ð' | 'Ɗ' | 'Ɖ' => "D",
        'ħ' => "h",
        'Ħ' => "H",
        'ŧ' => "t",
        'Ŧ' => "T",
        'ı' | 'ɨ' => "i",
        'Ɨ' => "I",
        'ȷ' => "j",
        'ŋ' | 'ɲ' => "n",
        'Ŋ' | 'Ɲ' => "N",
        'ɓ' | 'ƀ' => "b",
        'Ɓ' | 'Ƀ' => "B",
        'ƙ' | 'ĸ' => "k",
        'Ƙ' => "K",
        'ƴ' | 'ɏ' => "y",
        'Ƴ' | 'Ɏ' => "Y",
        'ǥ' | 'ɠ' => "g",
        'Ǥ' | 'Ɠ' => "G",
        'ƶ' => "z",
        'Ƶ' => "Z",
        'ʉ' => "u",
        'Ʉ' => "U",
        'ɛ' | 'ǝ' | 'ə' => "e",
        'Ɛ' | 'Ǝ' | 'Ə' => "E",
        'ς' => "σ",
        'ک' => "ك",
        'ی' | 'ى' => "ي",
        'ہ' | 'ە' => "ه",
        'ѐ' => "е",
        'ў' => "у",
        'ـ' => "",
        '\u{2b9}'..='\u{2c1}' | '\u{2c8}'..='\u{2cb}' | '\u{2ee}' => "",
        _ => return None,
    })
}

/// Without accents and compatibility forms, without leading zeros and a final `.0`, without separators but between
/// digits: `s1_1` is not `s11`.
fn plain(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.nfkd().filter(|c| !is_combining_mark(*c)) {
        match simple(c) {
            Some(letters) => text.push_str(letters),
            None => text.push(ascii_digit(c)),
        }
    }
    // As programs spell numbers: 1e0, 1E+01, 1.50, +1.
    // Of more digits a number keeps some alone.
    let is_number = text.len() <= 15 && text.contains(|c: char| c.is_ascii_digit());
    let number = text.trim().parse::<f64>().ok().filter(|x| is_number && x.is_finite());
    let text = number.map_or(text, |number| if number == 0.0 { "0".to_owned() } else { number.to_string() });
    let whole = text.split_once('.').filter(|(whole, zeros)| {
        !whole.is_empty() && whole.bytes().all(|b| b.is_ascii_digit()) && zeros.bytes().all(|b| b == b'0')
    });
    let letters: Vec<char> = whole.map_or(text.as_str(), |(whole, _)| whole).chars().collect();
    let mut plain = String::with_capacity(letters.len());
    let mut separated = false;
    for (at, &c) in letters.iter().enumerate() {
        if !c.is_alphanumeric() {
            separated = true;
            continue;
        }
        let after_digit = plain.chars().last().is_some_and(|last| last.is_ascii_digit());
        if separated && after_digit && c.is_ascii_digit() {
            plain.push('_');
        }
        // A zero that begins a number of several digits says nothing.
        let begins = separated || !after_digit;
        let goes_on = letters.get(at + 1).is_some_and(char::is_ascii_digit);
        separated = false;
        if c == '0' && begins && goes_on {
            // What follows begins the number as well.
            separated = plain.ends_with('_');
            if separated {
                plain.pop();
            }
            continue;
        }
        plain.push(c);
    }
    // A name of punctuation alone is only like itself.
    if plain.is_empty() { text } else { plain }
}

/// Whether two words are one with a slip of the pen: one letter more, less or other, in words of letters alone, of which
/// the longer has five.
pub(crate) fn misspelt(a: &str, b: &str) -> bool {
    let letters = |text: &str| if text.chars().all(char::is_alphabetic) { text.chars().count() } else { 0 };
    let (one, other) = (letters(a), letters(b));
    one.max(other) >= 5 && one.min(other) >= 4 && strsim::osa_distance(&a.to_lowercase(), &b.to_lowercase()) == 1
}

/// The words that tables use for one emotion: what one feels, how one is, and the first three letters.
const FORMS: [&[&str]; 12] = [
    &["anger", "angry", "ang"],
    &["boredom", "bored", "bor"],
    &["calm", "calmness"],
    &["contempt", "contemptuous"],
    &["disgust", "disgusted", "dis"],
    &["excitement", "excited", "exc"],
    &["fear", "fearful", "fea"],
    &["frustration", "frustrated", "fru"],
    &["happiness", "happy", "hap"],
    &["neutral", "neutrality", "neu"],
    &["sadness", "sad"],
    &["surprise", "surprised", "sur"],
];

/// Whether two different words are forms of one: `anger` and `angry`.
pub(crate) fn forms_of_one(a: &str, b: &str) -> bool {
    let (a, b) = (a.to_lowercase(), b.to_lowercase());
    a != b && FORMS.iter().any(|forms| forms.contains(&a.as_str()) && forms.contains(&b.as_str()))
}

/// The one of the names that is meant by `name`, as far as one can tell.
pub(crate) fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    names
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&lower, &known.to_lowercase()), known))
        .filter(|(similarity, _)| *similarity > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_safe_is_brought_to_one_spelling() {
        assert_eq!(tidy(" s00\u{a0}\t"), "s00");
        assert_eq!(tidy("Jose\u{301}  \u{200b}M"), "José M");
        assert_eq!(tidy("a\u{feff}\0b"), "ab");
        assert_eq!(tidy("S00"), "S00", "case is no business of this");
    }

    #[test]
    fn nobody_has_many_names() {
        for name in [
            "",
            "NaN",
            "unknown",
            "N/A",
            "<NA>",
            "#N/A",
            "none",
            "-",
            "?",
            "null",
            "Unk",
            "Unknown Speaker",
            "-1",
            "-1.0",
            "Unbekannt",
            "未知",
            "#REF!",
            "#NAME?",
            "#DIV/0!",
            "#WERT!",
            "######",
            "Err:502",
            "-999",
        ] {
            assert!(names_nobody(name), "{name}");
        }
        for name in ["01", "0", "1", "Nancy", "DC", "nana", "s-1", "é", "未来", "#1", "#ann", "99"] {
            assert!(!names_nobody(name), "{name}");
        }
    }

    #[test]
    fn names_that_are_one_for_a_reader_are_grouped() {
        for [a, b] in [
            ["s00", "S00"],
            ["s00", "s 00"],
            ["s0", "s00"],
            ["1", "01"],
            ["1", "1.0"],
            ["01", "1.0"],
            ["1", "1e0"],
            ["10", "1E+01"],
            ["1.5", "1.50"],
            ["12", "\u{661}\u{662}"],
            ["12", "\u{967}\u{968}"],
            ["José", "Jose"],
            ["anna", "\u{430}nna"],
            ["ANNA", "\u{410}NNA"],
            ["Anna-Maria", "anna maria"],
            ["s1", "ｓ１"],
            ["a/b", "a_b"],
            ["s1_02", "s1_2"],
            ["s1-2", "s1_2"],
            ["0", "00"],
            ["0", "-0.0"],
            ["Straße", "STRASSE"],
            ["GROẞ", "gross"],
            ["Michał", "Michal"],
            ["MICHAŁ", "michal"],
            ["Jørgensen", "Jorgensen"],
            ["Jørgensen", "JOERGENSEN"],
            ["Đorđe", "Dorde"],
            ["Đorđe", "Djordje"],
            ["Müller", "Mueller"],
            ["Mu\u{308}ller", "MUELLER"],
            ["Æsa", "Aesa"],
            ["Þór", "Thor"],
            ["Åse", "Aase"],
            ["Işık", "Isik"],
            ["İbrahim", "ibrahim"],
            ["Œuvre", "oeuvre"],
            ["ΝΙΚΟΣ", "νικος"],
            ["O\u{2bb}zbek", "O'zbek"],
        ] {
            assert_eq!(same_spelling([a, b]).len(), 1, "{a} {b}: {:?} {:?}", keys(a), keys(b));
        }
        let distinct = [
            "s1",
            "s10",
            "s100",
            "s1_1",
            "s11",
            "s1_10",
            "s2",
            "a",
            "b",
            "0",
            "10",
            "1.5",
            "15",
            "-",
            "?",
            "1e1s",
            "inf",
            "20261126220439123",
            "20261126220439124",
            "Michael",
            "Michal",
            "Manuel",
            "Manul",
            "Joel",
            "Jol",
        ];
        assert!(same_spelling(distinct).is_empty(), "{:?}", same_spelling(distinct));
        assert_eq!(same_spelling(["S1", "b", "s1", "01", "s01", "1"]), [vec!["S1", "s01", "s1"], vec!["01", "1"]]);
    }

    #[test]
    fn slips_of_the_pen_are_seen_in_words_alone() {
        for (a, b) in [("surprise", "surprised"), ("angry", "angyr"), ("disgust", "disgus"), ("hapy", "happy")] {
            assert!(misspelt(a, b), "{a} {b}");
        }
        for (a, b) in [("class1", "class2"), ("sad", "mad"), ("happy", "happy"), ("low_a", "low_b")] {
            assert!(!misspelt(a, b), "{a} {b}");
        }
        assert!(forms_of_one("Anger", "angry") && forms_of_one("sad", "sadness"));
        assert!(forms_of_one("neu", "neutral") && forms_of_one("Hap", "happiness"));
        assert!(!forms_of_one("sad", "Sad") && !forms_of_one("anger", "sadness"));
        assert_eq!(nearest("bordom", ["sad", "boredom"]), Some("boredom"));
        assert_eq!(nearest("xyz", ["sad", "boredom"]), None);
    }
}
