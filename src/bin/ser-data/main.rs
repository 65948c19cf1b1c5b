//! `ser-data`: looks at corpora and splits: lists, counts, audits, writes out; keeps the feature cache.

mod arguments;

use std::{io::stdout, path::Path, process::ExitCode, sync::Arc};

use arguments::{
    Arguments, AuditArguments, AugmentArguments, CacheCommand, CardArguments, Command, DataArguments, EncoderCommand,
    FeaturesArguments, ModelsArguments, Output, ScanArguments, SplitArguments,
};
use clap::Parser;
use ser::{
    audio::Known,
    augment::{Augmenter, write_wavs},
    cache::{self, Cache, cache_dir, cache_limit},
    config::{Experiment, data_dir},
    corpus::{CorpusConfig, export},
    device::{DeviceKind, check_processor},
    error::Result,
    events::Observer,
    files::create_dir,
    frontend::encoder::{self, Encoder, FrozenEncoder, Import},
    progress::Terminal,
    protocol::audit::{LookedAt, foreign},
    report::{self, audits, card::Card, encoders, features, scan, split},
    stdout::{print, read_on},
    survey::{Losses, Survey, known, look_into, survey},
};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let terminal = &Terminal::with_signals();
    let done = check_processor().and_then(|()| match arguments.command {
        Command::Scan(arguments) => run_scan(arguments, terminal),
        Command::Card(arguments) => run_card(arguments, terminal),
        Command::Audit(arguments) => run_audit(arguments, terminal),
        Command::Split(arguments) => run_split(arguments, terminal),
        Command::Features(arguments) => run_features(&arguments, terminal),
        Command::Augment(arguments) => run_augment(arguments, terminal),
        Command::Cache(command) => run_cache(command, terminal),
        Command::Encoder(command) => run_encoder(command, terminal),
        Command::Synth(arguments) => run_synth(&arguments.out, terminal),
    });
    match done {
        Ok(status) => status,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_status())
        }
    }
}

/// An experiment's data; missing and damaged files are told of, not refused.
fn look(experiment: &Experiment, data: DataArguments, observer: &dyn Observer) -> Result<Survey> {
    survey(experiment, &data_dir(data.data), &known(&cache_dir(None)), Losses::Tell, observer)
}

