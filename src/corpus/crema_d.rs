//! CREMA-D: 91 actors, twelve sentences, six emotions.
//!
//! Names are `actor_sentence_emotion_level`. Some copies write the level `XX` (unspecified) as `X`. Three tables may lie
//! beside the audio and are read where they do: `VideoDemographics.csv` (the actors), `summaryTable.csv` (what most
//! listeners perceived) and `tabulatedVotes.csv` (what each of them did). The name says what the actor intended, the tables
//! what was perceived: which of them is the label is a setting ([`LabelSource`]).

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

use super::{
    Cause, CorpusConfig, Exclusion, LISTENERS, LabelSource, Metadata, Scan, Sex, VOTES_PREFIX,
    named::{self, Named, Naming, Parsed, Reading},
    table::{Row, Table},
};
use crate::error::{Error, Result};

pub(super) const NAMING: Naming = Naming {
    title: "CREMA-D",
    example: "AudioWAV/1001_IEO_ANG_HI.wav",
    obtain: "Get it with Git LFS from https://github.com/CheyneyComputerScience/CREMA-D",
    published: Some(7442),
    parse,
};

const DEMOGRAPHICS: &str = "VideoDemographics.csv";
const VOTES: &str = "summaryTable.csv";
const TABULATED: &str = "tabulatedVotes.csv";
/// Its columns: the mean level, 0 to 100 (−1 where nobody did), of those who heard the emotion whose code begins with the letter.
const LEVEL_MEANS: [(&str, &str); 6] = [
    ("A", "meanAngerResp"),
    ("D", "meanDisgustResp"),
    ("F", "meanFearResp"),
    ("H", "meanHappyResp"),
    ("N", "meanNeutralResp"),
    ("S", "meanSadResp"),
];
/// How strong an emotion all listeners to the sound alone heard, from 0 to 1: the mean of their levels, where one who heard none
/// (neutral) counts 0.
const HEARD_INTENSITY: &str = "heard_intensity";
/// The column of the votes that were cast on the sound alone.
const VOICE_VOTE: &str = "VoiceVote";
/// The column of the mean level, 0 to 100, that those who cast the winning vote on the sound alone gave it; of each where the
/// vote is tied, as `50:61.5`.
const VOICE_LEVEL: &str = "VoiceLevel";
/// What the level becomes: a number from 0 to 1, of a tie the mean.
const PERCEIVED_INTENSITY: &str = "perceived_intensity";

/// By the code in the name, whose first letter is the code in the table of votes.
const EMOTIONS: [(&str, &str); 6] =
    [("ANG", "angry"), ("DIS", "disgust"), ("FEA", "fear"), ("HAP", "happy"), ("NEU", "neutral"), ("SAD", "sad")];

const LEVELS: [(&str, Option<&str>); 4] =
    [("LO", Some("low")), ("MD", Some("medium")), ("HI", Some("high")), ("XX", None)];

const SENTENCES: [(&str, &str); 12] = [
    ("DFA", "Don't forget a jacket"),
    ("IEO", "It's eleven o'clock"),
    ("IOM", "I'm on my way to the meeting"),
    ("ITH", "I think I have a doctor's appointment"),
    ("ITS", "I think I've seen this before"),
    ("IWL", "I would like a new alarm clock"),
    ("IWW", "I wonder what this is about"),
    ("MTI", "Maybe tomorrow it will be cold"),
    ("TAI", "The airplane is almost full"),
    ("TIE", "That is exactly what happened"),
    ("TSI", "The surface is slick"),
    ("WSI", "We'll stop in a couple of minutes"),
];

pub(super) fn scan(config: &CorpusConfig, data: &Path) -> Result<Scan> {
    let mut corpus = named::find(&NAMING, config, data)?;
    let table = |name| find_table(&corpus, name).map(|path| Table::read(&path)).transpose();
    let (demographics, votes, tabulated) = (table(DEMOGRAPHICS)?, table(VOTES)?, table(TABULATED)?);
    if let Some(demographics) = &demographics {
        add_demographics(&mut corpus.scan, &rows_by(demographics, "ActorID")?);
    }
    let votes = match &votes {
        // The table's spelling of a clip may be the lenient one, too.
        Some(votes) => Some(rows_by(votes, "FileName")?.into_iter().map(|(name, row)| (official(name), row)).collect()),
        None => None,
    };
    if let Some(votes) = &votes {
        add_votes(&mut corpus.scan, votes);
    }
    if let Some(tabulated) = &tabulated {
        add_tabulated(&mut corpus.scan, tabulated)?;
    }
    match config.label_source {
        LabelSource::Intended => {}
        LabelSource::VoiceVote if votes.is_some() => label_by_voice(&mut corpus.scan),
        LabelSource::VoiceVote => {
            return Err(Error::Config(format!(
                "label_source = \"voice-vote\" needs CREMA-D's table of votes: put processedResults/{VOTES} of the \
                 corpus's repository under {}",
                corpus.root.display()
            )));
        }
    }
    Ok(corpus.scan)
}

