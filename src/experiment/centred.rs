//! The second head of an adaptation: fitted on the training side once the network is trained, kept where validation speakers say
//! that it is better than the first.

use std::collections::BTreeMap;

use super::{
    Prepared,
    fit::Run,
    scaling::Scalers,
    score::{Scored, Scorer},
    view::View,
};
use crate::{
    adapt::CentredHead,
    cache::Entry,
    error::Result,
    eval::{Judgements, proper::log_loss, temperature},
    model::Net,
    numeric::softmax,
    train::Examples,
};

/// A second head that is kept.
pub(super) struct Second {
    pub head: CentredHead,
    /// What it makes of the validation side.
    pub scores: Vec<Vec<f32>>,
}

/// A head on what the network's embedding of a clip, or `[speaker]`'s view of it, differs by from its speaker's mean; its logits
/// have the temperature of the first head's. None where it answers the validation speakers' clips no better than the first head less the speaker's mean.
///
/// Its penalty is that of `[speaker]`, else `c`, the first head's. It learns from each training clip and, where there are copies, from one of each beside it, whose mean is their own.
pub(super) fn centred(
    run: &Run,
    scalers: &Scalers,
    net: &Net,
    c: f64,
    [training, validation]: [&[usize]; 2],
    scored: &Scored,
) -> Result<Option<Second>> {
    let prepared = run.prepared;
    let classes = prepared.classes.len();
    let embed = |entries: &[Entry], members: &[usize]| -> Result<Vec<Vec<f32>>> {
        if run.view.is_some() {
            return View::vectors(entries, members);
        }
        let data = scalers.dataset(prepared, entries, &[], run.fold);
        Scorer::new(prepared, &data, net, &run.devices[0]).embed(members)
    };
    let (own, copies) = run.view.as_ref().map_or((run.entries, &run.copies), |view| (&view.entries, &view.copies));
    let mut rows = less_mean(prepared, training, embed(own, training)?);
    let mut labels: Vec<usize> = training.iter().map(|&clip| prepared.labels[clip]).collect();
    if copies.len() == training.len() && copies.iter().all(|copies| !copies.is_empty()) {
        let mut entries = own.to_vec();
        training.iter().zip(copies).for_each(|(&clip, copies)| entries[clip] = copies[0].clone());
        rows.extend(less_mean(prepared, training, embed(&entries, training)?));
        labels.extend_from_within(..);
    }
    let c = prepared.experiment.speaker.as_ref().and_then(|view| view.c).unwrap_or(c);
    let dims = rows.first().map_or(0, Vec::len);
    let spread = spread(&rows, dims);
    let flat: Vec<f32> = rows.iter().flat_map(|row| row.iter().zip(&spread).map(|(x, std)| x / std)).collect();
    let weight = training.len() as f32 / labels.len().max(1) as f32;
    let mut targets = vec![0f32; labels.len() * classes];
    labels.iter().enumerate().for_each(|(row, &label)| targets[row * classes + label] = weight);
    let fitted = match (Examples { rows: &flat, dims, targets: &targets, classes }.fit(c)) {
        Ok(fitted) => fitted,
        Err(problem) => {
            // The run is whole without it.
            run.observer
                .log(&format!("{}  no second head, on embeddings less their speaker's mean: {problem}", run.label()));
            return Ok(None);
        }
    };
    let head = |scale: f64| {
        let weights = fitted.weights.chunks_exact(dims.max(1)).flat_map(|row| row.iter().zip(&spread));
        let weights = weights.map(|(w, std)| (scale * w / f64::from(*std)) as f32).collect();
        CentredHead::new(weights, fitted.intercepts.iter().map(|b| (scale * b) as f32).collect())
    };
    let Some(second) = head(1.0) else {
        return Ok(None);
    };
    let scores: Vec<Vec<f32>> = embed(own, validation)?.iter().map(|vector| second.scores(vector)).collect();
    let mut seconds = less_mean(prepared, validation, scores.clone());
    for row in &mut seconds {
        row.iter_mut().zip(&fitted.intercepts).for_each(|(score, bias)| *score += *bias as f32);
    }
    let firsts: Vec<Vec<f32>> =
        scored.answers.iter().map(|answer| answer.iter().take(classes).copied().collect()).collect();
    let middle: Vec<f32> =
        (0..classes).map(|k| firsts.iter().map(|row| row[k]).sum::<f32>() / firsts.len().max(1) as f32).collect();
    let mut firsts = less_mean(prepared, validation, firsts);
    for row in &mut firsts {
        row.iter_mut().zip(&middle).for_each(|(log, middle)| *log += middle);
    }
    let [first, second] = [firsts, seconds].map(|rows| calibrated(prepared, validation, &rows));
    let (Some((first, first_loss)), Some((second, second_loss))) = (first, second) else {
        return Ok(None);
    };
    let kept = second_loss < first_loss;
    run.observer.log(&format!(
        "{}  second head, on embeddings less their speaker's mean: {}, as its log loss on validation speakers is {second_loss:.3}, \
         and the first's less the speaker's mean {first_loss:.3}",
        run.label(),
        if kept { "kept" } else { "left out" }
    ));
    let scale = first / second;
    let scores = scores.into_iter().map(|row| row.into_iter().map(|x| (scale * f64::from(x)) as f32).collect());
    Ok(head(scale).filter(|_| kept).map(|head| Second { head, scores: scores.collect() }))
}

/// The members' vectors less the mean of their speaker's.
fn less_mean(prepared: &Prepared, members: &[usize], mut vectors: Vec<Vec<f32>>) -> Vec<Vec<f32>> {
    let mut speakers = BTreeMap::<String, (Vec<f64>, f64)>::new();
    let key = |clip: usize| prepared.clips[clip].speaker_key();
    for (&clip, vector) in members.iter().zip(&vectors) {
        let (sum, count) = speakers.entry(key(clip)).or_insert_with(|| (vec![0.0; vector.len()], 0.0));
        sum.iter_mut().zip(vector).for_each(|(sum, x)| *sum += f64::from(*x));
        *count += 1.0;
    }
    for (&clip, vector) in members.iter().zip(&mut vectors) {
        if let Some((sum, count)) = speakers.get(&key(clip)) {
            vector.iter_mut().zip(sum).for_each(|(x, sum)| *x -= (sum / count) as f32);
        }
    }
    vectors
}

/// The deviation of each column around 0; 1 where it is always 0.
fn spread(rows: &[Vec<f32>], dims: usize) -> Vec<f32> {
    let mut squares = vec![0f64; dims];
    for row in rows {
        squares.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x) * f64::from(*x));
    }
    let deviation = |sum: f64| match (sum / rows.len().max(1) as f64).sqrt() as f32 {
        std if std > 1e-6 => std,
        _ => 1.0,
    };
    squares.into_iter().map(deviation).collect()
}

/// The temperature of logits and their log loss at it.
fn calibrated(prepared: &Prepared, members: &[usize], logits: &[Vec<f32>]) -> Option<(f64, f64)> {
    let mut judgements = Judgements::of(prepared.classes.len(), []);
    for (&clip, row) in members.iter().zip(logits) {
        let row: Vec<f64> = row.iter().map(|&x| f64::from(x)).collect();
        judgements.push(prepared.labels[clip], softmax(&row));
    }
    let temperature = temperature::fit(&judgements)?;
    Some((temperature, log_loss(&judgements.at_temperature(temperature))?))
}
