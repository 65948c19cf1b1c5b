//! A bundle as an ONNX graph: samples or features in, calibrated probabilities and numbers out, in batches of any lengths.
//!
//! Where its front end has operators (`cepstrum.rs`, `encoder.rs`), the graph holds all that comes behind the samples; else
//! everything behind the features: standardisation, padding, network, temperature. How its input is made stands in a file
//! beside it.

mod cepstrum;
mod clips;
mod encoder;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use ser_onnx::{Graph, Setting, Value};
use serde::Serialize;
use serde_json::{Value as Json, json};

use self::{cepstrum::Cepstrum, clips::Clips, encoder::Encoder};
use super::{Bundle, Vote};
use crate::{
    arrays::{Precision, Weight},
    audio::Windows,
    error::{Error, Result},
    files::{write_json, write_whole},
    frontend::{FeaturesConfig, ScalerScope},
    model::{Kind, Pool},
    output::check_replaceable,
    task,
};

/// The schema's name and version of the file beside the graph.
const SCHEMA: &str = "ser-onnx/1";
/// What Burn's normalisation adds to a variance.
const EPSILON: f32 = 1e-5;
/// A column whose standard deviation is below this part of its mean is constant, as [`crate::frontend::Scaler`] has it.
const CONSTANT: f64 = 1e-7;
/// What stands for a score that counts for nothing.
const NOTHING: f32 = -1e9;
/// The order of an LSTM's gates in ONNX.
const GATES: [&str; 4] = ["input", "output", "forget", "cell"];

/// The file beside the graph: how its input is made.
#[derive(Serialize)]
struct Recipe<'a> {
    schema: &'static str,
    ser: &'static str,
    graph: String,
    classes: &'a [String],
    /// What the numbers are of, and their ranges.
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    targets: &'a [String],
    #[serde(skip_serializing_if = "<[task::Scale]>::is_empty")]
    ranges: &'a [task::Scale],
    /// What the graph takes and gives.
    inputs: Json,
    outputs: Json,
    /// Why the graph begins with features, where it does.
    begins_with_features: Option<&'static str>,
    /// What should be known before its numbers are compared with the bundle's.
    note: Option<&'static str>,
    /// How far its probabilities may lie from the bundle's.
    within: f64,
    columns: usize,
    /// Hz that the audio is brought to.
    sample_rate: u32,
    /// The longest piece that the network is shown, in frames, where clips are cut; the mean of the probabilities of the
    /// pieces is the clip's.
    window_frames: Option<usize>,
    /// For `serkit.Extractor(config)`, or as the config of `ser-data features`.
    config: Json,
    /// The digest of the pretrained encoder, where there is one.
    encoder: Option<&'a str>,
    speakers: &'static str,
}

impl Bundle {
    /// Writes the bundle as an ONNX graph, of the way from samples where there are operators for it, and, beside it, a file with the extension `json` that says how its input is made.
    /// Returns the path of that file.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where there is no graph of such a network; [`Error::Io`] where a file cannot be written.
    pub fn save_onnx(&self, path: &Path) -> Result<PathBuf> {
        if !self.beside.is_empty() {
            return Err(Error::Config(format!(
                "this file holds {} networks that vote, and an ONNX graph is of one: export each of its voters",
                self.beside.len() + 1
            )));
        }
        if self.encoder.as_ref().is_some_and(|encoder| encoder.upper.is_some()) {
            return Err(Error::Config(
                "this bundle's network has layers of its encoder, which have learnt with it: there is no graph of those; \
                 train one with encoder.train_layers = 0 for ONNX"
                    .into(),
            ));
        }
        let bytes = Build::new(self)?.graph()?;
        let beside = path.with_extension("json");
        if beside == path {
            return Err(Error::Config(format!("--out {}: name the graph .onnx", path.display())));
        }
        // The first field of a graph is its version, which no text begins with.
        check_replaceable(path, "ONNX graph", |head| head.starts_with(&[0x08]))?;
        check_replaceable(&beside, "description of an ONNX graph", |head| {
            let schema = SCHEMA.as_bytes();
            head.windows(schema.len()).any(|bytes| bytes == schema)
        })?;
        write_whole(path, |file| file.write_all(&bytes))?;
        write_json(&beside, &self.recipe(path)?)?;
        Ok(beside)
    }

    /// The classes that it gives probabilities of, and the targets that it gives numbers of.
    fn named_outputs(&self) -> (&[String], &[String]) {
        match self.task {
            task::Kind::Regression => (&[], &self.classes),
            _ => (&self.classes, &self.targets),
        }
    }

