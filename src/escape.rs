//! Names of emotions, speakers, clips and corpora come from tables and folders of others and may hold anything. Here is
//! one function for each format that writes them so that they stay text.

use std::{borrow::Cow, fmt::Write};

/// No column of a text is made wider: a longer name stands out of it. (Formatting ends the program above 65,535, and a table
/// of a million rows is not padded for one of them.)
pub(crate) const WIDEST: usize = 400;

/// Whether a character is shown as nothing, or changes how others are shown: control characters, line separators, and
/// what reverses or overrides the direction of writing (<https://trojansource.codes>).
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Text for a terminal or a text file, in one line: hidden characters are written as `\n` or `\u{1b}`.
pub(crate) fn text(name: &str) -> Cow<'_, str> {
    if !name.contains(is_hidden) {
        return Cow::Borrowed(name);
    }
    let mut safe = String::new();
    for character in name.chars() {
        match is_hidden(character) {
            true if character.is_control() => safe.extend(character.escape_default()),
            true => safe.extend(character.escape_unicode()),
            false => safe.push(character),
        }
    }
    Cow::Owned(safe)
}

/// Text of several lines for a terminal: as [`text`], and line feeds stay.
pub(crate) fn lines(words: &str) -> Cow<'_, str> {
    if !words.contains(|character| is_hidden(character) && character != '\n') {
        return Cow::Borrowed(words);
    }
    Cow::Owned(words.split('\n').map(text).collect::<Vec<_>>().join("\n"))
}

