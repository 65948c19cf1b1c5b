//! Small encoders with random weights against Hugging Face's transformers; `scripts/golden_encoders.py` made the files.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use burn::{
    module::{Module, ModuleVisitor, Param},
    tensor::{Device, Gradients, Tensor, TensorData},
};
use proptest::prelude::*;
use safetensors::SafeTensors;

use super::{
    Encoder, EncoderConfig, FrozenEncoder, Import, Manifest, Network, States, Upper, UpperConfig, folder, import,
    manifest::SCHEMA,
    source,
    weights::{Builder, Own},
};
use crate::{
    arrays::{Arrays, Precision, Weight},
    frontend::Pool,
    model::weights::write,
    parameters,
};

const MODELS: [&str; 6] = ["whisper", "wav2vec2-base", "wav2vec2-large", "hubert-base", "wavlm-base", "wavlm-large"];

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/encoders").join(name)
}

/// A triangle wave in noise, as the script has it.
fn clip(samples: usize) -> Vec<f32> {
    let mut state = samples as u32;
    (0..samples)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(state >> 8) / f64::from(1 << 24) - 0.5;
            (0.3 * noise + 0.2 * (((i % 100) as f64 / 50.0 - 1.0).abs() - 0.5)) as f32
        })
        .collect()
}

/// Weights of a sum, as the script has them.
fn pattern(count: usize) -> Vec<f32> {
    (0..count).map(|i| ((i * 7 % 11) as f32 - 5.0) / 5.0).collect()
}

/// The arrays of a golden file by name, with their shapes.
fn expected(name: &str) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let bytes = fs::read(golden(name).join("expected.safetensors")).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let values = |bytes: &[u8]| bytes.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
    let tensors = tensors.iter();
    tensors.map(|(name, view)| (name.to_owned(), (view.shape().to_vec(), values(view.data())))).collect()
}

fn open(path: &Path) -> crate::error::Result<(Manifest, source::Opened)> {
    let opened = source::open(path)?;
    let manifest = Manifest {
        schema: SCHEMA.to_owned(),
        name: "x".into(),
        source: opened.words.clone(),
        precision: Precision::F32,
        digest: String::new(),
        licence: opened.licence.clone(),
        architecture: opened.architecture.clone(),
        transformer: opened.transformer.clone(),
    };
    Ok((manifest, opened))
}

/// An encoder straight from its source.
fn encoder_at(path: &Path, device: &Device) -> crate::error::Result<Encoder> {
    let (manifest, mut opened) = open(path)?;
    Encoder::build(manifest, opened.weights.as_mut(), device)
}

fn encoder(name: &str) -> Encoder {
    encoder_at(&golden(name), &Device::flex()).unwrap()
}

fn arrays_of(encoder: &Encoder) -> Arrays {
    match &encoder.network {
        Network::Whisper(network) => parameters::read(network),
        Network::Wave(network) => parameters::read(network),
    }
}

/// The norm of the difference over the norm.
fn apart(ours: &[f32], theirs: &[f32]) -> f64 {
    assert_eq!(ours.len(), theirs.len());
    let norm = |values: &mut dyn Iterator<Item = f32>| values.map(|x| f64::from(x).powi(2)).sum::<f64>().sqrt();
    norm(&mut ours.iter().zip(theirs).map(|(a, b)| a - b)) / norm(&mut theirs.iter().copied())
}

#[test]
fn every_state_is_transformers_alone_and_in_a_padded_batch() {
    for name in MODELS {
        let (encoder, expected) = (encoder(name), expected(name));
        let clips = [1600, 9000, 5000].map(clip);
        let together = encoder.hidden_states(&clips.each_ref().map(Vec::as_slice), 2).unwrap();
        for (item, samples) in [1600_usize, 9000].into_iter().enumerate() {
            let (shape, theirs) = &expected[&format!("states.{samples}")];
            let alone = encoder.hidden_states(&[&clips[item]], 2).unwrap();
            assert_eq!(alone.lengths, [encoder.frames(samples)]);
            for (layer, theirs) in theirs.chunks(shape[1] * shape[2]).enumerate() {
                for (how, states, item) in [("alone", &alone, 0), ("in the batch", &together, item)] {
                    let ours = states.matrix(layer, item).unwrap();
                    assert_eq!([ours.frames(), ours.dims()], shape[1..], "{name}");
                    let apart = apart(ours.as_slice(), theirs);
                    assert!(apart < 1e-4, "{name}, {samples} samples {how}, state {layer}: {apart:e}");
                }
            }
        }
        let padding = together.states[2].clone().narrow(0, 0, 1).narrow(1, together.lengths[0], 1);
        assert!(padding.into_data().iter::<f32>().all(|x| x == 0.0), "{name}");
    }
}

