//! Recordings in, answers out; and what is wrong is said.

use std::path::Path;

use ser::{
    audio::Decoder,
    predict::{Format, Listening, Style, timeline},
};
use serde_json::Value;

use crate::client::{RECOGNIZER, Server, as_the_model_says, form, voice, wav, written};

#[test]
fn answers_are_those_of_ser_predict_to_the_byte() {
    let server = Server::start(&[]);
    let clip = wav(&[&voice(2.5, 140.0)]);
    let answer =
        |bytes: &[u8]| RECOGNIZER.decoder(Decoder::of_bytes(bytes.into(), Path::new("x")).unwrap(), Path::new("x"));
    let of = |format, style, name: &str| {
        written(format, style, |output| output.clip(name, Ok(&answer(&clip).unwrap())).unwrap())
    };
    let got = server.post("/v1/recognize", &clip);
    assert_eq!(got.is_ok(), of(Format::Json, as_the_model_says(), "-"));
    assert!(got.head.contains("content-type: application/json") && got.head.contains("nosniff"), "{}", got.head);
    let style = Style { threshold: 0.99, top: Some(2), ..as_the_model_says() };
    let got = server.post("/v1/recognize?top=2&threshold=0.99&name=%C3%A4%20b.wav", &clip);
    assert_eq!(got.is_ok(), of(Format::Json, style, "ä b.wav"));
    assert!(got.body.contains("uncertain"), "{}", got.body);
    assert_eq!(server.post("/v1/recognize?format=csv", &clip).is_ok(), of(Format::Csv, as_the_model_says(), "-"));
    assert_eq!(server.post("/v1/recognize?format=jsonl", &clip).is_ok(), of(Format::Jsonl, as_the_model_says(), "-"));

    // A timeline.
    let long = wav(&[&voice(6.3, 110.0)]);
    let listening = Listening { window: 2.0, hop: 0.7, ..Listening::timeline() };
    let expected = written(Format::Json, Style { windows: true, ..as_the_model_says() }, |output| {
        let decoder = Decoder::of_bytes(long.as_slice().into(), Path::new("x")).unwrap();
        timeline(&RECOGNIZER, decoder, Path::new("x"), listening, &(), |window| {
            output.window("-", &window).unwrap();
            Ok(())
        })
        .unwrap();
        output.summary("-", &[None], 6.3).unwrap();
    });
    assert_eq!(server.post("/v1/recognize?timeline=true&window=2&hop=0.7", &long).is_ok(), expected);

    // Channels apart: each is what it is alone.
    let (left, right) = (voice(2.0, 120.0), voice(2.0, 230.0));
    let call = wav(&[&left, &right]);
    for (channel, alone) in [("left", &left), ("right", &right)] {
        let alone = server.post("/v1/recognize", &wav(&[alone]));
        assert_eq!(server.post(&format!("/v1/recognize?channel={channel}"), &call).is_ok(), alone.is_ok());
    }
    let mixed = server.post("/v1/recognize", &call);
    assert_eq!(server.post("/v1/recognize?channel=mix", &call).is_ok(), mixed.is_ok());
    assert_ne!(server.post("/v1/recognize?channel=left", &call).is_ok(), mixed.is_ok());
    server.post("/v1/recognize?channel=right", &clip).is_problem(422, "has one channel");

    // Each with its name; a silent party has a row that says so.
    let each: Value = serde_json::from_str(server.post("/v1/recognize?channel=each", &call).is_ok()).unwrap();
    for (row, (name, alone)) in [("left", &left), ("right", &right)].into_iter().enumerate() {
        let alone: Value = serde_json::from_str(server.post("/v1/recognize", &wav(&[alone])).is_ok()).unwrap();
        assert_eq!(each["results"][row]["channel"], name);
        assert_eq!(each["results"][row]["probabilities"], alone["results"][0]["probabilities"]);
    }
    let half = wav(&[&left, &vec![0; left.len()]]);
    let half: Value = serde_json::from_str(server.post("/v1/recognize?channel=each", &half).is_ok()).unwrap();
    assert!(half["results"][1]["error"].as_str().unwrap().contains("silence"), "{half}");

    // Turns of speech of either party, and what they come to.
    let pause = vec![0; 24_000];
    let speaks = voice(1.5, 140.0);
    let call_of_turns = wav(&[
        &[&speaks[..], &pause, &pause, &speaks, &pause].concat(),
        &[&pause[..], &pause, &speaks, &pause, &pause].concat(),
    ]);
    let asked = "/v1/recognize?timeline=true&segments=vad&channel=each";
    let turns: Value = serde_json::from_str(server.post(asked, &call_of_turns).is_ok()).unwrap();
    let who: Vec<&str> =
        turns["results"].as_array().unwrap().iter().map(|row| row["channel"].as_str().unwrap()).collect();
    assert_eq!(who, ["left", "right", "left"], "{turns}");
    let sums = turns["summaries"].as_array().unwrap();
    assert_eq!((&sums[0]["channel"], &sums[1]["channel"]), (&"left".into(), &"right".into()));
    assert!(sums[0]["speech"].as_f64().unwrap() > 1.5 * sums[1]["speech"].as_f64().unwrap(), "{turns}");
    server.post("/v1/recognize?timeline=true&segments=vad&hop=1", &clip).is_problem(400, "hop is for segments=windows");
    server.post("/v1/recognize?segments=vad", &clip).is_problem(400, "timeline=true");

    // A form with several, one of which is no audio: it has a row that says so.
    let (kind, body) = form(&[("file", "a.wav", &clip), ("file", "b.txt", b"no audio"), ("file", "c.wav", &call)]);
    let got = server.request("POST", "/v1/recognize", &[("Content-Type", &kind)], &body);
    let document: Value = serde_json::from_str(got.is_ok()).unwrap();
    let rows = document["results"].as_array().unwrap();
    assert_eq!(rows.len(), 3);
    assert!(rows[1]["path"] == "b.txt" && rows[1]["error"].as_str().unwrap().contains("not audio"), "{document}");
    let alone: Value = serde_json::from_str(&of(Format::Json, as_the_model_says(), "a.wav")).unwrap();
    assert_eq!(rows[0], alone["results"][0]);
}