/// Text in Markdown, as GitHub draws it: in a cell of a table, a list item, a heading or a paragraph.
pub(crate) fn markdown(name: &str) -> String {
    let name = text(name);
    let mut safe = String::new();
    // A line that begins as a list, a heading or a rule.
    let digits = name.chars().take_while(char::is_ascii_digit).count();
    let bytes = name.as_bytes();
    let begins = match (bytes.get(digits), bytes.get(digits + 1)) {
        (Some(b'.' | b')'), None | Some(b' ')) if digits > 0 => Some(digits),
        (Some(b'+' | b'-'), None | Some(b' ' | b'-')) if digits == 0 => Some(0),
        (Some(b'#' | b'=' | b' '), _) if digits == 0 => Some(0),
        _ => None,
    };
    for (at, character) in name.char_indices() {
        let rest = &name[at..];
        let special = matches!(character, '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '~' | '$');
        // What GitHub would make a link of.
        let link = rest.starts_with("://") || (character == '.' && name[..at].to_ascii_lowercase().ends_with("www"));
        match character {
            ' ' if begins == Some(at) => safe.push_str("&#32;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            _ if special || link || begins == Some(at) => safe.extend(['\\', character]),
            _ => safe.push(character),
        }
    }
    safe
}

/// Text in LaTeX, with UTF-8 as input.
pub(crate) fn latex(name: &str) -> String {
    let mut safe = String::new();
    for character in text(name).chars() {
        match character {
            '&' | '%' | '$' | '#' | '_' | '{' | '}' => safe.extend(['\\', character]),
            '\\' => safe.push_str("\\textbackslash{}"),
            '~' => safe.push_str("\\textasciitilde{}"),
            '^' => safe.push_str("\\textasciicircum{}"),
            '<' => safe.push_str("\\textless{}"),
            '>' => safe.push_str("\\textgreater{}"),
            '|' => safe.push_str("\\textbar{}"),
            '"' => safe.push_str("\\textquotedbl{}"),
            // Ligatures of the input: --, '', !` and ?`.
            '-' if safe.ends_with('-') => safe.push_str("{}-"),
            '\'' if safe.ends_with('\'') => safe.push_str("{}'"),
            '`' => safe.push_str("\\textasciigrave{}"),
            '→' => safe.push_str("$\\to$"),
            // `\\` and a bracket would be a break with an argument.
            '[' => safe.push_str("{[}"),
            ']' => safe.push_str("{]}"),
            other => safe.push(other),
        }
    }
    safe
}

/// Text in XML and SVG, also in an attribute with double quotes. Control characters, which XML cannot hold, are written
/// as [`text`] writes them.
pub(crate) fn xml(name: &str) -> String {
    let mut safe = String::new();
    for character in text(name).chars() {
        let _ = match character {
            '&' => safe.write_str("&amp;"),
            '<' => safe.write_str("&lt;"),
            '>' => safe.write_str("&gt;"),
            '"' => safe.write_str("&quot;"),
            '\'' => safe.write_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => safe.write_str("\u{fffd}"),
            other => safe.write_char(other),
        };
    }
    safe
}

/// A cell of a CSV, before it is quoted: a spreadsheet takes what begins with `=`, `+`, `-`, `@`, a tab or a carriage
/// return for a formula, so that such text gets an apostrophe in front. Numbers stay as they are, and so does a lone `-`, which is no
/// formula and stands for standard input. [`from_csv`] reads it back.
pub(crate) fn csv(cell: &str) -> Cow<'_, str> {
    if is_formula(cell.trim_start_matches('\'')) && !is_number(cell) && cell != "-" {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// What [`csv()`] was given.
pub(crate) fn from_csv(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(name) if is_formula(name.trim_start_matches('\'')) => name,
        _ => cell,
    }
}

fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
}

fn is_number(cell: &str) -> bool {
    cell.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-')) && cell.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Names of letters and of what the formats take for more than text.
    fn names() -> impl Strategy<Value = String> {
        let odd = prop::sample::select(
            "\\|*_`<>[]{}~$&#%^\"'=+-@!().:/ ?é→ \t\r\n\0\u{1b}\u{7f}\u{202e}\u{2066}\u{2028}1a"
                .chars()
                .collect::<Vec<_>>(),
        );
        prop::collection::vec(prop_oneof![3 => odd, 1 => any::<char>()], 0..30).prop_map(String::from_iter)
    }

    #[test]
    fn ordinary_names_stay_as_they_are() {
        for name in ["anger", "pleasant surprise", "über-froh", "c/s01/a.b", "愤怒", "غضب", "1", "don't"] {
            assert_eq!((text(name).as_ref(), csv(name).as_ref(), latex(name).as_str()), (name, name, name));
            assert_eq!(markdown(name), name);
        }
    }

    #[test]
    fn hidden_characters_are_shown() {
        assert_eq!(text("a\n\u{1b}[2J\u{202e}b"), "a\\n\\u{1b}[2J\\u{202e}b");
    }

    #[test]
    fn markdown_begins_nothing() {
        for (name, safe) in [
            ("## Heading", "\\## Heading"),
            ("- a", "\\- a"),
            ("12. a", "12\\. a"),
            ("84.58", "84.58"),
            ("+64.58", "+64.58"),
            ("---", "\\---"),
            ("    code", "&#32;   code"),
            ("<img src=x onerror=alert(2)>", "&lt;img src=x onerror=alert(2)&gt;"),
            ("a\n\n# b", "a\\\\n\\\\n# b"),
            ("[x](javascript:alert(1))", "\\[x\\](javascript:alert(1))"),
            ("http://x www.x", "http\\://x www\\.x"),
            ("&lt;", "&amp;lt;"),
        ] {
            assert_eq!(markdown(name), safe);
        }
    }

    #[test]
    fn formulas_get_an_apostrophe_and_numbers_do_not() {
        for (cell, safe) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("-1.5e3", "-1.5e3"),
            ("-1+1", "'-1+1"),
            ("-inf", "'-inf"),
            ("'=x", "''=x"),
            ("'tis", "'tis"),
        ] {
            assert_eq!(csv(cell), safe);
        }
    }

    proptest! {
        #[test]
        fn text_has_one_line_and_nothing_hidden(name in names()) {
            prop_assert!(!text(&name).contains(is_hidden));
        }

        #[test]
        fn a_csv_cell_is_no_formula_and_reads_back(name in names()) {
            let cell = csv(&name);
            prop_assert!(!is_formula(&cell) || is_number(&cell) || cell == "-");
            prop_assert_eq!(from_csv(&cell), name.as_str());
        }

        /// Without what is escaped nothing is left that opens an element, a link, a cell, emphasis or code.
        #[test]
        fn markdown_has_no_bare_markup(name in names()) {
            let safe = markdown(&name);
            let mut bare = String::new();
            let mut characters = safe.chars();
            while let Some(character) = characters.next() {
                if character == '\\' { characters.next(); } else { bare.push(character); }
            }
            let bare = ["&#32;", "&lt;", "&gt;", "&amp;"].iter().fold(bare, |bare, entity| bare.replace(entity, ""));
            prop_assert!(!bare.contains(['|', '*', '_', '`', '<', '>', '[', ']', '~', '$', '&']), "{safe}");
            let begins = ["#", "=", "+ ", "- ", "--", " "].iter().any(|mark| safe.starts_with(mark));
            prop_assert!(!begins && !matches!(safe.as_str(), "+" | "-") && !safe.contains('\n'), "{safe}");
        }

        #[test]
        fn xml_is_well_formed_and_reads_back(name in names()) {
            let svg = format!("<svg xmlns=\"http://www.w3.org/2000/svg\" id=\"{0}\"><title>{0}</title></svg>", xml(&name));
            let document = resvg::usvg::roxmltree::Document::parse(&svg).unwrap();
            let shown = text(&name).replace(['\u{fffe}', '\u{ffff}'], "\u{fffd}");
            prop_assert_eq!(document.root_element().attribute("id"), Some(shown.as_str()));
        }

        #[test]
        fn latex_closes_what_it_opens_and_has_no_bare_command(name in names()) {
            let safe = latex(&name);
            let bare = ["textbackslash", "textasciitilde", "textasciicircum", "textless", "textgreater", "textbar",
                "textquotedbl", "textasciigrave"]
                .iter()
                .fold(safe.clone(), |safe, command| safe.replace(&format!("\\{command}{{}}"), ""));
            let bare = bare.replace("$\\to$", "");
            let bare = "&%$#_{}".chars().fold(bare, |bare, special| bare.replace(&format!("\\{special}"), ""));
            let bare = bare.replace("{}", "").replace("{[}", "").replace("{]}", "");
            prop_assert!(!bare.contains(['\\', '&', '%', '$', '#', '_', '{', '}', '~', '^', '[', ']']), "{safe}");
        }
    }
}