fn frozen(name: &str) -> FrozenEncoder {
    let (manifest, mut opened) = open(&golden(name)).unwrap();
    FrozenEncoder::build(manifest, opened.weights.as_mut()).unwrap()
}

#[test]
fn a_frozen_encoders_states_are_transformers_with_the_same_bits_in_a_batch() {
    for name in MODELS {
        let (frozen, modules, expected) = (frozen(name), encoder(name), expected(name));
        // WavLM's attention has a bias, which the kernels do not know.
        assert_eq!(frozen.is_fused(), !name.starts_with("wavlm"), "{name}");
        assert_eq!((frozen.manifest(), frozen.dims(), frozen.layers()), (modules.manifest(), 16, 2));
        let clips = [1600, 9000, 5000].map(clip);
        let together = frozen.hidden_states(&clips.each_ref().map(Vec::as_slice), 2).unwrap();
        for (item, samples) in [1600_usize, 9000].into_iter().enumerate() {
            let (shape, theirs) = &expected[&format!("states.{samples}")];
            let alone = frozen.hidden_states(&[&clips[item]], 2).unwrap();
            assert_eq!(alone[0], together[item], "{name}");
            for (layer, theirs) in theirs.chunks(shape[1] * shape[2]).enumerate() {
                let ours = &alone[0][layer];
                assert_eq!([ours.frames(), ours.dims()], shape[1..], "{name}");
                let apart = apart(ours.as_slice(), theirs);
                assert!(apart < 1e-4, "{name}, {samples} samples, state {layer}: {apart:e}");
            }
            assert_eq!(frozen.hidden_states(&[&clips[item]], 1).unwrap()[0], alone[0][..2], "{name}");
        }
        // Seen through windows, if it is longer than one.
        let long = clip(50_000);
        let states = frozen.hidden_states(&[&clips[0], &long], 2).unwrap();
        assert_eq!(states[0], together[0], "{name}");
        let ours = modules.hidden_states(&[&long], 2).unwrap();
        for (layer, state) in states[1].iter().enumerate() {
            assert_eq!(state.frames(), frozen.frames(long.len()), "{name}");
            let apart = apart(state.as_slice(), ours.matrix(layer, 0).unwrap().as_slice());
            assert!(apart < 1e-5, "{name}, state {layer}: {apart:e}");
        }
        assert!(frozen.hidden_states(&[&clips[0]], 3).unwrap_err().to_string().contains("layer 3"));
    }
}

/// The loss whose gradients the script wrote down, on the last state.
fn loss(states: &States) -> Tensor<1> {
    let last = states.states[2].clone();
    let shape = last.dims();
    let weights = TensorData::new(pattern(shape.iter().product()), shape);
    (last.clone() * Tensor::<3>::from_data(weights, &last.device())).sum()
}

/// The gradient of each parameter that has one, by its path.
fn gradients_of<M: Module>(module: &M, gradients: &Gradients) -> BTreeMap<String, Vec<f32>> {
    struct Visitor<'a> {
        path: Vec<String>,
        gradients: &'a Gradients,
        found: BTreeMap<String, Vec<f32>>,
    }
    impl ModuleVisitor for Visitor<'_> {
        fn enter_module(&mut self, name: &str, _container_type: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _name: &str, _container_type: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(gradient) = param.val().grad(self.gradients) {
                self.found.insert(self.path.join("."), gradient.into_data().iter::<f32>().collect());
            }
        }
    }
    let mut visitor = Visitor { path: Vec::new(), gradients, found: BTreeMap::new() };
    module.visit(&mut visitor);
    visitor.found
}

fn gradients(encoder: &Encoder) -> BTreeMap<String, Vec<f32>> {
    let gradients = loss(&encoder.hidden_states(&[&clip(9000)], 2).unwrap()).backward();
    let found = match &encoder.network {
        Network::Whisper(network) => gradients_of(network, &gradients),
        Network::Wave(network) => gradients_of(network, &gradients),
    };
    assert_eq!(found.len(), arrays_of(encoder).len());
    found
}

fn norm(values: &[f32]) -> f64 {
    values.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>().sqrt()
}

