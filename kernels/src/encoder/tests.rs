//! The kernels against plain loops in double precision; the same bits at every level, in every batch, with any threads.

use super::*;
use crate::level::Level;
use crate::trial::Numbers;

/// Rows of numbers in double precision.
type Rows = Vec<Vec<f64>>;

fn rows(values: &[f32], columns: usize) -> Rows {
    values.chunks(columns).map(|row| row.iter().map(|&x| f64::from(x)).collect()).collect()
}

fn linear(x: &Rows, linear: &Linear) -> Rows {
    let at = |row: &Vec<f64>, output: usize| {
        let weight = &linear.weight[output * row.len()..][..row.len()];
        let bias = linear.bias.get(output).copied().map_or(0.0, f64::from);
        bias + weight.iter().zip(row).map(|(&w, &x)| f64::from(w) * x).sum::<f64>()
    };
    let of = |row: &Vec<f64>| (0..linear.weight.len() / row.len()).map(|output| at(row, output)).collect();
    x.iter().map(of).collect()
}

fn norm(x: &Rows, norm: &Norm) -> Rows {
    let of = |row: &Vec<f64>| {
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / row.len() as f64;
        let scale = 1.0 / (variance + f64::from(norm.epsilon)).sqrt();
        let weights = norm.weight.iter().zip(&norm.bias);
        row.iter().zip(weights).map(|(x, (&w, &b))| (x - mean) * scale * f64::from(w) + f64::from(b)).collect()
    };
    x.iter().map(of).collect()
}

/// By the error function's series.
fn gelu(x: f64) -> f64 {
    let z = x / std::f64::consts::SQRT_2;
    let (mut term, mut sum) = (z, z);
    for n in 1..120 {
        term *= -z * z / f64::from(n);
        sum += term / f64::from(2 * n + 1);
    }
    let error = if z.abs() > 4.5 { z.signum() } else { sum * std::f64::consts::FRAC_2_SQRT_PI };
    0.5 * x * (1.0 + error)
}

fn sum(a: &Rows, b: &Rows) -> Rows {
    a.iter().zip(b).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect()).collect()
}

fn attention(x: &Rows, layer: &LayerWeights, heads: usize) -> Rows {
    let [query, key, value] = [&layer.query, &layer.key, &layer.value].map(|part| linear(x, part));
    let width = query[0].len() / heads;
    let of = |query: &Vec<f64>| {
        let mut attended = Vec::new();
        for head in (0..heads).map(|head| head * width..(head + 1) * width) {
            let score = |key: &Vec<f64>| {
                let dot = query[head.clone()].iter().zip(&key[head.clone()]).map(|(a, b)| a * b).sum::<f64>();
                (dot / (width as f64).sqrt()).exp()
            };
            let scores: Vec<f64> = key.iter().map(score).collect();
            let total = scores.iter().sum::<f64>();
            let of = |channel: usize| scores.iter().zip(&value).map(|(s, v)| s * v[channel]).sum::<f64>() / total;
            attended.extend(head.map(of));
        }
        attended
    };
    linear(&query.iter().map(of).collect(), &layer.output)
}

fn layer(x: &Rows, layer: &LayerWeights, config: LayersConfig) -> Rows {
    let feed = |x: &Rows| {
        let mut hidden = linear(x, &layer.up);
        hidden.iter_mut().flatten().for_each(|x| *x = gelu(*x));
        linear(&hidden, &layer.down)
    };
    if config.pre_norm {
        let x = sum(x, &attention(&norm(x, &layer.attention_norm), layer, config.heads));
        sum(&x, &feed(&norm(&x, &layer.feed_norm)))
    } else {
        let x = norm(&sum(x, &attention(x, layer, config.heads)), &layer.attention_norm);
        norm(&sum(&x, &feed(&x)), &layer.feed_norm)
    }
}

fn random(numbers: &mut Numbers, count: usize, size: f32) -> Vec<f32> {
    numbers.take(count).into_iter().map(|x| x * size).collect()
}

