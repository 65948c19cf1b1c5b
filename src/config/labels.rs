//! `[labels]`: how a corpus's emotions become the task's classes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::LabelSet;
use crate::{
    corpus::{
        Clip, EMOTIONS,
        spelling::{forms_of_one, misspelt, nearest, same_spelling, tidy},
    },
    error::{Error, Result},
};

/// The word in a label map that drops an emotion's clips.
const DROP: &str = "drop";

/// What predictions say where they name no emotion; no class can be told from it.
const ANSWERS: [&str; 2] = ["uncertain", "silence"];

/// What becomes of RAVDESS's `calm`, which the other corpora do not have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Calm {
    /// A class of its own.
    #[default]
    Keep,
    /// Merged into `neutral`.
    Neutral,
    /// Its clips are left out.
    Drop,
}

/// How a corpus's emotions become the task's classes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LabelsConfig {
    /// Labels that corpora share: each emotion, as `map` has it, becomes its class in this set or is left out. None: each is a
    /// class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set: Option<LabelSet>,
    /// What becomes of RAVDESS's `calm`.
    pub calm: Calm,
    /// Other mergers, as `{ boredom = "neutral", song = "drop" }`; an emotion that is not named keeps its name.
    pub map: BTreeMap<String, String>,
}

/// The clips that a task keeps, with their classes.
#[derive(Debug, Clone)]
pub struct Labelled {
    /// The kept clips, in the order they came.
    pub clips: Vec<Clip>,
    /// Each kept clip's class, an index into `classes`.
    pub labels: Vec<usize>,
    /// The task's classes, in alphabetical order.
    pub classes: Vec<String>,
    /// How many clips of each emotion were dropped by the map.
    pub dropped: BTreeMap<String, usize>,
}

impl LabelsConfig {
    /// Checks what needs no clips.
    pub(super) fn validate(&self) -> Result<()> {
        let untidy = self.map.iter().flat_map(|(from, to)| [from, to]).find(|name| tidy(name) != **name);
        if let Some(name) = untidy {
            let better = tidy(name);
            return Err(Error::Config(format!(
                "labels.map: \"{name}\" is written with blanks or letters that nobody sees: did you mean \"{better}\"?"
            )));
        }
        if let Some((from, to)) = self.map.iter().find(|(_, to)| is_nearly_drop(to)) {
            return Err(Error::Config(format!(
                "labels.map.{from} = \"{to}\": did you mean \"{DROP}\", which leaves the clips out?"
            )));
        }
        if let (Some(set), true) = (self.set, self.calm != Calm::Keep) {
            return Err(Error::Config(format!(
                "labels.calm and labels.set = \"{}\" both say what becomes of \"calm\": drop labels.calm",
                set.name()
            )));
        }
        match self.map.iter().find(|(from, to)| from.is_empty() || to.trim().is_empty()) {
            Some((from, to)) => Err(Error::Config(format!(
                "labels.map.{from} = \"{to}\": name the class that \"{from}\" becomes, or \"{DROP}\""
            ))),
            None if self.map.contains_key("calm") && self.calm != Calm::Keep => Err(Error::Config(
                "labels.calm and labels.map.calm both say what becomes of \"calm\": set one of them".into(),
            )),
            None => Ok(()),
        }
    }

    /// The rule in words, as a report says it: `calm → neutral, song dropped`.
    #[must_use]
    pub fn words(&self) -> String {
        let calm = match self.calm {
            Calm::Keep => None,
            Calm::Neutral => Some("calm → neutral".to_owned()),
            Calm::Drop => Some("calm dropped".to_owned()),
        };
        let map = self.map.iter().map(|(from, to)| match to.as_str() {
            DROP => format!("{from} dropped"),
            to => format!("{from} → {to}"),
        });
        let set = self.set.map(|set| format!("the set {}", set.name()));
        let changes: Vec<String> = set.into_iter().chain(calm).chain(map).collect();
        if changes.is_empty() { "each emotion is a class".to_owned() } else { changes.join(", ") }
    }