#[test]
fn what_is_wrong_is_said_with_its_status() {
    let server = Server::start(&["--max-body", "300KiB", "--max-seconds", "5"]);
    let clip = wav(&[&voice(1.0, 140.0)]);
    let post = |path: &str, body: &[u8]| server.post(path, body);
    post("/v1/recognize", b"").is_problem(400, "is empty");
    post("/v1/recognize?windw=3", &clip).is_problem(400, "windw");
    post("/v1/recognize?timeline=true&hop=9", &clip).is_problem(400, "hop = 9");
    post("/v1/recognize", b"<!DOCTYPE html> ...............").is_problem(415, "web page");
    post("/v1/recognize?name=a.pdf", b"%PDF-1.7 .................").is_problem(415, "a.pdf: is not audio");
    post("/v1/recognize", &clip[..clip.len() / 2]).is_problem(422, "truncated");
    post("/v1/recognize", &wav(&[&vec![0; 16_000]])).is_problem(422, "silence");
    post("/v1/recognize", &wav(&[&voice(0.005, 140.0)])).is_problem(422, "too short");
    post("/v1/recognize", &vec![7; 300 << 10]).is_problem(415, "not audio");
    post("/v1/recognize", &vec![7; 301 << 10]).is_problem(413, "larger than");
    post("/v1/recognize", &wav(&[&voice(6.0, 140.0)])).is_problem(413, "longer than 5 s");
    post("/v1/recognize?timeline=true", &wav(&[&voice(9.0, 140.0)])).is_problem(413, "longer than 5 s");
    let send = |kind: &str, body: &[u8]| server.request("POST", "/v1/recognize", &[("Content-Type", kind)], body);
    let (kind, body) = form(&[("sound", "a.wav", &clip)]);
    send(&kind, &body).is_problem(400, "`file`");
    send(&kind, &form(&[]).1).is_problem(400, "no file");
    send(&kind, &body[..100]).is_problem(400, "form");
    send("multipart/form-data", &body).is_problem(400, "form");
    send(&kind, &form(&[("file", "b.txt", b"hello")]).1).is_problem(415, "b.txt");
    send(&kind, &form(&[("file", "big", &vec![7; 301 << 10])]).1).is_problem(413, "larger than");
    server.get("/v1/recognize").is_problem(405, "GET");
    server.get("/nowhere").is_problem(404, "/nowhere");
    // Nothing of the requests is written but sizes and outcomes.
    for line in server.written() {
        assert!(!line.contains("a.pdf") && !line.contains("windw") && !line.contains("b.txt"), "{line}");
    }
    let line = "POST /v1/recognize 413 0 bytes 0.00 s of audio";
    assert!(server.written().iter().any(|written| written.starts_with(line)), "{:?}", server.written());
}

