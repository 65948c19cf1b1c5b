//! A network with its first weights.

use std::sync::{Mutex, PoisonError};

use burn::tensor::Device;

use super::Prepared;
use crate::{
    bundle::{Bundle, BundleEncoder},
    error::Result,
    model::{Net, weights},
    rng,
};

/// A device's generator is the process's: initialising a network must not be interleaved with another's.
static INITIALISING: Mutex<()> = Mutex::new(());

/// A network with the weights that the seed draws.
pub(super) fn initial(
    prepared: &Prepared,
    encoder: Option<&BundleEncoder>,
    dims: usize,
    seed: u64,
    device: &Device,
) -> Net {
    let _alone = INITIALISING.lock().unwrap_or_else(PoisonError::into_inner);
    let heads = prepared.task.heads();
    device.seed(rand::Rng::next_u64(&mut rng::stream(seed, &[&"initial weights"])));
    let net =
        Net::over(&prepared.experiment.model, dims, encoder.and_then(|encoder| encoder.mixed), heads.answers, device)
            .in_training(heads.auxiliary, heads.adversary, device);
    // Burn initialises lazily: force it while we hold the generator.
    let _ = weights::flatten(&net);
    net
}

/// A bundle's network.
pub(super) fn with_weights(bundle: &Bundle, device: &Device) -> Result<Net> {
    let _alone = INITIALISING.lock().unwrap_or_else(PoisonError::into_inner);
    let net = Net::over(&bundle.model, bundle.dims(), bundle.mixed(), bundle.outputs(), device);
    weights::write(net, bundle.weights.clone())
}
