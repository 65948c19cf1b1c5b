//! A server of its own for a test, and what a caller needs: HTTP by hand, so that it can be wrong.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, LazyLock, Mutex},
    time::{Duration, Instant},
};

use ser::predict::{Bundle, Format, Output, Recognizer, Style};

pub const RATE: u32 = 16_000;

/// A running server; gone with the test.
pub struct Server {
    process: Child,
    pub address: SocketAddr,
    written: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// One that answers with [`RECOGNIZER`]'s model.
    pub fn start(arguments: &[&str]) -> Self {
        Self::run(&[&[MODEL], arguments].concat())
    }

    /// One on a port of its own.
    pub fn run(arguments: &[&str]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_ser-serve"))
            .args(["--port", "0"])
            .args(arguments)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let written = Arc::new(Mutex::new(Vec::new()));
        let address = loop {
            let line = lines.next().expect("the server says where it listens").unwrap();
            if let Some(rest) = line.strip_prefix("listening on http://") {
                break rest.split(' ').next().unwrap().parse().unwrap();
            }
            written.lock().unwrap().push(line);
        };
        let keeps = Arc::clone(&written);
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| keeps.lock().unwrap().push(line)));
        Self { process, address, written }
    }

    /// What stands on its standard error by now.
    pub fn written(&self) -> Vec<String> {
        self.written.lock().unwrap().clone()
    }

    pub fn connect(&self) -> TcpStream {
        let socket = TcpStream::connect(self.address).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(300))).unwrap();
        socket
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], &[])
    }

    pub fn post(&self, path: &str, body: &[u8]) -> Answer {
        self.request("POST", path, &[], body)
    }

    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut socket = self.connect();
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", self.address);
        headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        socket.write_all(head.as_bytes()).unwrap();
        // A server that refuses need not read all.
        let _ = socket.write_all(body);
        Answer::read(&mut socket).expect("an answer")
    }

    /// Waits until `/metrics` has this line.
    #[track_caller]
    pub fn until(&self, line: &str) {
        let begun = Instant::now();
        while !self.get("/metrics").is_ok().lines().any(|shown| shown == line) {
            assert!(begun.elapsed() < Duration::from_secs(20), "no {line}: {}", self.get("/metrics").body);
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        let done = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().unwrap();
        assert!(done.success());
    }

    /// Waits for its end.
    pub fn ended(&mut self, within: Duration) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < within, "the server goes on: {:?}", self.written());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        if !std::thread::panicking() {
            assert!(!self.written().iter().any(|line| line.contains("panicked")), "{:?}", self.written());
        }
    }
}

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    /// Reads to the end of the connection; none where there is no answer.
    pub fn read(socket: &mut TcpStream) -> Option<Self> {
        let mut bytes = Vec::new();
        let mut block = [0; 1 << 14];
        // What was read before a reset counts.
        while let Ok(n @ 1..) = socket.read(&mut block) {
            bytes.extend_from_slice(&block[..n]);
        }
        let text = String::from_utf8(bytes).unwrap();
        let (head, body) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, head: head.to_ascii_lowercase(), body: body.to_owned() })
    }

    /// Asserts a problem of this status whose detail has `part`.
    #[track_caller]
    pub fn is_problem(&self, status: u16, part: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(self.head.contains("content-type: application/problem+json"), "{self:?}");
        let problem: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem["status"], status);
        assert!(problem["detail"].as_str().unwrap().contains(part), "no {part:?} in {problem}");
        assert_eq!(self.head.contains("retry-after: 1"), [429, 503].contains(&status), "{self:?}");
    }

    #[track_caller]
    pub fn is_ok(&self) -> &str {
        assert_eq!(self.status, 200, "{self:?}");
        &self.body
    }
}

/// Something like a voice: 16-bit samples at [`RATE`].
pub fn voice(seconds: f64, pitch: f64) -> Vec<i16> {
    let at = |i: u32| {
        let t = f64::from(i) / f64::from(RATE);
        let phase = std::f64::consts::TAU * (pitch * t + 3.0 * (6.0 * t).sin());
        let loud = 0.5 + 0.5 * (9.0 * t).sin();
        (6_000.0 * loud * (phase.sin() + 0.5 * (2.0 * phase).sin() + 0.3 * (5.0 * phase).sin())) as i16
    };
    (0..(seconds * f64::from(RATE)) as u32).map(at).collect()
}

/// A WAV file of channels side by side.
pub fn wav(channels: &[&[i16]]) -> Vec<u8> {
    let sample_format = hound::SampleFormat::Int;
    let spec =
        hound::WavSpec { channels: channels.len() as u16, sample_rate: RATE, bits_per_sample: 16, sample_format };
    let mut bytes = std::io::Cursor::new(Vec::new());
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for i in 0..channels[0].len() {
        channels.iter().for_each(|channel| writer.write_sample(channel[i]).unwrap());
    }
    writer.finalize().unwrap();
    bytes.into_inner()
}

/// The model that answers: one of the repository.
const MODEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../models/box-small.safetensors");

/// The same, asked without a server.
pub static RECOGNIZER: LazyLock<Recognizer> =
    LazyLock::new(|| Recognizer::new(vec![Bundle::load(Path::new(MODEL)).unwrap()]).unwrap());

/// What `ser-predict` writes of rows.
pub fn written(format: Format, style: Style, rows: impl FnOnce(&mut Output<&mut Vec<u8>>)) -> String {
    let mut bytes = Vec::new();
    let mut output = Output::new(&mut bytes, format, style, RECOGNIZER.classes()).unwrap();
    rows(&mut output);
    output.finish().unwrap();
    String::from_utf8(bytes).unwrap()
}

pub const PLAIN: Style = Style { threshold: 0.0, top: None, windows: false, channels: false, model: None };

/// The same with the threshold of [`RECOGNIZER`]'s model.
pub fn as_the_model_says() -> Style {
    Style { threshold: RECOGNIZER.threshold(), ..PLAIN }
}

/// A form with files.
pub fn form(files: &[(&str, &str, &[u8])]) -> (String, Vec<u8>) {
    let mut body = Vec::new();
    for (field, name, bytes) in files {
        let head = format!("--xyz\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--xyz--\r\n");
    ("multipart/form-data; boundary=xyz".into(), body)
}