fn parse(path: &Path) -> Reading<Parsed> {
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_ascii_uppercase();
    let parts: Vec<&str> = stem.split('_').collect();
    let [actor, sentence, emotion, level] = parts[..] else {
        return Err("not a CREMA-D name (actor_sentence_emotion_level)".into());
    };
    if actor.len() != 4 || !actor.parse().is_ok_and(|number: u32| (1001..=1091).contains(&number)) {
        return Err(format!("no CREMA-D actor has the number {actor}"));
    }
    let level = if level == "X" { "XX" } else { level };
    let sentence_text = look_up(&SENTENCES, "sentence", sentence)?;
    let emotion_name = look_up(&EMOTIONS, "emotion", emotion)?;
    let intensity = look_up(&LEVELS, "level", level)?;
    Ok(Parsed {
        speaker: actor.into(),
        stem: format!("{actor}_{sentence}_{emotion}_{level}"),
        emotion: emotion_name.into(),
        meta: Metadata {
            sentence: Some(sentence_text.into()),
            intensity: intensity.map(str::to_owned),
            ..Metadata::default()
        },
    })
}

fn look_up<T: Copy>(codes: &[(&str, T)], field: &str, code: &str) -> Reading<T> {
    let known = codes.iter().find(|(known, _)| *known == code);
    known.map(|(_, meaning)| *meaning).ok_or_else(|| format!("no CREMA-D {field} has the code {code}"))
}

/// The official spelling of a clip's name, or the name as it is where it is none.
fn official(name: &str) -> String {
    parse(Path::new(&format!("{name}.wav"))).map_or_else(|_| name.to_owned(), |parsed| parsed.stem)
}

/// The table in the corpus's folder or, where that is `AudioWAV` itself, beside it.
fn find_table(corpus: &Named, name: &str) -> Option<PathBuf> {
    if let Some(inside) = corpus.found.table(name) {
        return Some(corpus.root.join(inside));
    }
    let beside = corpus.root.canonicalize().ok()?.parent()?.to_owned();
    [beside.join(name), beside.join("processedResults").join(name)].into_iter().find(|path| path.is_file())
}

fn add_demographics(scan: &mut Scan, actors: &HashMap<&str, Row<'_>>) {
    for clip in &mut scan.clips {
        let Some(actor) = actors.get(clip.speaker.as_str()) else { continue };
        for (&column, &value) in actor {
            match column {
                "Age" => clip.meta.age = value.parse().ok(),
                "Sex" => clip.meta.sex = Sex::parse(value),
                _ => drop(clip.meta.extra.insert(column.to_owned(), value.to_owned())),
            }
        }
    }
}

fn add_votes(scan: &mut Scan, votes: &HashMap<String, Row<'_>>) {
    for clip in &mut scan.clips {
        let stem = clip.id.rsplit('/').next().unwrap_or_default();
        let Some(row) = votes.get(stem) else { continue };
        clip.meta.extra.extend(row.iter().map(|(column, value)| ((*column).to_owned(), (*value).to_owned())));
        let heard = row.get(VOICE_LEVEL).and_then(|levels| perceived_intensity(levels));
        clip.meta.extra.extend(heard.map(|heard| (PERCEIVED_INTENSITY.to_owned(), heard.to_string())));
    }
}

/// What each listener to the sound alone heard: the table has a clip three times, first for the sound, then for the face, then
/// for both.
fn add_tabulated(scan: &mut Scan, table: &Table) -> Result<()> {
    let advice = "take the file from CREMA-D's repository again";
    for name in EMOTIONS.iter().map(|(code, _)| &code[..1]).chain(["fileName", "numResponses"]) {
        table.column(name, advice)?;
    }
    let mut heard = HashMap::<String, BTreeMap<String, String>>::new();
    for (number, row) in table.rows() {
        let Some(name) = row.get("fileName") else { continue };
        let name = official(name);
        if heard.contains_key(&name) {
            continue;
        }
        let of = tabulated(&row)
            .map_err(|problem| Error::file(table.path(), format!("row {number} ({name}): {problem}: {advice}")))?;
        heard.insert(name, of);
    }
    for clip in &mut scan.clips {
        let stem = clip.id.rsplit('/').next().unwrap_or_default();
        clip.meta.extra.extend(heard.remove(stem).into_iter().flatten());
    }
    Ok(())
}

