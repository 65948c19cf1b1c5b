//! `ser-predict`: recognises emotions in files, folders, long recordings, streams.

mod arguments;
mod export;
mod picture;

use std::{
    io::{self, IsTerminal},
    path::PathBuf,
    process::ExitCode,
};

use arguments::{Arguments, Recognise};
use clap::Parser;
use picture::Picture;
use ser::{
    device::check_processor,
    error::{Error, Result},
    events::Observer,
    frontend::encoder::models_dir,
    output::{check_not_read, check_replaceable},
    predict::{
        Answering, BuiltIn, Channels, DEFAULT, Format, Listening, Output, Recognizer, Speakers, Style, bulk::bulk,
        load_all,
    },
    progress::Terminal,
    stdout::read_on,
};

fn main() -> ExitCode {
    let Arguments { command, recognise } = Arguments::parse();
    let terminal = Terminal::with_signals();
    let done = check_processor().and_then(|()| match command {
        Some(command) => export::run(command).map(|()| true),
        None => run(recognise, &terminal),
    });
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let error = of_options(error);
            eprintln!("error: {error}");
            ExitCode::from(error.exit_status())
        }
    }
}

/// The same error in the program's words: what the library calls by the parameter's name is an option here.
fn of_options(error: Error) -> Error {
    match error {
        Error::Config(text)
            if ["window", "hop", "gate", "rate"].iter().any(|key| text.starts_with(&format!("{key} = "))) =>
        {
            Error::Config(format!("--{text}"))
        }
        other => other,
    }
}

/// Whether every file could be used.
fn run(arguments: Recognise, terminal: &Terminal) -> Result<bool> {
    let arguments = arguments.checked()?;
    let first = arguments.bundle.clone().unwrap_or_else(|| DEFAULT.name.into());
    let model = BuiltIn::named(&first).map(|model| model.name);
    let bundles: Vec<PathBuf> = std::iter::once(first).chain(arguments.ensemble.iter().cloned()).collect();
    let mut recognizer = Recognizer::with_models(load_all(&bundles)?, &models_dir(arguments.models.clone()))?;
    if arguments.uncalibrated {
        recognizer = recognizer.uncalibrated();
    }
    match (&arguments.bundle, model) {
        (None, Some(model)) => {
            eprintln!("note: no model given: using the built-in model {model} (ser-predict inspect {model})");
        }
        _ => {
            for path in bundles.iter().filter(|path| BuiltIn::named(path).is_some() && path.exists()) {
                eprintln!(
                    "note: {0} is the built-in model; for the file or folder of that name, write ./{0}",
                    path.display()
                );
            }
        }
    }
    recognizer.notes().iter().for_each(|note| eprintln!("note: {note}"));
    if let Some(list) = &arguments.manifest {
        // Recordings that cannot be used are rows of the table, and no failure of the call.
        eprint!("{}", bulk(&recognizer, &bundles, list, &arguments.bulk(&recognizer), terminal)?);
        return Ok(true);
    }
    let style = Style {
        threshold: arguments.threshold(&recognizer),
        top: arguments.top.map(usize::from),
        windows: arguments.timeline || arguments.live(),
        channels: arguments.channel == Channels::Each,
        model,
    };
    let is_text = arguments.format == Format::Text;
    // For people every answer says how far it is adapted.
    let observer: &dyn Observer = if is_text { &() } else { terminal };
    let speakers = Speakers::heard(&recognizer, &arguments.enrol, arguments.whose(), observer)?;
    let begin = if speakers.is_some() { Output::adapted } else { Output::of };
    let output = match begin(io::stdout().lock(), arguments.format, style, recognizer.vocabulary()) {
        Ok(output) => output,
        Err(error) => return read_on(Err(error)).map(|_| true),
    };
    let work = Answering::new(&recognizer, arguments.channel, speakers, output, terminal);
    let mut work = work.with_rows_seen(is_text && io::stdout().is_terminal());
    let done = answer(&arguments, &recognizer, &mut work);
    // A document is closed whatever happened.
    let whole = work.finish();
    done.and(whole)
}

fn answer(
    arguments: &Recognise,
    recognizer: &Recognizer,
    work: &mut Answering<'_, io::StdoutLock<'static>>,
) -> Result<()> {
    #[cfg(feature = "microphone")]
    if arguments.microphone {
        return work.microphone(arguments.listening(Listening::live()));
    }
    if arguments.stream {
        return work.raw(io::stdin().lock(), arguments.raw(), arguments.listening(Listening::live()));
    }
    if !arguments.timeline {
        return work.files(&arguments.paths, !io::stdout().is_terminal());
    }
    let mut picture = Picture::default();
    if let Some(plot) = &arguments.plot {
        // Before the long work.
        check_not_read(plot, arguments.paths.iter().chain(&arguments.enrol))?;
        check_replaceable(plot, "picture", |head| {
            [&b"\x89PNG"[..], b"<svg", b"<?xml"].iter().any(|of| head.starts_with(of))
        })?;
    }
    let drawn = arguments.plot.as_deref().zip(arguments.paths.first());
    work.timelines(&arguments.paths, arguments.listening(Listening::timeline()), |window| {
        if drawn.is_some() {
            picture.add(window);
        }
    })?;
    drawn.map_or(Ok(()), |(to, path)| picture.save(path, recognizer, arguments.threshold(recognizer), to))
}
