//! The tests: what is altered, how much, and what is asked of a recogniser that is to stand it.

use serde::{Deserialize, Serialize};

use super::alter::{Alteration, Sound};
use crate::augment::Line;

/// A set of tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Suite {
    /// All of them, each at several strengths.
    #[default]
    Own,
    /// The conditions of audEERING's ser-tests, made here without its recordings.
    SerTests,
    /// The conditions of Robuser, made here without its recordings.
    Robuser,
}

/// The most that the UAR may fall by, 0 to 1: ser-tests' limit, here asked at every strength.
pub const UAR_LOSS: f64 = 0.05;

/// A test.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Test {
    /// Its name in tables and files: `white-20db`.
    pub name: String,
    /// What the tests that differ in strength alone have in common.
    pub kind: &'static str,
    /// The strength, in `unit`.
    pub strength: Option<f64>,
    /// The unit of the strength.
    pub unit: &'static str,
    /// The share of answers that must stay as they were, where ser-tests has a limit for such a change.
    pub unchanged: Option<f64>,
    pub alteration: Alteration,
    suites: &'static [Suite],
}

use Suite::{Own, Robuser, SerTests};

/// Ser-tests' shares of unchanged answers.
const NOISE: Option<f64> = Some(0.90);
const PHONE: Option<f64> = Some(0.50);
const ROOM: Option<f64> = Some(0.80);
const TINY: Option<f64> = Some(0.95);

const ALL: &[Suite] = &[Own, SerTests, Robuser];
const OURS: &[Suite] = &[Own];
const SER_TESTS: &[Suite] = &[Own, SerTests];
const ROBUSER: &[Suite] = &[Own, Robuser];

/// The tests of a suite; those of folders only where the user gives them.
pub(super) fn tests(suite: Suite, noises: bool, responses: bool) -> Vec<Test> {
    let mut all = noise_tests(noises);
    for (rt60, suites) in [(0.2, OURS), (0.4, ALL), (0.6, OURS), (0.8, ALL), (1.0, OURS), (1.2, ALL)] {
        all.push(test("room", "room", rt60, "s", ROOM, Alteration::Room(rt60), suites));
    }
    if responses {
        all.push(plain("room-of-folder", "room of the folder", ROOM, Alteration::Response, ALL));
    }
    for (name, codec, noise, suites) in [
        ("telephone", Line::Linear, None, OURS),
        ("telephone-mu-law", Line::MuLaw, None, SER_TESTS),
        ("telephone-a-law", Line::ALaw, None, OURS),
        ("telephone-adpcm", Line::Adpcm, None, ROBUSER),
        ("telephone-mu-law-noise-25db", Line::MuLaw, Some(25.0), SER_TESTS),
    ] {
        all.push(plain(name, "telephone", PHONE, Alteration::Telephone(codec, noise), suites));
    }
    // Robuser has MP3 at these rates; ours is a codec of our own.
    for (kbits, suites) in [(32.0, ROBUSER), (24.0, OURS), (16.0, ROBUSER), (8.0, ROBUSER)] {
        all.push(test("mp3-like", "MP3-like (own codec)", kbits, "kbps", None, Alteration::LowRate(kbits), suites));
    }
    for db in [6.0, 12.0, 20.0] {
        all.push(test("clipping", "clipping", db, "dB", None, Alteration::Clipping(db), ROBUSER));
    }
    for percent in [5.0, 10.0, 20.0] {
        let alteration = Alteration::Dropouts(percent / 100.0);
        all.push(test("dropouts", "lost packets", percent, "%", None, alteration, OURS));
    }
    for db in [6.0, 12.0, 20.0] {
        all.push(test("gain-jumps", "jumps of level", db, "dB", None, Alteration::GainJumps(db), ROBUSER));
    }
    for (db, suites) in [(-20.0, OURS), (-10.0, SER_TESTS), (10.0, SER_TESTS), (20.0, OURS)] {
        all.push(test("gain", "gain", db, "dB", TINY, Alteration::Gain(db), suites));
    }
    for (hz, unchanged, suites) in
        [(7_500.0, TINY, SER_TESTS), (4_000.0, None, OURS), (2_000.0, None, OURS), (1_000.0, None, OURS)]
    {
        all.push(test("low-pass", "low pass", hz, "Hz", unchanged, Alteration::LowPass(hz), suites));
    }
    for (hz, unchanged, suites) in
        [(50.0, TINY, SER_TESTS), (150.0, None, OURS), (300.0, None, OURS), (500.0, None, OURS)]
    {
        all.push(test("high-pass", "high pass", hz, "Hz", unchanged, Alteration::HighPass(hz), suites));
    }
    for hz in [16_000, 8_000] {
        all.push(test("rate", "other rate", f64::from(hz), "Hz", None, Alteration::Resample(hz), OURS));
    }
    for times in [0.9, 1.1] {
        all.push(test("speed", "speed", times, "x", None, Alteration::Speed(times), OURS));
        all.push(test("tempo", "tempo", times, "x", None, Alteration::Tempo(times), OURS));
        all.push(test("pitch", "pitch", times, "x", None, Alteration::Pitch(times), OURS));
    }
    for seconds in [0.1, 0.5, 1.0] {
        let (tiny, suites) = if seconds < 0.2 { (TINY, SER_TESTS) } else { (None, OURS) };
        all.push(test(
            "silence-before",
            "silence before",
            seconds,
            "s",
            tiny,
            Alteration::SilenceBefore(seconds),
            suites,
        ));
        all.push(test("silence-after", "silence after", seconds, "s", tiny, Alteration::SilenceAfter(seconds), suites));
    }
    for (name, kind, alteration, suites) in [
        ("shift-1ms", "begins 1 ms later", Alteration::CropBegin(0.001), SER_TESTS),
        ("crop-end-50ms", "ends 50 ms earlier", Alteration::CropEnd(0.05), SER_TESTS),
        ("least-bit", "±1 step of 16 bits", Alteration::LeastBit, SER_TESTS),
        ("hum-40db", "hum of 50 Hz at 40 dB", Alteration::Noise(Sound::Hum, 40.0), SER_TESTS),
        ("offset", "plus a constant of 0.01", Alteration::Offset(0.01), OURS),
        ("inverted", "upside down", Alteration::Inverted, SER_TESTS),
        ("bits-12", "12 bits a sample", Alteration::Bits(12), OURS),
    ] {
        all.push(plain(name, kind, TINY, alteration, suites));
    }
    all.push(plain("bits-8", "8 bits a sample", None, Alteration::Bits(8), OURS));
    all.retain(|test| test.suites.contains(&suite));
    all
}

