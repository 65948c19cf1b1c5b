//! Answers are adapted to speakers as the library's sessions adapt them.

use std::{path::Path, sync::LazyLock};

use ser::{
    audio::{Audio, Decoder},
    predict::{Bundle, DEFAULT, Format, Listening, Output, Recognizer, STDIN, Session, Style, Window},
};
use serde_json::{Value, json};
use tungstenite::{Message, protocol::frame::coding::CloseCode};

use crate::{
    client::{PLAIN, RATE, Server, form, voice, wav},
    stream::{bytes, open, rest},
};

/// The model of the server that no bundle was named to: it can adapt.
pub static BOX: LazyLock<Recognizer> =
    LazyLock::new(|| Recognizer::new(vec![Bundle::read(DEFAULT.bytes().unwrap(), "box".as_ref()).unwrap()]).unwrap());

const STYLE: Style = Style { windows: true, model: Some(DEFAULT.name), ..PLAIN };

/// Somebody whose voice varies enough for more than one emotion.
pub fn person() -> Vec<i16> {
    [140.0, 420.0, 110.0, 55.0].into_iter().flat_map(|pitch| voice(3.0, pitch)).collect()
}

fn floats(samples: &[i16]) -> Vec<f32> {
    samples.iter().map(|&s| f32::from(s) / 32_768.0).collect()
}

/// A session that was enrolled.
fn enrolled(samples: &[i16]) -> Session {
    let session = BOX.session().unwrap();
    session.enrol(&floats(samples), RATE).unwrap();
    session
}

/// What the library hears in a stream, as rows.
fn heard(session: &Session, samples: &[i16], running: bool) -> Vec<Value> {
    let style = Style { threshold: BOX.threshold(), ..STYLE };
    let mut listener = session.listen(RATE, Listening::live(), running).unwrap();
    let mut windows = listener.push(&floats(samples)).unwrap();
    windows.extend(listener.finish().unwrap());
    windows.iter().map(|window: &Window| style.window(STDIN, window, true)).collect()
}

/// What a stream says to these messages, less the first.
fn said(server: &Server, opening: &Value, messages: Vec<Message>) -> (Vec<Value>, Option<CloseCode>) {
    let mut socket = open(server, opening);
    for message in messages {
        // A server that refuses need not read all.
        let _ = socket.send(message);
    }
    rest(&mut socket)
}

fn sound(samples: &[i16]) -> Vec<Message> {
    bytes(samples).chunks(10_000).map(|piece| Message::binary(piece.to_vec())).collect()
}

fn text(value: Value) -> Vec<Message> {
    vec![Message::text(value.to_string())]
}

#[test]
fn streams_adapt_as_sessions_of_the_library_and_go_on_from_what_they_heard() {
    let server = Server::run(&[]);
    let (person, speech) = (person(), voice(2.2, 150.0));
    let session = enrolled(&person);
    let learnt = session.adapted();
    assert!(learnt.off.is_none() && learnt.degree > 0.0, "{learnt:?}: the test's voice is of one emotion");
    let enrol = [sound(&person), text(json!({"enrol": false}))].concat();
    let end = || text(json!({"end": true}));

    // Enrolled first, then listened to.
    let (mut texts, code) =
        said(&server, &json!({"rate": RATE, "enrol": true}), [enrol.clone(), sound(&speech), end()].concat());
    assert_eq!(code, Some(CloseCode::Normal), "{texts:?}");
    let (_, told, last) = (texts.remove(0), texts.remove(0), texts.pop().unwrap());
    assert_eq!(told["enrolled"], json!({"heard_seconds": 12.0, "degree": learnt.degree, "off": null}));
    assert_eq!(texts, heard(&session, &speech, false));
    assert_eq!(texts[0]["adapted"]["degree"], learnt.degree);
    assert_eq!(last["end"]["seconds"], 2.2, "what was enrolled is not answered for");
    let speakers = last["end"]["speakers"].clone();
    assert_eq!(speakers, json!([session.state()]));

    // Another stream goes on from there, and learns as it goes.
    let (mut texts, _) =
        said(&server, &json!({"rate": RATE, "speakers": speakers, "adapt": true}), [sound(&speech), end()].concat());
    let last = texts.pop().unwrap();
    texts.remove(0);
    assert_eq!(texts, heard(&session, &speech, true), "{last}");
    let seconds = |row: &Value| row["adapted"]["heard_seconds"].as_f64().unwrap();
    assert!(seconds(&texts[0]) > 12.0 && seconds(texts.last().unwrap()) > 14.0, "{texts:?}");
    assert_eq!(last["end"]["speakers"], json!([session.state()]));

    // In the middle, by a control message; the parties of a call each by themselves, of whom one says nothing.
    let both: Vec<i16> = person.iter().flat_map(|&s| [s, 0]).collect();
    let (texts, code) = said(
        &server,
        &json!({"rate": RATE, "enrol": false, "channels": 2, "channel": "each"}),
        [text(json!({"enrol": true})), sound(&both), text(json!({"enrol": false})), end()].concat(),
    );
    assert_eq!(code, Some(CloseCode::Normal));
    assert_eq!((&texts[1]["channel"], &texts[1]["enrolled"]["degree"]), (&"left".into(), &learnt.degree.into()));
    assert_eq!(texts[2]["enrolled"]["heard_seconds"], 0.0);
    assert!(texts[2]["channel"] == "right" && texts[2]["error"].as_str().unwrap().contains("no sound"), "{texts:?}");
}

