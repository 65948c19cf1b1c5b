//! The way from samples to mel spectrum, MFCC and their derivatives as operators, in double precision as far as ours is.

use std::f64::consts::LN_10;

use ser_onnx::{Graph, Setting, Value};

use super::clips::{Clips, mask};
use crate::{
    audio::AudioConfig,
    bundle::Bundle,
    frontend::{
        FeaturesConfig,
        spectral::{Kind, MelUnit, Tables},
    },
};

/// Below every level in decibels.
const LOWEST: f64 = -1e30;

/// The features of a bundle, where all of them can be written as operators.
pub(super) struct Cepstrum<'a> {
    audio: &'a AudioConfig,
    features: &'a FeaturesConfig,
    tables: Tables,
}

impl<'a> Cepstrum<'a> {
    /// Those of a bundle without an encoder; otherwise why not.
    pub(super) fn of(bundle: &'a Bundle) -> std::result::Result<Self, &'static str> {
        let features = &bundle.features;
        if !features.kinds.iter().all(|kind| matches!(kind, Kind::Mel | Kind::Mfcc | Kind::Delta | Kind::Delta2)) {
            return Err("of the features mel, mfcc, delta and delta2 alone have operators here");
        }
        if features.level.is_free() {
            return Err("features whose level is free have no operators here");
        }
        let tables = Tables::new(features, bundle.audio.sample_rate).map_err(|_| "its features cannot be made")?;
        if tables.window.len() % 2 == 1 {
            return Err("frames of an odd length have no operators here");
        }
        Ok(Self { audio: &bundle.audio, features, tables })
    }

    /// From `[batch, samples]` and their lengths `[batch]` to the columns `[batch, frames, dims]`, `least` frames or more, and the
    /// frames of each clip `[batch]`.
    pub(super) fn columns(&self, graph: &mut Graph, samples: &Value, lengths: &Value, least: usize) -> (Value, Value) {
        let clips = Clips::of(graph, self.audio, samples, lengths);
        let (power, frames) = self.mel(graph, &clips, least);
        // [batch, frames, 1]
        let there = mask(graph, &power, &frames);
        let least = graph.double(self.tables.least);
        let level = graph.max(&power, &least);
        let level = graph.op("Log", &[&level], &[]);
        let scale = graph.double(10.0 / LN_10);
        let level = graph.mul(&level, &scale);
        let lowest = graph.double(LOWEST);
        let heard = graph.choose(&there, &level, &lowest);
        let highest = graph.largest(&heard, &[1, 2]);
        let range = graph.double(f64::from(self.features.top_db));
        let floor = graph.sub(&highest, &range);
        let level = graph.max(&level, &floor);
        let dct = [self.features.n_mels, self.features.n_mfcc];
        let dct = graph.doubles("features.dct", &dct, &self.tables.dct);
        let cepstrum = graph.matmul(&level, &dct);
        let cepstrum = graph.float_of(&cepstrum);
        let columns: Vec<Value> = self
            .features
            .kinds
            .iter()
            .map(|kind| match kind {
                Kind::Mel if self.features.mel_unit == MelUnit::Power => graph.float_of(&power),
                Kind::Mel => graph.float_of(&level),
                Kind::Delta => self.derivative(graph, &cepstrum, &frames, 0),
                Kind::Delta2 => self.derivative(graph, &cepstrum, &frames, 1),
                _ => cepstrum.clone(),
            })
            .collect();
        let columns: Vec<&Value> = columns.iter().collect();
        let x = graph.op("Concat", &columns, &[("axis", Setting::Int(2))]);
        let axis = graph.list(&[1]);
        (x, graph.op("Squeeze", &[&frames, &axis], &[]))
    }

    /// The mel spectrum `[batch, frames, bands]`, and how many frames each clip has, `[batch, 1]`.
    fn mel(&self, graph: &mut Graph, clips: &Clips, least: usize) -> (Value, Value) {
        let size = self.tables.window.len();
        let (zero, one) = (graph.int(0), graph.int(1));
        let hop = graph.int(self.tables.hop as i64);
        let frames = graph.div(&clips.count, &hop);
        let frames = graph.add(&frames, &one);
        let most = graph.largest_of_all(&frames);
        let least = graph.int(least as i64);
        let most = graph.max(&most, &least);
        let frame = graph.range(&most);
        let centre = graph.mul(&frame, &hop);
        let centre = graph.unsqueeze(&centre, &[1]);
        let offsets: Vec<i64> = (0..size as i64).map(|at| at - size as i64 / 2).collect();
        let offsets = graph.list(&offsets);
        // [frames, samples of one], then [batch, frames, samples]: zeros beyond the ends of a clip.
        let at = graph.add(&centre, &offsets);
        let [first, count] = [&clips.first, &clips.count].map(|of| graph.unsqueeze(of, &[2]));
        let before = graph.less(&at, &zero);
        let inside = graph.less(&at, &count);
        let after = graph.op("Not", &[&before], &[]);
        let inside = graph.op("And", &[&inside, &after], &[]);
        let index = graph.add(&at, &first);
        let index = graph.choose(&inside, &index, &zero);
        let index = graph.unsqueeze(&index, &[3]);
        let found = graph.op("GatherND", &[&clips.samples, &index], &[("batch_dims", Setting::Int(1))]);
        let silence = graph.scalar(0.0);
        let found = graph.choose(&inside, &found, &silence);
        let found = graph.double_of(&found);
        let window = graph.doubles("features.window", &[size], &self.tables.window);
        let found = graph.mul(&found, &window);
        let found = graph.unsqueeze(&found, &[3]);
        let onesided = [("axis", Setting::Int(2)), ("onesided", Setting::Int(1))];
        let spectrum = graph.op("DFT", &[&found], &onesided);
        let squares = graph.mul(&spectrum, &spectrum);
        let axis = graph.list(&[3]);
        let power = graph.op("ReduceSum", &[&squares, &axis], &[("keepdims", Setting::Int(0))]);
        let (bins, bands) = (self.tables.bins, self.features.n_mels);
        let mel = graph.doubles("features.mel", &[bins, bands], &self.tables.mel);
        let power = graph.matmul(&power, &mel);
        (power, frames)
    }

    /// The derivative of the coefficients `[batch, frames, n_mfcc]`: the first (0) or the second (1). Near its ends, and where a
    /// clip is short, the window is the one that touches the end.
    fn derivative(&self, graph: &mut Graph, cepstrum: &Value, frames: &Value, order: usize) -> Value {
        let width = Tables::WIDTH as i64;
        let (zero, one, two) = (graph.int(0), graph.int(1), graph.int(2));
        let name = format!("features.derivative{}", order + 1);
        let halves = [Tables::WIDTH / 2 + 1, Tables::WIDTH];
        let weights = graph.floats(&name, &halves, &self.tables.deltas[order]);
        let widest = graph.int(width);
        // [batch, 1]
        let window = graph.min(frames, &widest);
        let half = graph.sub(&window, &one);
        let half = graph.max(&half, &zero);
        let half = graph.div(&half, &two);
        let last = graph.sub(frames, &one);
        let latest = graph.sub(&last, &half);
        let at = graph.places(cepstrum, 1);
        let at = graph.max(&at, &half);
        let centre = graph.min(&at, &latest);
        // [batch, frames, width]
        let centre = graph.unsqueeze(&centre, &[2]);
        let offsets: Vec<i64> = (0..width).map(|at| at - width / 2).collect();
        let offsets = graph.list(&offsets);
        let at = graph.add(&centre, &offsets);
        let at = graph.max(&at, &zero);
        let last = graph.unsqueeze(&last, &[2]);
        let at = graph.min(&at, &last);
        let at = graph.unsqueeze(&at, &[3]);
        // [batch, frames, width, coefficients]
        let rows = graph.op("GatherND", &[cepstrum, &at], &[("batch_dims", Setting::Int(1))]);
        let axis = graph.list(&[1]);
        let half = graph.op("Squeeze", &[&half, &axis], &[]);
        let weights = graph.op("Gather", &[&weights, &half], &[("axis", Setting::Int(0))]);
        let weights = graph.unsqueeze(&weights, &[1, 3]);
        let products = graph.mul(&rows, &weights);
        let axis = graph.list(&[2]);
        graph.op("ReduceSum", &[&products, &axis], &[("keepdims", Setting::Int(0))])
    }
}
