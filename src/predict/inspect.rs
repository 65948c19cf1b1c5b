//! What a bundle is, for people.

use super::{Bundle, SideFigures};
use crate::{
    model::{self, ModelConfig},
    task::{Kind, Scale},
};

fn targets(names: &[String], scales: &[Scale]) -> String {
    let each = names.iter().zip(scales).map(|(name, scale)| format!("{name} ({scale})"));
    format!("{}: {}", names.len(), each.collect::<Vec<_>>().join(", "))
}

/// The bundle in words: task, chain, network, protocol, figures, versions; of several in one file each.
#[must_use]
pub fn inspect(bundle: &Bundle) -> String {
    if bundle.beside.is_empty() {
        return inspect_one(bundle);
    }
    let all = std::iter::once(bundle).chain(&bundle.beside);
    let count = bundle.beside.len() + 1;
    let each: Vec<String> = all
        .enumerate()
        .map(|(at, of)| format!("bundle {} of {count}, which vote\n{}", at + 1, inspect_one(of)))
        .collect();
    each.join("\n")
}

fn inspect_one(bundle: &Bundle) -> String {
    let Bundle { classes, features, record, .. } = bundle;
    let parameters: usize = bundle
        .weights
        .iter()
        .filter(|(name, _)| !name.contains(".running_"))
        .map(|(_, weight)| weight.values.len())
        .sum();
    let protocol = &record.protocol;
    let mut lines = vec![
        match bundle.task {
            Kind::Regression => ("targets", targets(classes, &bundle.scales)),
            _ => ("emotions", format!("{}: {}", classes.len(), classes.join(", "))),
        },
        ("audio", settings(&bundle.audio, "sample_rate").replacen(',', " Hz,", 1)),
        ("features", {
            let encoder = bundle.encoder.as_ref().map(|of| format!("{} {}", of.name, settings(&of.config, "layer")));
            let kinds: Vec<String> = features.kinds.iter().map(ToString::to_string).chain(encoder).collect();
            let noise = features.snr.map(|snr| format!(", snr {snr}")).unwrap_or_default();
            let level = match features.level.is_free() {
                true => format!(" (level {}{noise})", features.level.name()),
                false => String::new(),
            };
            format!("{} columns: {}{level}; scaler: {}", bundle.dims(), kinds.join(", "), features.scaler.words())
        }),
    ];
    if !bundle.targets.is_empty() {
        lines.insert(1, ("targets", targets(&bundle.targets, &bundle.scales)));
    }
    if let Some(of) = &bundle.encoder {
        lines.push((
            "encoder",
            match &bundle.inside {
                Some(inside) => format!("inside: {}", inside.words()),
                None => format!(
                    "{}, digest {}: looked for among the models",
                    of.name,
                    of.digest.get(..12).unwrap_or(&of.digest)
                ),
            },
        ));
    }
    lines.extend([
        ("network", {
            let precision = bundle.precision.name();
            format!("{}; {parameters} parameters in {precision}", network(&bundle.model))
        }),
        (
            "temperature",
            match bundle.temperature {
                Some(temperature) => {
                    let how = match bundle.doubt {
                        Some(_) => "rising with the distance from training: train.calibration",
                        None => "fitted on validation",
                    };
                    let factor = bundle.factor.map(|factor| format!("; {factor} times what was fitted"));
                    format!("{temperature:.3}, {how}{}", factor.unwrap_or_default())
                }
                None if bundle.task == Kind::Regression => "none: the network gives numbers, not probabilities".into(),
                None => "none: probabilities are as the network gives them".into(),
            },
        ),
        (
            "doubt",
            match bundle.doubt {
                Some(doubt) => format!(
                    "\"uncertain\" below {:.0} %; where it was fitted{}, {:.0} % of the answers were not, and {:.0} % of those \
                     right",
                    100.0 * doubt.threshold,
                    if bundle.factor.is_some() { " (this bundle alone, before its temperature was changed)" } else { "" },
                    100.0 * doubt.kept,
                    100.0 * doubt.right
                ),
                None => "none: every answer is given".into(),
            },
        ),
        (
            "vote",
            match bundle.vote {
                Some(vote) => format!(
                    "counts {} times where a clip is as near as those of training, {} where it is not",
                    vote.near, vote.far
                ),
                None => "counts once".into(),
            },
        ),
        (
            "adaptation",
            match &bundle.adaptation {
                Some(of) => format!(
                    "to a speaker, without labels (--enrol, --speaker): fitted on {} validation speakers{}",
                    of.speakers,
                    match (&of.centred, &bundle.speaker) {
                        (None, _) => "",
                        (Some(_), None) => ", with a second head",
                        (Some(_), Some(_)) => ", with a second head, which sees clips otherwise ([speaker])",
                    }
                ),
                None => "none: --enrol and --speaker need a bundle of a version that fits it, with three validation speakers"
                    .into(),
            },
        ),
        (
            "trained on",
            format!(
                "{}{}; fold {}, seed {}",
                record.seen().join(", "),
                if record.synthetic { " (SYNTHETIC: says nothing of people)" } else { "" },
                record.fold,
                record.seed
            ),
        ),
        (
            "protocol",
            format!(
                "{}: {}{}",
                protocol.name,
                protocol.description,
                if protocol.speaker_independent { "" } else { " (SPEAKER-DEPENDENT)" }
            ),
        ),
    ]);
    match &bundle.figures {
        Some(figures) => {
            lines.push(("kept", format!("epoch {}: {}", figures.best_epoch, protocol.selection)));
            lines.push(("validation", side(&figures.validation)));
            lines.push(("test", side(&figures.test)));
        }
        None => lines.push(("figures", "none: the bundle is of an earlier version".into())),
    }
    lines.push(("made by", record.versions.to_string()));
    if let Some(inside) = &bundle.inside {
        let notice = inside.manifest().licence.lines().map(str::trim).filter(|line| !line.is_empty());
        let begins = notice.take(2).collect::<Vec<_>>().join("; ");
        lines.push(("licence", format!("of the encoder: {begins}; whole with --format json")));
    }
    lines.push(("experiment", format!("{}, config {}", record.experiment, record.config_hash)));
    lines.into_iter().map(|(label, value)| format!("{label:<12}{value}\n")).collect()
}