#[test]
fn gradients_are_pytorchs() {
    for name in MODELS {
        let expected = expected(name);
        let encoder = encoder_at(&golden(name), &Device::flex().autodiff()).unwrap();
        let gradients = gradients(&encoder);
        let total = gradients.values().map(|gradient| norm(gradient).powi(2)).sum::<f64>().sqrt();
        let mut compared = 0;
        for (ours, gradient) in &gradients {
            let theirs = source::hugging_face_name(&encoder.manifest().architecture, ours);
            let Some((_, values)) = expected.get(&format!("gradient.{theirs}")) else {
                assert_eq!(ours, "positions", "{name}: {theirs}");
                continue;
            };
            let weights = pattern(gradient.len());
            let dot: f64 = gradient.iter().zip(&weights).map(|(&g, &w)| f64::from(g) * f64::from(w)).sum();
            // Some are zero but for rounding: a key's bias does not change its softmax.
            let scale = 1e-3 * f64::from(values[1]).max(1e-3 * total);
            assert!((norm(gradient) - f64::from(values[1])).abs() < scale, "{name} {ours}");
            assert!((dot - f64::from(values[0])).abs() < scale * norm(&weights), "{name} {ours}");
            compared += 1;
        }
        assert_eq!(compared, expected.keys().filter(|key| key.starts_with("gradient.")).count(), "{name}");
    }
}

/// The layers above the state `from` of an encoder, as a part of a network.
fn upper(encoder: &Encoder, from: usize, set: &str, device: &Device) -> Upper {
    let config = format!("path = 'x'\nlayer = 2\ntrain_layers = {}\npool = 'none'\n{set}", 2 - from);
    let config = UpperConfig::of(&toml::from_str(&config).unwrap(), encoder.manifest()).unwrap().unwrap();
    config.check().unwrap();
    Upper::new(&config, from, &mut Builder::new(&mut Own::new(Path::new("x"), arrays_of(encoder)), device), device)
        .unwrap()
}

/// The state that goes into the upper layers, and what comes out with its loss's gradients by parameter.
fn learn(encoder: &Encoder, upper: &Upper, from: usize) -> (Vec<f32>, BTreeMap<String, Vec<f32>>) {
    let device = Device::flex().autodiff();
    let states = encoder.hidden_states(&[&clip(9000)], 2).unwrap();
    let state = Tensor::<3>::from_data(states.states[from].to_data(), &device);
    let (out, lengths) = upper.forward(state, states.lengths.clone());
    assert_eq!(lengths, states.lengths);
    let gradients = loss(&States { states: vec![out.clone(); 3], lengths }).backward();
    (out.into_data().iter::<f32>().collect(), gradients_of(upper, &gradients))
}

#[test]
fn layers_that_learn_give_the_encoders_states_and_its_gradients() {
    let device = Device::flex().autodiff();
    for name in MODELS {
        let encoder = encoder(name);
        let whole = gradients(&encoder_at(&golden(name), &device).unwrap());
        for from in [0, 1] {
            let (out, own) = learn(&encoder, &upper(&encoder, from, "", &device), from);
            let states = encoder.hidden_states(&[&clip(9000)], 2).unwrap();
            assert!(apart(&out, states.matrix(2, 0).unwrap().as_slice()) < 1e-6, "{name}");
            // Compared with PyTorch's above. WavLM's bias by distance is of the layers below, too, and does not learn.
            let renamed = |ours: &str| match ours.strip_prefix("transformer.layers.") {
                Some(rest) => {
                    let (index, rest) = rest.split_once('.').unwrap();
                    format!("transformer.layers.{}.{rest}", index.parse::<usize>().unwrap() + from)
                }
                None => ours.to_owned(),
            };
            assert!(own.len() > 14 * (2 - from), "{name}: {:?}", own.keys());
            assert!(!own.keys().any(|key| key.ends_with("relative") || key == "mean" || key == "std"));
            let total = own.values().map(|gradient| norm(gradient).powi(2)).sum::<f64>().sqrt();
            for (ours, gradient) in &own {
                let theirs = &whole[&renamed(ours)];
                let difference: Vec<f32> = gradient.iter().zip(theirs).map(|(a, b)| a - b).collect();
                assert!(norm(&difference) < 1e-4 * norm(theirs).max(1e-3 * total), "{name} {ours}");
            }
        }
    }
}