/// The columns of a row of the tabulated votes.
fn tabulated(row: &Row<'_>) -> Reading<BTreeMap<String, String>> {
    let count = |column: &str| {
        let cell = row.get(column).copied().unwrap_or_default();
        cell.parse::<u32>().map_err(|_| format!("{column} = \"{cell}\" is not a number of listeners"))
    };
    let listeners = count("numResponses")?;
    let mut columns = BTreeMap::from([(LISTENERS.to_owned(), listeners.to_string())]);
    let (mut all, mut levels) = (0, Some(0.0));
    for (code, emotion) in EMOTIONS {
        let votes = count(&code[..1])?;
        all += votes;
        columns.insert(format!("{VOTES_PREFIX}{emotion}"), votes.to_string());
        if votes > 0 && emotion != "neutral" {
            let column = LEVEL_MEANS.iter().find(|(letter, _)| *letter == &code[..1]).map(|(_, column)| *column);
            let level = column.and_then(|column| row.get(column)?.parse::<f64>().ok());
            let level = level.filter(|level| (0.0..=100.0).contains(level));
            levels = levels.zip(level).map(|(sum, level)| sum + f64::from(votes) * level);
        }
    }
    if all != listeners || all == 0 {
        return Err(format!("its votes are {all}, and numResponses = {listeners}"));
    }
    let heard = levels.map(|sum| (1e6 * sum / f64::from(all) / 100.0).round() / 1e6);
    columns.extend(heard.map(|heard| (HEARD_INTENSITY.to_owned(), heard.to_string())));
    Ok(columns)
}

/// The mean of levels from 0 to 100 that are joined by colons, as a part of 1.
fn perceived_intensity(levels: &str) -> Option<f64> {
    let levels: Vec<f64> = levels.split(':').map(|level| level.trim().parse().ok()).collect::<Option<_>>()?;
    let mean = levels.iter().sum::<f64>() / levels.len() as f64 / 100.0;
    (0.0..=1.0).contains(&mean).then(|| (1e6 * mean).round() / 1e6)
}

/// Replaces the intended emotion by the one that most listeners perceived, and excludes the clips without one.
fn label_by_voice(scan: &mut Scan) {
    let mut clips = std::mem::take(&mut scan.clips);
    clips.retain_mut(|clip| {
        let vote = clip.meta.extra.get(VOICE_VOTE);
        let perceived = vote.and_then(|vote| EMOTIONS.iter().find(|(code, _)| code[..1] == **vote));
        if let Some((_, emotion)) = perceived {
            let intended = std::mem::replace(&mut clip.emotion, (*emotion).to_owned());
            clip.meta.extra.insert("Intended".into(), intended);
            return true;
        }
        let reason = match vote {
            Some(vote) if vote.contains(':') => format!("the listeners' voice vote is tied ({vote})"),
            Some(vote) => format!("the listeners' voice vote is \"{vote}\", which is no emotion"),
            None => format!("{VOTES} has no voice vote for it"),
        };
        scan.excluded.extend(clip.source.file().map(|path| Exclusion {
            path: path.to_owned(),
            reason,
            cause: Cause::NotOfTheCorpus,
        }));
        false
    });
    scan.clips = clips;
}