#[test]
fn what_cannot_be_enrolled_is_said() {
    let server = Server::run(&[]);
    let no = |opening: Value, messages: Vec<Message>, part: &str, code: CloseCode| {
        let (texts, closed) = said(&server, &opening, messages);
        let problem = texts.last().unwrap()["problem"]["detail"].as_str().unwrap_or_default().to_owned();
        assert!(problem.contains(part) && closed == Some(code), "{opening}: {texts:?} {closed:?}");
    };
    let enrol = |on: bool| text(json!({ "enrol": on }));
    no(json!({"rate": RATE}), enrol(true), "\"enrol\": false", CloseCode::Policy);
    no(json!({"rate": RATE, "enrol": false}), enrol(false), "begin with", CloseCode::Policy);
    no(json!({"rate": RATE, "enrol": true}), enrol(true), "already", CloseCode::Policy);
    no(json!({"rate": RATE, "speakers": []}), vec![], "0 states", CloseCode::Policy);
    let other = json!({"classes": ["a"], "heard": [[]], "forgotten": 0.0});
    no(json!({"rate": RATE, "speakers": [other]}), vec![], "of 1 bundles that know a,", CloseCode::Policy);
    let float = json!({"rate": RATE, "format": "f32le", "enrol": true});
    no(float, vec![Message::binary(f32::NAN.to_le_bytes().to_vec())], "not a number", CloseCode::Policy);
    let long: Vec<Message> = (0..13).map(|_| Message::binary(vec![128; 10 * 16_000])).collect();
    no(json!({"rate": RATE, "format": "u8", "enrol": true}), long, "longer than 120 s", CloseCode::Size);
    // A model that cannot says so, and the description, too.
    let dir = tempfile::tempdir().unwrap();
    let without = dir.path().join("without.safetensors");
    let bundle = Bundle::load(Path::new("box-small")).unwrap();
    Bundle { adaptation: None, ..bundle }.save(&without).unwrap();
    let plain = Server::run(&[without.to_str().unwrap()]);
    let (texts, _) = said(&plain, &json!({"rate": RATE, "enrol": true}), vec![]);
    assert!(texts[0]["problem"]["detail"].as_str().unwrap().contains("cannot adapt"), "{texts:?}");
    for (server, adapts) in [(&server, true), (&plain, false)] {
        let models: Value = serde_json::from_str(server.get("/v1/models").is_ok()).unwrap();
        assert_eq!(models["adapts"], adapts);
    }
}

#[test]
fn recordings_with_speech_of_the_same_person_are_answered_for_as_ser_predict_enrol() {
    let server = Server::run(&[]);
    let (person, speech) = (person(), voice(2.2, 150.0));
    let (minute, clip) = (wav(&[&person]), wav(&[&speech]));
    let session = enrolled(&person);
    let send = |path: &str, files: &[(&str, &str, &[u8])]| {
        let (kind, body) = form(files);
        server.request("POST", path, &[("Content-Type", &kind)], &body)
    };
    let decoder = Decoder::of_bytes(clip.as_slice().into(), Path::new("c.wav")).unwrap();
    let answer = session.decoder(decoder, Path::new("c.wav")).unwrap();
    assert_ne!(answer.probabilities(), BOX.samples(&floats(&speech), RATE).unwrap().probabilities());
    let style = Style { threshold: BOX.threshold(), windows: false, ..STYLE };
    for (format, path) in [(Format::Json, "/v1/recognize"), (Format::Csv, "/v1/recognize?format=csv")] {
        let mut expected = Vec::new();
        let mut output = Output::adapted(&mut expected, format, style, BOX.vocabulary()).unwrap();
        output.clip("c.wav", Ok(&answer)).unwrap();
        output.finish().unwrap();
        let got = send(path, &[("enrol", "minute.wav", &minute), ("file", "c.wav", &clip)]);
        assert_eq!(got.is_ok(), String::from_utf8(expected).unwrap());
    }
    let got = send("/v1/recognize?timeline=true", &[("file", "c.wav", &clip), ("enrol", "minute.wav", &minute)]);
    let document: Value = serde_json::from_str(got.is_ok()).unwrap();
    assert_eq!(document["results"][0]["adapted"]["heard_seconds"], 12.0, "{document}");

    send("/v1/recognize", &[("enrol", "minute.wav", &minute)]).is_problem(400, "no file");
    let silence = wav(&[&[0; 16_000]]);
    send("/v1/recognize", &[("file", "c.wav", &clip), ("enrol", "s.wav", &silence)]).is_problem(422, "enrol: s.wav");
    send("/v1/recognize", &[("file", "c.wav", &clip), ("enrol", "x", b"hello")]).is_problem(415, "enrol: x");
    let silent = session.enrol_audio(Audio { samples: vec![0.0; 16_000], sample_rate: RATE }, Path::new("s.wav"));
    assert!(silent.is_err());
}