#[test]
fn a_token_guards_all_that_works_or_tells() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    std::fs::write(&file, "correct-horse-battery\n").unwrap();
    let server = Server::start(&["--token-file", file.to_str().unwrap(), "--allow-origin", "https://example.org"]);
    let clip = wav(&[&voice(1.0, 140.0)]);
    for path in ["/v1/models", "/metrics", "/v1/stream"] {
        server.get(path).is_problem(401, "Bearer");
        let wrong = [("Authorization", "Bearer correct-horse-batterz")];
        assert!(server.request("GET", path, &wrong, &[]).head.contains("www-authenticate: bearer"), "{path}");
    }
    server.post("/v1/recognize", &clip).is_problem(401, "Bearer");
    let right = [("Authorization", "Bearer correct-horse-battery"), ("Origin", "https://example.org")];
    let answer = server.request("POST", "/v1/recognize", &right, &clip);
    assert!(answer.is_ok().contains("confidence"));
    assert!(answer.head.contains("access-control-allow-origin: https://example.org"), "{}", answer.head);
    for path in ["/", "/healthz", "/readyz", "/openapi.json"] {
        let other = server.request("GET", path, &[("Origin", "https://evil.example")], &[]);
        other.is_ok();
        assert!(!other.head.contains("access-control-allow-origin"), "{}", other.head);
    }
}

#[test]
fn models_metrics_and_the_description_tell_what_there_is() {
    // No bundle is named: a model in the program answers, and has a card.
    let server = Server::run(&[]);
    let models: Value = serde_json::from_str(server.get("/v1/models").is_ok()).unwrap();
    assert!(models["classes"].as_array().unwrap().len() > 3, "{models}");
    assert!(models["card"].as_str().unwrap().contains("Licence"), "{models}");
    assert!(models["models"][0]["figures"]["test"]["uar"].is_number(), "{models}");
    assert!(models["law"].as_str().unwrap().contains("2024/1689"));

    server.post("/v1/recognize", &wav(&[&voice(2.0, 140.0)])).is_ok();
    server.post("/v1/recognize", b"hello").is_problem(415, "audio");
    // An answer is on its way a moment before its place is free.
    let metrics = (0..100)
        .map(|_| server.get("/metrics").is_ok().to_owned())
        .find(|metrics| {
            let is_idle = metrics.contains("ser_jobs 0");
            std::thread::sleep(std::time::Duration::from_millis(if is_idle { 0 } else { 50 }));
            is_idle
        })
        .expect("places become free");
    for line in [
        "ser_requests_total{route=\"/v1/recognize\",status=\"200\"} 1",
        "ser_requests_total{route=\"/v1/recognize\",status=\"415\"} 1",
        "ser_audio_seconds_total{by=\"recordings\"} 2.0",
        "ser_request_seconds_count{route=\"/v1/recognize\"} 2",
        "ser_jobs 0",
        "# EOF",
    ] {
        assert!(metrics.contains(line), "no {line} in {metrics}");
    }

    let api: Value = serde_json::from_str(server.get("/openapi.json").is_ok()).unwrap();
    for path in ["/v1/recognize", "/v1/stream", "/v1/models", "/healthz", "/readyz"] {
        assert!(api["paths"][path].is_object(), "{path}");
    }
    // Whatever it refers to is there.
    let text = api.to_string();
    let referred: Vec<&str> = text.split("\"#").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(referred.len() > 5);
    referred.iter().for_each(|place| assert!(api.pointer(place).is_some(), "{place}"));
    // What a row may hold is what rows hold.
    let known = api["components"]["schemas"]["Row"]["properties"].as_object().unwrap();
    let answer = server.post("/v1/recognize?timeline=true", &wav(&[&voice(4.0, 140.0)]));
    let document: Value = serde_json::from_str(answer.is_ok()).unwrap();
    for row in document["results"].as_array().unwrap() {
        row.as_object().unwrap().keys().for_each(|key| assert!(known.contains_key(key), "{key}"));
    }
}
