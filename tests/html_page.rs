//! `report.html` in headless Chromium, as a reader meets it. Without Chromium the test says that it is skipped;
//! `scripts/test-html.sh` installs it and keeps screenshots.

mod browser;
#[allow(dead_code)] // what tests of failures need
mod common;

use std::{fs, path::Path};

use browser::Browser;
use common::{TINY, program, run, train};

/// A report on WAV files, so that there is something to play, of one fold in two seeds.
fn report(dir: &Path) -> String {
    run(program("ser-data", dir).args(["synth", "--out", "wav"])).succeeds();
    let manifest = fs::read_dir(dir.join("wav")).unwrap().map(|entry| entry.unwrap().path());
    let manifest = manifest.into_iter().find(|path| path.extension().is_some_and(|e| e == "csv")).unwrap();
    let config = TINY.replace("kind = \"synthetic\"", &format!("kind = \"manifest\"\npath = {manifest:?}"));
    let settings = ["--set", "train.epochs=1", "--out", "run", "--fold", "1", "--seed", "1,2"];
    run(train(dir, &config).args(settings)).succeeds();
    format!("file://{}", dir.join("run/report/report.html").display())
}

#[test]
fn a_reader_can_sort_open_hear_and_see_everything_by_keyboard_alone() {
    let Some(mut page) = Browser::start() else {
        eprintln!("skipped: there is no Chromium (scripts/test-html.sh installs it)");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    page.open(&report(dir.path()));
    assert_eq!(page.value("document.querySelector('h1').textContent"), "tiny");

    // Sorting, by keyboard: each figure's column both ways, announced.
    let heading = "document.querySelector('#table-by-speaker').closest('.block').querySelectorAll('thead th')[3]";
    let column =
        "[...document.querySelectorAll('#table-by-speaker ~ .scroll tbody tr')].map(r => +r.cells[3].textContent)";
    page.value(&format!("{heading}.querySelector('button').focus()"));
    for (order, sign) in [("descending", -1), ("ascending", 1)] {
        page.press("Enter");
        assert_eq!(page.value(&format!("{heading}.getAttribute('aria-sort')")), order);
        let sorted = format!("{column}.every((x, i, all) => !i || {sign} * (x - all[i - 1]) >= 0)");
        assert_eq!(page.value(&sorted), true, "{order}: {}", page.value(column));
        assert_eq!(page.value("document.querySelector('[aria-live]').textContent.includes('UAR')"), true);
    }

    // From cell to cell by arrows; Enter opens, Escape closes and gives the focus back.
    page.value("document.querySelector('button.cell').focus()");
    let first = page.value("document.activeElement.dataset.cell");
    page.press("ArrowDown");
    let second = page.value("document.activeElement.dataset.cell");
    assert_ne!(first, second);
    page.press("Enter");
    assert_eq!(page.value("document.querySelector('dialog').open"), true);
    let shown = "document.querySelectorAll('dialog tbody tr').length";
    let cell = format!("data.cells.find(c => c.truth + '-' + c.prediction === {second})");
    assert_eq!(page.value(shown), page.value(&format!("{cell}.clips")), "every clip of the cell is listed");
    for part in ["svg.wave path", "img[alt^=Spectrogram]", "audio[controls]"] {
        let there = page.value(&format!("document.querySelectorAll('dialog .cards {part}').length > 0"));
        assert_eq!(there, true, "{part}");
    }
    assert_eq!(page.value("document.querySelector('dialog img').decode().then(() => true)"), true);
    // The policy lets the file be played, and it is where the link says.
    let play = "new Promise(done => { const a = document.querySelector('dialog audio'); a.muted = true; \
                a.play().then(() => done(a.duration > 0.5), error => done(String(error))); })";
    assert_eq!(page.value(play), true);
    page.press("Escape");
    assert_eq!(page.value("document.querySelector('dialog').open"), false);
    assert_eq!(page.value("document.activeElement.dataset.cell"), second);

    // A worst clip opens by itself.
    page.value("document.querySelector('button.clip').focus()");
    page.press("Enter");
    assert_eq!(page.value("document.querySelectorAll('dialog .cards li').length"), 1);
    page.press("Escape");

    // The theme is the system's until the reader says otherwise.
    let background = "getComputedStyle(document.body).backgroundColor";
    page.dark(true);
    assert_eq!(page.value(background), "rgb(22, 24, 27)");
    page.value("document.querySelector('button.theme').focus()");
    page.press("Enter");
    page.press("Enter");
    assert_eq!(page.value("document.querySelector('button.theme').textContent"), "Theme: light");
    assert_eq!(page.value(background), "rgb(255, 255, 255)");
    page.press("Enter");

    // Text has enough contrast, whatever it stands on; nothing but the boxes that scroll is wider than a telephone.
    for dark in [false, true] {
        page.dark(dark);
        assert_eq!(page.value(include_str!("html_page/contrast.js")), serde_json::json!([]), "dark: {dark}");
    }
    page.width(360);
    assert_eq!(page.value("document.documentElement.scrollWidth <= 360"), true);
    // What can be pressed has a name, and every table names its columns.
    let nameless =
        "[...document.querySelectorAll('button, a, audio')].filter(b => !(b.textContent.trim() || b.ariaLabel)).length";
    assert_eq!(page.value(nameless), 0);
    let unnamed = "[...document.querySelectorAll('table')].filter(t => !t.querySelector('th[scope=col]') || \
                   !(t.caption || t.getAttribute('aria-labelledby'))).length";
    assert_eq!(page.value(unnamed), 0);

    assert_eq!(page.complaints(), [""; 0], "the console stays silent");
    let asked = page.asked();
    let strange: Vec<_> = asked.iter().filter(|url| !url.starts_with("file:") && !url.starts_with("data:")).collect();
    assert!(strange.is_empty() && asked.iter().any(|url| url.ends_with(".wav")), "{strange:?}");
}

/// For people to look at: `SER_PAGE` is the page, `SER_SHOTS` the folder of the pictures.
#[test]
#[ignore = "makes pictures for people to look at"]
fn screenshots() {
    let (Ok(url), Ok(folder)) = (std::env::var("SER_PAGE"), std::env::var("SER_SHOTS")) else {
        panic!("set SER_PAGE to a report.html and SER_SHOTS to a folder");
    };
    let folder = Path::new(&folder);
    let mut page = Browser::start().expect("no Chromium");
    page.open(&format!("file://{}", fs::canonicalize(url).unwrap().display()));
    for (name, width, dark) in
        [("light", 1280, false), ("dark", 1280, true), ("narrow", 390, false), ("narrow-dark", 390, true)]
    {
        page.dark(dark);
        page.width(width);
        let height = page.value("document.documentElement.scrollHeight").as_u64().unwrap();
        for (part, top) in (0..height).step_by(1800).enumerate() {
            page.shoot(&folder.join(format!("{name}-{part}.png")), Some((top, 1800.min(height - top))));
        }
        page.value("document.querySelectorAll('button.cell')[2].click()");
        page.shoot(&folder.join(format!("{name}-cell.png")), None);
        page.press("Escape");
    }
}
