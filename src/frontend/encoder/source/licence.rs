//! The notice that goes with the weights.

use std::path::Path;

/// What OpenAI published Whisper's weights under.
pub(super) const OPENAI: &str = include_str!("openai-licence.txt");

/// The names that notices go by.
const FILES: [&str; 6] = ["LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "NOTICE", "COPYING"];

/// The notice in a model's folder or the one above it; else what its README's header says; else that there was none.
pub(super) fn beside(folder: &Path) -> String {
    let above = folder.parent().unwrap_or(folder);
    for folder in [folder, above] {
        for name in FILES {
            if let Ok(text) = crate::files::read_text(folder.join(name)) {
                return text;
            }
        }
    }
    let readme = crate::files::read_text(folder.join("README.md")).unwrap_or_default();
    let header = readme.strip_prefix("---").and_then(|rest| rest.split("\n---").next()).unwrap_or_default();
    match header.lines().find_map(|line| line.strip_prefix("license:")) {
        Some(licence) => format!("The model's page gives its licence as: {}\n", licence.trim()),
        None => "The model came without a licence notice. See where you got it before you pass it on.\n".to_owned(),
    }
}