fn weights(numbers: &mut Numbers, config: LayersConfig) -> LayerWeights {
    let LayersConfig { dims, feed_forward, .. } = config;
    let mut linear = |outputs: usize, inputs: usize| {
        let weight = random(numbers, outputs * inputs, 2.0 / (inputs as f32).sqrt());
        Linear { weight, bias: random(numbers, outputs, 0.3) }
    };
    let (query, key, value) = (linear(dims, dims), linear(dims, dims), linear(dims, dims));
    let (output, up, down) = (linear(dims, dims), linear(feed_forward, dims), linear(dims, feed_forward));
    let key = Linear { bias: Vec::new(), ..key };
    let mut norm = || Norm { weight: random(numbers, dims, 1.0), bias: random(numbers, dims, 0.2), epsilon: 1e-5 };
    let (attention_norm, feed_norm) = (norm(), norm());
    LayerWeights { query, key, value, output, attention_norm, up, down, feed_norm }
}

fn near(ours: &[f32], exact: &Rows, what: &str) {
    let exact: Vec<f64> = exact.iter().flatten().copied().collect();
    assert_eq!(ours.len(), exact.len(), "{what}");
    let size = (exact.iter().map(|x| x * x).sum::<f64>() / exact.len().max(1) as f64).sqrt();
    for (&ours, &exact) in ours.iter().zip(&exact) {
        assert!((f64::from(ours) - exact).abs() < 2e-5 * size, "{what}: {ours} and not {exact}");
    }
}

#[test]
fn layers_are_those_of_plain_loops_with_the_same_bits_at_every_level_in_every_batch_and_with_any_threads() {
    // Heads that fill registers and such that do not; clips of one frame, of a few, of more than a block and a panel.
    for (dims, heads, feed_forward, pre_norm) in [(48, 2, 80, true), (64, 1, 272, false), (32, 4, 37, true)] {
        let config = LayersConfig { dims, heads, feed_forward, pre_norm, bytes: false };
        let mut numbers = Numbers(7);
        let layers: Vec<LayerWeights> = (0..2).map(|_| weights(&mut numbers, config)).collect();
        let closing = Norm { weight: numbers.take(dims), bias: numbers.take(dims), epsilon: 1e-5 };
        let mut whole = Layers::new(config);
        layers.iter().for_each(|layer| whole.push(layer.clone()));
        whole.close(closing.clone());
        assert_eq!((whole.len(), whole.is_empty()), (2, false));
        let lengths = [1, 7, 65, 211];
        let clips: Vec<Vec<f32>> = lengths.iter().map(|frames| numbers.take(frames * dims)).collect();
        let exact: Vec<[Rows; 2]> = clips
            .iter()
            .map(|clip| {
                let first = layer(&rows(clip, dims), &layers[0], config);
                let second = layer(&first, &layers[1], config);
                [first, norm(&second, &closing)]
            })
            .collect();
        let mut results = Vec::new();
        for level in Level::all() {
            for threads in [1, 3] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
                let together = pool.install(|| whole.forward_at(level, clips.concat(), &lengths, 0..2));
                let mut first = 0;
                for (item, (clip, &frames)) in clips.iter().zip(&lengths).enumerate() {
                    let alone = pool.install(|| whole.forward_at(level, clip.clone(), &[frames], 0..2));
                    for (state, alone) in alone.iter().enumerate() {
                        near(alone, &exact[item][state], &format!("{level}, {frames} frames, state {}", state + 1));
                        assert_eq!(alone, &together[state][first..first + frames * dims], "{level}, {threads} threads");
                    }
                    first += frames * dims;
                }
                // From a state that was kept; and no more than what is asked for.
                let above = whole.forward_at(level, together[0].clone(), &lengths, 1..2);
                assert_eq!(above, together[1..]);
                assert_eq!(whole.forward_at(level, clips.concat(), &lengths, 0..1), together[..1]);
                results.push(together);
            }
        }
        assert!(results.iter().all(|result| *result == results[0]));
    }
}