    /// What should be known before the graph's numbers are compared with the bundle's; nothing where they are the same within 1e-5.
    #[must_use]
    pub fn onnx_note(&self) -> Option<&'static str> {
        self.rounds().map(|(note, _)| note)
    }

    /// Where the graph rounds as the bundle does, so that the last bit of what comes before decides: what to know of it, and how far
    /// probabilities may differ.
    fn rounds(&self) -> Option<(&'static str, f64)> {
        let inside = self.inside.as_ref()?;
        let front = Front::of(self).ok()?;
        if inside.manifest().precision == Precision::Int8 {
            return Some((
                "the encoder is kept in 8 bits, and the graph rounds what goes into its layers as the bundle does; where a number \
                 lies between two whole ones the last bit decides, so that probabilities differ by 0.002 or so, and by up to 0.02; \
                 for 1e-5 export with --self-contained --encoder-precision f32, a bundle and its graph",
                2e-2,
            ));
        }
        front.rounds_frames().then_some((
            "the encoder's frames are rounded to 16 bits, in the graph as in the bundle; where one lies between two such numbers the \
             last bit decides, so that probabilities differ by up to 0.0001; for 1e-5 train with encoder.bits = 32",
            1e-4,
        ))
    }

    fn recipe(&self, path: &Path) -> Result<Recipe<'_>> {
        let features = FeaturesConfig { scaler: ScalerScope::None, ..self.features.clone() };
        let mut config = json!({ "audio": as_json(&self.audio)?, "features": as_json(&features)? });
        if let Some(encoder) = &self.encoder {
            config["encoder"] = as_json(&encoder.config)?;
        }
        let windows = self.windows();
        let begins_with_features = Front::of(self).err();
        let (classes, targets) = self.named_outputs();
        let mut outputs = json!({});
        if !classes.is_empty() {
            outputs["probabilities"] = json!("float32 [batch, classes]: calibrated, each row sums to 1");
            outputs["logits"] = json!("float32 [batch, classes]: as the network gives them, not calibrated");
        }
        if self.vote.is_some() {
            outputs["weight"] = json!(
                "float32 [batch, 1]: how many times this vote counts, beside the other graphs of the file; 1 of a graph without one"
            );
        }
        if !targets.is_empty() {
            outputs["values"] = json!("float32 [batch, targets]: numbers within their ranges");
        }
        Ok(Recipe {
            schema: SCHEMA,
            ser: env!("CARGO_PKG_VERSION"),
            graph: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            classes,
            targets,
            ranges: &self.scales,
            inputs: match begins_with_features {
                None => json!({
                    "samples": "float32 [batch, samples]: one channel at sample_rate, full scale 1, as decoded; whatever stands \
                                behind a clip's samples",
                    "lengths": "int64 [batch]: the samples of each clip, from 1",
                }),
                Some(_) => json!({
                    "features": "float32 [batch, frames, columns], not standardised; whatever stands behind a clip's frames",
                    "lengths": "int64 [batch]: the frames of each clip, from 1",
                }),
            },
            begins_with_features,
            note: self.onnx_note(),
            within: self.rounds().map_or(1e-5, |(_, within)| within),
            outputs,
            columns: self.dims(),
            sample_rate: self.audio.sample_rate,
            window_frames: (windows != Windows::WHOLE).then(|| windows.length()),
            config,
            encoder: self.encoder.as_ref().map(|encoder| encoder.digest.as_str()),
            speakers: match self.features.scaler {
                ScalerScope::Speaker => "standardised by clip in the graph: speakers are not known to it",
                _ => "of no concern",
            },
        })
    }
}

fn as_json(value: &impl Serialize) -> Result<Json> {
    serde_json::to_value(value).map_err(|e| Error::Data(format!("the settings cannot be written: {e}")))
}

