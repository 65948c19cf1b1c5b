//! What is thrown at the server: bytes of a connection, bodies of forms, queries, frames of streams. It is the whole server less
//! its sockets.

use std::time::Duration;

use clap::Parser;
use ser_serve::{Options, Spoken};

use crate::{seeds, targets::Reader};

/// What follows each input, so that a whole request is known to be over: a request that closes the connection.
const LAST: &[u8] = b"GET /healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

/// How long nothing comes from the server before no more is sent.
const IDLE: Duration = Duration::from_millis(40);

/// How long it may take then.
const PATIENCE: Duration = Duration::from_secs(15);

const HEAD: &str = "POST /v1/recognize HTTP/1.1\r\nhost: a\r\n";

pub const WORDS: &[&str] = &[
    "GET ",
    "POST ",
    "HTTP/1.1",
    "\r\n",
    "\r\n\r\n",
    "content-length: ",
    "transfer-encoding: chunked",
    "multipart/form-data",
    "boundary=x",
    "--x",
    "--x--",
    "name=\"file\"",
    "filename=",
    "expect: 100-continue",
    "upgrade: websocket",
    "0\r\n\r\n",
    "%00",
    "timeline=true",
    "window=",
    "hop=",
    "channel=each",
    "format=csv",
    "top=",
    "threshold=",
    "&",
    "=",
    "RIFF",
    "nan",
    "-1",
];

fn server() -> Spoken {
    let bundle = seeds::folder("bundles").join("small.safetensors");
    let options =
        ["ser-serve", "--quiet", "--jobs", "1", "--timeout", "10", "--max-body", "1MiB", &bundle.to_string_lossy()]
            .map(str::to_owned);
    Spoken::new(Options::parse_from(options)).expect("a server of the small bundle")
}

/// Says it; an answer comes to its end, and is never that the server failed.
fn say(server: &Spoken, bytes: &[u8]) -> &'static str {
    let heard = server.answers(bytes, IDLE, PATIENCE).expect("an answer that comes to an end");
    let text = String::from_utf8_lossy(&heard);
    assert!(!["HTTP/1.1 500", "HTTP/1.0 500"].iter().any(|failed| text.contains(failed)), "{text}");
    // A request by HTTP/1.0 is answered so.
    let is = |status: &str| ["HTTP/1.1 ", "HTTP/1.0 "].iter().any(|head| text.starts_with(&format!("{head}{status}")));
    assert!(heard.is_empty() || is(""), "{text}");
    if is("200") || is("101") { "read" } else { "refused" }
}

/// Recordings: one that is long enough to be answered, and the shortest of the seeds.
fn recordings() -> Vec<Vec<u8>> {
    let samples: Vec<u8> = (0..4_000)
        .flat_map(|i| ((9e3 * (f64::from(i) * 0.3).sin() * (f64::from(i) * 0.002).sin()) as i16).to_le_bytes())
        .collect();
    let head = b"RIFF\x64\x1f\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\x40\x1f\0\0";
    let seeds = [".mp3", ".flac"].iter().filter_map(|kind| seeds::of("audio", kind).into_iter().next());
    std::iter::once([&head[..], &samples].concat()).chain(seeds).collect()
}

fn post(head: &str, body: &[u8]) -> Vec<u8> {
    [format!("{HEAD}{head}content-length: {}\r\n\r\n", body.len()).as_bytes(), body].concat()
}

