//! Streams answer as `ser-predict --stream` does on the same samples.

use std::{io::ErrorKind, net::TcpStream, time::Duration};

use ser::predict::{Listening, STDIN, Style};
use serde_json::{Value, json};
use tungstenite::{
    Message, WebSocket,
    client::IntoClientRequest,
    handshake::client::{Request, Response},
    protocol::frame::coding::CloseCode,
};

use crate::client::{PLAIN, RATE, RECOGNIZER, Server, voice};

pub type Socket = WebSocket<TcpStream>;

fn request(server: &Server) -> Request {
    format!("ws://{}/v1/stream", server.address).into_client_request().unwrap()
}

fn opened(server: &Server, request: Request) -> Result<(Socket, Response), u16> {
    tungstenite::client(request, server.connect()).map_err(|error| match error {
        tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response)) => response.status().as_u16(),
        other => panic!("{other}"),
    })
}

pub fn open(server: &Server, opening: &Value) -> Socket {
    let mut socket = opened(server, request(server)).unwrap().0;
    socket.send(Message::text(opening.to_string())).unwrap();
    socket
}

/// Everything that comes until the close, and its code.
pub fn rest(socket: &mut Socket) -> (Vec<Value>, Option<CloseCode>) {
    let mut texts = Vec::new();
    loop {
        match socket.read() {
            Ok(Message::Text(text)) => texts.push(serde_json::from_str(&text).unwrap()),
            Ok(Message::Close(frame)) => return (texts, frame.map(|frame| frame.code)),
            Ok(_) => {}
            Err(tungstenite::Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => {
                panic!("the server neither answers nor closes; so far: {texts:?}")
            }
            Err(_) => return (texts, None),
        }
    }
}

pub fn bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|sample| sample.to_le_bytes()).collect()
}

/// What the library hears in a stream, as rows.
fn expected(samples: &[i16], rate: u32, listening: Listening, style: Style) -> Vec<Value> {
    let samples: Vec<f32> = samples.iter().map(|&s| f32::from(s) / 32_768.0).collect();
    let mut listener = RECOGNIZER.listen(rate, listening).unwrap();
    let mut windows = listener.push(&samples).unwrap();
    windows.extend(listener.finish().unwrap());
    windows.iter().map(|window| style.window(STDIN, window, true)).collect()
}

