//! One of several classes, and beside it numbers, the sex or the speaker: heads on one network, whose losses are added by stated
//! weights (Caruana 1997). What the network is to forget has a head, too: it learns to tell, and its gradient is reversed on its way
//! into the network (Ganin et al. 2016).

use std::{ops::Range, sync::Arc};

use burn::tensor::Tensor;

use super::{Activation, Classification, Heads, Judged, Kind, Loss, Task, config::SPEAKER};
use crate::error::Result;

/// What is learnt beside the class.
#[derive(Debug, Clone)]
pub struct Part {
    /// The target's name, `sex` or `speaker`.
    pub name: String,
    /// How much its loss counts.
    pub weight: f64,
    /// Whether the network is to forget it.
    pub adversarial: bool,
    /// Its targets and its loss.
    pub task: Arc<dyn Task>,
    /// The places of its outputs among the network's.
    at: Range<usize>,
}

impl Part {
    /// A part whose place [`MultiTask::new`] finds.
    #[must_use]
    pub fn new(name: String, weight: f64, adversarial: bool, task: Arc<dyn Task>) -> Self {
        Self { name, weight, adversarial, task, at: 0..0 }
    }

    /// Whether it is a number, which a bundle answers with, and not something about the people who speak.
    #[must_use]
    pub fn is_answer(&self) -> bool {
        self.task.kind() == Kind::Regression
    }

    /// Whether it can be told of people that were not learnt from: a speaker who was not cannot be named.
    #[must_use]
    pub fn is_told_of_strangers(&self) -> bool {
        self.name != SPEAKER
    }

    /// What it says of clips, of the network's answers to them.
    #[must_use]
    pub fn answers(&self, all: &[Vec<f32>]) -> Vec<Vec<f32>> {
        all.iter().map(|answer| answer[self.at.clone()].to_vec()).collect()
    }
}

/// A class, and what is learnt beside it.
#[derive(Debug, Clone)]
pub struct MultiTask {
    class: Classification,
    weight: f64,
    beside: Vec<Part>,
}

impl MultiTask {
    /// The `class` of each clip, whose loss has that weight, and what is learnt beside it.
    #[must_use]
    pub fn new(class: Classification, weight: f64, mut beside: Vec<Part>) -> Self {
        // As the network's heads lie.
        beside.sort_by_key(|part| (!part.is_answer(), part.adversarial));
        let mut from = class.outputs().len();
        for part in &mut beside {
            let width = part.task.outputs().len();
            part.at = from..from + width;
            from += width;
        }
        Self { class, weight, beside }
    }

    /// What is said of the class, of the network's answers.
    fn of_class(&self, answers: &[Vec<f32>]) -> Vec<Vec<f32>> {
        answers.iter().map(|answer| answer[..self.class.outputs().len()].to_vec()).collect()
    }
}

impl Task for MultiTask {
    fn kind(&self) -> Kind {
        Kind::MultiTask
    }

    /// The classes.
    fn outputs(&self) -> &[String] {
        self.class.outputs()
    }

    fn words(&self) -> String {
        let each = self.beside.iter().map(|part| {
            let what = match (part.is_answer(), part.adversarial) {
                (true, _) => part.task.scales().first().map(|scale| format!(" ({scale})")).unwrap_or_default(),
                (false, false) => String::new(),
                (false, true) => ", which is to be forgotten".to_owned(),
            };
            format!("; {} × {}{what}", part.weight, part.name)
        });
        format!("{} × {}{}", self.weight, self.class.words(), each.collect::<String>())
    }

    /// The class's, then those of each part.
    fn target(&self, clip: usize) -> Vec<f32> {
        let each = self.beside.iter().flat_map(|part| part.task.target(clip));
        self.class.target(clip).into_iter().chain(each).collect()
    }

    fn stratum(&self, clip: usize) -> usize {
        self.class.stratum(clip)
    }

