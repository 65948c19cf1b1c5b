//! The reference network, convolution blocks, a bidirectional LSTM and a dense head, and its variants.

use burn::{
    module::Module,
    nn::{Linear, LinearConfig},
    tensor::{Device, Tensor, TensorData, activation::relu},
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::{
    Kind, ModelConfig, NetInput,
    attending::Attending,
    bands::BandBlock,
    bilstm::{BiLstm, BiLstmConfig},
    block::ConvBlock,
    linear::linear,
    mix::Mix,
    pool::{Pool, Pooling},
};
use crate::frontend::encoder::Upper;

/// CNN + BiLSTM over a matrix of frames.
///
/// ```text
/// cnn-bilstm   [frames, dims] → (Conv1D → BatchNorm → ReLU → MaxPool 2) × blocks → BiLSTM ┐
/// cnn          [frames, dims] → (Conv1D → BatchNorm → ReLU → MaxPool 2) × blocks          ┤
/// bilstm       [frames, dims] → BiLSTM                                                    ┼→ pool → Dropout → Dense → ReLU → classes
/// linear       [frames, dims] → mean → classes
/// mlp          [frames, dims] → pool → Dropout → Dense → ReLU → classes
/// transformer  [frames, dims] → Dense → (self-attention, feed-forward) × layers           → pool, as cnn
/// cnn2d-bilstm [frames, dims] → (Conv2D → BatchNorm → ReLU → MaxPool 2 × 2) × blocks
///                               → bands and channels side by side → BiLSTM                ┘
/// ```
#[derive(Module, Debug)]
pub struct Net {
    /// Layers of an encoder that learn with the rest.
    upper: Option<Upper>,
    /// Where the columns are several states of an encoder, to be mixed before anything else.
    mix: Option<Mix>,
    band_blocks: Vec<BandBlock>,
    blocks: Vec<ConvBlock>,
    rnn: Option<BiLstm>,
    attending: Option<Attending>,
    pooling: Pooling,
    /// None where the head is linear.
    dense: Option<Linear>,
    classes: Linear,
    /// Outputs behind the classes that help to learn them, in training alone.
    auxiliary: Option<Linear>,
    /// Outputs behind those of what the rest of the network is to forget, in training alone: it is shown their gradient reversed.
    adversary: Option<Linear>,
    /// Outputs behind those of what its teachers see of an utterance, in training alone.
    hints: Option<Linear>,
    /// The width of the utterance's vector before the head.
    embedded: usize,
    dropout: f64,
}

impl Net {
    /// A network for `dims` feature columns and `classes` classes, initialised from the device's current seed.
    ///
    /// Two networks made after `device.seed(n)` with the same `n` are equal.
    #[must_use]
    pub fn new(config: &ModelConfig, dims: usize, classes: usize, device: &Device) -> Self {
        Self::over(config, dims, None, classes, device)
    }

    /// As [`Net::new`], over columns that are so many states of an encoder side by side, which the network mixes.
    #[must_use]
    pub fn over(config: &ModelConfig, dims: usize, states: Option<usize>, classes: usize, device: &Device) -> Self {
        let dims = dims / states.unwrap_or(1).max(1);
        let (mut width, mut bands) = (dims, dims);
        let (mut blocks, mut band_blocks) = (vec![], vec![]);
        match config.kind {
            Kind::CnnBilstm | Kind::Cnn => {
                for &channels in &config.channels {
                    blocks.push(ConvBlock::new(width, channels, config.kernel, device));
                    width = channels;
                }
            }
            Kind::Cnn2dBilstm => {
                let mut from = 1;
                for &channels in &config.channels {
                    band_blocks.push(BandBlock::new(from, channels, config.kernel, device));
                    (from, bands) = (channels, bands / 2);
                }
                width = bands * from;
            }
            Kind::Bilstm | Kind::Linear | Kind::Mlp | Kind::Transformer => {}
        }
        let rnn = config.kind.is_recurrent().then(|| BiLstmConfig::new(width, config.hidden).init(device));
        let attending = (config.kind == Kind::Transformer)
            .then(|| Attending::new(width, config.hidden, config.layers, config.heads, device));
        let width = match (&rnn, &attending) {
            (Some(_), _) => 2 * config.hidden,
            (None, Some(_)) => config.hidden,
            (None, None) => width,
        };
        let pool = match config.pool {
            _ if config.kind == Kind::Linear => Pool::Mean,
            Pool::Last if rnn.is_none() => Pool::Mean,
            pool => pool,
        };
        let pooling = Pooling::new(pool, width, config.dense, device);
        let width = if pool == Pool::AttentionStd { 2 * width } else { width };
        let dense = (config.kind != Kind::Linear).then(|| LinearConfig::new(width, config.dense).init(device));
        let features = if dense.is_some() { config.dense } else { width };
        Self {
            upper: None,
            mix: states.map(|states| Mix::new(states, device)),
            band_blocks,
            blocks,
            rnn,
            attending,
            pooling,
            dense,
            classes: LinearConfig::new(features, classes).init(device),
            auxiliary: None,
            adversary: None,
            hints: None,
            embedded: width,
            dropout: config.dropout,
        }
    }

    /// The same network with more outputs for its training: `auxiliary` ones that help it to learn, and behind these `adversary` ones of
    /// what it is to forget.
    #[must_use]
    pub fn in_training(self, auxiliary: usize, adversary: usize, device: &Device) -> Self {
        let [features, _] = self.classes.weight.val().dims();
        let head = |outputs: usize| (outputs > 0).then(|| LinearConfig::new(features, outputs).init(device));
        Self { auxiliary: head(auxiliary), adversary: head(adversary), ..self }
    }

    /// The same network that tells, while it trains, so many numbers that its teachers see of an utterance (Romero et al. 2015), from
    /// the utterance's vector before the head.
    #[must_use]
    pub fn hinted(self, hints: usize, device: &Device) -> Self {
        let hints = (hints > 0).then(|| LinearConfig::new(self.embedded, hints).init(device));
        Self { hints, ..self }
    }

    /// The network without the outputs that are of use in training alone.
    #[must_use]
    pub fn without_training(self) -> Self {
        Self { auxiliary: None, adversary: None, hints: None, ..self }
    }

    /// The same network on top of layers of an encoder, whose columns it was made for.
    #[must_use]
    pub fn above(self, upper: Option<Upper>) -> Self {
        Self { upper, ..self }
    }

    /// The layers of an encoder below it.
    #[must_use]
    pub fn upper(&self) -> Option<&Upper> {
        self.upper.as_ref()
    }

    /// The same network, of which training drops nothing.
    #[must_use]
    pub fn without_dropout(self) -> Self {
        Self { dropout: 0.0, ..self }
    }

    /// Logits, `[batch, classes]`, in training with those of its other heads behind them. In training `dropout` is the stream that its masks are drawn from; without one,
    /// nothing is dropped, and no hint told.
    pub fn forward(&self, input: NetInput, dropout: Option<&mut ChaCha8Rng>) -> Tensor<2> {
        let pooled = self.embed(input);
        let hints = self.hints.as_ref().filter(|_| dropout.is_some()).map(|head| linear(head, pooled.clone()));
        let pooled = match dropout {
            Some(stream) if self.dropout > 0.0 => drop_out(pooled, self.dropout, stream),
            _ => pooled,
        };
        let hidden = self.hidden(pooled);
        let classes = linear(&self.classes, hidden.clone());
        let auxiliary = self.auxiliary.as_ref().map(|head| linear(head, hidden.clone()));
        let adversary = self.adversary.as_ref().map(|head| linear(head, reversed(hidden)));
        let others: Vec<Tensor<2>> = auxiliary.into_iter().chain(adversary).chain(hints).collect();
        if others.is_empty() {
            return classes;
        }
        Tensor::cat(std::iter::once(classes).chain(others).collect(), 1)
    }

    /// What the last layer sees of each utterance, without dropout, `[batch, dense]`.
    #[must_use]
    pub fn penultimate(&self, input: NetInput) -> Tensor<2> {
        self.hidden(self.embed(input))
    }

    /// Logits of what [`Net::penultimate`] gives, `[batch, classes]`, as [`Net::forward`] without a stream has them of a network
    /// that is [`Net::without_training`].
    #[must_use]
    pub fn classify(&self, penultimate: Tensor<2>) -> Tensor<2> {
        linear(&self.classes, penultimate)
    }

    /// How many logits [`Net::classify`] gives.
    #[must_use]
    pub fn outputs(&self) -> usize {
        self.classes.weight.val().dims()[1]
    }

    fn hidden(&self, pooled: Tensor<2>) -> Tensor<2> {
        match &self.dense {
            Some(dense) => relu(linear(dense, pooled)),
            None => pooled,
        }
    }

    /// The utterance's vector before the head, `[batch, 2 × hidden]`, or the last block's channels without an LSTM.
    #[must_use]
    pub fn embed(&self, input: NetInput) -> Tensor<2> {
        let NetInput { features, lengths } = input;
        let (features, mut lengths) = match &self.upper {
            Some(upper) => upper.forward(features, lengths),
            None => (features, lengths),
        };
        // [batch, frames, dims]
        let mut x = match &self.mix {
            Some(mix) => mix.forward(features),
            None => features,
        };
        for block in &self.blocks {
            (x, lengths) = block.forward(x, &lengths);
        }
        if !self.band_blocks.is_empty() {
            // [batch, bands, frames, channels]
            let mut planes = x.swap_dims(1, 2).unsqueeze_dim::<4>(3);
            for block in &self.band_blocks {
                (planes, lengths) = block.forward(planes, &lengths);
            }
            let [batch, bands, steps, channels] = planes.dims();
            x = planes.swap_dims(1, 2).reshape([batch, steps, bands * channels]);
        }
        if let Some(rnn) = &self.rnn {
            // [batch, steps, 2 × hidden]
            x = rnn.forward(x, &lengths);
        }
        if let Some(attending) = &self.attending {
            x = attending.forward(x, &lengths);
        }
        self.pooling.forward(x, &lengths)
    }
}

/// The same values to the bit, whose gradient is reversed (Ganin et al. 2016): 2 x − x, of which the first is a constant.
fn reversed(x: Tensor<2>) -> Tensor<2> {
    x.clone().detach().mul_scalar(2.0) - x
}

/// Zeroes units with `probability` and scales the others up (Srivastava et al. 2014). The mask comes from a stream of
/// the experiment's, since a device's own generator is shared by everything that runs in the process.
fn drop_out(x: Tensor<2>, probability: f64, stream: &mut ChaCha8Rng) -> Tensor<2> {
    let [batch, width] = x.dims();
    let kept = (1.0 / (1.0 - probability)) as f32;
    let mask: Vec<f32> = (0..batch * width).map(|_| if stream.random_bool(probability) { 0.0 } else { kept }).collect();
    let mask = Tensor::<2>::from_data(TensorData::new(mask, [batch, width]), &x.device());
    x * mask
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Pool, weights},
        *,
    };
    use crate::rng;

    fn input(frames: &[usize], padded: usize, seed: u64, device: &Device) -> NetInput {
        const DIMS: usize = 39;
        let mut data = vec![0f32; frames.len() * padded * DIMS];
        for (item, &length) in frames.iter().enumerate() {
            let mut stream = rng::stream(seed, &[&"item", &length]);
            for value in &mut data[item * padded * DIMS..][..length * DIMS] {
                *value = stream.random_range(-2.0..2.0);
            }
        }
        let features = Tensor::from_data(TensorData::new(data, [frames.len(), padded, DIMS]), device);
        NetInput { features, lengths: frames.to_vec() }
    }

    /// Weights from a stream of their own: a device's generator is shared with every test that runs beside, so that
    /// what it draws is another network each time, and now and then one with a bend where a difference is taken.
    fn drawn(net: Net, seed: u64) -> Net {
        let mut stream = rng::stream(seed, &[&"weights"]);
        let flat: Vec<f32> = weights::flatten(&net).iter().map(|_| stream.random_range(-0.4..0.4)).collect();
        weights::unflatten(net, &flat)
    }

    fn values(logits: Tensor<2>) -> Vec<f32> {
        logits.into_data().iter::<f32>().collect()
    }

    #[test]
    fn a_clip_is_predicted_alike_alone_and_in_any_batch() {
        let device = Device::flex();
        let small = ModelConfig { channels: vec![8, 16], hidden: 16, ..ModelConfig::default() };
        for (kind, pool) in [
            (Kind::CnnBilstm, Pool::Last),
            (Kind::CnnBilstm, Pool::Mean),
            (Kind::CnnBilstm, Pool::Attention),
            (Kind::Cnn, Pool::Mean),
            (Kind::Cnn, Pool::Attention),
            (Kind::Bilstm, Pool::Last),
            (Kind::Cnn2dBilstm, Pool::Last),
            (Kind::Mlp, Pool::Mean),
            (Kind::Mlp, Pool::AttentionStd),
            (Kind::Cnn, Pool::AttentionStd),
            (Kind::Transformer, Pool::Mean),
            (Kind::Transformer, Pool::AttentionStd),
        ] {
            let net = Net::new(&ModelConfig { kind, pool, ..small.clone() }, 39, 7, &device);
            let frames = [97, 30, 4, 64, 131];
            let together = values(net.forward(input(&frames, 140, 1, &device), None));
            for (i, &length) in frames.iter().enumerate() {
                let alone = values(net.forward(input(&[length], length, 1, &device), None));
                for (a, b) in alone.iter().zip(&together[i * 7..]) {
                    assert!((a - b).abs() < 1e-5, "{kind:?}, {pool:?}, {length} frames: {a} alone, {b} in the batch");
                }
            }
        }
    }

    #[test]
    fn padding_leaves_no_trace_in_training_either() {
        let device = Device::flex().autodiff();
        for kind in [Kind::CnnBilstm, Kind::Cnn2dBilstm] {
            let config = ModelConfig { kind, channels: vec![8, 16], hidden: 16, ..ModelConfig::default() };
            let net = Net::new(&config, 39, 7, &device);
            let tight = values(net.forward(input(&[50, 31], 50, 1, &device), None));
            let loose = values(net.forward(input(&[50, 31], 90, 1, &device), None));
            for (a, b) in tight.iter().zip(&loose) {
                assert!((a - b).abs() < 1e-4, "{kind:?}: {a} with little padding, {b} with much");
            }
        }
    }

    #[test]
    fn a_transformer_knows_the_order_of_frames() {
        let device = Device::flex();
        let config = ModelConfig { kind: Kind::Transformer, pool: Pool::Mean, hidden: 16, ..ModelConfig::default() };
        let net = Net::new(&config, 39, 7, &device);
        let forwards = input(&[20], 20, 1, &device);
        let backwards = NetInput { features: forwards.features.clone().flip([1]), lengths: vec![20] };
        let [forwards, backwards] = [forwards, backwards].map(|input| values(net.forward(input, None)));
        assert!(forwards.iter().zip(&backwards).any(|(a, b)| (a - b).abs() > 1e-4), "{forwards:?} {backwards:?}");
    }

    #[test]
    fn a_transformers_gradients_agree_with_finite_differences() {
        let config = ModelConfig {
            kind: Kind::Transformer,
            pool: Pool::Attention,
            hidden: 8,
            layers: 1,
            heads: 2,
            dense: 8,
            ..ModelConfig::default()
        };
        let learning = Device::flex().autodiff();
        let loss = |logits: Tensor<2>| {
            let pattern = TensorData::new(vec![0.3f32, -0.7, 0.9, 0.2], [2, 2]);
            (logits.clone() * Tensor::<2>::from_data(pattern, &logits.device())).sum()
        };
        let at = drawn(Net::new(&config, 39, 2, &learning), 1);
        let start = weights::flatten(&at);
        let gradients = loss(at.forward(input(&[9, 5], 10, 1, &learning), None)).backward();
        let gradient = weights::flatten_gradients(&at, &gradients);
        let slope = gradient.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt();
        let value = |step: f64| {
            let along = gradient.iter().map(|&g| f64::from(g) / slope * step);
            let moved: Vec<f32> = start.iter().zip(along).map(|(&x, along)| (f64::from(x) + along) as f32).collect();
            let net = weights::unflatten(Net::new(&config, 39, 2, &learning), &moved);
            let logits = net.forward(input(&[9, 5], 10, 1, &learning), None);
            f64::from(loss(logits).into_data().iter::<f32>().next().unwrap())
        };
        let difference = (value(1e-3) - value(-1e-3)) / 2e-3;
        assert!((difference / slope - 1.0).abs() < 0.02, "{difference} by differences, {slope} by backward");
    }

    #[test]
    fn the_reference_network_has_the_size_it_is_known_by() {
        let net = Net::new(&ModelConfig::default(), 39, 7, &Device::flex());
        // As `shared/peers/torch_train_step.py` prints, less what only PyTorch counts twice (LSTM biases): see BURN.md.
        assert!((300_000..330_000).contains(&net.num_params()), "{}", net.num_params());
    }

    #[test]
    fn gradients_of_mixed_states_and_attentive_statistics_agree_with_finite_differences() {
        let config = ModelConfig { kind: Kind::Mlp, dense: 8, pool: Pool::AttentionStd, ..ModelConfig::default() };
        let net = |device: &Device| Net::over(&config, 39, Some(3), 2, device);
        let loss = |logits: Tensor<2>| {
            let pattern =
                Tensor::<2>::from_data(TensorData::new(vec![0.3f32, -0.7, 0.9, 0.2], [2, 2]), &logits.device());
            (logits * pattern).sum()
        };
        let frames = [9, 5];
        let learning = Device::flex().autodiff();
        // They begin where all states weigh alike; the gradient is taken elsewhere.
        assert_eq!(weights::flatten(&net(&learning))[..3], [0.0; 3]);
        let mut start = weights::flatten(&drawn(net(&learning), 1));
        start[..3].copy_from_slice(&[0.5, -0.3, 0.1]);
        let at = weights::unflatten(net(&learning), &start);
        let gradients = loss(at.forward(input(&frames, 10, 1, &learning), None)).backward();
        let gradient = weights::flatten_gradients(&at, &gradients);
        assert!(gradient[..3].iter().all(|g| g.abs() > 1e-4), "{:?}", &gradient[..3]);
        let value = |along: &dyn Fn(usize) -> f64, step: f64| {
            let moved: Vec<f32> =
                start.iter().enumerate().map(|(i, &x)| (f64::from(x) + step * along(i)) as f32).collect();
            let logits = weights::unflatten(net(&learning), &moved).forward(input(&frames, 10, 1, &learning), None);
            f64::from(loss(logits).into_data().iter::<f32>().next().unwrap())
        };
        let slope = gradient.iter().map(|&g| f64::from(g).powi(2)).sum::<f64>().sqrt();
        // Along the whole gradient, and along each state's score.
        let whole = |i: usize| f64::from(gradient[i]) / slope;
        let step = 1e-3;
        let difference = (value(&whole, step) - value(&whole, -step)) / (2.0 * step);
        assert!((difference / slope - 1.0).abs() < 0.02, "{difference} by differences, {slope} by backward");
        for (score, &ours) in gradient.iter().enumerate().take(3) {
            let alone = |i: usize| f64::from(i == score);
            let difference = (value(&alone, step) - value(&alone, -step)) / (2.0 * step);
            let ours = f64::from(ours);
            assert!((difference - ours).abs() < 0.02 * ours.abs() + 1e-4, "{difference}, {ours}");
        }
    }

    #[test]
    fn a_network_over_mixed_states_sees_their_weighted_mean() {
        let device = Device::flex();
        let config = ModelConfig { kind: Kind::Mlp, dense: 8, pool: Pool::Mean, ..ModelConfig::default() };
        let mixed = Net::over(&config, 39, Some(3), 2, &device);
        let alone = Net { mix: None, ..mixed.clone() };
        let NetInput { features, lengths } = input(&[6], 6, 1, &device);
        let mean = features.clone().reshape([6, 3, 13]).mean_dim(1).reshape([1, 6, 13]);
        let [ours, theirs] = [(mixed, features), (alone, mean)]
            .map(|(net, features)| values(net.forward(NetInput { features, lengths: lengths.clone() }, None)));
        assert!(ours.iter().zip(&theirs).all(|(a, b)| (a - b).abs() < 1e-5), "{ours:?} {theirs:?}");
    }

    #[test]
    fn the_gradient_of_what_is_to_be_forgotten_is_reversed_but_for_its_own_head() {
        let config =
            ModelConfig { kind: Kind::Mlp, dense: 6, pool: Pool::Mean, dropout: 0.0, ..ModelConfig::default() };
        let made = |device: &Device| drawn(Net::new(&config, 39, 2, device).in_training(2, 3, device), 7);
        let learning = Device::flex().autodiff();
        let start = weights::flatten(&made(&learning));
        let at = weights::unflatten(made(&learning), &start);
        // What each head is asked for: its own outputs alone.
        let loss = |logits: Tensor<2>, head: std::ops::Range<usize>| {
            let [batch, _] = logits.dims();
            let part = logits.slice([0..batch, head]);
            (part.clone() * part.clone() + part).sum()
        };
        let given = |device: &Device| input(&[9, 5], 10, 1, device);
        let value = |moved: &[f32], head: std::ops::Range<usize>| {
            let logits = weights::unflatten(made(&learning), moved).forward(given(&learning), None);
            f64::from(loss(logits, head).into_data().iter::<f32>().next().unwrap())
        };
        // Laid out as the fields are: the trunk, then the heads of 6 × 2 + 2, 6 × 2 + 2 and 6 × 3 + 3.
        let trunk = start.len() - 14 - 14 - 21;
        let own = [trunk..trunk + 14, trunk + 14..trunk + 28, trunk + 28..start.len()];
        for (head, (outputs, sign)) in [(0..2, 1.0), (2..4, 1.0), (4..7, -1.0)].into_iter().enumerate() {
            let gradients = loss(at.forward(given(&learning), None), outputs.clone()).backward();
            let gradient = weights::flatten_gradients(&at, &gradients);
            let (mut seen, mut bent, mut tried) = ([0usize; 2], 0, 0);
            for i in (0..trunk).step_by(11).chain(trunk..start.len()) {
                let difference = |step: f32| {
                    let mut moved = start.clone();
                    moved[i] += step;
                    let above = value(&moved, outputs.clone());
                    moved[i] = start[i] - step;
                    (above - value(&moved, outputs.clone())) / (2.0 * f64::from(step))
                };
                let [wide, narrow] = [4e-3, 2e-3].map(difference);
                tried += 1;
                if (wide - narrow).abs() > 0.02 * narrow.abs() + 4e-3 {
                    // A unit begins to answer between the two.
                    bent += 1;
                    continue;
                }
                let expected = if i < trunk { sign * narrow } else { narrow };
                let ours = f64::from(gradient[i]);
                assert!((ours - expected).abs() < 0.03 * expected.abs() + 6e-3, "head {head}, {i}: {ours}, {expected}");
                let moves = narrow.abs() > 0.05;
                seen[usize::from(i >= trunk)] += usize::from(moves);
                assert!(!moves || i < trunk || own[head].contains(&i), "head {head} depends on {i}");
            }
            assert!(seen[0] >= 5 && seen[1] >= 5 && bent <= tried / 8, "head {head}: {seen:?}, {bent} of {tried}");
        }
        let plain = made(&Device::flex());
        let all = values(plain.forward(given(&Device::flex()), None));
        let alone = values(plain.without_training().forward(given(&Device::flex()), None));
        assert_eq!([&all[..2], &all[7..9]].concat(), alone, "what a bundle answers");
    }

    #[test]
    fn dropout_follows_its_stream() {
        let device = Device::flex();
        let net = Net::new(&ModelConfig::default(), 39, 7, &device);
        let run = |seed| {
            let mut stream = rng::stream(seed, &[&"dropout"]);
            values(net.forward(input(&[20], 20, 1, &device), Some(&mut stream)))
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}