#[test]
fn additions_of_low_rank_add_nothing_at_first_and_learn_by_the_chain_rule() {
    let device = Device::flex().autodiff();
    let lora = "lora = { rank = 3, alpha = 6.0 }";
    for name in MODELS {
        let encoder = encoder(name);
        let plain = upper(&encoder, 1, "", &device);
        let adapted = upper(&encoder, 1, lora, &device);
        let (out, first) = learn(&encoder, &adapted, 1);
        assert_eq!(out, learn(&encoder, &plain, 1).0, "{name}");
        assert_eq!(first.len(), 2 * 6, "{name}: six matrices, nothing else: {:?}", first.keys());

        // The same weights twice: with the product beside the matrix, and within it.
        let mut beside: BTreeMap<String, Weight> = parameters::read(&adapted).into_iter().collect();
        let mut within: BTreeMap<String, Weight> = parameters::read(&plain).into_iter().collect();
        let matrices: Vec<String> =
            first.keys().filter_map(|key| key.strip_suffix(".lora.up")).map(str::to_owned).collect();
        for matrix in &matrices {
            let up = beside.get_mut(&format!("{matrix}.lora.up")).unwrap();
            up.values.iter_mut().enumerate().for_each(|(i, x)| *x = ((i * 5 % 13) as f32 - 6.0) / 60.0);
            let (up, down) = (up.clone(), beside[&format!("{matrix}.lora.down")].clone());
            let weight = within.get_mut(&format!("{matrix}.weight")).unwrap();
            let [outputs, inputs] = weight.shape[..] else { panic!() };
            assert_eq!((up.shape.as_slice(), down.shape.as_slice()), (&[outputs, 3][..], &[3, inputs][..]));
            for o in 0..outputs {
                for i in 0..inputs {
                    let product: f32 = (0..3).map(|r| up.values[o * 3 + r] * down.values[r * inputs + i]).sum();
                    weight.values[o * inputs + i] += 2.0 * product;
                }
            }
        }
        let adapted = write(adapted, beside.clone()).unwrap();
        let plain = write(plain, within).unwrap();
        let (ours, own) = learn(&encoder, &adapted, 1);
        let (theirs, whole) = learn(&encoder, &plain, 1);
        assert!(apart(&ours, &theirs) < 1e-5 && apart(&ours, &out) > 1e-3, "{name}");
        for matrix in &matrices {
            let gradient = &whole[&format!("{matrix}.weight")];
            let (up, down) = (&beside[&format!("{matrix}.lora.up")], &beside[&format!("{matrix}.lora.down")]);
            let (outputs, inputs) = (up.shape[0], down.shape[1]);
            let of_up: Vec<f32> = (0..outputs * 3)
                .map(|at| {
                    2.0 * (0..inputs)
                        .map(|i| gradient[at / 3 * inputs + i] * down.values[at % 3 * inputs + i])
                        .sum::<f32>()
                })
                .collect();
            let of_down: Vec<f32> = (0..3 * inputs)
                .map(|at| {
                    let (r, i) = (at / inputs, at % inputs);
                    2.0 * (0..outputs).map(|o| gradient[o * inputs + i] * up.values[o * 3 + r]).sum::<f32>()
                })
                .collect();
            assert!(apart(&own[&format!("{matrix}.lora.up")], &of_up) < 1e-3, "{name} {matrix}");
            assert!(apart(&own[&format!("{matrix}.lora.down")], &of_down) < 1e-3, "{name} {matrix}");
        }
    }
}

#[test]
fn layers_that_learn_give_pooled_columns_whatever_stands_in_the_padding() {
    let (encoder, device) = (encoder("whisper"), Device::flex());
    let clips = [1600, 9000].map(clip);
    let states = encoder.hidden_states(&clips.each_ref().map(Vec::as_slice), 2).unwrap();
    let config = |set: &str| {
        let config = toml::from_str(&format!("path = 'x'\ntrain_layers = 1\n{set}")).unwrap();
        UpperConfig::of(&config, encoder.manifest())
    };
    let config_of = config("layer = [2, 1]\npool = 'mean+std'").unwrap().unwrap();
    assert_eq!((config_of.from, config_of.states.as_slice(), config_of.width()), (1, &[2, 1][..], 64));
    let mut own = Own::new(Path::new("x"), arrays_of(&encoder));
    let upper = Upper::new(&config_of, 1, &mut Builder::new(&mut own, &device), &device).unwrap();
    let (columns, lengths) = upper.forward(states.states[1].clone(), states.lengths.clone());
    assert_eq!((columns.dims(), lengths), ([2, 1, 64], vec![1, 1]));
    let columns: Vec<f32> = columns.into_data().iter::<f32>().collect();
    for (item, row) in columns.chunks(64).enumerate() {
        let pooled = [2, 1].map(|layer| Pool::MeanStd.apply(states.matrix(layer, item).unwrap()).into_vec());
        assert!(apart(row, &pooled.concat()) < 1e-4, "clip {item}");
    }
    let weighted = config("layer = 'weighted'\npool = 'mean'").unwrap().unwrap();
    assert_eq!((weighted.from, weighted.states.as_slice()), (1, &[1, 2][..]));
    assert!(config("layer = [0, 2]").unwrap_err().to_string().contains("asks for the state 0"));
    assert!(config("layer = 0").unwrap_err().to_string().contains("encoder.train_layers = 1"));
    let one = config("layer = 1").unwrap().unwrap();
    assert_eq!(
        (one.transformer.layers, one.transformer.total_layers),
        (1, 2),
        "no closing normalisation below the last"
    );
}

