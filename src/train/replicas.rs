//! One batch on one device, or parts of it on several: data-parallel training.
//!
//! Each device has a copy of the network and computes the gradient of its part; their mean, weighted by the parts' sizes,
//! is stepped over. As usual in data parallelism, batch statistics are those of each part, and the running ones follow
//! the first device. The order of the sums is fixed, so that the same devices give the same bits again; another number of
//! devices does not.

use burn::{
    module::Module,
    tensor::{Device, Tensor},
};
use rand_chacha::ChaCha8Rng;

use crate::{
    model::{Net, NetInput, weights},
    task::Loss,
};

/// The devices that share a batch.
pub(crate) struct Replicas(Vec<Device>);

impl Replicas {
    /// For at least one device.
    pub(crate) fn new(devices: &[Device]) -> Self {
        Self(devices.iter().map(|device| device.clone().autodiff()).collect())
    }

    /// The device that the network is on.
    pub(crate) fn first(&self) -> &Device {
        &self.0[0]
    }

    /// The batch's loss in nats and its gradient, laid out as [`weights::flatten`] does. `dropout` is the stream of each
    /// part.
    pub(crate) fn gradient(
        &self,
        net: &Net,
        loss: &dyn Loss,
        input: NetInput,
        targets: Tensor<2>,
        dropout: impl Fn(usize) -> ChaCha8Rng + Sync,
    ) -> (f64, Vec<f32>) {
        let batch = input.lengths.len();
        // Batch statistics of a lone clip are no statistics.
        let parts = self.0.len().min(batch / 2).max(1);
        if parts == 1 {
            return part(net, loss, input, targets, dropout(0));
        }
        let shares: Vec<_> = (0..parts).map(|part| part * batch / parts..(part + 1) * batch / parts).collect();
        // Made here and now, with running statistics of their own: those of the network are kept by thread.
        let copies: Vec<Net> = self.0[1..parts].iter().map(|device| net.valid().train().fork(device)).collect();
        let share_of = |share: &std::ops::Range<usize>, device: &Device| {
            let features = input.features.clone().slice([share.clone()]).to_device(device);
            let input = NetInput { features, lengths: input.lengths[share.clone()].to_vec() };
            (input, targets.clone().slice([share.clone()]).to_device(device))
        };
        let results: Vec<(f64, Vec<f32>)> = std::thread::scope(|scope| {
            let (share_of, dropout) = (&share_of, &dropout);
            let workers =
                copies.iter().zip(&shares[1..]).zip(&self.0[1..]).enumerate().map(|(i, ((net, share), device))| {
                    scope.spawn(move || {
                        let (input, targets) = share_of(share, device);
                        part(net, loss, input, targets, dropout(i + 1))
                    })
                });
            let workers: Vec<_> = workers.collect();
            let (input, targets) = share_of(&shares[0], &self.0[0]);
            let own = part(net, loss, input, targets, dropout(0));
            let joined = workers.into_iter().map(|worker| worker.join());
            let others = joined.map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
            std::iter::once(own).chain(others).collect()
        });
        let mut loss = 0.0;
        let mut gradient = vec![0f32; results[0].1.len()];
        for ((value, of_part), share) in results.into_iter().zip(shares) {
            let weight = share.len() as f64 / batch as f64;
            loss += weight * value;
            gradient.iter_mut().zip(of_part).for_each(|(sum, value)| *sum += weight as f32 * value);
        }
        (loss, gradient)
    }
}

/// The loss of a part in nats and its gradient.
pub(crate) fn part(
    net: &Net,
    loss: &dyn Loss,
    input: NetInput,
    targets: Tensor<2>,
    mut dropout: ChaCha8Rng,
) -> (f64, Vec<f32>) {
    let loss = loss.of(net.forward(input, Some(&mut dropout)), targets);
    let value = loss.clone().into_data().iter::<f32>().next().map_or(f64::NAN, f64::from);
    (value, weights::flatten_gradients(net, &loss.backward()))
}

#[cfg(test)]
mod tests {
    use burn::tensor::TensorData;

    use super::*;
    use crate::{
        model::{ModelConfig, weights::flatten},
        rng,
        task::CrossEntropy,
    };

    #[test]
    fn parts_of_a_batch_give_the_mean_of_their_gradients() {
        let device = Device::flex().autodiff();
        let config = ModelConfig { channels: vec![4], hidden: 3, dense: 5, dropout: 0.0, ..ModelConfig::default() };
        let net = Net::new(&config, 2, 2, &device);
        // As the optimiser leaves it.
        let flat = flatten(&net);
        let net = weights::unflatten(net, &flat);
        let input = |items: std::ops::Range<usize>| {
            let values: Vec<f32> =
                items.clone().flat_map(|i| (0..16).map(move |j| ((i * 16 + j) as f32).sin())).collect();
            let features = Tensor::from_data(TensorData::new(values, [items.len(), 8, 2]), &device);
            let targets: Vec<f32> = items.clone().flat_map(|i| [(i % 2) as f32, ((i + 1) % 2) as f32]).collect();
            let targets = Tensor::from_data(TensorData::new(targets, [items.len(), 2]), &device);
            (NetInput { features, lengths: vec![8; items.len()] }, targets)
        };
        let run = |devices: usize, items| {
            let replicas = Replicas::new(&vec![Device::flex(); devices]);
            let (input, targets) = input(items);
            let stream = |part: usize| rng::stream(1, &[&part]);
            replicas.gradient(&net, &CrossEntropy::default(), input, targets, stream)
        };
        let (together, parts) = (run(2, 0..5), [run(1, 0..2), run(1, 2..5)]);
        approx::assert_relative_eq!(together.0, 0.4 * parts[0].0 + 0.6 * parts[1].0, max_relative = 1e-6);
        for (i, sum) in together.1.iter().enumerate() {
            let expected = 0.4 * parts[0].1[i] + 0.6 * parts[1].1[i];
            approx::assert_relative_eq!(*sum, expected, max_relative = 1e-4, epsilon = 1e-7);
        }
        assert_eq!(run(2, 0..5), together);
        assert_eq!(run(3, 0..3), run(1, 0..3), "no part of fewer than two clips");
    }
}
