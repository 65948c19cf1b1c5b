//! The clips of a batch as a graph is given them: how long each is, and silence cut off its ends.

use ser_onnx::{Graph, Setting, Value};

use crate::audio::{AudioConfig, Denoise, Normalise, TRIM_FRAME, TRIM_HOP};

/// Clips under way: `[batch, samples]`, the first sample of each and how many there are, `[batch, 1]`.
pub(super) struct Clips {
    pub(super) samples: Value,
    pub(super) first: Value,
    pub(super) count: Value,
}

impl Clips {
    /// Why the way from a decoded clip to these has no operators, where it has none.
    pub(super) fn refused(audio: &AudioConfig) -> Option<&'static str> {
        let plain = audio.denoise == Denoise::None && audio.length.is_none() && audio.normalise == Normalise::None;
        (!plain).then_some("audio.denoise, audio.length and audio.normalise have no operators here")
    }

    /// Those of `[batch, samples]` and their lengths `[batch]`, prepared as `audio` says.
    pub(super) fn of(graph: &mut Graph, audio: &AudioConfig, samples: &Value, lengths: &Value) -> Self {
        let count = graph.unsqueeze(lengths, &[1]);
        let most = graph.extent(samples, 1);
        let count = graph.min(&count, &most);
        if audio.trim {
            return trimmed(graph, audio.trim_db, samples, count);
        }
        let none = graph.int(0);
        Self { samples: samples.clone(), first: graph.mul(&count, &none), count }
    }
}

/// Silence cut off both ends, as [`crate::audio::trim`] does.
fn trimmed(graph: &mut Graph, trim_db: f32, samples: &Value, count: Value) -> Clips {
    let none = graph.int(0);
    let hop = graph.int(TRIM_HOP as i64);
    let most = graph.extent(samples, 1);
    let at = graph.range(&most);
    let inside = graph.less(&at, &count);
    let (zero, silence) = (graph.scalar(0.0), graph.double(0.0));
    let kept = graph.choose(&inside, samples, &zero);
    let kept = graph.double_of(&kept);
    let squares = graph.mul(&kept, &kept);
    // Sums over blocks of a hop, two blocks of silence before them and after them: a frame is four of them.
    let blocks = graph.div_ceil(&most, &hop);
    let whole = graph.mul(&blocks, &hop);
    let missing = graph.sub(&whole, &most);
    let missing = graph.unsqueeze(&missing, &[0]);
    let before = graph.list(&[0, 0, 0]);
    let pads = graph.op("Concat", &[&before, &missing], &[("axis", Setting::Int(0))]);
    let squares = graph.op("Pad", &[&squares, &pads, &silence], &[]);
    let squares = graph.reshape(&squares, &[0, -1, TRIM_HOP as i64]);
    let sums = graph.list(&[2]);
    let sums = graph.op("ReduceSum", &[&squares, &sums], &[("keepdims", Setting::Int(0))]);
    let two = (TRIM_FRAME / TRIM_HOP / 2) as i64;
    let pads = graph.list(&[0, two, 0, two]);
    let sums = graph.op("Pad", &[&sums, &pads, &silence], &[]);
    let one = graph.int(1);
    let levels = graph.add(&blocks, &one);
    let axis = graph.list(&[1]);
    let mut power = None;
    for block in 0..2 * two {
        let from = graph.list(&[block]);
        let offset = graph.int(block);
        let until = graph.add(&levels, &offset);
        let until = graph.unsqueeze(&until, &[0]);
        let part = graph.op("Slice", &[&sums, &from, &until, &axis], &[]);
        power = Some(match power {
            None => part,
            Some(sum) => graph.add(&sum, &part),
        });
    }
    let frame = graph.double(TRIM_FRAME as f64);
    let power = power.unwrap_or_else(Value::none);
    let power = graph.div(&power, &frame);
    // A frame is there up to the sample behind the last.
    let at = graph.range(&levels);
    let last = graph.div(&count, &hop);
    let beyond = graph.less(&last, &at);
    let nothing = graph.double(-1.0);
    let power = graph.choose(&beyond, &nothing, &power);
    let loudest = graph.largest(&power, &[1]);
    let least = graph.double(1e-10);
    let part = graph.double(10f64.powf(-f64::from(trim_db) / 10.0));
    let (level, most_level) = (graph.max(&power, &least), graph.max(&loudest, &least));
    let threshold = graph.mul(&most_level, &part);
    let loud = graph.less(&threshold, &level);
    let minus = graph.int(-1);
    let found = graph.choose(&loud, &at, &minus);
    let end = graph.largest(&found, &[1]);
    let end = graph.add(&end, &one);
    let end = graph.mul(&end, &hop);
    let end = graph.min(&end, &count);
    let late = graph.choose(&loud, &at, &levels);
    let first = graph.op("ReduceMin", &[&late], &[("axes", Setting::Ints(&[1])), ("keepdims", Setting::Int(1))]);
    let first = graph.mul(&first, &hop);
    let heard = graph.less(&silence, &loudest);
    let first = graph.choose(&heard, &first, &none);
    let end = graph.choose(&heard, &end, &count);
    Clips { samples: samples.clone(), count: graph.sub(&end, &first), first }
}

/// Whether each step of `x`, `[rows, steps, …]`, is one of its row, of which `steps` has the numbers: `[rows, steps, 1]`.
pub(super) fn mask(graph: &mut Graph, x: &Value, steps: &Value) -> Value {
    let at = graph.places(x, 1);
    let steps = graph.reshape(steps, &[-1, 1]);
    let there = graph.less(&at, &steps);
    graph.unsqueeze(&there, &[2])
}