#[test]
fn gradients_agree_with_finite_differences() {
    for name in MODELS {
        let source = encoder(name);
        let gradients = gradients(&encoder_at(&golden(name), &Device::flex().autodiff()).unwrap());
        let slope = gradients.values().map(|gradient| norm(gradient).powi(2)).sum::<f64>().sqrt();
        // A step along the gradient itself, whose slope is its norm.
        let at = |step: f64| {
            let moved = arrays_of(&source).into_iter().map(|(name, Weight { shape, values })| {
                let along = gradients[&name].iter().map(|&g| f64::from(g) / slope * step);
                let values = values.iter().zip(along).map(|(&x, along)| (f64::from(x) + along) as f32).collect();
                (name, Weight { shape, values })
            });
            let mut moved = Own::new(Path::new("x"), moved.collect());
            let manifest = source.manifest().clone();
            let encoder = Encoder::build(manifest, &mut moved, &Device::flex()).unwrap();
            let states = encoder.hidden_states(&[&clip(9000)], 2).unwrap();
            let last: Vec<f32> = states.matrix(2, 0).unwrap().into_vec();
            last.iter().zip(pattern(last.len())).map(|(&x, w)| f64::from(x) * f64::from(w)).sum::<f64>()
        };
        let step = 1e-3;
        let difference = (at(step) - at(-step)) / (2.0 * step);
        assert!((difference / slope - 1.0).abs() < 0.02, "{name}: {difference} by differences, {slope} by backward");
    }
}

#[test]
fn a_clip_is_seen_as_the_config_says() {
    let encoder = frozen("whisper");
    let loud = clip(12_000);
    let quiet: Vec<f32> = loud.iter().map(|x| x / 8.0).collect();
    let states = |text: &str, clip: &[f32]| -> Vec<f32> {
        let config: EncoderConfig = toml::from_str(&format!("path = 'x'\n{text}")).unwrap();
        encoder.seen_as(&config).hidden_states(&[clip], 1).unwrap()[0][1].as_slice().to_vec()
    };
    let plain = encoder.hidden_states(&[&loud], 1).unwrap()[0][1].as_slice().to_vec();
    assert_eq!(states("level = 'kept'", &loud), plain, "the default has the bits of an encoder without settings");
    assert!(apart(&states("", &quiet), &plain) > 0.01, "as recorded, the level alters the states");
    for level in ["free", "spectrum"] {
        let text = format!("level = '{level}'\nrange = 6.0");
        assert!(apart(&states(&text, &quiet), &states(&text, &loud)) < 1e-4, "{level}: 18 dB less alter nothing");
    }
    let halves: Vec<f32> = loud.chunks(6_080).flat_map(|half| states("", half)).collect();
    assert_eq!(states("window = 0.4", &loud), halves, "two windows of 0.38 and 0.37 s, one after the other");
}

#[test]
fn upper_layers_go_on_from_a_kept_state() {
    for name in MODELS {
        let encoder = encoder(name);
        let clips = [1600, 9000].map(clip);
        let whole = encoder.hidden_states(&clips.each_ref().map(Vec::as_slice), 2).unwrap();
        let above = encoder.above(whole.states[1].clone(), &whole.lengths, 1, 2).unwrap();
        assert_eq!(above.len(), 1);
        assert_eq!(above[0].to_data(), whole.states[2].to_data(), "{name}");
        assert!(encoder.above(whole.states[1].clone(), &[3], 1, 2).is_err());
        assert!(encoder.hidden_states(&[&clips[0]], 3).unwrap_err().to_string().contains("layer 3"));
    }
}

#[test]
fn long_clips_are_seen_through_windows() {
    // This one has positions for 1.2 s.
    let encoder = encoder("whisper");
    let long = clip(50_000);
    // Three windows of a third each, rounded up to whole frames.
    let windows: Vec<_> = encoder.front.windows(long.len()).collect();
    assert_eq!(windows, [0..16_960, 16_960..33_920, 33_920..50_000]);
    let short = clip(1600);
    let states = encoder.hidden_states(&[&short, &long], 2).unwrap();
    assert_eq!(states.lengths, [5, 53 + 53 + 50]);
    assert_eq!(states.lengths[1], encoder.frames(long.len()));
    let second = encoder.hidden_states(&[&long[16_960..33_920]], 2).unwrap().matrix(1, 0).unwrap();
    let whole = states.matrix(1, 1).unwrap();
    assert!(apart(&whole.as_slice()[53 * 16..106 * 16], second.as_slice()) < 1e-5);
    let alone = encoder.hidden_states(&[&short], 2).unwrap().matrix(2, 0).unwrap();
    assert!(apart(states.matrix(2, 0).unwrap().as_slice(), alone.as_slice()) < 1e-5);
    // No sample, and fewer than a window has, are padded.
    for samples in [0, 1, 399, 400] {
        assert_eq!(
            (encoder.frames(samples), encoder.hidden_states(&[&long[..samples]], 0).unwrap().lengths[0]),
            (1, 1)
        );
    }
    assert!(encoder.front.windows(100_000_000).all(|window| !window.is_empty()));
}

