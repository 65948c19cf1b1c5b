//! The seeds: small files of our own making in `seeds/`, a folder a target (`make-seeds.sh` says how they were made).

use std::path::{Path, PathBuf};

/// Where the seeds lie.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds")
}

/// A folder of them, by path.
pub fn folder(name: &str) -> PathBuf {
    root().join(name)
}

/// The files of a folder in the order of their names, those that end in `extension` alone.
pub fn of(name: &str, extension: &str) -> Vec<Vec<u8>> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder(name))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_file() && path.to_string_lossy().ends_with(extension))
        .collect();
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

/// One file.
pub fn one(name: &str) -> Vec<Vec<u8>> {
    std::fs::read(root().join(name)).into_iter().collect()
}

/// The small models that the tests of the encoders are held against: folders as Hugging Face has them.
pub fn models() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> =
        files(&golden_root()).into_iter().filter_map(|path| Some(path.parent()?.to_owned())).collect();
    folders.retain(|folder| folder.join("config.json").is_file() && folder.join("model.safetensors").is_file());
    folders.sort();
    folders.dedup();
    folders
}

/// Their files whose path ends so.
pub fn golden(end: &str) -> Vec<Vec<u8>> {
    let mut paths = files(&golden_root());
    paths.retain(|path| path.to_string_lossy().ends_with(end));
    paths.sort();
    paths.iter().filter_map(|path| std::fs::read(path).ok()).collect()
}

fn golden_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/encoders")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