    /// Gives every clip its class. `listed` are the emotions of all that was found, whether its audio can be used or not:
    /// the map is held against them.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where the map names an emotion that there is not, or a class that nearly is another one;
    /// [`Error::Data`] where two emotions differ in spelling alone, or fewer than two classes remain.
    pub fn apply(&self, clips: Vec<Clip>, listed: &BTreeSet<String>) -> Result<Labelled> {
        let labelled = self.keep(clips, listed)?;
        let Labelled { clips, classes, .. } = &labelled;
        if classes.len() < 2 {
            return Err(Error::Data(format!(
                "the {} clips have {} class ({}): a task needs two or more; see [labels] and [[corpora]]",
                clips.len(),
                classes.len(),
                classes.join(", ")
            )));
        }
        Ok(labelled)
    }

    /// The same for a task that learns something else, where one class is enough.
    ///
    /// # Errors
    ///
    /// As [`LabelsConfig::apply`]; [`Error::Data`] where no clip remains.
    pub fn keep(&self, clips: Vec<Clip>, listed: &BTreeSet<String>) -> Result<Labelled> {
        let mut known = listed.clone();
        known.extend(
            clips.iter().map(|clip| clip.emotion.as_str()).collect::<BTreeSet<_>>().into_iter().map(str::to_owned),
        );
        let emotions: BTreeSet<&str> = known.iter().map(String::as_str).collect();
        let map = self.resolve(&emotions)?;
        if self.calm != Calm::Keep && !emotions.contains("calm") {
            return Err(Error::Config(format!(
                "labels.calm = \"{}\": no clip has the emotion \"calm\"; there are {}: leave labels.calm out",
                if self.calm == Calm::Drop { DROP } else { "neutral" },
                list(emotions.iter().copied())
            )));
        }
        self.refuse_alike(&emotions, &map)?;
        self.refuse_unknown(&emotions, &map)?;
        let mut dropped = BTreeMap::new();
        let kept: Vec<(Clip, String)> = clips
            .into_iter()
            .filter_map(|clip| match self.class_of(&clip.emotion, &map) {
                Some(class) => Some((clip, class)),
                None => {
                    *dropped.entry(clip.emotion).or_insert(0) += 1;
                    None
                }
            })
            .collect();
        let classes: Vec<String> =
            kept.iter().map(|(_, class)| class.clone()).collect::<BTreeSet<_>>().into_iter().collect();
        if classes.is_empty() {
            return Err(Error::Data("[labels] leaves out all clips: a task needs some".into()));
        }
        if let Some(class) = classes.iter().find(|class| ANSWERS.contains(&class.to_lowercase().as_str())) {
            return Err(Error::Data(format!(
                "a class is called \"{class}\", which is what predictions say where they name no emotion: give it another \
                 name in [labels], as map = {{ \"{class}\" = \"other\" }}, or leave its clips out, as map = {{ \"{class}\" = \
                 \"{DROP}\" }}"
            )));
        }
        let labels = kept.iter().map(|(_, class)| classes.partition_point(|known| known < class)).collect();
        Ok(Labelled { clips: kept.into_iter().map(|(clip, _)| clip).collect(), labels, classes, dropped })
    }