/// The way from samples to columns.
enum Front<'a> {
    Encoder(Encoder<'a>),
    Cepstrum(Cepstrum<'a>),
}

impl<'a> Front<'a> {
    /// That of a bundle, where it has operators; otherwise why not.
    fn of(bundle: &'a Bundle) -> std::result::Result<Self, &'static str> {
        if bundle.windows() != Windows::WHOLE {
            return Err("it cuts clips into windows of audio.window");
        }
        if let Some(problem) = Clips::refused(&bundle.audio) {
            return Err(problem);
        }
        match &bundle.encoder {
            Some(encoder) => Encoder::of(bundle, encoder).map(Self::Encoder),
            None => Cepstrum::of(bundle).map(Self::Cepstrum),
        }
    }

    /// From `[batch, samples]` and their lengths `[batch]` to the columns `[batch, steps, dims]` and the steps of each clip
    /// `[batch]`. There are `least` steps or more: runtimes such as tract cannot add any to a number that they do not know yet.
    fn columns(&self, graph: &mut Graph, samples: &Value, lengths: &Value, least: usize) -> Result<(Value, Value)> {
        match self {
            Self::Encoder(encoder) => encoder.columns(graph, samples, lengths, least),
            Self::Cepstrum(cepstrum) => Ok(cepstrum.columns(graph, samples, lengths, least)),
        }
    }

    /// Whether an encoder's states are rounded, which the network sees one by one.
    fn rounds_frames(&self) -> bool {
        matches!(self, Self::Encoder(encoder) if encoder.rounds())
    }

    /// Whether there are as many steps as were asked for.
    fn is_padded(&self) -> bool {
        match self {
            Self::Encoder(encoder) => !encoder.is_pooled(),
            Self::Cepstrum(_) => true,
        }
    }
}

/// A batch under way: `[batch, steps, width]`, the steps that there are, and those of each clip.
struct Batch {
    x: Value,
    lengths: Value,
}

/// A graph in the making.
struct Build<'a> {
    bundle: &'a Bundle,
    graph: Graph,
    /// The weights that the graph has so far.
    used: BTreeSet<String>,
}

impl<'a> Build<'a> {
    fn new(bundle: &'a Bundle) -> Result<Self> {
        let refused = |problem: &str| Err(Error::Config(format!("--format onnx: {problem}")));
        if matches!(bundle.model.kind, Kind::Cnn2dBilstm | Kind::Transformer) {
            let kind = bundle.model.kind.name();
            return refused(&format!("a network of kind {kind} has no graph here: the others have"));
        }
        bundle.check_answers_alone()?;
        Ok(Self { bundle, graph: Graph::new("ser"), used: BTreeSet::new() })
    }

    fn weight(&mut self, name: &str) -> Result<&'a Weight> {
        self.used.insert(name.to_owned());
        let found = self.bundle.weights.get(name);
        found.ok_or_else(|| Error::Data(format!("the weights do not fit the network: {name} is missing")))
    }

    fn constant(&mut self, name: &str) -> Result<Value> {
        let weight = self.weight(name)?;
        Ok(self.graph.floats(name, &weight.shape, &weight.values))
    }

    fn graph(mut self) -> Result<Vec<u8>> {
        let (x, lengths) = self.input()?;
        let mut batch = self.standardised(Batch { x, lengths });
        let (classes, numbers) = self.bundle.named_outputs();
        let temperature = (!classes.is_empty()).then(|| self.temperature(&batch));
        let vote = self.bundle.vote.map(|vote| self.vote(&batch, vote));
        batch = self.padded(batch);
        let channels = match self.bundle.model.kind {
            Kind::CnnBilstm | Kind::Cnn => self.bundle.model.channels.len(),
            _ => 0,
        };
        for block in 0..channels {
            batch = self.block(batch, block)?;
        }
        let recurrent = self.bundle.model.kind.is_recurrent();
        let pool = match self.bundle.model.pool {
            _ if self.bundle.model.kind == Kind::Linear => Pool::Mean,
            Pool::Last if !recurrent => Pool::Mean,
            pool => pool,
        };
        let mut pooled = None;
        if recurrent {
            let (steps, last) = self.rnn(&batch)?;
            pooled = (pool == Pool::Last).then_some(last);
            batch.x = steps;
        }
        let pooled = match pooled {
            Some(pooled) => pooled,
            None => self.pooled(&batch, pool)?,
        };
        let hidden = match self.bundle.model.kind {
            Kind::Linear => pooled,
            _ => {
                let dense = self.linear(&pooled, "dense")?;
                self.graph.op("Relu", &[&dense], &[])
            }
        };
        let logits = self.linear(&hidden, "classes")?;
        // A graph without a part of the network would answer, and answer something else.
        if let Some(name) = self.bundle.weights.keys().find(|name| !self.used.contains(*name)) {
            return Err(Error::Config(format!("--format onnx: the network has {name}, which has no graph here")));
        }
        let both = !classes.is_empty() && !numbers.is_empty();
        let part = |graph: &mut Graph, from: usize, width: usize| match both {
            true => {
                let (from, to, axis) =
                    (graph.list(&[from as i64]), graph.list(&[(from + width) as i64]), graph.list(&[1]));
                graph.op("Slice", &[&logits, &from, &to, &axis], &[])
            }
            false => logits.clone(),
        };
        if let Some(temperature) = temperature {
            let logits = part(&mut self.graph, 0, classes.len());
            let scaled = self.graph.op("Div", &[&logits, &temperature], &[]);
            let probabilities = self.graph.op("Softmax", &[&scaled], &[("axis", Setting::Int(-1))]);
            let width = classes.len().to_string();
            self.graph.float_output("probabilities", &probabilities, &["batch", &width], "calibrated");
            self.graph.float_output("logits", &logits, &["batch", &width], "not calibrated");
            if let Some(vote) = vote {
                self.graph.float_output("weight", &vote, &["batch", "1"], "how many times its vote counts");
            }
        }
        if !numbers.is_empty() {
            let parts = part(&mut self.graph, classes.len(), numbers.len());
            let values = self.values(&parts);
            let width = numbers.len().to_string();
            self.graph.float_output("values", &values, &["batch", &width], "within their ranges");
        }
        let said = [
            ("classes", classes.join(",")),
            ("targets", numbers.join(",")),
            ("sample_rate", self.bundle.audio.sample_rate.to_string()),
            ("config_hash", self.bundle.record.config_hash.clone()),
        ];
        let about = "Speech-emotion recognition: samples or features to probabilities. The file beside it says how they are made.";
        Ok(self.graph.finish(("ser", env!("CARGO_PKG_VERSION")), about, &said))
    }

    /// Numbers within their ranges from parts of these, `[batch, numbers]`: what lies outside is the nearer end.
    fn values(&mut self, parts: &Value) -> Value {
        let (zero, one) = (self.graph.scalar(0.0), self.graph.scalar(1.0));
        let parts = self.graph.max(parts, &zero);
        let parts = self.graph.min(&parts, &one);
        // In double precision, as the bundle has it.
        let parts = self.graph.double_of(&parts);
        let scales = &self.bundle.scales;
        let lows: Vec<f64> = scales.iter().map(|scale| scale.low).collect();
        let widths: Vec<f64> = scales.iter().map(|scale| scale.high - scale.low).collect();
        let (lows, widths) = (
            self.graph.doubles("scales.low", &[scales.len()], &lows),
            self.graph.doubles("scales.width", &[scales.len()], &widths),
        );
        let values = self.graph.mul(&parts, &widths);
        let values = self.graph.add(&values, &lows);
        self.graph.float_of(&values)
    }

    /// The columns `[batch, steps, dims]` and the steps of each clip, from the graph's inputs.
    fn input(&mut self) -> Result<(Value, Value)> {
        let Ok(front) = Front::of(self.bundle) else {
            let dims = self.bundle.dims().to_string();
            let x = self.graph.float_input("features", &["batch", "frames", &dims], "not standardised");
            return Ok((x, self.graph.int_input("lengths", &["batch"], "the frames of each clip")));
        };
        let samples = self.graph.float_input("samples", &["batch", "samples"], "one channel at sample_rate");
        let lengths = self.graph.int_input("lengths", &["batch"], "the samples of each clip");
        front.columns(&mut self.graph, &samples, &lengths, self.bundle.model.min_frames())
    }

    /// What divides the logits: a number, or one for each clip, `[batch, 1]`, which rises with the mean square of its
    /// standardised values as [`super::Doubt`] has it.
    fn temperature(&mut self, batch: &Batch) -> Value {
        let temperature = self.bundle.temperature.unwrap_or(1.0);
        let Some(doubt) = self.bundle.doubt.filter(|_| self.bundle.temperature.is_some()) else {
            return self.graph.scalar(temperature as f32);
        };
        let distance = self.distance(batch);
        let (one, power) = (self.graph.double(1.0), self.graph.double(doubt.power));
        let distance = self.graph.max(&distance, &one);
        let factor = self.graph.op("Pow", &[&distance, &power], &[]);
        let temperature = self.graph.double(temperature);
        let temperature = self.graph.mul(&temperature, &factor);
        self.graph.float_of(&temperature)
    }

    /// How many times the vote on each clip counts, `[batch, 1]`, as [`Vote::at`] has it.
    fn vote(&mut self, batch: &Batch, vote: Vote) -> Value {
        let distance = self.distance(batch);
        let [home, elsewhere] = Vote::line();
        let [none, one, end, width, more, far] =
            [0.0, 1.0, elsewhere, elsewhere - home, vote.near - vote.far, vote.far]
                .map(|number| self.graph.double(number));
        let left = self.graph.sub(&end, &distance);
        let part = self.graph.div(&left, &width);
        let part = self.graph.max(&part, &none);
        let part = self.graph.min(&part, &one);
        let more = self.graph.mul(&part, &more);
        let vote = self.graph.add(&more, &far);
        self.graph.float_of(&vote)
    }

    /// The mean square of each clip's standardised values, `[batch, 1]` in double precision, as [`super::distance`] has it.
    fn distance(&mut self, batch: &Batch) -> Value {
        let x = self.graph.double_of(&batch.x);
        let squares = self.graph.mul(&x, &x);
        let axes = self.graph.list(&[1, 2]);
        let sum = self.graph.op("ReduceSum", &[&squares, &axes], &[("keepdims", Setting::Int(0))]);
        let sum = self.graph.unsqueeze(&sum, &[1]);
        let counts = self.counts(batch);
        let (counts, dims) = (self.graph.double_of(&counts), self.graph.double(self.bundle.dims() as f64));
        let counts = self.graph.mul(&counts, &dims);
        self.graph.div(&sum, &counts)
    }

    /// How many steps `x` `[batch, steps, …]` has, `[1]`.
    fn steps(&mut self, x: &Value) -> Value {
        self.graph.op("Shape", &[x], &[("start", Setting::Int(1)), ("end", Setting::Int(2))])
    }

    /// Whether each step is one of its clip, `[batch, steps, 1]`.
    fn mask(&mut self, batch: &Batch) -> Value {
        let [first, axis] = [0, 1].map(|number| self.graph.list(&[number]));
        let at = self.graph.places(&batch.x, 1);
        let at = self.graph.op("Unsqueeze", &[&at, &first], &[]);
        let lengths = self.graph.op("Unsqueeze", &[&batch.lengths, &axis], &[]);
        let inside = self.graph.op("Less", &[&at, &lengths], &[]);
        let last = self.graph.list(&[2]);
        self.graph.op("Unsqueeze", &[&inside, &last], &[])
    }

    /// Zero wherever a clip is not: a product would leave what is not a number.
    fn cleared(&mut self, batch: Batch) -> Batch {
        let mask = self.mask(&batch);
        let zero = self.graph.scalar(0.0);
        Batch { x: self.graph.op("Where", &[&mask, &batch.x, &zero], &[]), ..batch }
    }

    /// The steps of each clip as numbers to divide by, `[batch, 1]`.
    fn counts(&mut self, batch: &Batch) -> Value {
        let counts = self.graph.float_of(&batch.lengths);
        let one = self.graph.scalar(1.0);
        let counts = self.graph.op("Max", &[&counts, &one], &[]);
        let axis = self.graph.list(&[1]);
        self.graph.op("Unsqueeze", &[&counts, &axis], &[])
    }

    fn standardised(&mut self, batch: Batch) -> Batch {
        let (mean, std) = match (&self.bundle.scaler, self.bundle.features.scaler) {
            (Some(scaler), _) => {
                let dims = [scaler.mean.len()];
                let mean = self.graph.floats("scaler.mean", &dims, &scaler.mean);
                (mean, self.graph.floats("scaler.std", &dims, &scaler.std))
            }
            (None, ScalerScope::Speaker | ScalerScope::Utterance) => return self.standardised_alone(batch),
            (None, _) => return self.cleared(batch),
        };
        let centred = self.graph.op("Sub", &[&batch.x, &mean], &[]);
        let x = self.graph.op("Div", &[&centred, &std], &[]);
        self.cleared(Batch { x, ..batch })
    }

    /// Each clip by its own mean and standard deviation, in double precision, as [`crate::frontend::ScalerFit`] has them: in
    /// single precision a constant column would be noise.
    fn standardised_alone(&mut self, batch: Batch) -> Batch {
        let batch = self.cleared(batch);
        let mask = self.mask(&batch);
        let (counts, axis) = (self.counts(&batch), self.graph.list(&[1]));
        // [batch, 1, 1]
        let counts = self.graph.op("Unsqueeze", &[&counts, &axis], &[]);
        let [x, counts] = [&batch.x, &counts].map(|value| self.graph.double_of(value));
        let kept = [("keepdims", Setting::Int(1))];
        let sum = self.graph.op("ReduceSum", &[&x, &axis], &kept);
        let mean = self.graph.op("Div", &[&sum, &counts], &[]);
        let centred = self.graph.op("Sub", &[&x, &mean], &[]);
        let zero = self.graph.double(0.0);
        let centred = self.graph.op("Where", &[&mask, &centred, &zero], &[]);
        let squares = self.graph.op("Mul", &[&centred, &centred], &[]);
        let sum = self.graph.op("ReduceSum", &[&squares, &axis], &kept);
        let variance = self.graph.op("Div", &[&sum, &counts], &[]);
        let std = self.graph.op("Sqrt", &[&variance], &[]);
        let [part, one, smallest] = [CONSTANT, 1.0, f64::from(f32::MIN_POSITIVE)].map(|of| self.graph.double(of));
        let size = self.graph.op("Abs", &[&mean], &[]);
        let least = self.graph.op("Mul", &[&size, &part], &[]);
        let least = self.graph.op("Max", &[&least, &smallest], &[]);
        let constant = self.graph.op("LessOrEqual", &[&std, &least], &[]);
        let std = self.graph.op("Where", &[&constant, &one, &std], &[]);
        let x = self.graph.op("Div", &[&centred, &std], &[]);
        Batch { x: self.graph.float_of(&x), ..batch }
    }

    /// With as many frames as the network needs, at least.
    fn padded(&mut self, batch: Batch) -> Batch {
        let least = self.bundle.model.min_frames();
        if least <= 1 {
            return batch;
        }
        let least = self.graph.list(&[least as i64]);
        let lengths = self.graph.op("Max", &[&batch.lengths, &least], &[]);
        if Front::of(self.bundle).is_ok_and(|front| front.is_padded()) {
            return Batch { lengths, ..batch };
        }
        let (steps, zero) = (self.steps(&batch.x), self.graph.list(&[0]));
        let missing = self.graph.op("Sub", &[&least, &steps], &[]);
        let missing = self.graph.op("Max", &[&missing, &zero], &[]);
        let before = self.graph.list(&[0, 0, 0, 0]);
        let pads = self.graph.op("Concat", &[&before, &missing, &zero], &[("axis", Setting::Int(0))]);
        let x = self.graph.op("Pad", &[&batch.x, &pads], &[]);
        Batch { x, lengths }
    }

    /// Convolution, normalisation, ReLU, and the larger of each two steps.
    fn block(&mut self, batch: Batch, number: usize) -> Result<Batch> {
        let of = |name: &str| format!("blocks.{number}.{name}");
        let half = (self.bundle.model.kernel / 2) as i64;
        let turned = [("perm", Setting::Ints(&[0, 2, 1]))];
        let x = self.graph.op("Transpose", &[&batch.x], &turned);
        let [weight, bias] = ["conv.weight", "conv.bias"].map(|name| self.constant(&of(name)));
        let x = self.graph.op("Conv", &[&x, &weight?, &bias?], &[("pads", Setting::Ints(&[half, half]))]);
        let norm =
            ["gamma", "beta", "running_mean", "running_var"].map(|name| self.constant(&of(&format!("norm.{name}"))));
        let [gamma, beta, mean, variance] = norm;
        let x = self.graph.op(
            "BatchNormalization",
            &[&x, &gamma?, &beta?, &mean?, &variance?],
            &[("epsilon", Setting::Float(EPSILON))],
        );
        let two = [2];
        let x =
            self.graph.op("MaxPool", &[&x], &[("kernel_shape", Setting::Ints(&two)), ("strides", Setting::Ints(&two))]);
        let x = self.graph.op("Relu", &[&x], &[]);
        let x = self.graph.op("Transpose", &[&x], &turned);
        let pair = self.graph.list(&[2]);
        let lengths = self.graph.op("Div", &[&batch.lengths, &pair], &[]);
        Ok(self.cleared(Batch { x, lengths }))
    }

    /// A bidirectional LSTM: its steps `[batch, steps, 2 × hidden]`, and the last state of each direction
    /// `[batch, 2 × hidden]`.
    ///
    /// Two LSTMs without lengths, which not every runtime takes: the second one is given each clip's steps from the last to the
    /// first. What they make of the steps behind a clip is not looked at.
    fn rnn(&mut self, batch: &Batch) -> Result<(Value, Value)> {
        let hidden = self.bundle.model.hidden;
        let [input, state] = ["input", "hidden"].map(|part| self.gates(part, hidden));
        let ((input, width, input_bias), (state, _, state_bias)) = (input?, state?);
        let graph = &mut self.graph;
        let (one, axis) = (graph.int(1), graph.list(&[1]));
        let at = graph.places(&batch.x, 1);
        let lengths = graph.unsqueeze(&batch.lengths, &[1]);
        let last = graph.sub(&lengths, &one);
        let from_last = graph.sub(&last, &at);
        let inside = graph.less(&at, &lengths);
        let turned = graph.choose(&inside, &from_last, &at);
        // [batch, steps, 1]
        let turned = graph.unsqueeze(&turned, &[2]);
        let rows = [("batch_dims", Setting::Int(1))];
        let mut directions = Vec::new();
        for (number, direction) in ["forward", "reverse"].into_iter().enumerate() {
            let of = |values: &[f32]| values[number * values.len() / 2..(number + 1) * values.len() / 2].to_vec();
            let w = graph.floats(&format!("rnn.{direction}.input"), &[1, 4 * hidden, width], &of(&input));
            let r = graph.floats(&format!("rnn.{direction}.hidden"), &[1, 4 * hidden, hidden], &of(&state));
            let biases = [of(&input_bias), of(&state_bias)].concat();
            let b = graph.floats(&format!("rnn.{direction}.bias"), &[1, 8 * hidden], &biases);
            let x = match number {
                0 => batch.x.clone(),
                _ => graph.op("GatherND", &[&batch.x, &turned], &rows),
            };
            let x = graph.transpose(&x, &[1, 0, 2]);
            let states = graph.op("LSTM", &[&x, &w, &r, &b], &[("hidden_size", Setting::Int(hidden as i64))]);
            // [steps, 1, batch, hidden] → [batch, steps, hidden]
            let states = graph.op("Squeeze", &[&states, &axis], &[]);
            directions.push(graph.transpose(&states, &[1, 0, 2]));
        }
        let ends = graph.unsqueeze(&last, &[2]);
        let side_by_side = |axis: i64| [("axis", Setting::Int(axis))];
        let lasts: Vec<Value> = directions
            .iter()
            .map(|states| {
                let state = graph.op("GatherND", &[states, &ends], &rows);
                graph.op("Squeeze", &[&state, &axis], &[])
            })
            .collect();
        let lasts = graph.op("Concat", &lasts.iter().collect::<Vec<_>>(), &side_by_side(1));
        let reverse = graph.op("GatherND", &[&directions[1], &turned], &rows);
        Ok((graph.op("Concat", &[&directions[0], &reverse], &side_by_side(2)), lasts))
    }

    /// The matrices of both directions' gates, each turned and one below the other, with their width, and the biases.
    fn gates(&mut self, part: &str, hidden: usize) -> Result<(Vec<f32>, usize, Vec<f32>)> {
        let (mut matrix, mut bias, mut width) = (Vec::new(), Vec::new(), 0);
        for direction in ["forward", "reverse"] {
            for gate in GATES {
                let name = format!("rnn.{direction}.{gate}_gate.{part}_transform");
                // [width, hidden]
                let weight = self.weight(&format!("{name}.weight"))?;
                width = weight.values.len() / hidden.max(1);
                for unit in 0..hidden {
                    matrix.extend((0..width).map(|from| weight.values[from * hidden + unit]));
                }
                bias.extend_from_slice(&self.weight(&format!("{name}.bias"))?.values);
            }
        }
        Ok((matrix, width, bias))
    }

    fn pooled(&mut self, batch: &Batch, pool: Pool) -> Result<Value> {
        let batch = self.cleared(Batch { x: batch.x.clone(), lengths: batch.lengths.clone() });
        let axis = self.graph.list(&[1]);
        let flat = [("keepdims", Setting::Int(0))];
        if pool == Pool::Mean {
            let sum = self.graph.op("ReduceSum", &[&batch.x, &axis], &flat);
            let counts = self.counts(&batch);
            return Ok(self.graph.op("Div", &[&sum, &counts], &[]));
        }
        let seen = match pool {
            Pool::AttentionStd => {
                let hidden = self.linear(&batch.x, "pooling.hidden")?;
                self.graph.op("Tanh", &[&hidden], &[])
            }
            _ => batch.x.clone(),
        };
        let scores = self.linear(&seen, "pooling.score")?;
        let (mask, nothing) = (self.mask(&batch), self.graph.scalar(NOTHING));
        let scores = self.graph.op("Where", &[&mask, &scores, &nothing], &[]);
        let parts = self.graph.op("Softmax", &[&scores], &[("axis", Setting::Int(1))]);
        let weighted = self.graph.op("Mul", &[&batch.x, &parts], &[]);
        if pool != Pool::AttentionStd {
            return Ok(self.graph.op("ReduceSum", &[&weighted, &axis], &flat));
        }
        let kept = [("keepdims", Setting::Int(1))];
        let mean = self.graph.op("ReduceSum", &[&weighted, &axis], &kept);
        let centred = self.graph.op("Sub", &[&batch.x, &mean], &[]);
        let squares = self.graph.op("Mul", &[&centred, &centred], &[]);
        let weighted = self.graph.op("Mul", &[&squares, &parts], &[]);
        let variance = self.graph.op("ReduceSum", &[&weighted, &axis], &flat);
        let least = self.graph.scalar(crate::model::DEVIATION_EPSILON);
        let variance = self.graph.op("Add", &[&variance, &least], &[]);
        let std = self.graph.op("Sqrt", &[&variance], &[]);
        let mean = self.graph.op("Squeeze", &[&mean, &axis], &[]);
        Ok(self.graph.op("Concat", &[&mean, &std], &[("axis", Setting::Int(1))]))
    }

    fn linear(&mut self, x: &Value, name: &str) -> Result<Value> {
        let [weight, bias] = ["weight", "bias"].map(|part| self.constant(&format!("{name}.{part}")));
        let product = self.graph.op("MatMul", &[x, &weight?], &[]);
        Ok(self.graph.op("Add", &[&product, &bias?], &[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::made_up;

    // That the numbers are ours is for python/tests/test_onnx.py to say, with onnxruntime.
    #[test]
    fn a_graph_has_all_of_the_network_or_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("net.onnx");
        let mut bundle = made_up::bundle(1);
        let beside = bundle.save_onnx(&path).unwrap();
        let recipe: Json = serde_json::from_str(&std::fs::read_to_string(&beside).unwrap()).unwrap();
        assert_eq!(recipe["classes"], json!(bundle.classes));
        assert_eq!((&recipe["columns"], &recipe["graph"]), (&json!(bundle.dims()), &json!("net.onnx")));
        let values: usize = bundle.weights.values().map(|weight| weight.values.len()).sum();
        assert!(std::fs::metadata(&path).unwrap().len() as usize >= 4 * values);

        // The way from samples is in it, or it is said why not.
        let begins = |bundle: &Bundle| -> (bool, Json) {
            let beside = bundle.save_onnx(&path).unwrap();
            let recipe: Json = serde_json::from_str(&std::fs::read_to_string(beside).unwrap()).unwrap();
            (recipe["inputs"].get("samples").is_some(), recipe["begins_with_features"].clone())
        };
        assert_eq!(begins(&bundle), (true, Json::Null));
        let mut others = bundle.clone();
        others.audio.window = Some(2.0);
        assert_eq!(begins(&others), (false, json!("it cuts clips into windows of audio.window")));
        others.audio.window = None;
        others.audio.normalise = crate::audio::Normalise::Peak;
        assert!(!begins(&others).0);

        // Numbers alone, and beside classes: the last two of three outputs.
        let outputs = |bundle: &Bundle| -> (Vec<String>, Json, Json) {
            let beside = bundle.save_onnx(&path).unwrap();
            let recipe: Json = serde_json::from_str(&std::fs::read_to_string(beside).unwrap()).unwrap();
            let names = recipe["outputs"].as_object().unwrap().keys().cloned().collect();
            (names, recipe["classes"].clone(), recipe["targets"].clone())
        };
        let n = bundle.classes.len();
        let mut numbers = bundle.clone();
        numbers.task = task::Kind::Regression;
        numbers.scales = vec![task::Scale { low: 1.0, high: 7.0 }; n];
        assert_eq!(outputs(&numbers), (vec!["values".to_owned()], json!([]), json!(bundle.classes)));
        numbers.task = task::Kind::MultiTask;
        (numbers.classes, numbers.targets) = (bundle.classes[..n - 1].to_vec(), vec!["arousal".into()]);
        numbers.scales.truncate(1);
        let all = ["logits", "probabilities", "values"].map(str::to_owned).to_vec();
        assert_eq!(outputs(&numbers), (all, json!(numbers.classes), json!(["arousal"])));

        let wrong = |bundle: &Bundle, path: &Path| bundle.save_onnx(path).unwrap_err().to_string();
        assert!(wrong(&bundle, &dir.path().join("net.json")).contains("name the graph .onnx"));
        let weight = bundle.weights["classes.bias"].clone();
        bundle.weights.insert("mix.weights".into(), weight);
        assert!(wrong(&bundle, &path).contains("the network has mix.weights, which has no graph here"));
        bundle.weights.remove("mix.weights");
        bundle.weights.remove("classes.bias");
        assert!(wrong(&bundle, &path).contains("classes.bias is missing"));
        bundle.model.kind = Kind::Cnn2dBilstm;
        assert!(wrong(&bundle, &path).contains("cnn2d-bilstm"));
    }
}
