//! The page in headless Chromium, with a clip as the microphone. Without Chromium the tests say that they are skipped.
//! `SER_CLIP` names another clip (16-bit WAV), `SER_SHOTS` a folder for pictures that people look at.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use ser::{
    audio::Decoder,
    predict::{DEFAULT, Listening, Style},
};
use serde_json::{Value, json};

use crate::{
    browser::Browser,
    client::{PLAIN, RECOGNIZER, Server, as_the_model_says, voice, wav},
    speaker::{BOX, person},
};

const STATUS: &str = "document.getElementById('status').textContent";
const START: &str = "document.getElementById('start').click()";
/// Gives the page files, as if they were chosen.
const CHOOSE: &str = "(files => { const all = new DataTransfer(); files.forEach(file => all.items.add(file)); \
                      const input = document.getElementById('file-input'); input.files = all.files; \
                      input.dispatchEvent(new Event('change')); })";
/// Keeps what the page gets for a microphone, so that it can be unplugged.
const KEEP: &str = "const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices); \
                    navigator.mediaDevices.getUserMedia = async wanted => (window.stream = await real(wanted)); true";

/// A browser whose microphone is a clip.
fn with_microphone(dir: &Path) -> Option<Browser> {
    with_microphone_of(dir, &voice(6.0, 140.0))
}

/// The same of other samples, where no clip is named.
fn with_microphone_of(dir: &Path, samples: &[i16]) -> Option<Browser> {
    let clip = std::env::var("SER_CLIP").map_or_else(
        |_| {
            let path = dir.join("microphone.wav");
            std::fs::write(&path, wav(&[samples])).unwrap();
            path
        },
        Into::into,
    );
    let browser = Browser::start_with(&[
        "--use-fake-device-for-media-stream",
        "--use-fake-ui-for-media-stream",
        &format!("--use-file-for-fake-audio-capture={}", clip.display()),
    ]);
    if browser.is_none() {
        eprintln!("skipped: there is no Chromium (scripts/test-html.sh installs it)");
    }
    browser
}

fn open(page: &mut Browser, server: &Server) {
    page.open(&format!("http://{}/", server.address));
    page.until(&format!("{STATUS} === 'Ready.'"));
    page.value(KEEP);
}

/// Starts the microphone and waits for answers.
#[track_caller]
fn listen(page: &mut Browser, rows: usize) {
    page.value(START);
    let heard = "document.getElementById('bars').textContent.includes('%')";
    page.until(heard);
    std::thread::sleep(Duration::from_millis(500 * rows as u64));
}

/// A picture for people, where they ask for it.
fn shoot(page: &mut Browser, name: &str) {
    let Ok(folder) = std::env::var("SER_SHOTS") else { return };
    for (size, width) in [("", 1280), ("-phone", 360)] {
        page.width(width);
        for (theme, dark) in [("", false), ("-dark", true)] {
            page.dark(dark);
            page.value("dispatchEvent(new Event('resize'))");
            let height = page.value("document.documentElement.scrollHeight").as_u64().unwrap();
            page.shoot(&Path::new(&folder).join(format!("{name}{size}{theme}.png")), Some((0, height)));
        }
    }
    page.dark(false);
    page.width(1280);
}

/// The page has enough contrast in both themes, fits a telephone, and has names for what can be pressed.
#[track_caller]
fn is_accessible(page: &mut Browser) {
    for dark in [false, true] {
        page.dark(dark);
        let poor = page.value(include_str!("../../../tests/html_page/contrast.js"));
        assert_eq!(poor, json!([]), "dark: {dark}");
    }
    page.dark(false);
    page.width(360);
    assert_eq!(page.value("document.documentElement.scrollWidth <= 360"), true, "a telephone's width");
    page.width(1280);
    let nameless = "[...document.querySelectorAll('button, a[href], audio, canvas:not([hidden]), input')]\
                    .filter(part => part.checkVisibility() && part.tagName !== 'AUDIO' && \
                    !(part.textContent.trim() || part.ariaLabel || part.labels?.length)).map(part => part.outerHTML)";
    assert_eq!(page.value(nameless), json!([]), "what can be pressed has a name");
}