fn run_scan(arguments: ScanArguments, observer: &dyn Observer) -> Result<ExitCode> {
    let ScanArguments { dir, kind, name, pattern, format } = arguments;
    let config = CorpusConfig { name, pattern, ..CorpusConfig::at(kind, dir)? };
    let (found, findings) = look_into(&config, Path::new(""), &known(&cache_dir(None)), observer)?;
    match format.format {
        Output::Text => print(&scan::text(&found, &findings))?,
        Output::Json => {
            let to = &mut stdout().lock();
            read_on(scan::write_json(&config.name(), kind.name(), &found, &findings, to)).map(drop)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn run_card(arguments: CardArguments, observer: &dyn Observer) -> Result<ExitCode> {
    let experiment = arguments.config.load()?;
    // Before the long work: a folder that cannot be written should not cost a minute.
    arguments.out.as_deref().map_or(Ok(()), create_dir)?;
    let survey = look(&experiment, arguments.data, observer)?;
    let card = Card::new(&experiment, &survey, observer)?;
    if let Some(out) = &arguments.out {
        card.write(out)?;
        eprintln!("card        {}", out.join("card.md").display());
    }
    print(&card.document().to_text())?;
    Ok(ExitCode::SUCCESS)
}

fn run_audit(arguments: AuditArguments, observer: &dyn Observer) -> Result<ExitCode> {
    let AuditArguments { config, set, data, split, root, names_only, format } = arguments;
    let (text, passes) = match (split, config) {
        (Some(split), _) => {
            let look = if names_only { LookedAt::Names } else { LookedAt::Files };
            let found = foreign(&split, &root, look)?;
            if found.files_missing > 0 {
                eprintln!(
                    "note: {} of the files are not under {}: --root names their folder, --names-only compares names alone",
                    found.files_missing,
                    root.display()
                );
            }
            let text = match format.format {
                Output::Text => found.to_string(),
                Output::Json => audits::foreign_json(&split.to_string_lossy(), &found)?,
            };
            (text, found.verdict().passes())
        }
        (None, config) => {
            // That there is one was checked with the arguments.
            let experiment = Experiment::load(&config.unwrap_or_default(), &set)?;
            // What is missing was not looked at, and cannot pass.
            let survey = survey(&experiment, &data_dir(data.data), &known(&cache_dir(None)), Losses::Refuse, observer)?;
            let found = audits::Audits::of(&experiment.name, &survey, experiment.features.scaler.words());
            let text = match format.format {
                Output::Text => found.to_text(),
                Output::Json => found.to_json()?,
            };
            (text, !found.leaks())
        }
    };
    print(&text)?;
    Ok(if passes { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn run_split(arguments: SplitArguments, observer: &dyn Observer) -> Result<ExitCode> {
    let SplitArguments { config, data, out, fold } = arguments;
    let experiment = config.load()?;
    let survey = look(&experiment, data, observer)?;
    split::write(&out, &survey, fold.as_deref())?;
    let folds = fold.map_or_else(|| survey.plan.folds.len(), |_| 1);
    eprintln!("{} clips, {folds} folds: {}", survey.clips.len(), out.display());
    Ok(ExitCode::SUCCESS)
}

fn run_features(arguments: &FeaturesArguments, observer: &dyn Observer) -> Result<ExitCode> {
    let experiment = arguments.config.load()?;
    let frontend = experiment.frontend(&encoder::models_dir(None))?;
    let format = arguments.format.into();
    features::dump(&arguments.files, &experiment.audio, frontend.as_ref(), format, &arguments.out, observer)?;
    Ok(ExitCode::SUCCESS)
}

fn run_augment(arguments: AugmentArguments, observer: &dyn Observer) -> Result<ExitCode> {
    let AugmentArguments { files, config, data, out } = arguments;
    let experiment = config.load()?;
    let augmenter = Augmenter::new(&experiment.augment, &data_dir(data.data), &known(&cache_dir(None)))?;
    create_dir(&out)?;
    let written = write_wavs(&files, &experiment.audio, &augmenter, experiment.seed, &out, observer)?;
    print(&written.iter().map(|path| format!("{}\n", path.display())).collect::<String>())?;
    Ok(ExitCode::SUCCESS)
}

fn run_cache(command: CacheCommand, observer: &dyn Observer) -> Result<ExitCode> {
    match command {
        CacheCommand::Stat(arguments) => {
            let dir = cache_dir(arguments.cache);
            print(&report::cache::stat(&dir, &cache::stat(&dir)?))?;
        }
        CacheCommand::Verify(arguments) => {
            let dir = cache_dir(arguments.cache);
            let found = cache::verify(&dir, observer)?;
            print(&report::cache::verified(&found))?;
            return Ok(if found.damaged.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
        CacheCommand::Clear { cache, to } => {
            let evicted = cache::evict(&cache_dir(cache.cache), to)?;
            print(&report::cache::evicted(&evicted))?;
            if evicted.size > to {
                eprintln!("note: what is left is in use by a running process");
            }
        }
        CacheCommand::Build { config, data, cache, cache_limit: limit } => {
            let experiment = config.load()?;
            let (dir, limit) = (cache_dir(cache.cache), cache_limit(limit)?);
            let known = Arc::new(Known::open(&dir));
            let models = encoder::models_dir(None);
            let network = (experiment.audio.clone(), experiment.frontend(&models)?);
            let views = std::iter::once(network).chain(experiment.speaker_chain(&models)?);
            let caches = views.map(|(audio, frontend)| Cache::new(&dir, limit, &audio, frontend, known.clone()));
            let caches: Vec<Cache> = caches.collect::<Result<_>>()?;
            let survey = survey(&experiment, &data_dir(data.data), &known, Losses::Tell, observer)?;
            caches.iter().try_for_each(|cache| cache.matrices(&survey.clips, observer).map(drop))?;
            print(&format!("{} clips: {}\n", survey.clips.len(), dir.display()))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn run_encoder(command: EncoderCommand, observer: &dyn Observer) -> Result<ExitCode> {
    let load = |name: &str, models: ModelsArguments| {
        let folder = encoder::find(name, &encoder::models_dir(models.models))?;
        Encoder::load(&folder, &DeviceKind::Flex.open()?)
    };
    match command {
        EncoderCommand::Import { source, out, precision, layers } => {
            encoder::import(&Import { source, out: out.clone(), precision: precision.into(), layers })?;
            print(&encoders::inspect(&Encoder::load(&out, &DeviceKind::Flex.open()?)?))?;
        }
        EncoderCommand::Inspect { encoder, models } => print(&encoders::inspect(&load(&encoder, models)?))?,
        EncoderCommand::List(models) => print(&encoders::list(&encoder::models_dir(models.models))?)?,
        EncoderCommand::States { files, encoder, models, layers, batch, out } => {
            let folder = encoder::find(&encoder, &encoder::models_dir(models.models))?;
            let encoder = FrozenEncoder::load(&folder)?;
            encoders::states(&files, &encoder, &layers, batch, &out, observer)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn run_synth(out: &Path, observer: &dyn Observer) -> Result<ExitCode> {
    create_dir(out)?;
    export::export(out, observer)?;
    eprintln!("{} clips and {}", export::clips(), out.join(export::MANIFEST).display());
    Ok(ExitCode::SUCCESS)
}
