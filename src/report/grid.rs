//! A grid's ranking: text, Markdown, CSV and a picture.

use std::path::Path;

use super::{
    gather::{Gathered, gather_any},
    headline::percent,
    plot::{self, Bar, Bars},
    table::Table,
};
use crate::{
    csv_file::write_csv,
    error::Result,
    eval::{Bootstrap, Grid, Ranked, grid::rank},
    events::Observer,
    files::{create_dir, write_whole},
    run::{GridRecord, RunDir},
};

/// The ranking as a table.
#[must_use]
pub fn table(grid: &Grid) -> Table {
    let rows = grid.ranked.iter().enumerate().map(|(i, of)| {
        let figure = |value: f64, decimals: usize| {
            if value.is_finite() { format!("{value:.decimals$}") } else { "–".to_owned() }
        };
        vec![
            (i + 1).to_string(),
            name(of),
            if of.runs < grid.runs { format!("{} of {}", of.runs, grid.runs) } else { of.runs.to_string() },
            if of.runs > 0 { percent(of.validation) } else { "–".to_owned() },
            figure(of.best_epoch, 1),
            figure(of.seconds, 0),
        ]
    });
    let columns = ["rank", "setting", "runs", "validation UAR %", "kept epoch", "s/run"];
    let spread = match grid.seeds {
        1 => "folds",
        _ => "seeds, each the mean of its folds",
    };
    Table::new(format!("{}: {} settings, ranked on validation", grid.experiment, grid.ranked.len()), columns)
        .rows(rows)
        .note(format!(
            "{}. {} folds, {} seeds; mean ± s.d. over {spread}. Test was not used: {}.",
            grid.protocol,
            grid.folds,
            grid.seeds,
            match grid.nested {
                true => "each fold and seed takes the setting that its own validation side ranks first",
                false => "evaluate the setting that is kept, once, with ser-eval on its folder",
            }
        ))
}

/// The setting for people: `pool = "last", learning_rate = 0.001`.
fn name(of: &Ranked) -> String {
    let short = |key: &str| key.rsplit('.').next().unwrap_or(key).to_owned();
    of.setting.values.iter().map(|(key, value)| format!("{} = {value}", short(key))).collect::<Vec<_>>().join(", ")
}

/// Ranks what is finished of the search in `folder` and writes the table, with its picture, into the folder `report`.
/// Returns what is to be said on a terminal.
///
/// # Errors
///
/// As [`GridRecord::finished`], [`rank`] and [`write()`].
pub fn gather(folder: &Path, report: &Path, record: GridRecord) -> Result<String> {
    let finished = record.finished(folder)?;
    let grid = rank(record, finished)?;
    write(&grid, report)?;
    Ok(format!("{}\nranking     {}\n", table(&grid).plain(), report.join("grid.txt").display()))
}

/// As [`gather`]; of a nested choice whose runs are there, also evaluates what the folds took and writes the report beside the
/// ranking. Recordings that have moved are looked for in `data`.
///
/// # Errors
///
/// As [`gather`] and [`gather_any`].
pub fn gather_search(
    folder: &Path,
    report: &Path,
    record: GridRecord,
    data: &Path,
    bootstrap: Bootstrap,
    observer: &dyn Observer,
) -> Result<(String, Option<Gathered>)> {
    let nested = record.nested;
    let mut text = gather(folder, report, record)?;
    if !nested {
        return Ok((text, None));
    }
    let chosen = folder.join(GridRecord::CHOSEN);
    let finished = |dirs: Vec<RunDir>| dirs.iter().any(|dir| dir.done().exists());
    if !chosen.is_dir() || !RunDir::find(&chosen).is_ok_and(finished) {
        text.push_str("no fold has chosen yet: call ser-train with the config, without --setting\n");
        return Ok((text, None));
    }
    let gathered = gather_any(&chosen, report, data, bootstrap, observer)?;
    text.push_str(&gathered.terminal(super::colour_wanted())?);
    text.push_str(&format!("report      {}\n", report.join("report.html").display()));
    Ok((text, Some(gathered)))
}

/// Writes `grid.txt`, `grid.md`, `grid.csv`, `grid.png` and `grid.svg` into the folder.
///
/// # Errors
///
/// [`crate::error::Error::Io`] naming the file that cannot be written.
pub fn write(grid: &Grid, folder: &Path) -> Result<()> {
    create_dir(folder)?;
    let table = table(grid);
    write_whole(&folder.join("grid.txt"), |file| file.write_all(table.plain().as_bytes()))?;
    write_whole(&folder.join("grid.md"), |file| file.write_all(super::document::table(&table).as_bytes()))?;
    let header = ["rank", "setting", "runs", "validation_uar", "validation_uar_std", "best_epoch", "seconds"];
    write_csv(&folder.join("grid.csv"), header, |csv| {
        for (i, of) in grid.ranked.iter().enumerate() {
            let std = of.validation.std.map(|std| std.to_string()).unwrap_or_default();
            let [rank, runs] = [i + 1, of.runs].map(|n| n.to_string());
            let [mean, epoch, seconds] = [of.validation.mean, of.best_epoch, of.seconds].map(|x| x.to_string());
            csv.row([&rank, &of.setting.name, &runs, &mean, &std, &epoch, &seconds])?;
        }
        Ok(())
    })?;
    let picture = picture(grid);
    plot::save(&picture, &folder.join("grid.png"))?;
    plot::save(&picture, &folder.join("grid.svg"))
}

/// Most bars of the picture: more cannot be read.
const MOST: usize = 40;

fn picture(grid: &Grid) -> Bars {
    let ranked = grid.ranked.iter().filter(|of| of.runs > 0);
    let mut subtitle = vec![grid.protocol.clone()];
    if grid.ranked.len() > MOST {
        subtitle.push(format!("the best {MOST} of {} settings", grid.ranked.len()));
    }
    subtitle.push(format!("mean of {} folds and {} seeds; test was not used", grid.folds, grid.seeds));
    Bars {
        title: format!("{}: settings", grid.experiment),
        subtitle,
        axis: "validation UAR (%)".to_owned(),
        bars: ranked.take(MOST).map(|of| Bar::new(name(of), 100.0 * of.validation.mean, 2)).collect(),
        step: 0.01,
        ..Bars::default()
    }
}