/// The same with every number in double precision: a page writes 1.0 as 1.
fn in_floats(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(all) => all.iter().map(in_floats).collect(),
        Value::Object(all) => all.iter().map(|(key, value)| (key.clone(), in_floats(value))).collect(),
        other => other.clone(),
    }
}

fn numbers(list: &Value) -> impl Iterator<Item = f64> + '_ {
    list.as_array().unwrap().iter().map(|number| number.as_f64().unwrap())
}

fn downloaded(folder: &Path, name: &str) -> Vec<u8> {
    let begun = Instant::now();
    loop {
        match std::fs::read(folder.join(name)) {
            Ok(bytes) if !bytes.is_empty() => return bytes,
            _ => assert!(begun.elapsed().as_secs() < 30, "{name} was not downloaded"),
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn who_speaks_sees_the_answers_of_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut page) = with_microphone(dir.path()) else { return };
    let server = Server::start(&[]);
    open(&mut page, &server);
    shoot(&mut page, "start");
    is_accessible(&mut page);
    // By keyboard alone.
    page.value("document.getElementById('start').focus()");
    page.press("Enter");
    page.until("document.getElementById('bars').textContent.includes('%')");
    page.until("document.getElementById('voice').textContent === 'speech'");
    assert_eq!(
        page.value(
            "document.getElementById('status').ariaLive || document.getElementById('status').getAttribute('aria-live')"
        ),
        "polite"
    );
    page.until("[...document.querySelectorAll('#bars .track > span')].some(bar => bar.offsetWidth > 20)");
    page.until("document.getElementById('level').offsetWidth > 5");
    std::thread::sleep(Duration::from_secs(2));
    is_accessible(&mut page);
    shoot(&mut page, "live");
    page.value("document.getElementById('start').focus()");
    page.press("Enter");
    page.until("!document.getElementById('whole').hidden");
    assert_eq!(page.value("stream.getTracks()[0].readyState"), "ended", "the microphone is off");
    page.value("document.getElementById('segments').open = true");
    is_accessible(&mut page);
    shoot(&mut page, "done");

    // What can be downloaded is what the program says of the same samples.
    let folder = dir.path().join("downloads");
    page.downloads(&folder);
    for kind in ["wav", "json", "csv"] {
        page.value(&format!("document.getElementById('{kind}').click()"));
        std::thread::sleep(Duration::from_millis(300));
    }
    let sound = downloaded(&folder, "recording.wav");
    let path = Path::new("recording.wav");
    let decoder = Decoder::of_bytes(sound.as_slice().into(), path).unwrap();
    let answer = RECOGNIZER.decoder(decoder, path).unwrap();
    let percent = (100.0 * answer.confidence()).round();
    let expected = format!("As a whole: {}, {percent} %", answer.emotion());
    assert_eq!(page.value("document.getElementById('whole').textContent"), expected);
    let mut reader = hound::WavReader::new(sound.as_slice()).unwrap();
    let rate = reader.spec().sample_rate;
    let samples: Vec<f32> = reader.samples::<i16>().map(|s| f32::from(s.unwrap()) / 32_768.0).collect();
    let mut listener = RECOGNIZER.listen(rate, Listening::live()).unwrap();
    let mut windows = listener.push(&samples).unwrap();
    windows.extend(listener.finish().unwrap());
    let style = Style { windows: true, ..as_the_model_says() };
    let rows: Vec<Value> = windows.iter().map(|window| style.window("recording.wav", window, true)).collect();
    let document: Value = serde_json::from_slice(&downloaded(&folder, "recording.json")).unwrap();
    assert_eq!(in_floats(&document["results"]), in_floats(&Value::from(rows)));
    assert!(windows.len() > 4 && windows.iter().any(|window| window.answer.is_some()));
    let table = String::from_utf8(downloaded(&folder, "recording.csv")).unwrap();
    assert_eq!(table.lines().count(), windows.len() + 1);
    assert_eq!(page.value("document.getElementById('shares').textContent.includes('s answered for')"), true);

    // A slider makes what is not clear uncertain, in words and in the table.
    page.value("(slider => { slider.value = 100; slider.dispatchEvent(new Event('input')); })(document.getElementById('threshold'))");
    page.until("document.querySelector('#segments tbody').innerText.includes('uncertain')");
    shoot(&mut page, "uncertain");

    // It plays, as a whole and piece by piece.
    let plays = "new Promise(done => { const player = document.getElementById('player'); \
                 player.addEventListener('timeupdate', () => player.currentTime > 0 && done(true)); \
                 document.querySelector('#segments td button').click(); setTimeout(() => done(false), 20000); })";
    assert_eq!(page.value(plays), true);

    // What the model is: one press away.
    page.value("document.getElementById('about').focus()");
    page.press("Enter");
    for part in ["AI Act", "angry, disgust", "tested"] {
        let there = format!("document.querySelector('dialog[open]').innerText.includes({part:?})");
        assert_eq!(page.value(&there), true, "{part}");
    }
    is_accessible(&mut page);
    shoot(&mut page, "card");
    page.press("Escape");
    assert_eq!(page.value("document.querySelector('dialog').open"), false);

    assert_eq!(page.complaints(), [""; 0], "the console stays silent");
    let own = format!("http://{}/", server.address);
    let strange: Vec<_> = page
        .asked()
        .iter()
        .filter(|url| ![own.as_str(), "blob:", "data:"].iter().any(|known| url.starts_with(known)))
        .collect();
    assert!(strange.is_empty(), "nothing is asked of anybody else: {strange:?}");
}

/// Keeps what the page sends to streams: texts as they are, samples as one list.
const TAP: &str = "const send = WebSocket.prototype.send; window.said = []; window.samples = []; \
                   WebSocket.prototype.send = function (what) { \
                     if (typeof what === 'string') said.push(JSON.parse(what)); else samples.push(...what); \
                     return send.call(this, what); }; true";

#[test]
fn a_voice_that_was_read_adapts_the_answers_as_a_session_of_the_library() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut page) = with_microphone_of(dir.path(), &person()) else { return };
    let server = Server::run(&[]);
    open(&mut page, &server);
    page.value(TAP);
    let button = "document.getElementById('teach')";
    page.until(&format!("!{button}.hidden"));
    page.value(&format!("{button}.focus()"));
    page.press("Enter");
    page.until("document.getElementById('read').value > 2");
    is_accessible(&mut page);
    shoot(&mut page, "reading");
    // It ends by itself.
    page.until("!document.getElementById('taught').hidden");
    assert_eq!(page.value("stream.getTracks()[0].readyState"), "ended", "the microphone is off");
    assert_eq!(page.value("document.getElementById('reading').hidden"), true);
    let opening = page.value("said[0]");
    assert_eq!(opening["enrol"], true);
    let rate = opening["rate"].as_u64().unwrap() as u32;
    let sent: Vec<f32> = numbers(&page.value("samples")).map(|s| (s / 32_768.0) as f32).collect();
    assert!((sent.len() as f64 / f64::from(rate) - 20.0).abs() < 1.0, "{} samples", sent.len());
    let session = BOX.session().unwrap();
    session.enrol(&sent, rate).unwrap();
    let learnt = session.adapted();
    let told = page.value("document.getElementById('taught').innerText");
    let percent = format!("{} %", (100.0 * learnt.degree).round());
    let expected = if learnt.off.is_none() { percent.as_str() } else { "as for anybody" };
    assert!(told.as_str().unwrap().contains(expected), "{told} {learnt:?}");

    // Answers to the microphone are those of the session, and say how far they are adapted.
    listen(&mut page, 4);
    let known = page.value("said.find(text => text.speakers).speakers[0]");
    assert_eq!(in_floats(&known), in_floats(&json!(session.state())));
    let words = if learnt.off.is_none() { "adapted to your voice" } else { "as for anybody" };
    assert!(page.value("document.getElementById('adapted').innerText").as_str().unwrap().contains(words));
    is_accessible(&mut page);
    shoot(&mut page, "adapted");
    page.value(START);
    page.until("!document.getElementById('whole').hidden");
    let folder = dir.path().join("downloads");
    page.downloads(&folder);
    for kind in ["wav", "json", "csv"] {
        page.value(&format!("document.getElementById('{kind}').click()"));
        std::thread::sleep(Duration::from_millis(300));
    }
    let sound = downloaded(&folder, "recording.wav");
    let mut reader = hound::WavReader::new(sound.as_slice()).unwrap();
    let samples: Vec<f32> = reader.samples::<i16>().map(|s| f32::from(s.unwrap()) / 32_768.0).collect();
    let mut listener = session.listen(rate, Listening::live(), false).unwrap();
    let mut windows = listener.push(&samples).unwrap();
    windows.extend(listener.finish().unwrap());
    let style = Style { windows: true, threshold: BOX.threshold(), model: Some(DEFAULT.name), ..PLAIN };
    let rows: Vec<Value> = windows.iter().map(|window| style.window("recording.wav", window, true)).collect();
    let document: Value = serde_json::from_slice(&downloaded(&folder, "recording.json")).unwrap();
    assert_eq!(in_floats(&document["results"]), in_floats(&Value::from(rows)));
    assert!(String::from_utf8(downloaded(&folder, "recording.csv")).unwrap().contains("heard_seconds"));
    let answer = session.samples(&samples, rate).unwrap();
    let emotion = if answer.confidence() < BOX.threshold() { "uncertain" } else { answer.emotion() };
    let expected = format!("As a whole: {emotion}, {} %", (100.0 * answer.confidence()).round());
    assert_eq!(page.value("document.getElementById('whole').textContent"), expected);

    // It can be forgotten.
    page.value("document.getElementById('forget').click()");
    page.value("said.length = 0");
    listen(&mut page, 1);
    assert_eq!(page.value("said[0].speakers === undefined && document.getElementById('adapted').hidden"), true);
    assert_eq!(page.complaints(), [""; 0], "the console stays silent");
}

