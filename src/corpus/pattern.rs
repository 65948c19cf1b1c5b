//! How files are named, as a config says it: `{emotion}/{speaker}_{*}`.
//!
//! Braces name what stands there: `{speaker}` and `{emotion}`, which every pattern has, `{sex}`, `{age}`, `{sentence}`,
//! `{intensity}`, `{repetition}`, any other name, which is kept as it is, and `{*}`, which is anything. What is named goes as far
//! as the text that follows it in the pattern, `{*}` as far as it can. A pattern is of the end of a path without extension:
//! with one slash, of a file's folder and name.

use std::path::Path;

/// One part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Text that stands so in the name.
    Text(String),
    /// A named part; not empty.
    Field(String),
    /// Anything, or nothing.
    Any,
}

/// A pattern, by folders: the last is the file's stem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(Vec<Vec<Part>>);

impl Pattern {
    /// Reads a pattern; what is wrong with it, where it is none.
    pub(super) fn parse(text: &str) -> std::result::Result<Self, String> {
        let folders: Vec<Vec<Part>> = text.split('/').map(parts).collect::<std::result::Result<_, _>>()?;
        let mut names = Vec::new();
        for part in folders.iter().flatten() {
            if let Part::Field(name) = part {
                if names.contains(&name) {
                    return Err(format!("{{{name}}} stands in it twice"));
                }
                names.push(name);
            }
        }
        for needed in ["speaker", "emotion"] {
            if !names.iter().any(|name| *name == needed) {
                return Err(format!(
                    "it needs {{{needed}}}: a figure means nothing where nobody knows who speaks, or how"
                ));
            }
        }
        Ok(Self(folders))
    }

    /// What the pattern's names stand for in a path; nothing where it does not fit.
    pub(super) fn fields<'a>(&self, path: &'a Path) -> Option<Vec<(&str, &'a str)>> {
        let mut folders: Vec<&str> = path.parent()?.iter().map(|folder| folder.to_str()).collect::<Option<_>>()?;
        folders.push(path.file_stem()?.to_str()?);
        let from = folders.len().checked_sub(self.0.len())?;
        let mut fields = Vec::new();
        for (parts, text) in self.0.iter().zip(&folders[from..]) {
            fit(parts, text, &mut fields).then_some(())?;
        }
        Some(fields.into_iter().map(|(name, text): (&str, &str)| (name, text)).collect())
    }
}

/// The parts of one folder's or file's name.
fn parts(text: &str) -> std::result::Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else { return Err("a brace is not closed".into()) };
        if !before.is_empty() {
            parts.push(Part::Text(before.to_owned()));
        }
        let follows = matches!(parts.last(), Some(Part::Field(_) | Part::Any));
        if follows {
            return Err(format!(
                "nothing stands between {{{name}}} and what is before it, so that its beginning is not known"
            ));
        }
        match name.trim() {
            "*" => parts.push(Part::Any),
            "" => return Err("{} has no name; {*} stands for anything".into()),
            name => parts.push(Part::Field(name.to_ascii_lowercase())),
        }
        rest = after;
    }
    if rest.contains('}') {
        return Err("a brace is closed that was not opened".into());
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest.to_owned()));
    }
    if parts.is_empty() { Err("a folder's or file's name in it is empty".into()) } else { Ok(parts) }
}

/// Whether the parts fit the text, with what the named ones stand for.
fn fit<'p, 'a>(parts: &'p [Part], text: &'a str, fields: &mut Vec<(&'p str, &'a str)>) -> bool {
    let Some((first, rest)) = parts.split_first() else { return text.is_empty() };
    match first {
        Part::Text(expected) => text.strip_prefix(expected.as_str()).is_some_and(|left| fit(rest, left, fields)),
        Part::Field(name) => {
            let end = match rest.first() {
                Some(Part::Text(next)) => text.find(next.as_str()),
                _ => Some(text.len()),
            };
            let Some(end) = end.filter(|end| *end > 0) else { return false };
            fields.push((name, &text[..end]));
            let fits = fit(rest, &text[end..], fields);
            if !fits {
                fields.pop();
            }
            fits
        }
        Part::Any => {
            let known = fields.len();
            let mut ends = (0..=text.len()).rev().filter(|end| text.is_char_boundary(*end));
            ends.any(|end| {
                fields.truncate(known);
                fit(rest, &text[end..], fields)
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(pattern: &str, path: &str) -> Option<String> {
        let pattern = Pattern::parse(pattern).unwrap();
        let fields = pattern.fields(Path::new(path))?;
        Some(fields.iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn a_name_is_read_by_the_text_between_its_parts() {
        for (pattern, path, expected) in [
            ("{speaker}_{emotion}_{*}", "a/s00_angry_0.wav", "speaker=s00 emotion=angry"),
            ("{speaker}_{emotion}_{*}", "s00_angry_x_1.wav", "speaker=s00 emotion=angry"),
            ("{emotion}/{speaker}-{take}", "x/Sad/é1-02.flac", "emotion=Sad speaker=é1 take=02"),
            ("{speaker}/{emotion}/{*}", "s1/happy/anything.wav", "speaker=s1 emotion=happy"),
            ("{*}_{speaker}_{emotion}", "a_b_c_s1_sad.wav", "speaker=s1 emotion=sad"),
            ("rec{speaker}({emotion})", "rec12(sad).wav", "speaker=12 emotion=sad"),
        ] {
            assert_eq!(fields(pattern, path).as_deref(), Some(expected), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("{speaker}_{emotion}_{*}", "s00_angry.wav"),
            ("{speaker}_{emotion}", "_angry.wav"),
            ("{emotion}/{speaker}", "s1.wav"),
            ("rec{speaker}_{emotion}", "12_sad.wav"),
        ] {
            assert_eq!(fields(pattern, path), None, "{pattern} {path}");
        }
    }

    #[test]
    fn a_pattern_that_cannot_be_read_says_why() {
        for (pattern, problem) in [
            ("{emotion}/{*}", "{speaker}"),
            ("{speaker}/{*}", "{emotion}"),
            ("{speaker}{emotion}", "nothing stands between"),
            ("{speaker}_{speaker}_{emotion}", "twice"),
            ("{speaker}_{emotion", "not closed"),
            ("{speaker}_emotion}", "not opened"),
            ("{}_{speaker}_{emotion}", "no name"),
            ("{speaker}//{emotion}", "empty"),
        ] {
            let found = Pattern::parse(pattern).unwrap_err();
            assert!(found.contains(problem), "{pattern}: {found}");
        }
    }
}
