//! For tests: small folders that look like corpora, and the real ones where they are.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::Path,
};

use tempfile::TempDir;

use super::{CorpusConfig, Scan, scan};

/// A folder with these files, each with its own path as its content.
pub(crate) fn tree(files: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for file in files {
        write(folder.path(), file, file.as_bytes());
    }
    folder
}

/// Writes a file and the folders above it.
pub(super) fn write(folder: &Path, file: &str, content: &[u8]) {
    let path = folder.join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}

/// A WAVE file with a tone of that many seconds.
pub(crate) fn sound(rate: u32, seconds: f64) -> Vec<u8> {
    let spec =
        hound::WavSpec { channels: 1, sample_rate: rate, bits_per_sample: 16, sample_format: hound::SampleFormat::Int };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for i in 0..(seconds * f64::from(rate)) as usize {
        writer.write_sample(((i as f64 * 0.3).sin() * 9e3) as i16).unwrap();
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

/// The real corpus under `$SER_DATASETS`, where it is there; else says that the test is skipped.
pub(super) fn real(config: &CorpusConfig) -> Option<Scan> {
    let data = env::var_os("SER_DATASETS").unwrap_or_default();
    if !config.folder(Path::new(&data)).is_dir() {
        println!("skipped: no {} under $SER_DATASETS", config.kind);
        return None;
    }
    Some(scan(config, Path::new(&data)).unwrap())
}

/// Asserts how many speakers a corpus has and how many clips of each emotion, and that all of it is in order.
pub(super) fn assert_counts(scan: &Scan, speakers: usize, emotions: &[(&str, usize)]) {
    let mut found = BTreeMap::new();
    for clip in &scan.clips {
        *found.entry(clip.emotion.as_str()).or_insert(0) += 1;
    }
    assert_eq!(found, emotions.iter().copied().collect());
    assert_eq!(scan.clips.iter().map(|clip| &clip.speaker).collect::<BTreeSet<_>>().len(), speakers);
    assert!(scan.clips.is_sorted_by(|a, b| a.id < b.id));
    assert_eq!(scan.excluded, []);
}