    fn loss(&self, clips: &[usize]) -> Result<Box<dyn Loss>> {
        let mut parts = vec![(self.class.loss(clips)?, self.weight, 0..self.class.outputs().len())];
        for part in &self.beside {
            parts.push((part.task.loss(clips)?, part.weight, part.at.clone()));
        }
        Ok(Box::new(Weighted(parts)))
    }

    fn activation(&self) -> Activation {
        let own = (self.class.outputs().len(), self.class.activation());
        let each = self.beside.iter().map(|part| (part.task.outputs().len(), part.task.activation()));
        Activation::Parts(std::iter::once(own).chain(each).collect())
    }

    fn beside(&self) -> &[Part] {
        &self.beside
    }

    fn heads(&self) -> Heads {
        let mut heads = Heads { answers: self.class.outputs().len(), ..Heads::default() };
        for part in &self.beside {
            let head = match (part.is_answer(), part.adversarial) {
                (true, _) => &mut heads.answers,
                (false, false) => &mut heads.auxiliary,
                (false, true) => &mut heads.adversary,
            };
            *head += part.task.outputs().len();
        }
        heads
    }

    /// The figure is the class's; the loss the sum that is made small, less that of speakers, who are others on each side.
    fn judge(&self, clips: &[usize], answers: &[Vec<f32>]) -> Judged {
        let class = self.class.judge(clips, &self.of_class(answers));
        let told = self.beside.iter().filter(|part| part.is_told_of_strangers());
        let beside: f64 = told.map(|part| part.weight * part.task.judge(clips, &part.answers(answers)).loss).sum();
        Judged { loss: self.weight * class.loss + beside, figure: class.figure }
    }

    /// The class's: numbers have a table of their own.
    fn columns(&self) -> Vec<String> {
        self.class.columns()
    }

    fn cells(&self, clip: usize, answer: &[f32]) -> Vec<String> {
        self.class.cells(clip, &answer[..self.class.outputs().len()])
    }

    fn digest(&self) -> Option<blake3::Hash> {
        let mut hasher = blake3::Hasher::new();
        for part in &self.beside {
            hasher.update(&(part.name.len() as u64).to_le_bytes()).update(part.name.as_bytes());
            match part.task.digest() {
                Some(digest) => hasher.update(digest.as_bytes()),
                None => {
                    let labels = (0..self.class.labels().len()).map(|clip| part.task.stratum(clip) as u64);
                    hasher.update(&labels.flat_map(u64::to_le_bytes).collect::<Vec<u8>>())
                }
            };
        }
        Some(hasher.finalize())
    }

    fn plain(&self) -> Box<dyn Task> {
        let class = Classification::new(
            self.class.outputs().to_vec(),
            self.class.labels().to_vec(),
            super::ClassificationLoss::default(),
        );
        Box::new(Self { class, ..self.clone() })
    }
}

/// The sum of several losses, each of its own outputs, by their weights.
struct Weighted(Vec<(Box<dyn Loss>, f64, Range<usize>)>);