#[test]
fn the_parties_of_a_call_are_shown_apart_turn_by_turn() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut page) = with_microphone(dir.path()) else { return };
    let server = Server::start(&[]);
    open(&mut page, &server);
    let (speaks, pause) = (voice(1.5, 140.0), vec![0; 24_000]);
    let left = [&speaks[..], &pause, &pause, &speaks, &pause].concat();
    let right = [&pause[..], &pause, &voice(1.5, 210.0), &pause, &pause].concat();
    let call = wav(&[&left, &right]);
    page.value("document.getElementById('options').open = true");
    for (select, choice) in [("channel", "each"), ("pieces", "vad")] {
        page.value(&format!("document.getElementById('{select}').value = '{choice}'"));
    }
    page.value(&format!("{CHOOSE}([new File([new Uint8Array({})], 'call.wav')])", json!(call)));
    page.until("document.querySelector('#recordings tbody').innerText.includes('right: ')");
    page.value("document.querySelector('#recordings button').click()");
    page.until("document.getElementById('result-title').textContent === 'call.wav'");
    let who =
        "[...document.querySelectorAll('#segments tbody tr')].map(row => row.children[2].textContent.split(':')[0])";
    assert_eq!(page.value(who), json!(["left", "right", "left"]));
    assert_eq!(
        page.value("[...document.querySelectorAll('#names .side')].map(side => side.textContent)"),
        json!(["left", "right"])
    );
    page.until("document.getElementById('shares').innerText.includes('right channel')");
    page.value("document.getElementById('segments').open = true");
    page.until("!document.getElementById('wave').hidden");
    // Both parties are drawn: something stands where the right one alone speaks.
    let tall = "(wave => { const pen = wave.getContext('2d'); const x = Math.round(wave.width * 3.75 / 7.5); \
                return pen.getImageData(x - 20, 0, 40, wave.height).data.filter((v, i) => i % 4 === 3 && v > 128).length > 40 * 5; \
                })(document.getElementById('wave'))";
    assert_eq!(page.value(tall), true, "the wave is of both channels");
    is_accessible(&mut page);
    shoot(&mut page, "call");
    assert_eq!(page.complaints(), [""; 0], "the console stays silent");
}

