//! A network with its first weights.

use std::{
    path::Path,
    sync::{Mutex, PoisonError},
};

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

/// A network with the weights that the seed draws, on top of the layers of its encoder in `models` that learn, which tells so many `hints`
/// of teachers while it trains.
pub(super) fn initial(
    prepared: &Prepared,
    encoder: Option<&BundleEncoder>,
    (dims, models): (usize, &Path),
    hints: usize,
    seed: u64,
    device: &Device,
) -> Result<Net> {
    let _alone = INITIALISING.lock().unwrap_or_else(PoisonError::into_inner);
    let heads = prepared.task.heads();
    device.seed(rand::Rng::next_u64(&mut rng::stream(seed, &[&"initial weights"])));
    let width = encoder.filter(|encoder| encoder.upper.is_some()).map_or(dims, BundleEncoder::width);
    let mixed = encoder.and_then(|encoder| encoder.mixed);
    let net = Net::over(&prepared.experiment.model, width, mixed, heads.answers, device)
        .in_training(heads.auxiliary, heads.adversary, device)
        .hinted(hints, device);
    // Burn initialises lazily: force it while we hold the generator.
    let _ = weights::flatten(&net);
    let upper = encoder.map(|encoder| encoder.upper(models, device)).transpose()?;
    Ok(net.above(upper.flatten()))
}

/// A bundle's network.
pub(super) fn with_weights(bundle: &Bundle, device: &Device) -> Result<Net> {
    let _alone = INITIALISING.lock().unwrap_or_else(PoisonError::into_inner);
    weights::write(bundle.blank(device)?, bundle.weights.clone())
}