    /// The class of each of the emotions, where one is kept.
    #[must_use]
    pub fn classes_of<'a>(&self, emotions: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
        let lower: BTreeMap<String, &str> =
            self.map.iter().map(|(from, to)| (from.to_lowercase(), to.as_str())).collect();
        let class = |emotion: &str| match (emotion, self.calm) {
            ("calm", Calm::Neutral) => Some("neutral".to_owned()),
            ("calm", Calm::Drop) => None,
            _ => match lower.get(&emotion.to_lowercase()) {
                Some(&DROP) => None,
                Some(class) => self.in_set(class),
                None => self.in_set(emotion),
            },
        };
        emotions.into_iter().filter_map(class).collect()
    }

    /// The map by the emotions as they are spelt, each of its keys being one of them in any case.
    fn resolve<'a>(&'a self, emotions: &BTreeSet<&'a str>) -> Result<BTreeMap<&'a str, &'a str>> {
        let mut map = BTreeMap::new();
        for (from, to) in &self.map {
            let lower = from.to_lowercase();
            let Some(emotion) = emotions.iter().find(|emotion| emotion.to_lowercase() == lower) else {
                let nearest = nearest(from, emotions.iter().copied());
                let nearest = nearest.map(|name| format!(" (did you mean \"{name}\"?)")).unwrap_or_default();
                return Err(Error::Config(format!(
                    "labels.map.{from} = \"{to}\": no clip has the emotion \"{from}\"{nearest}; there are {}",
                    list(emotions.iter().copied())
                )));
            };
            if let Some(other) = map.insert(*emotion, to.as_str())
                && other != to
            {
                return Err(Error::Config(format!(
                    "labels.map says of \"{emotion}\" that it becomes \"{other}\", and that it becomes \"{to}\""
                )));
            }
            if to == DROP && emotions.contains(DROP) {
                return Err(Error::Config(format!(
                    "labels.map.{from} = \"{DROP}\" leaves clips out, and an emotion of the corpora is called \"{DROP}\", \
                     too: map that one to another name first"
                )));
            }
        }
        // A target is an emotion, or a name of its own: not nearly one.
        let targets: BTreeSet<&str> = map.values().copied().filter(|to| *to != DROP).collect();
        for to in &targets {
            let others = emotions.iter().chain(&targets).filter(|other| *other != to);
            let near = |other: &&&str| is_nearly(to, other);
            if let (false, Some(other)) = (emotions.contains(to), others.clone().find(near)) {
                let from = map.iter().find(|(_, target)| *target == to).map_or("", |(from, _)| from);
                return Err(Error::Config(format!("labels.map.{from} = \"{to}\": did you mean \"{other}\"?")));
            }
        }
        Ok(map)
    }

    /// Refuses emotions that differ in spelling alone or are forms of one word, and of which the map says nothing.
    fn refuse_alike(&self, emotions: &BTreeSet<&str>, map: &BTreeMap<&str, &str>) -> Result<()> {
        let open: Vec<&str> = emotions.iter().copied().filter(|emotion| !map.contains_key(emotion)).collect();
        let mut pairs =
            same_spelling(open.iter().copied()).into_iter().filter_map(|group| Some((*group.first()?, *group.get(1)?)));
        let misspelt = || {
            let few = open.get(..MOST_COMPARED).unwrap_or(&open);
            let of = |(at, one): (usize, &&'_ str)| {
                few[at + 1..]
                    .iter()
                    .find(|other| misspelt(one, other) || forms_of_one(one, other))
                    .map(|other| (at, *other))
            };
            few.iter().enumerate().find_map(of).map(|(at, other)| (few[at], other))
        };
        let Some((one, other)) = pairs.next().or_else(misspelt) else { return Ok(()) };
        // The name that is usual is proposed; of two the one that is letters alone.
        let rank = |name: &str| (!EMOTIONS.contains(&name), !name.chars().all(char::is_alphabetic));
        let (one, other) = if rank(other) < rank(one) { (other, one) } else { (one, other) };
        Err(Error::Data(format!(
            "the emotions \"{one}\" and \"{other}\" may be one in two spellings: say so in [labels], as map = {{ \"{other}\" \
             = \"{one}\" }}; if they are two, as map = {{ \"{other}\" = \"{other}\" }}"
        )))
    }

    fn class_of(&self, emotion: &str, map: &BTreeMap<&str, &str>) -> Option<String> {
        match (emotion, self.calm) {
            ("calm", Calm::Neutral) => Some("neutral".to_owned()),
            ("calm", Calm::Drop) => None,
            _ => match map.get(emotion) {
                Some(&DROP) => None,
                class => self.in_set(class.unwrap_or(&emotion)),
            },
        }
    }

    /// What the set makes of a class; the class itself where there is no set.
    fn in_set(&self, class: &str) -> Option<String> {
        match self.set {
            Some(set) => set.class_of(class).flatten().map(str::to_owned),
            None => Some(class.to_owned()),
        }
    }

    /// What the set's table does not know would be left out in silence.
    fn refuse_unknown(&self, emotions: &BTreeSet<&str>, map: &BTreeMap<&str, &str>) -> Result<()> {
        let Some(set) = self.set else { return Ok(()) };
        for emotion in emotions {
            let class = map.get(emotion).copied().unwrap_or(emotion);
            if class == DROP && map.contains_key(emotion) || set.class_of(class).is_some() {
                continue;
            }
            let near = nearest(class, LabelSet::emotions());
            let near = near.map(|name| format!(" (did you mean \"{name}\"?)")).unwrap_or_default();
            return Err(Error::Config(format!(
                "labels.set = \"{}\" does not know the emotion \"{class}\"{near}: say what it is, as labels.map.{emotion} = \
                 \"{DROP}\", or one of {}",
                set.name(),
                list(LabelSet::emotions())
            )));
        }
        Ok(())
    }
}