/// CTranslate2's file of an encoder, in f32 or in 8 bits.
fn ctranslate2(encoder: &Encoder, int8: bool) -> Vec<u8> {
    let arrays: BTreeMap<String, Weight> = arrays_of(encoder).into_iter().collect();
    let mut variables: Vec<(String, Vec<usize>, u8, Vec<u8>)> = Vec::new();
    let mut put = |name: &str, shape: &[usize], values: &[f32], int8: bool| {
        if !int8 {
            let bytes = values.iter().flat_map(|x| x.to_le_bytes()).collect();
            return variables.push((name.to_owned(), shape.to_vec(), 0, bytes));
        }
        let rows: Vec<&[f32]> = values.chunks(shape[1]).collect();
        let scales: Vec<f32> =
            rows.iter().map(|row| 127.0 / row.iter().fold(0f32, |most, x| most.max(x.abs()))).collect();
        let whole = rows.iter().zip(&scales).flat_map(|(row, s)| row.iter().map(move |x| (x * s).round() as i8 as u8));
        variables.push((name.to_owned(), shape.to_vec(), 1, whole.collect()));
        let scales_bytes = scales.iter().flat_map(|x| x.to_le_bytes()).collect();
        variables.push((format!("{name}_scale"), vec![shape[0]], 0, scales_bytes));
    };
    for (theirs, ours) in
        [("conv1/weight", "conv1.weight"), ("conv1/bias", "conv1.bias"), ("conv2/weight", "conv2.weight")]
            .into_iter()
            .chain([("conv2/bias", "conv2.bias"), ("position_encodings/encodings", "positions")])
            .chain([
                ("layer_norm/gamma", "transformer.closing.weight"),
                ("layer_norm/beta", "transformer.closing.bias"),
            ])
    {
        put(&format!("encoder/{theirs}"), &arrays[ours].shape, &arrays[ours].values, false);
    }
    for layer in 0..2 {
        let array = |name: &str| &arrays[&format!("transformer.layers.{layer}.{name}")];
        let to = |name: &str| format!("encoder/layer_{layer}/{name}");
        let joined = ["query", "key", "value"].map(|part| array(&format!("attention.{part}.weight")).values.clone());
        put(&to("self_attention/linear_0/weight"), &[48, 16], &joined.concat(), int8);
        let bias = |part: &str| array(&format!("attention.{part}.bias")).values.clone();
        put(&to("self_attention/linear_0/bias"), &[48], &[bias("query"), vec![0.0; 16], bias("value")].concat(), false);
        for (theirs, ours) in
            [("self_attention/linear_1", "attention.output"), ("ffn/linear_0", "up"), ("ffn/linear_1", "down")]
        {
            let weight = array(&format!("{ours}.weight"));
            put(&to(&format!("{theirs}/weight")), &weight.shape, &weight.values, int8);
            let bias = array(&format!("{ours}.bias"));
            put(&to(&format!("{theirs}/bias")), &bias.shape, &bias.values, false);
        }
        for (theirs, ours) in [("self_attention/layer_norm", "attention_norm"), ("ffn/layer_norm", "feed_norm")] {
            for (theirs_part, ours_part) in [("gamma", "weight"), ("beta", "bias")] {
                let array = array(&format!("{ours}.{ours_part}"));
                put(&to(&format!("{theirs}/{theirs_part}")), &array.shape, &array.values, false);
            }
        }
    }
    // The number of heads, a scalar of 16 bits.
    variables.push(("encoder/num_heads".into(), vec![], 2, vec![2, 0]));
    let mut bytes = 6u32.to_le_bytes().to_vec();
    let text = |bytes: &mut Vec<u8>, text: &str| {
        bytes.extend((text.len() as u16 + 1).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.push(0);
    };
    text(&mut bytes, "WhisperSpec");
    bytes.extend(3u32.to_le_bytes());
    bytes.extend((variables.len() as u32).to_le_bytes());
    for (name, shape, kind, data) in variables {
        text(&mut bytes, &name);
        bytes.push(shape.len() as u8);
        shape.iter().for_each(|&n| bytes.extend((n as u32).to_le_bytes()));
        bytes.push(kind);
        bytes.extend((data.len() as u32).to_le_bytes());
        bytes.extend(data);
    }
    bytes.extend(0u32.to_le_bytes());
    bytes
}

#[test]
fn one_model_is_the_same_from_every_source() {
    let dir = tempfile::tempdir().unwrap();
    let reference = encoder("whisper");
    let weights = arrays_of(&reference);
    assert_eq!(arrays_of(&encoder_at(&golden("whisper.pt"), &Device::flex()).unwrap()), weights);
    let path = dir.path().join("model.bin");
    fs::write(&path, ctranslate2(&reference, false)).unwrap();
    assert_eq!(arrays_of(&encoder_at(&path, &Device::flex()).unwrap()), weights);
    assert_eq!(arrays_of(&encoder_at(dir.path(), &Device::flex()).unwrap()), weights);
    // So is what names it.
    let digest = |source: &Path, name: &str, precision| {
        let (source, out) = (source.to_owned(), dir.path().join(name));
        import(&Import { source, out: out.clone(), precision, layers: None }).unwrap();
        folder::manifest(&out).unwrap().digest
    };
    let digests =
        [golden("whisper"), golden("whisper.pt"), path.clone()].map(|source| digest(&source, "a", Precision::F32));
    assert_eq!((digests[0].len(), &digests[0], &digests[1]), (64, &digests[1], &digests[2]));
    assert_ne!(digest(&path, "b", Precision::F16), digests[0]);
    fs::write(&path, ctranslate2(&reference, true)).unwrap();
    let rounded = encoder_at(&path, &Device::flex()).unwrap();
    let states = [&reference, &rounded].map(|encoder| {
        let states = encoder.hidden_states(&[&clip(9000)], 2).unwrap();
        states.matrix(2, 0).unwrap().into_vec()
    });
    let apart = apart(&states[1], &states[0]);
    assert!(apart > 0.0 && apart < 0.05, "{apart}");
}

#[test]
fn an_imported_encoder_is_what_its_source_was() {
    let dir = tempfile::tempdir().unwrap();
    for name in MODELS {
        let reference = encoder(name);
        let clip = clip(9000);
        let states = |encoder: &Encoder| {
            let states = encoder.hidden_states(&[&clip], 1).unwrap();
            states.matrix(1, 0).unwrap().into_vec()
        };
        // The golden weights are numbers of 16 bits.
        for (precision, most) in [(Precision::F32, 0.0), (Precision::F16, 1e-3), (Precision::Int8, 0.05)] {
            let out = dir.path().join(format!("{name}-{}", precision.name()));
            let layers = (precision == Precision::Int8).then_some(1);
            import(&Import { source: golden(name), out: out.clone(), precision, layers }).unwrap();
            let encoder = Encoder::load(&out, &Device::flex()).unwrap();
            let apart = apart(&states(&encoder), &states(&reference));
            assert!(apart <= most, "{name} {}: {apart}", precision.name());
            let frozen = FrozenEncoder::load(&out).unwrap().hidden_states(&[&clip], 1).unwrap();
            let apart = self::apart(frozen[0][1].as_slice(), &states(&reference));
            assert!(apart <= most.max(1e-5), "{name} {} frozen: {apart}", precision.name());
            assert_eq!(
                (encoder.name(), encoder.layers()),
                (&*format!("{name}-{}", precision.name()), layers.unwrap_or(2))
            );
            assert_eq!(&folder::manifest(&out).unwrap(), encoder.manifest());
            if layers.is_some() {
                let refused = encoder.hidden_states(&[&clip], 2).unwrap_err().to_string();
                assert!(refused.contains("it has 1 of 2") && refused.contains("--layers 2"), "{refused}");
            }
        }
    }
    let names: Vec<String> = folder::list(dir.path()).unwrap().into_iter().map(|found| found.name).collect();
    assert_eq!((names.len(), names[0].as_str()), (18, "hubert-base-f16"));
    assert_eq!(folder::find("whisper-int8", dir.path()).unwrap(), dir.path().join("whisper-int8"));
    let missing = folder::find("whisper-tiny", dir.path()).unwrap_err().to_string();
    assert!(missing.contains("hubert-base-f16") && missing.contains("ser-data encoder import SRC --out"), "{missing}");
}

/// A copy of a golden folder with one file changed.
fn changed(name: &str, file: &str, change: impl Fn(Vec<u8>) -> Vec<u8>) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(golden(name)).unwrap() {
        let entry = entry.unwrap();
        let bytes = fs::read(entry.path()).unwrap();
        let bytes = if entry.file_name() == file { change(bytes) } else { bytes };
        fs::write(dir.path().join(entry.file_name()), bytes).unwrap();
    }
    dir
}