#[test]
fn a_stream_answers_as_ser_predict_whatever_the_messages() {
    let server = Server::start(&[]);
    let mut samples = voice(4.2, 150.0);
    samples.extend(vec![0; 30_000]);
    let style = Style { threshold: RECOGNIZER.threshold(), windows: true, ..PLAIN };
    for (piece, rate) in [(333, RATE), (16_000, 48_000)] {
        let mut socket = open(&server, &json!({ "rate": rate }));
        for piece in bytes(&samples).chunks(piece) {
            socket.send(Message::binary(piece.to_vec())).unwrap();
        }
        socket.send(Message::text(r#"{"end": true}"#)).unwrap();
        let (mut texts, code) = rest(&mut socket);
        assert_eq!(code, Some(CloseCode::Normal));
        let ready = texts.remove(0);
        assert_eq!(ready["ready"]["hop"], 0.5);
        assert_eq!(ready["ready"]["classes"].as_array().unwrap().len(), RECOGNIZER.classes().len());
        let end = texts.pop().unwrap();
        assert_eq!(end["end"]["seconds"], samples.len() as f64 / f64::from(rate));
        assert_eq!(texts, expected(&samples, rate, Listening::live(), style));
        assert!(texts.len() > 3);
    }
    // Other settings; an answer comes without waiting for the end.
    let listening = Listening { window: 1.0, hop: 0.25, ..Listening::live() };
    let style = Style { threshold: 0.9, top: Some(1), windows: true, ..PLAIN };
    let mut socket =
        open(&server, &json!({"rate": RATE, "format": "s16le", "window": 1, "hop": 0.25, "threshold": 0.9, "top": 1}));
    socket.send(Message::binary(bytes(&samples[..8_000]))).unwrap();
    let mut next = || loop {
        if let Message::Text(text) = socket.read().unwrap() {
            return serde_json::from_str::<Value>(&text).unwrap();
        }
    };
    assert!(next()["ready"].is_object());
    let rows = expected(&samples[..8_000], RATE, listening, style);
    assert_eq!([next(), next()], rows[..]);
}

#[test]
fn turns_of_either_party_are_answered_for_and_speech_is_told_of_as_it_begins() {
    let server = Server::start(&[]);
    let (speaks, pause) = (voice(1.5, 150.0), vec![0; 24_000]);
    let left = [&pause[..], &speaks, &pause, &pause].concat();
    let right = [&pause[..], &pause, &pause, &speaks].concat();
    let call: Vec<i16> = left.iter().zip(&right).flat_map(|(l, r)| [*l, *r]).collect();
    let asked = json!({ "rate": RATE, "channels": 2, "channel": "each", "segments": "vad", "activity": true });
    let mut socket = open(&server, &asked);
    for piece in bytes(&call).chunks(3_200) {
        socket.send(Message::binary(piece.to_vec())).unwrap();
    }
    socket.send(Message::text(r#"{"end": true}"#)).unwrap();
    let (mut texts, code) = rest(&mut socket);
    assert_eq!(code, Some(CloseCode::Normal));
    let end = texts.pop().unwrap();
    assert_eq!(
        (&end["end"]["summaries"][0]["channel"], &end["end"]["summaries"][1]["channel"]),
        (&json!("left"), &json!("right"))
    );
    let told: Vec<(bool, &str)> =
        texts.iter().filter_map(|text| Some((text["speech"].as_bool()?, text["channel"].as_str()?))).collect();
    assert_eq!(told[..3], [(true, "left"), (false, "left"), (true, "right")]);
    let turns: Vec<&Value> = texts.iter().filter(|text| text["start"].is_number()).collect();
    assert!(turns.len() == 2 && turns[0]["channel"] == "left" && turns[1]["channel"] == "right", "{texts:?}");
    assert!((turns[0]["start"].as_f64().unwrap() - 1.5).abs() < 0.3, "{texts:?}");
    let wrong = json!({ "rate": RATE, "segments": "vad", "window": 1.0 });
    let (texts, _) = rest(&mut open(&server, &wrong));
    assert!(texts[0]["problem"]["detail"].as_str().unwrap().contains("window is for segments=windows"), "{texts:?}");
}

#[test]
fn what_is_wrong_with_a_stream_is_said_before_the_close() {
    let server = Server::start(&["--timeout", "2"]);
    let first = |opening: &str| {
        let mut socket = opened(&server, request(&server)).unwrap().0;
        socket.send(Message::text(opening)).unwrap();
        rest(&mut socket)
    };
    for (opening, part) in [
        ("hello", "rate"),
        ("{}", "rate"),
        (r#"{"rate": 16000, "colour": 1}"#, "colour"),
        (r#"{"rate": 7}"#, "rate = 7"),
        (r#"{"rate": 16000, "format": "mp3"}"#, "s16le"),
        (r#"{"rate": 16000, "channels": 0}"#, "channels 0"),
        (r#"{"rate": 16000, "hop": 0.01}"#, "hop = 0.01"),
        (r#"{"rate": 16000, "window": 60, "hop": 0.5}"#, "hop = 0.5"),
        (r#"{"rate": 16000, "threshold": 2}"#, "threshold = 2"),
    ] {
        let (texts, code) = first(opening);
        let problem = &texts[0]["problem"];
        assert!(problem["detail"].as_str().unwrap().contains(part), "{opening}: {problem}");
        assert_eq!((problem["status"].as_u64(), code), (Some(400), Some(CloseCode::Policy)), "{opening}");
    }
    let after = |message: Message| {
        let mut socket = open(&server, &json!({ "rate": RATE, "format": "f32le" }));
        // A server that refuses need not read all.
        let _ = socket.send(message);
        let (texts, code) = rest(&mut socket);
        (texts.last().cloned().unwrap_or_default()["problem"].clone(), code)
    };
    for (message, status, part) in [
        (Message::binary(b"RIFF\x24\0\0\0WAVEfmt ".to_vec()), 400, "header of a WAV file"),
        (Message::text("more"), 400, "end"),
        (Message::binary(f32::NAN.to_le_bytes().to_vec()), 422, "not a number"),
        (Message::binary(vec![0; 800_000]), 413, "at most 10 s"),
        (Message::binary(vec![0; 2 << 20]), 413, "1048576 bytes"),
    ] {
        let (problem, code) = after(message);
        assert_eq!(problem["status"], status, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains(part), "{problem}");
        let expected = if status == 413 { CloseCode::Size } else { CloseCode::Policy };
        assert_eq!(code, Some(expected), "{problem}");
    }
    // Whoever says nothing is asked to leave, pings or not.
    let mut silent = open(&server, &json!({ "rate": RATE }));
    silent.send(Message::Ping(Vec::new().into())).unwrap();
    let (texts, _) = rest(&mut silent);
    assert!(texts[1]["problem"]["detail"].as_str().unwrap().contains("no samples came for 2 s"), "{texts:?}");
    // The server is as it was.
    server.until("ser_streams 0");
}

#[test]
fn whoever_does_not_read_is_not_answered_for_ever() {
    let server = Server::start(&["--timeout", "1"]);
    // Windows of silence cost little, so that answers soon fill what the system holds for a reader.
    let asked = json!({
        "rate": 16_000, "format": "u8", "channels": 64, "channel": "each", "window": 0.2, "hop": 0.05, "gate": 0.0
    });
    let mut socket = open(&server, &asked);
    let silence = vec![128u8; 64 * 16_000];
    let begun = std::time::Instant::now();
    while socket.send(Message::binary(silence.clone())).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(100), "a stream whose answers nobody reads goes on");
    }
    server.until("ser_streams 0");
}

#[test]
fn pages_from_elsewhere_strangers_and_too_many_get_no_stream() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("token");
    std::fs::write(&file, "correct-horse-battery").unwrap();
    let server = Server::start(&["--token-file", file.to_str().unwrap(), "--max-streams", "1"]);
    let with = |headers: &[(&'static str, &str)]| {
        let mut request = request(&server);
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        opened(&server, request)
    };
    let token = ("sec-websocket-protocol", "ser, token.correct-horse-battery");
    assert_eq!(with(&[]).err(), Some(401));
    assert_eq!(with(&[("sec-websocket-protocol", "ser, token.wrong")]).err(), Some(401));
    assert_eq!(with(&[token, ("origin", "https://evil.example")]).err(), Some(403));
    let own = format!("http://{}", server.address);
    let (socket, response) = with(&[token, ("origin", &own)]).unwrap();
    assert_eq!(response.headers()["sec-websocket-protocol"], "ser");
    assert_eq!(with(&[token]).err(), Some(429));
    drop(socket);
    // Its place is free again once the server has noticed.
    for _ in 0..200 {
        if with(&[token]).is_ok() {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("the place of a stream that is gone stays taken");
}
