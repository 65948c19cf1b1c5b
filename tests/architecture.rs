//! Imports point one way: a folder of `src` uses those before it in [`ORDER`], never those after it.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The folders and files of `src`, each above all that it may use.
const ORDER: &[&str] = &[
    // The ground floor.
    "escape",
    "error",
    "names",
    "rng",
    "files",
    "setting",
    "sex",
    "events",
    "duration",
    "output",
    "stdout",
    "arrays",
    "parameters",
    "csv_file",
    "numeric",
    "metrics",
    "adapt",
    // From a config to a matrix.
    "synthetic",
    "audio",
    "corpus",
    "protocol",
    "augment",
    "frontend",
    "cache",
    // Learning.
    "device",
    "model",
    "task",
    "train",
    "config",
    "survey",
    // What is left of it, and what is made of that.
    "run",
    "bundle",
    "eval",
    "experiment",
    "predict",
    "stress",
    "report",
    // What the programs show.
    "progress",
];

/// A use of one folder by another.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Arrow {
    from: String,
    to: String,
    at: String,
}

#[test]
fn no_import_points_up() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&src, &mut files);
    assert!(files.len() > 100, "src has moved: {} files found", files.len());
    let tests = test_modules(&files);
    let (mut unknown, mut up) = (BTreeSet::new(), BTreeSet::new());
    for file in files.iter().filter(|file| !tests.iter().any(|test| file.starts_with(test))) {
        let path = module_of(&src, file);
        let Some(from) = path.first() else { continue };
        let place = |name: &str| ORDER.iter().position(|known| *known == name);
        if place(from).is_none() {
            unknown.insert(from.clone());
        }
        for to in used(&fs::read_to_string(file).unwrap(), path.len()) {
            match (place(from), place(&to)) {
                (Some(ours), Some(theirs)) if theirs > ours => {
                    let at = file.strip_prefix(&src).unwrap().display().to_string();
                    up.insert(Arrow { from: from.clone(), to, at });
                }
                (_, None) => drop(unknown.insert(to)),
                _ => {}
            }
        }
    }
    assert!(unknown.is_empty(), "not in ORDER of tests/architecture.rs: {unknown:?}");
    let arrows: Vec<String> = up.iter().map(|Arrow { from, to, at }| format!("{from} uses {to} in {at}")).collect();
    assert!(arrows.is_empty(), "imports that point up:\n{}", arrows.join("\n"));
}

/// A pipe, a device or a socket under a file's name is waited for for ever by whoever opens it: one helper looks first.
#[test]
fn files_are_opened_by_the_helper_that_looks_what_they_are() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    ["src", "src/bin", "serve/src", "python/src"].iter().for_each(|folder| collect(&root.join(folder), &mut files));
    let tests = test_modules(&files);
    let others = files.iter().filter(|file| !file.ends_with("src/files.rs"));
    let mut found = Vec::new();
    for file in others.filter(|file| !tests.iter().any(|test| file.starts_with(test))) {
        let code = without_tests(&fs::read_to_string(file).unwrap());
        for call in ["fs::read(", "fs::read_to_string(", "File::open("] {
            if code.contains(call) && !file.ends_with("test_support.rs") {
                found.push(format!("{call}…) in {}: use ser::files", file.display()));
            }
        }
    }
    assert!(files.len() > 150 && found.is_empty(), "{found:#?}");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // The programs use the library as anybody does.
            if !path.ends_with("src/bin") {
                collect(&path, files);
            }
        } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("src/lib.rs") {
            files.push(path);
        }
    }
}

/// A file's module, by its names from the crate's root: `src/cache/mod.rs` is `["cache"]`.
fn module_of(src: &Path, file: &Path) -> Vec<String> {
    let relative = file.strip_prefix(src).unwrap().with_extension("");
    let mut names: Vec<String> = relative.iter().map(|name| name.to_string_lossy().into_owned()).collect();
    if names.last().is_some_and(|name| name == "mod") {
        names.pop();
    }
    names
}

/// The files and folders of modules that are declared under `#[cfg(test)]`.
fn test_modules(files: &[PathBuf]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).unwrap();
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for pair in lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]") {
            let words: Vec<&str> = pair[1].split_whitespace().collect();
            if let [.., "mod", name] = words[..]
                && let Some(name) = name.strip_suffix(';')
            {
                let folder =
                    if file.ends_with("mod.rs") { file.parent().unwrap().to_owned() } else { file.with_extension("") };
                found.extend([folder.join(format!("{name}.rs")), folder.join(name)]);
            }
        }
    }
    found
}

/// The names behind `crate::`, or behind as many `super::` as lead to the root from a module `depth` deep, outside of
/// comments and tests.
fn used(text: &str, depth: usize) -> BTreeSet<String> {
    let code = without_tests(text);
    let root = "super::".repeat(depth);
    let mut names = BTreeSet::new();
    for prefix in ["crate::", &root] {
        for (at, _) in code.match_indices(prefix) {
            let before = code[..at].chars().next_back();
            if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
                continue;
            }
            names.extend(first_names(&code[at + prefix.len()..]));
        }
    }
    names
}

/// The text without comments and without the modules in it that are under `#[cfg(test)]`.
fn without_tests(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let (mut code, mut in_tests) = (String::new(), false);
    for (i, line) in lines.iter().enumerate() {
        let next = lines.get(i + 1).unwrap_or(&"");
        in_tests |= *line == "#[cfg(test)]" && next.contains("mod ") && next.ends_with('{');
        if !in_tests {
            code.push_str(line.split("//").next().unwrap_or_default());
            code.push('\n');
        }
        in_tests &= *line != "}";
    }
    code
}

/// The first name of each path of a use tree: `a` and `b` of `{a::{c, d}, b}`.
fn first_names(tree: &str) -> Vec<String> {
    let name = |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let Some(group) = tree.strip_prefix('{') else { return vec![name(tree)] };
    let (mut depth, mut names, mut start) = (0, Vec::new(), 0);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                names.push(name(group[start..at].trim_start()));
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

#[test]
fn imports_are_found_however_they_are_written() {
    let text = "use crate::{\n    a::{self, b::{C}},\n    d,\n};\n// crate::comment\nfn f() { crate::e::g(); super::super::h() }\n\
                use other_crate::x;\nmacro!($crate::m);\n#[cfg(test)]\nmod tests {\n    use crate::t;\n}\nuse crate::n;\n";
    assert_eq!(used(text, 2).into_iter().collect::<Vec<_>>(), ["a", "d", "e", "h", "m", "n"]);
    assert_eq!(used("fn f() { super::h() }", 1).into_iter().collect::<Vec<_>>(), ["h"]);
}