fn noise_tests(folder: bool) -> Vec<Test> {
    let mut all = Vec::new();
    for (name, kind, sound) in [
        ("white", "white noise", Sound::White),
        ("pink", "pink noise", Sound::Pink),
        ("speech-noise", "steady noise like speech", Sound::Speech),
        ("babble", "babble", Sound::Babble),
        ("music", "music-like", Sound::Music),
        ("noises", "noise of the folder", Sound::Folder),
    ] {
        if sound == Sound::Folder && !folder {
            continue;
        }
        for db in [30.0, 20.0, 15.0, 10.0, 5.0, 0.0] {
            // Robuser has environmental noise and people at 20, 10 and 0 dB and Gaussian noise at 30, 20 and 10.
            let strengths: &[f64] = if sound == Sound::White { &[30.0, 20.0, 10.0] } else { &[20.0, 10.0, 0.0] };
            let suites = match (strengths.contains(&db), db == 20.0) {
                (true, true) => ALL,
                (true, false) => ROBUSER,
                (false, _) => OURS,
            };
            let unchanged = NOISE.filter(|_| db >= 20.0);
            all.push(test(name, kind, db, "dB", unchanged, Alteration::Noise(sound, db), suites));
        }
    }
    all.push(test(
        "bursts",
        "bursts like coughs",
        10.0,
        "dB",
        NOISE,
        Alteration::Noise(Sound::Bursts, 10.0),
        SER_TESTS,
    ));
    all
}

fn test(
    name: &str,
    kind: &'static str,
    strength: f64,
    unit: &'static str,
    unchanged: Option<f64>,
    alteration: Alteration,
    suites: &'static [Suite],
) -> Test {
    let spelt = unit.to_ascii_lowercase().replace('%', "percent");
    Test {
        name: format!("{name}-{strength}{spelt}"),
        kind,
        strength: Some(strength),
        unit,
        unchanged,
        alteration,
        suites,
    }
}

fn plain(
    name: &str,
    kind: &'static str,
    unchanged: Option<f64>,
    alteration: Alteration,
    suites: &'static [Suite],
) -> Test {
    Test { name: name.to_owned(), kind, strength: None, unit: "", unchanged, alteration, suites }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn there_are_more_than_forty_and_no_two_of_a_name() {
        let own = tests(Own, false, false);
        assert!(own.len() >= 40, "{}", own.len());
        let names: BTreeSet<&str> = own.iter().map(|test| test.name.as_str()).collect();
        assert_eq!(names.len(), own.len());
        for (suite, least) in [(SerTests, 20), (Robuser, 20)] {
            let some = tests(suite, true, true);
            assert!(
                some.len() >= least && some.iter().any(|test| test.name == "noises-20db"),
                "{suite:?} {}",
                some.len()
            );
            assert!(some.iter().any(|test| test.name == "room-of-folder"));
        }
        assert!(tests(Own, true, false).len() == own.len() + 6);
    }
}
