//! The start that is refused, and the end that finishes what is under way.

use std::{
    io::Write,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use tungstenite::{Message, client::IntoClientRequest, protocol::frame::coding::CloseCode};

use crate::client::{Answer, Server, voice, wav};

#[test]
fn sigterm_finishes_what_is_under_way_and_lets_nothing_new_in() {
    let mut server = Server::start(&[]);
    let clip = wav(&[&voice(2.0, 140.0)]);
    // A request whose body is half there, and a stream with half a second unanswered.
    let mut under_way = server.connect();
    let head = format!("POST /v1/recognize HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", clip.len());
    under_way.write_all(head.as_bytes()).unwrap();
    under_way.write_all(&clip[..1000]).unwrap();
    let url = format!("ws://{}/v1/stream", server.address);
    let (mut stream, _) = tungstenite::client(url.into_client_request().unwrap(), server.connect()).unwrap();
    stream.send(Message::text(json!({"rate": 16_000}).to_string())).unwrap();
    let samples: Vec<u8> = voice(1.2, 140.0).iter().flat_map(|s| s.to_le_bytes()).collect();
    stream.send(Message::binary(samples)).unwrap();
    let mut texts: Vec<Value> = Vec::new();
    let mut read = |until: usize| {
        while texts.len() < until {
            match stream.read().unwrap() {
                Message::Text(text) => texts.push(serde_json::from_str(&text).unwrap()),
                Message::Close(frame) => return (texts.clone(), frame.map(|frame| frame.code)),
                _ => {}
            }
        }
        (texts.clone(), None)
    };
    read(3);
    std::thread::sleep(Duration::from_millis(100));
    server.terminate();
    let begun = Instant::now();
    while !server.written().iter().any(|line| line.contains("stopping")) {
        assert!(begun.elapsed() < Duration::from_secs(10));
        std::thread::sleep(Duration::from_millis(5));
    }
    under_way.write_all(&clip[1000..]).unwrap();
    assert!(Answer::read(&mut under_way).unwrap().is_ok().contains("confidence"));
    let (texts, code) = read(usize::MAX);
    assert_eq!(code, Some(CloseCode::Away));
    assert_eq!(texts[3]["end"], 1.2, "the rest is answered: {texts:?}");
    assert_eq!(texts[4]["end"]["seconds"], 1.2);
    assert!(std::net::TcpStream::connect(server.address).is_err(), "nothing new comes in");
    drop(stream);
    assert!(server.ended(Duration::from_secs(20)).success());
    assert!(server.written().iter().any(|line| line == "stopped"), "{:?}", server.written());
}

#[test]
fn a_start_that_would_be_unsafe_or_vain_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let token = dir.path().join("token");
    std::fs::write(&token, "short").unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for (arguments, status, part) in [
        (&["--bind", "0.0.0.0"][..], 2, "--open-to-everyone"),
        (&["--token-file", token.to_str().unwrap()], 1, "holds no token"),
        (&["--token-file", "nowhere"], 1, "cannot read nowhere"),
        (&["--port", &port], 2, "choose another --port"),
        (&["--allow-origin", "*"], 2, "--allow-origin"),
        (&["nowhere.safetensors"], 1, "cannot read nowhere.safetensors"),
    ] {
        let ran = Command::new(env!("CARGO_BIN_EXE_ser-serve")).args(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.code() == Some(status) && text.contains(part), "{arguments:?}: {text}");
    }
}