#[test]
fn what_goes_wrong_is_said_on_the_page() {
    let dir = tempfile::tempdir().unwrap();
    let Some(mut page) = with_microphone(dir.path()) else { return };
    let mut server = Server::start(&[]);
    open(&mut page, &server);
    let done = "!document.getElementById('whole').hidden && document.getElementById('live').hidden";

    // Unplugged: what was heard is kept.
    listen(&mut page, 2);
    page.value("stream.getTracks()[0].dispatchEvent(new Event('ended'))");
    page.until(done);
    assert_eq!(page.value(STATUS), "The microphone is gone. What was recorded until then is below.");

    // Hidden: the microphone is off.
    listen(&mut page, 1);
    page.value(
        "Object.defineProperty(document, 'hidden', {configurable: true, get: () => true}); \
         document.dispatchEvent(new Event('visibilitychange')); delete document.hidden",
    );
    page.until(&format!("{STATUS}.includes('was hidden')"));
    assert_eq!(page.value("stream.getTracks()[0].readyState"), "ended");
    page.until(done);

    // No audio, and audio.
    let bytes = wav(&[&voice(2.0, 140.0)]);
    let answer = RECOGNIZER
        .decoder(Decoder::of_bytes(bytes.as_slice().into(), Path::new("a.wav")).unwrap(), Path::new("a.wav"))
        .unwrap();
    page.value(&format!(
        "{CHOOSE}([new File(['hello, this is text'], 'b.txt'), new File([new Uint8Array({})], 'a.wav')])",
        json!(bytes)
    ));
    let rows = "document.querySelector('#recordings tbody').innerText";
    page.until(&format!("{rows}.includes('b.txt: is not audio')"));
    page.until(&format!("{rows}.includes('{} %')", (100.0 * answer.confidence()).round()));
    page.until(&format!("{STATUS} === '1 of 2 recordings are answered, 1 could not be: the table says why.'"));
    shoot(&mut page, "files");
    is_accessible(&mut page);
    page.width(360);
    let fits = "(box => box.scrollWidth <= box.clientWidth)(document.querySelector('#recordings .scroll'))";
    assert_eq!(page.value(fits), true, "nothing of the table is cut off on a telephone");
    page.width(1280);
    page.value("[...document.querySelectorAll('#recordings button')].at(-1).click()");
    page.until("document.getElementById('result-title').textContent === 'a.wav'");

    // The server goes away while somebody speaks, and is not there for a file.
    listen(&mut page, 1);
    server.terminate();
    server.ended(Duration::from_secs(30));
    page.until(&format!("{STATUS}.includes('heard') || {STATUS}.includes('gone')"));
    page.until("document.getElementById('live').hidden && !document.getElementById('result').hidden");
    page.value(&format!("{CHOOSE}([new File(['hello'], 'c.txt')])"));
    page.until(&format!("{rows}.includes('The server does not answer')"));
    page.value(START);
    page.until(&format!("{STATUS}.includes('The server does not answer')"));
    shoot(&mut page, "gone");
}

#[test]
fn a_microphone_that_is_denied_or_not_there_is_said_on_the_page() {
    let Some(mut page) = Browser::start_with(&["--use-fake-device-for-media-stream"]) else {
        eprintln!("skipped: there is no Chromium (scripts/test-html.sh installs it)");
        return;
    };
    let server = Server::start(&[]);
    page.open(&format!("http://{}/", server.address));
    page.until(&format!("{STATUS} === 'Ready.'"));
    page.microphone("denied");
    page.value(START);
    page.until(&format!("{STATUS}.includes('gave no microphone')"));
    assert_eq!(page.value("document.getElementById('start').disabled"), false, "one may try again");
    page.value("navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('', 'NotFoundError'); }");
    page.value(START);
    page.until(&format!("{STATUS}.includes('There is no microphone')"));
}