fn form(files: &[Vec<u8>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (number, file) in files.iter().enumerate() {
        let head = format!("--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{number}.wav\"\r\n\r\n");
        body.extend([head.as_bytes(), file, b"\r\n"].concat());
    }
    body.extend(b"--x--\r\n");
    body
}

pub fn requests() -> Vec<Vec<u8>> {
    let sounds = recordings();
    let sound = sounds.first().cloned().unwrap_or_default();
    let chunked: Vec<u8> =
        [format!("{HEAD}transfer-encoding: chunked\r\n\r\n{:x}\r\n", sound.len()).as_bytes(), &sound, b"\r\n0\r\n\r\n"]
            .concat();
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nhost: a\r\naccept: */*\r\n\r\n").into_bytes();
    let mut all = vec![
        post("", &sound),
        post("content-type: multipart/form-data; boundary=x\r\n", &form(&sounds)),
        chunked,
        post("expect: 100-continue\r\norigin: http://b\r\n", &sound),
        b"OPTIONS /v1/recognize HTTP/1.1\r\nhost: a\r\norigin: http://b\r\naccess-control-request-method: POST\r\n\r\n"
            .to_vec(),
    ];
    all.extend(["/v1/models", "/metrics", "/openapi.json", "/", "/v1/stream"].map(get));
    all.push([&handshake()[..], &frame(1, b"{\"rate\": 8000}"), &frame(2, &sound)].concat());
    all
}

pub fn forms() -> Vec<Vec<u8>> {
    let sounds = recordings();
    vec![form(&sounds), form(&sounds[..1]), form(&[])]
}

pub fn queries() -> Vec<Vec<u8>> {
    [
        "timeline=true&window=2&hop=0.5&top=3&threshold=0.4&channel=right&format=csv",
        "name=a%20b&format=jsonl&channel=each",
        "timeline=true&segments=vad",
    ]
    .map(|query| query.as_bytes().to_vec())
    .to_vec()
}

pub fn frames() -> Vec<Vec<u8>> {
    let sound = recordings().first().cloned().unwrap_or_default();
    let long: Vec<u8> = sound.iter().copied().cycle().take(20_000).collect();
    vec![
        [frame(1, b"{\"rate\": 8000}"), frame(2, &long), frame(1, b"{\"end\": true}"), frame(8, &[3, 232])].concat(),
        [
            frame(1, b"{\"rate\": 8000, \"format\": \"f32le\", \"channels\": 2}"),
            frame(9, b"ping"),
            frame(2, &sound),
            frame(10, b""),
            frame(8, b""),
        ]
        .concat(),
        [frame(1, b"end"), frame(0, b"x")].concat(),
    ]
}

/// A frame of a WebSocket, masked with zeros.
fn frame(kind: u8, bytes: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | kind];
    match bytes.len() {
        short @ 0..126 => frame.push(0x80 | short as u8),
        long => {
            frame.push(0x80 | 126);
            frame.extend((long.min(usize::from(u16::MAX)) as u16).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(bytes.iter().take(usize::from(u16::MAX)));
    frame
}

fn handshake() -> Vec<u8> {
    String::from(
        "GET /v1/stream HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: \
         13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    )
    .into_bytes()
}

/// A connection's bytes.
pub fn raw() -> Reader {
    let server = server();
    Box::new(move |bytes| say(&server, &[bytes, LAST].concat()))
}

/// The body of a form, whose length is told rightly.
pub fn body() -> Reader {
    let server = server();
    Box::new(move |bytes| {
        say(&server, &[&post("content-type: multipart/form-data; boundary=x\r\n", bytes)[..], LAST].concat())
    })
}

/// A query, of which what may not stand in an address is escaped.
pub fn query() -> Reader {
    let server = server();
    let sound = recordings().first().cloned().unwrap_or_default();
    Box::new(move |bytes| {
        let escaped: String = bytes
            .iter()
            .take(2_000)
            .map(|&byte| match byte {
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'&' | b'=' | b'%' | b'.' | b'-' | b'+' | b'_' => {
                    char::from(byte).to_string()
                }
                byte => format!("%{byte:02x}"),
            })
            .collect();
        let request = post("", &sound);
        let request =
            [b"POST /v1/recognize?", escaped.as_bytes(), &[b" ", &request["POST /v1/recognize ".len()..]].concat()]
                .concat();
        say(&server, &[&request[..], LAST].concat())
    })
}

/// What follows the handshake of a stream.
pub fn stream() -> Reader {
    let server = server();
    let head = handshake();
    Box::new(move |bytes| say(&server, &[&head[..], bytes].concat()))
}