/// The architecture with the settings that it uses.
fn network(of: &ModelConfig) -> String {
    use model::Kind::{Cnn, Cnn2dBilstm, CnnBilstm, Linear, Transformer};
    let kind = of.kind;
    let (convolves, attends) = (matches!(kind, CnnBilstm | Cnn | Cnn2dBilstm), kind == Transformer);
    let is_linear = kind == Linear;
    let pool = serde_json::to_value(of.pool).ok().and_then(|pool| pool.as_str().map(str::to_owned));
    let settings = [
        (convolves, "channels", format!("{:?}", of.channels).replace(' ', "")),
        (convolves, "kernel", of.kernel.to_string()),
        (kind.is_recurrent() || attends, "hidden", of.hidden.to_string()),
        (attends, "layers", of.layers.to_string()),
        (attends, "heads", of.heads.to_string()),
        (!is_linear, "pool", pool.unwrap_or_default()),
        (!is_linear, "dense", of.dense.to_string()),
        (!is_linear, "dropout", of.dropout.to_string()),
        (is_linear, "c", of.c.to_string()),
    ];
    let used = settings.into_iter().filter(|(used, ..)| *used).map(|(_, key, value)| format!(", {key} {value}"));
    format!("{}{}", kind.name(), used.collect::<String>())
}

/// The settings of a table, the `first` one without its name.
fn settings(table: &impl serde::Serialize, first: &str) -> String {
    let Ok(serde_json::Value::Object(settings)) = serde_json::to_value(table) else { return String::new() };
    let shown = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let rest = settings.iter().filter(|(key, _)| *key != first).map(|(key, value)| format!("{key} {}", shown(value)));
    settings.get(first).map(shown).into_iter().chain(rest).collect::<Vec<_>>().join(", ")
}

fn side(side: &SideFigures) -> String {
    match side {
        SideFigures { clips, ccc: Some(ccc), .. } => format!("mean CCC {ccc:.3} on {clips} clips"),
        SideFigures { clips, likeness: Some(likeness), .. } => {
            format!("1 − JSD from listeners' votes {likeness:.3} on {clips} clips")
        }
        SideFigures { clips, uar: Some(uar), loss: Some(loss), .. } => {
            format!("UAR {:.2} %, cross-entropy {loss:.3} on {clips} clips", 100.0 * uar)
        }
        SideFigures { clips, .. } => format!("{clips} clips"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::made_up;

    #[test]
    fn everything_that_must_be_known_is_said() {
        let text = inspect(&made_up::bundle(1));
        for part in [
            "3: angry, happy, sad",
            "audio       22050 Hz, normalise none, trim false",
            "network     cnn-bilstm, channels [4,6], kernel ",
            ", dense 4, dropout ",
            "13 columns: mfcc",
            "in f32",
            "0.750, fitted on validation",
            "SYNTHETIC",
            "speaker-kfold",
            "UAR 50.00 %, cross-entropy 1.250 on 30 clips",
            "epoch 3: ",
            "Burn 0.22.1",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let linear = network(&ModelConfig {
            kind: model::Kind::Linear,
            c: model::Penalty::One(0.003),
            ..ModelConfig::default()
        });
        assert_eq!(linear, "linear, c 0.003");
        let older = Bundle { figures: None, temperature: None, ..made_up::bundle(1) };
        assert!(inspect(&older).contains("earlier version") && inspect(&older).contains("temperature none"));
    }
}