/// The rows by what they have in the column `key`, which they then no longer have.
fn rows_by<'a>(table: &'a Table, key: &str) -> Result<HashMap<&'a str, Row<'a>>> {
    let advice = "take the file from CREMA-D's repository again (`git lfs pull`), or remove it";
    let key = table.column(key, advice)?;
    Ok(table.rows().filter_map(|(_, mut row)| Some((row.remove(key)?, row))).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::corpus::{Kind, fake};

    const ACTORS: &str =
        "\"ActorID\",\"Age\",\"Sex\",\"Race\"\n1001,51,\"Male\",\"Caucasian\"\n1002,21,\"Female\",\"Asian\"\n";
    const PERCEIVED: &str = "\"\",\"FileName\",\"VoiceVote\",\"VoiceLevel\"\n\
        \"1\",\"1001_DFA_ANG_X\",\"D\",\"69.1\"\n\"2\",\"1001_IEO_FEA_LO\",\"F:N\",\"50:50\"\n";

    fn config(label_source: LabelSource) -> CorpusConfig {
        CorpusConfig { label_source, ..CorpusConfig::new(Kind::CremaD) }
    }

    fn corpus() -> tempfile::TempDir {
        let data = fake::tree(&[
            "crema_d/AudioWAV/1001_DFA_ANG_XX.wav",
            "crema_d/AudioWAV/1001_IEO_FEA_LO.wav",
            "crema_d/AudioWAV/1002_IEO_SAD_HI.wav",
        ]);
        fs::write(data.path().join("crema_d/VideoDemographics.csv"), ACTORS).unwrap();
        fs::create_dir(data.path().join("crema_d/processedResults")).unwrap();
        fs::write(data.path().join("crema_d/processedResults/summaryTable.csv"), PERCEIVED).unwrap();
        data
    }

    #[test]
    fn a_level_of_one_letter_is_the_unspecified_one() {
        let parsed = parse(Path::new("AudioWAV/1040_ITH_SAD_X.wav")).unwrap();
        assert_eq!(parsed.stem, "1040_ITH_SAD_XX");
        assert_eq!((parsed.speaker.as_str(), parsed.emotion.as_str()), ("1040", "sad"));
        assert_eq!(parsed.meta.sentence.as_deref(), Some("I think I have a doctor's appointment"));
        assert_eq!(parsed.meta.intensity, None);
        assert_eq!(parse(Path::new("1001_ieo_ang_hi.WAV")).unwrap().meta.intensity.as_deref(), Some("high"));
    }

    #[test]
    fn other_names_are_left_out_with_their_reason() {
        for (name, reason) in [
            ("1001_IEO_ANG.wav", "not a CREMA-D name"),
            ("1092_IEO_ANG_HI.wav", "no CREMA-D actor"),
            ("+1001_IEO_ANG_HI.wav", "no CREMA-D actor"),
            ("1001_ABC_ANG_HI.wav", "no CREMA-D sentence has the code ABC"),
            ("1001_IEO_SUR_HI.wav", "no CREMA-D emotion has the code SUR"),
            ("1001_IEO_ANG_UP.wav", "no CREMA-D level has the code UP"),
        ] {
            let found = parse(Path::new(name)).unwrap_err();
            assert!(found.contains(reason), "{name}: {found}");
        }
    }

    #[test]
    fn tables_beside_the_audio_say_more() {
        let data = corpus();
        let scan = super::scan(&config(LabelSource::Intended), data.path()).unwrap();
        let [angry, fear, sad] = &scan.clips[..] else { panic!("{scan:?}") };
        assert_eq!((angry.meta.age, angry.meta.sex), (Some(51), Some(Sex::Male)));
        assert_eq!((sad.meta.age, sad.meta.sex), (Some(21), Some(Sex::Female)));
        assert_eq!(angry.meta.extra["VoiceVote"], "D", "found under the lenient spelling");
        assert_eq!(angry.meta.extra["Race"], "Caucasian");
        let names: Vec<_> = fear.meta.extra.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let heard = ("perceived_intensity", "0.5");
        assert_eq!(names, [("Race", "Caucasian"), ("VoiceLevel", "50:50"), ("VoiceVote", "F:N"), heard]);
        assert_eq!(angry.meta.extra["perceived_intensity"], "0.691");
        assert_eq!(
            (perceived_intensity("50:61.5"), perceived_intensity("x"), perceived_intensity("120")),
            (Some(0.5575), None, None)
        );
        assert_eq!((angry.emotion.as_str(), fear.emotion.as_str()), ("angry", "fear"));
    }

    #[test]
    fn what_each_listener_heard_is_read_of_the_sound_alone() {
        let data = corpus();
        let path = data.path().join("crema_d/processedResults/tabulatedVotes.csv");
        let head = "\"\",\"A\",\"D\",\"F\",\"H\",\"N\",\"S\",\"fileName\",\"numResponses\",\"meanAngerResp\",\
                    \"meanDisgustResp\",\"meanNeutralResp\"\n";
        let rows = "\"100001\",2,1,0,0,1,0,\"1001_DFA_ANG_X\",4,50,80,90\n\"200001\",0,9,0,0,0,0,\"1001_DFA_ANG_XX\",9,-1,10,-1\n";
        let scanned = |text: String| {
            fs::write(&path, text).unwrap();
            super::scan(&config(LabelSource::Intended), data.path())
        };
        let scan = scanned(format!("{head}{rows}")).unwrap();
        let extra = &scan.clips[0].meta.extra;
        assert_eq!(
            ["votes_angry", "votes_disgust", "votes_neutral", "votes_sad", "listeners", "heard_intensity"]
                .map(|column| extra[column].as_str()),
            // (2 · 50 + 1 · 80 + 0) / 4 listeners.
            ["2", "1", "1", "0", "4", "0.45"]
        );
        assert!(!scan.clips[1].meta.extra.contains_key("listeners"), "no row is of it");
        for (from, to, expected) in [
            ("_X\",4,", "_X\",5,", "row 2 (1001_DFA_ANG_XX): its votes are 4, and numResponses = 5"),
            ("1\",2,1", "1\",2.5,1", "row 2 (1001_DFA_ANG_XX): A = \"2.5\" is not a number of listeners"),
            ("\"numResponses\"", "\"responses\"", "no column numResponses"),
        ] {
            let error = scanned(format!("{head}{rows}").replacen(from, to, 1)).unwrap_err().to_string();
            assert!(error.contains(expected) && error.contains("tabulatedVotes.csv"), "{error}");
        }
    }

    #[test]
    fn the_tables_are_found_from_the_audio_folder_too() {
        let data = corpus();
        let config = CorpusConfig { root: Some("crema_d/AudioWAV".into()), ..config(LabelSource::VoiceVote) };
        let scan = super::scan(&config, data.path()).unwrap();
        assert_eq!(scan.clips[0].meta.age, Some(51));
    }

    #[test]
    fn the_listeners_vote_can_be_the_label_and_ties_are_left_out() {
        let data = corpus();
        let scan = super::scan(&config(LabelSource::VoiceVote), data.path()).unwrap();
        let [clip] = &scan.clips[..] else { panic!("{scan:?}") };
        assert_eq!((clip.emotion.as_str(), clip.meta.extra["Intended"].as_str()), ("disgust", "angry"));
        let reasons: Vec<_> = scan.excluded.iter().map(|exclusion| exclusion.reason.as_str()).collect();
        assert!(reasons[0].contains("tied (F:N)") && reasons[1].contains("no voice vote"), "{reasons:?}");
    }

    #[test]
    fn a_vote_without_its_table_is_an_error_that_names_it() {
        let data = fake::tree(&["crema_d/1001_DFA_ANG_XX.wav"]);
        let error = super::scan(&config(LabelSource::VoiceVote), data.path()).unwrap_err();
        assert!(matches!(error, Error::Config(_)) && error.to_string().contains("summaryTable.csv"), "{error}");
        fs::write(data.path().join("crema_d/summaryTable.csv"), "version https://git-lfs.github.com/spec/v1\n")
            .unwrap();
        let error = super::scan(&config(LabelSource::VoiceVote), data.path()).unwrap_err();
        assert!(error.to_string().contains("no column FileName"), "{error}");
    }

    #[test]
    fn the_wave_file_stays_where_the_corpus_has_both_formats() {
        let data = fake::tree(&["crema_d/AudioMP3/1001_DFA_ANG_XX.mp3", "crema_d/x/AudioWAV/1001_DFA_ANG_XX.wav"]);
        let scan = super::scan(&config(LabelSource::Intended), data.path()).unwrap();
        assert!(scan.clips[0].source.to_string().ends_with("wav"), "{scan:?}");
        assert!(scan.excluded[0].path.ends_with("1001_DFA_ANG_XX.mp3"), "{scan:?}");
    }

    #[test]
    fn every_clip_of_the_real_corpus_is_found() {
        let Some(scan) = fake::real(&config(LabelSource::Intended)) else { return };
        let others = ["angry", "disgust", "fear", "happy", "sad"].map(|emotion| (emotion, 1271));
        fake::assert_counts(&scan, 91, &[&others[..], &[("neutral", 1087)]].concat());
        let speakers = |sex| {
            let of_sex = scan.clips.iter().filter(|clip| clip.meta.sex == Some(sex));
            of_sex.map(|clip| &clip.speaker).collect::<std::collections::BTreeSet<_>>().len()
        };
        assert_eq!((speakers(Sex::Male), speakers(Sex::Female)), (48, 43));
        let Some(voted) = fake::real(&config(LabelSource::VoiceVote)) else { return };
        assert_eq!((voted.clips.len(), voted.excluded.len()), (7442 - 644, 644));
    }
}