impl Loss for Weighted {
    fn of(&self, outputs: Tensor<2>, targets: Tensor<2>) -> Tensor<1> {
        let [batch, _] = outputs.dims();
        let mut sum = Tensor::zeros([1], &outputs.device());
        for (loss, weight, at) in &self.0 {
            let part = |of: &Tensor<2>| of.clone().slice([0..batch, at.clone()]);
            sum = sum + loss.of(part(&outputs), part(&targets)).mul_scalar(*weight);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::{
        events::Figure,
        task::{ClassificationLoss, CrossEntropy, Regression, RegressionLoss, Scale},
    };

    fn names(of: &[&str]) -> Vec<String> {
        of.iter().map(ToString::to_string).collect()
    }

    fn task() -> MultiTask {
        let class = Classification::new(
            names(&["angry", "sad"]),
            vec![0, 1, 1],
            ClassificationLoss { label_smoothing: 0.2, ..Default::default() },
        );
        let labelled = |classes: &[&str], labels: Vec<usize>| {
            Arc::new(Classification::new(names(classes), labels, ClassificationLoss::default()))
        };
        let values = vec![vec![1.0], vec![3.0], vec![5.0]];
        let scale = Scale { low: 1.0, high: 5.0 };
        let number = Regression::new(names(&["arousal"]), vec![scale], values, vec![0; 3], RegressionLoss::Mse);
        let parts = vec![
            Part::new("speaker".into(), 0.5, true, labelled(&["s", "t", "u"], vec![0, 1, 2])),
            Part::new("sex".into(), 0.25, false, labelled(&["female", "male"], vec![1, 0, 1])),
            Part::new("arousal".into(), 2.0, false, Arc::new(number)),
        ];
        MultiTask::new(class, 1.0, parts)
    }

    #[test]
    fn answers_come_first_and_what_is_forgotten_last() {
        let task = task();
        assert_eq!(task.heads(), Heads { answers: 3, auxiliary: 2, adversary: 3 });
        assert_eq!(
            task.beside().iter().map(|part| part.name.as_str()).collect::<Vec<_>>(),
            ["arousal", "sex", "speaker"]
        );
        assert_eq!(task.target(1), [0.1, 0.9, 0.5, 1.0, 0.0, 0.0, 1.0, 0.0]);
        assert_eq!(task.plain().target(1)[..3], [0.0, 1.0, 0.5]);
        assert_eq!(task.columns(), ["truth", "prediction", "p_angry", "p_sad"]);
        assert_eq!(
            task.words(),
            "1 × 2 classes: angry, sad; 2 × arousal (1 to 5); 0.25 × sex; 0.5 × speaker, which is to be forgotten"
        );
    }

    #[test]
    fn the_loss_is_the_weighted_sum_of_the_parts() {
        let task = task();
        let device = Device::flex();
        let outputs: Vec<f32> = (0..24).map(|i| (i as f32 * 0.7).sin()).collect();
        let targets: Vec<f32> = (0..3).flat_map(|clip| task.target(clip)).collect();
        let tensor = |values: &[f32], from: usize, to: usize| {
            let rows: Vec<f32> = values.chunks_exact(8).flat_map(|row| row[from..to].to_vec()).collect();
            Tensor::<2>::from_data(TensorData::new(rows, [3, to - from]), &device)
        };
        let number = |loss: Tensor<1>| f64::from(loss.into_data().iter::<f32>().next().unwrap());
        let part =
            |from, to| number(CrossEntropy::default().of(tensor(&outputs, from, to), tensor(&targets, from, to)));
        let squares = number(RegressionLoss::Mse.of(tensor(&outputs, 2, 3), tensor(&targets, 2, 3)));
        let expected = part(0, 2) + 2.0 * squares + 0.25 * part(3, 5) + 0.5 * part(5, 8);
        let ours = number(task.loss(&[0, 1, 2]).unwrap().of(tensor(&outputs, 0, 8), tensor(&targets, 0, 8)));
        assert!((ours - expected).abs() < 1e-5, "{ours} {expected}");
    }

    #[test]
    fn the_class_is_what_ranks_epochs_whatever_the_others_say() {
        let task = task();
        // The other outputs are larger than those of the classes.
        let half = 0.5f32.ln();
        let row = |angry: f32, arousal: f32| vec![angry.ln(), (1.0 - angry).ln(), arousal, half, half, 0.9, 0.9, 0.9];
        let answers = [row(0.8, 0.0), row(0.3, 0.5), row(0.6, 0.5)];
        let judged = task.judge(&[0, 1, 2], &answers);
        assert_eq!(judged.figure, Figure::Uar(0.75));
        let class = -(0.8f64.ln() + 0.7f64.ln() + 0.4f64.ln()) / 3.0;
        let expected = class + 2.0 * 0.25 / 3.0 + 0.25 * 2f64.ln();
        assert!((judged.loss - expected).abs() < 1e-6, "{judged:?} {expected}");
        assert_eq!(task.cells(1, &answers[1])[..2], ["sad", "sad"]);
        assert_eq!(task.beside()[0].answers(&answers)[1], [0.5]);
        assert_ne!(task.digest(), None);
    }
}