/// Among more emotions than this, slips of the pen are not looked for.
const MOST_COMPARED: usize = 300;

/// Whether the target of a map is the word [`DROP`] but for case, or with a slip of the pen.
fn is_nearly_drop(target: &str) -> bool {
    target != DROP && (target.to_lowercase() == DROP || ["dropp", "droop", "dorp", "drp", "dropped"].contains(&target))
}

/// Whether two different names are one but for their spelling.
fn is_nearly(one: &str, other: &str) -> bool {
    misspelt(one, other) || !same_spelling([one, other]).is_empty()
}

/// The first few names.
fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const SHOWN: usize = 12;
    let names: Vec<&str> = names.collect();
    let more = if names.len() > SHOWN { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(SHOWN)].join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{Metadata, Source};

    fn clip(emotion: &str) -> Clip {
        Clip {
            id: format!("c/s/{emotion}"),
            corpus: "c".into(),
            speaker: "s".into(),
            emotion: emotion.into(),
            source: Source::File(emotion.into()),
            meta: Metadata::default(),
        }
    }

    fn classes(config: &LabelsConfig) -> (Vec<String>, Vec<usize>) {
        let labelled = config.apply(["sad", "calm", "neutral", "angry"].map(clip).to_vec(), &BTreeSet::new()).unwrap();
        (labelled.classes, labelled.labels)
    }

    #[test]
    fn the_rule_is_said_in_words() {
        assert_eq!(LabelsConfig::default().words(), "each emotion is a class");
        let map = [("song", "drop"), ("boredom", "neutral")].map(|(from, to)| (from.to_owned(), to.to_owned()));
        let rule = LabelsConfig { calm: Calm::Neutral, map: map.into(), ..Default::default() };
        assert_eq!(rule.words(), "calm → neutral, boredom → neutral, song dropped");
    }

    #[test]
    fn calm_is_kept_merged_or_dropped() {
        let with = |calm| classes(&LabelsConfig { calm, ..Default::default() });
        assert_eq!(
            with(Calm::Keep),
            (["angry", "calm", "neutral", "sad"].map(String::from).to_vec(), vec![3, 1, 2, 0])
        );
        assert_eq!(with(Calm::Neutral), (["angry", "neutral", "sad"].map(String::from).to_vec(), vec![2, 1, 1, 0]));
        assert_eq!(with(Calm::Drop), (["angry", "neutral", "sad"].map(String::from).to_vec(), vec![2, 1, 0]));
    }

    #[test]
    fn what_becomes_of_calm_is_said_where_there_is_calm() {
        for (calm, word) in [(Calm::Drop, "drop"), (Calm::Neutral, "neutral")] {
            let config = LabelsConfig { calm, ..Default::default() };
            let error = config.apply(["sad", "angry"].map(clip).to_vec(), &BTreeSet::new()).unwrap_err();
            let text = error.to_string();
            assert!(matches!(error, Error::Config(_)) && text.contains(&format!("labels.calm = \"{word}\"")), "{text}");
            let listed = BTreeSet::from(["calm".to_owned()]);
            assert!(config.apply(["sad", "angry"].map(clip).to_vec(), &listed).is_ok(), "clips that cannot be used");
        }
    }

    #[test]
    fn a_map_merges_and_drops() {
        let map = BTreeMap::from([("calm".into(), "low".into()), ("sad".into(), "low".into())]);
        let config = LabelsConfig { map, ..Default::default() };
        assert_eq!(classes(&config), (["angry", "low", "neutral"].map(String::from).to_vec(), vec![1, 1, 2, 0]));
        let map = BTreeMap::from([("sad".into(), "drop".into())]);
        let labelled = LabelsConfig { map, ..Default::default() }
            .apply(["sad", "angry", "calm"].map(clip).to_vec(), &BTreeSet::new());
        assert_eq!(labelled.unwrap().dropped, BTreeMap::from([("sad".into(), 1)]));
    }

    fn applied(emotions: &[&str], map: &[(&str, &str)]) -> Result<Vec<String>> {
        let map = map.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        let config = LabelsConfig { map, ..Default::default() };
        config.validate()?;
        let emotions: Vec<String> = emotions.iter().map(|emotion| (*emotion).to_owned()).collect();
        let labelled = config.apply(emotions.iter().map(|emotion| clip(emotion)).collect(), &BTreeSet::new())?;
        assert_eq!(config.classes_of(emotions.iter().map(String::as_str)), labelled.classes.iter().cloned().collect());
        Ok(labelled.classes)
    }

    #[test]
    fn a_key_is_an_emotion_in_any_case_or_an_error() {
        assert_eq!(applied(&["angry", "sad", "joy"], &[("Angry", "neg"), ("SAD", "neg")]).unwrap(), ["joy", "neg"]);
        for (map, problem) in [
            (&[("bordom", "neutral")][..], "did you mean \"boredom\"?"),
            (&[("song", "drop")], "no clip has the emotion \"song\"; there are boredom, neutral, sad"),
            (&[("Sad", "a"), ("sad", "b")], "becomes"),
            (&[("sad", "Drop")], "did you mean \"drop\""),
            (&[("sad", "dropp")], "did you mean \"drop\""),
            (&[("sad", " neutral")], "did you mean \"neutral\""),
            (&[("sad", "Neutral")], "did you mean \"neutral\""),
            (&[("sad", "netural")], "did you mean \"neutral\""),
            (&[("sad", "n\u{435}utral")], "did you mean \"neutral\""),
            (&[("sad", "low mood"), ("boredom", "low_mood")], "did you mean \"low"),
        ] {
            let error = applied(&["sad", "boredom", "neutral"], map).unwrap_err();
            assert!(matches!(error, Error::Config(_)) && error.to_string().contains(problem), "{error}");
        }
    }

    #[test]
    fn an_emotion_that_is_called_drop_is_not_dropped() {
        assert_eq!(applied(&["drop", "sad"], &[]).unwrap(), ["drop", "sad"]);
        assert_eq!(applied(&["drop", "sad"], &[("drop", "fall")]).unwrap(), ["fall", "sad"]);
        assert!(
            applied(&["drop", "sad", "joy"], &[("sad", "drop")]).unwrap_err().to_string().contains("called \"drop\"")
        );
    }

    #[test]
    fn a_class_is_not_called_what_predictions_say_without_one() {
        for name in ["uncertain", "Silence"] {
            let error = applied(&[name, "sad", "happy"], &[]).unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("where they name no emotion"), "{error}");
            assert_eq!(applied(&[name, "sad", "happy"], &[(name, "unsure")]).unwrap(), ["happy", "sad", "unsure"]);
            assert_eq!(applied(&[name, "sad", "happy"], &[(name, "drop")]).unwrap(), ["happy", "sad"]);
        }
        let error = applied(&["other", "sad", "happy"], &[("other", "uncertain")]).unwrap_err().to_string();
        assert!(error.contains("\"uncertain\""), "{error}");
    }

    #[test]
    fn the_usual_one_of_two_spellings_is_proposed() {
        for (one, other) in [("SAD.", "sad"), ("neu", "neutral"), ("sad", "sadness"), ("calm", "s a d")] {
            let Err(error) = applied(&[one, other, "sad", "happy"], &[]) else { panic!("{one} {other}") };
            let error = error.to_string();
            let better = if other == "neutral" { "= \"neutral\"" } else { "= \"sad\"" };
            assert!(error.contains(better), "{error}");
        }
    }

    #[test]
    fn emotions_in_two_spellings_are_refused_until_the_map_says_what_they_are() {
        for emotions in [
            ["surprise", "surprised"],
            ["hapy", "happy"],
            ["anger", "angry"],
            ["0", "0.0"],
            ["neutral", "neutr\u{430}l"],
            ["low mood", "low_mood"],
        ] {
            let [one, other] = emotions;
            let error = applied(&[one, other, "sad"], &[]).unwrap_err().to_string();
            assert!(error.contains(one) && error.contains(other) && error.contains("map = {"), "{error}");
            assert_eq!(applied(&[one, other, "sad"], &[(other, one)]).unwrap().len(), 2);
            assert_eq!(applied(&[one, other, "sad"], &[(other, other)]).unwrap().len(), 3);
        }
        assert_eq!(applied(&["class1", "class2", "class12"], &[]).unwrap().len(), 3);
    }

    #[test]
    fn a_set_makes_the_classes_counts_what_it_drops_and_refuses_what_it_does_not_know() {
        let of = |emotions: &[&str], rest: &str| {
            let config: LabelsConfig = toml::from_str(rest).unwrap();
            config.validate()?;
            let listed = emotions.iter().map(|emotion| (*emotion).to_owned()).collect();
            let labelled = config.apply(emotions.iter().map(|emotion| clip(emotion)).collect(), &listed)?;
            assert_eq!(config.classes_of(emotions.iter().copied()), labelled.classes.iter().cloned().collect());
            Ok::<_, Error>((labelled.classes, labelled.dropped))
        };
        let emotions = ["angry", "calm", "neutral", "sad", "excited", "boredom"];
        let (classes, dropped) = of(&emotions, "set = 'ekman'").unwrap();
        assert_eq!(classes, ["angry", "sad"]);
        assert_eq!(dropped.keys().collect::<Vec<_>>(), ["boredom", "calm", "excited", "neutral"]);
        assert!(dropped.values().all(|n| *n == 1));
        let (classes, dropped) = of(&emotions, "set = 'four'").unwrap();
        assert_eq!((classes.join(" "), dropped.len()), ("angry happy neutral sad".to_owned(), 1));
        let (classes, _) = of(&["wrath", "sad"], "set = 'quadrants'\nmap = { wrath = 'angry' }").unwrap();
        assert_eq!(classes, ["active-negative", "passive-negative"]);
        for (rest, expected) in [
            ("set = 'four'", "labels.set = \"four\" does not know the emotion \"wrath\""),
            (
                "set = 'four'\nmap = { wrath = 'angri' }",
                "does not know the emotion \"angri\" (did you mean \"angry\"?)",
            ),
            ("set = 'four'\ncalm = 'drop'", "labels.calm and labels.set"),
        ] {
            let error = of(&["wrath", "sad", "happy"], rest).unwrap_err();
            assert!(matches!(error, Error::Config(_)) && error.to_string().contains(expected), "{error}");
        }
        assert!(of(&["wrath", "sad", "happy"], "set = 'four'\nmap = { wrath = 'drop' }").is_ok());
        assert!(toml::from_str::<LabelsConfig>("set = 'ekmann'").is_err());
    }

    #[test]
    fn fewer_than_two_classes_is_an_error() {
        let error = LabelsConfig::default().apply(vec![clip("sad")], &BTreeSet::new()).unwrap_err();
        assert!(error.to_string().contains("sad"));
    }
}