#[test]
fn the_stem_is_that_of_plain_loops_with_the_same_bits_at_every_level_in_every_batch_and_with_any_threads() {
    let (bands, dims) = (10, 48);
    let mut numbers = Numbers(3);
    let mut convolution = |inputs: usize| Convolution {
        weight: random(&mut numbers, dims * inputs * 3, 1.0 / (inputs as f32).sqrt()),
        bias: numbers.take(dims),
    };
    let convolutions = [convolution(bands), convolution(dims)];
    let positions = numbers.take(300 * dims);
    let stem = Stem::new([bands, dims], &convolutions[0], &convolutions[1], positions.clone());
    // Odd numbers of frames, too, and more than a block.
    let clips = [1, 2, 3, 50, 81, 600].map(|frames| numbers.take(frames * bands));
    let convolve = |x: &Rows, weights: &Convolution, stride: usize| -> Rows {
        let inputs = x[0].len();
        let at = |frame: usize, output: usize| {
            let mut value = f64::from(weights.bias[output]);
            for k in 0..3 {
                let Some(row) = (frame * stride + k).checked_sub(1).and_then(|at| x.get(at)) else { continue };
                let weight = |channel: usize| f64::from(weights.weight[(output * inputs + channel) * 3 + k]);
                value += row.iter().enumerate().map(|(channel, x)| weight(channel) * x).sum::<f64>();
            }
            gelu(value)
        };
        (0..x.len().div_ceil(stride)).map(|frame| (0..dims).map(|output| at(frame, output)).collect()).collect()
    };
    let exact = clips.each_ref().map(|clip| {
        let x = convolve(&convolve(&rows(clip, bands), &convolutions[0], 1), &convolutions[1], 2);
        let frames = x.len();
        sum(&x, &rows(&positions[..frames * dims], dims))
    });
    let mut results = Vec::new();
    for level in Level::all() {
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let (together, lengths) = pool.install(|| stem.forward_at(level, &clips.each_ref().map(Vec::as_slice)));
            assert_eq!(lengths, [1, 1, 2, 25, 41, 300]);
            let mut first = 0;
            for (clip, exact) in clips.iter().zip(&exact) {
                let (alone, frames) = pool.install(|| stem.forward_at(level, &[clip]));
                near(&alone, exact, &format!("{level}, {} frames", frames[0]));
                assert_eq!(alone, together[first..first + alone.len()], "{level}, {threads} threads");
                first += alone.len();
            }
            results.push(together);
        }
    }
    assert!(results.iter().all(|result| *result == results[0]));
}

#[test]
#[should_panic(expected = "a position for each frame")]
fn a_clip_beyond_the_positions_is_refused() {
    let convolution = |inputs: usize| Convolution { weight: vec![0.0; 16 * inputs * 3], bias: vec![0.0; 16] };
    let stem = Stem::new([10, 16], &convolution(10), &convolution(16), vec![0.0; 3 * 16]);
    let _ = stem.forward(&[&[0.0; 70]]);
}

#[test]
fn layers_in_8_bits_are_near_the_others_with_the_same_bits_at_every_level_in_every_batch_and_with_any_threads() {
    let config = LayersConfig { dims: 96, heads: 2, feed_forward: 330, pre_norm: true, bytes: true };
    let mut numbers = Numbers(11);
    let [mut whole, mut exact] = [config, LayersConfig { bytes: false, ..config }].map(Layers::new);
    for _ in 0..2 {
        let weights = weights(&mut numbers, config);
        whole.push(weights.clone());
        exact.push(weights);
    }
    let lengths = [1, 65, 130];
    let clips: Vec<Vec<f32>> = lengths.iter().map(|frames| numbers.take(frames * config.dims)).collect();
    let exact = exact.forward(clips.concat(), &lengths, 0, 2);
    let mut results = Vec::new();
    for level in Level::all() {
        for threads in [1, 3] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let together = pool.install(|| whole.forward_at(level, clips.concat(), &lengths, 0..2));
            let alone = pool.install(|| whole.forward_at(level, clips[1].clone(), &lengths[1..2], 0..2));
            for (together, alone) in together.iter().zip(&alone) {
                assert_eq!(together[config.dims..66 * config.dims], alone[..]);
            }
            results.push(together);
        }
    }
    assert!(results.iter().all(|result| *result == results[0]));
    for (ours, exact) in results[0].iter().zip(&exact) {
        let square = |x: &mut dyn Iterator<Item = f32>| x.map(|x| f64::from(x).powi(2)).sum::<f64>();
        let apart = square(&mut ours.iter().zip(exact).map(|(a, b)| a - b)) / square(&mut exact.iter().copied());
        assert!(apart > 0.0 && apart.sqrt() < 0.03, "{}", apart.sqrt());
    }
}