fn replaced(from: &'static str, to: &'static str) -> impl Fn(Vec<u8>) -> Vec<u8> {
    move |bytes| {
        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes()).unwrap();
        [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
    }
}

#[test]
fn a_model_that_does_not_fit_is_refused_by_name() {
    type Change = Box<dyn Fn(Vec<u8>) -> Vec<u8>>;
    let config = "config.json";
    let cases: [(&str, &str, Change, &[&str]); 11] = [
        ("whisper", config, Box::new(replaced("\"whisper\"", "\"bert\"")), &["config.json", "model_type = bert"]),
        (
            "whisper",
            config,
            Box::new(replaced("\"d_model\": 16", "\"d_model\": 32")),
            &["conv1.weight", "[16, 80, 3]", "[32, 80, 3]"],
        ),
        ("whisper", config, Box::new(replaced("\"d_model\": 16", "\"d_model\": 0")), &["dims = 0"]),
        ("whisper", config, Box::new(replaced("\"d_model\": 16", "\"d_model\": \"x\"")), &["config.json", "d_model"]),
        (
            "whisper",
            config,
            Box::new(replaced("\"encoder_layers\": 2", "\"encoder_layers\": 3")),
            &["model.encoder.layers.2.self_attn.q_proj.weight", "missing"],
        ),
        (
            "whisper",
            "model.safetensors",
            Box::new(|bytes| bytes[..bytes.len() - 1].to_vec()),
            &["model.safetensors", "whole"],
        ),
        (
            "whisper",
            "model.safetensors",
            Box::new(|mut bytes| {
                let n = bytes.len();
                bytes[n - 2..].fill(0x7e);
                bytes[n - 1] = 0x7c;
                bytes
            }),
            &["NaN"],
        ),
        (
            "wavlm-base",
            config,
            Box::new(replaced("\"num_buckets\": 32", "\"num_buckets\": 33")),
            &["rel_attn_embed", "[32, 2]"],
        ),
        ("wavlm-base", config, Box::new(replaced("\"gelu\"", "\"relu\"")), &["feat_extract_activation = relu"]),
        (
            "wav2vec2-base",
            "pytorch_model.bin",
            Box::new(|bytes| bytes[..bytes.len() / 2].to_vec()),
            &["pytorch_model.bin", "whole"],
        ),
        (
            "wav2vec2-large",
            config,
            Box::new(replaced("\"num_attention_heads\": 2", "\"num_attention_heads\": 3")),
            &["3 attention heads"],
        ),
    ];
    for (name, file, change, words) in cases {
        let dir = changed(name, file, change);
        let refused = encoder_at(dir.path(), &Device::flex()).unwrap_err().to_string();
        assert!(words.iter().all(|word| refused.contains(word)), "{name} {file} {words:?}: {refused}");
    }
    for nothing in ["README.md", "src", "tests/golden/encoders/whisper/model.safetensors"] {
        let refused = encoder_at(&Path::new(env!("CARGO_MANIFEST_DIR")).join(nothing), &Device::flex()).unwrap_err();
        assert!(refused.to_string().contains("config.json"), "{refused}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_damage_makes_a_source_panic(at in 0.0..1.0_f64, flip in 1..=255u8, kind in 0..6_usize) {
        let (name, file) = [
            ("whisper", "model.safetensors"), ("whisper", "config.json"), ("wav2vec2-base", "pytorch_model.bin"),
            ("wavlm-large", "config.json"), ("", "whisper.pt"), ("", "model.bin"),
        ][kind];
        let damage = |cut: bool| move |mut bytes: Vec<u8>| {
            // Half of the damage among the first bytes, where files say what they hold.
            let range = if at < 0.5 { bytes.len().min(2000) as f64 * at * 2.0 } else { bytes.len() as f64 * (at - 0.5) * 2.0 };
            let at = (range as usize).min(bytes.len() - 1);
            if cut { bytes.truncate(at) } else { bytes[at] ^= flip }
            bytes
        };
        for cut in [false, true] {
            let (dir, path);
            if name.is_empty() {
                dir = tempfile::tempdir().unwrap();
                path = dir.path().join(file);
                let whole = if file == "model.bin" { ctranslate2(&encoder("whisper"), true) } else { fs::read(golden(file)).unwrap() };
                fs::write(&path, damage(cut)(whole)).unwrap();
            } else {
                dir = changed(name, file, damage(cut));
                path = dir.path().to_owned();
            }
            let opened = encoder_at(&path, &Device::flex());
            prop_assert!(!cut || opened.is_err(), "{file} cut off was opened");
        }
    }
}
