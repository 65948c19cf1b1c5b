//! The command line.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

use bytesize::ByteSize;
use clap::Parser;
use ser::error::{Error, Result};

/// Says over HTTP and WebSocket what emotion is heard, and serves a page that listens.
#[derive(Parser, Debug, Clone)]
#[command(
    version,
    after_help = "Examples:
  ser-serve
      the model in the box on http://127.0.0.1:8000: open it in a browser
  ser-serve experiments/ravdess --port 9000
      all runs of an experiment vote
  curl --data-binary @clip.wav http://127.0.0.1:8000/v1/recognize
      what ser-predict --format json prints
  ser-serve --bind 0.0.0.0 --token-file /etc/ser/token
      for others; put a proxy with TLS before it, or their browsers give the page no microphone

/openapi.json describes the interface. SIGTERM and Ctrl-C finish what is under way; a second one ends at once."
)]
pub struct Options {
    /// Bundles (or runs, or experiments), which vote [default: the model in the box].
    #[arg(value_name = "BUNDLE")]
    pub bundles: Vec<PathBuf>,
    /// The folder of encoders [default: $SER_MODELS, else models].
    #[arg(long, value_name = "DIR")]
    pub models: Option<PathBuf>,
    /// The address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub bind: IpAddr,
    /// The port; 0 takes a free one.
    #[arg(long, value_name = "PORT", default_value_t = 8000)]
    pub port: u16,
    /// The largest body of a request.
    #[arg(long, value_name = "SIZE", default_value = "32MiB")]
    pub max_body: ByteSize,
    /// The longest recording in seconds; one without ?timeline may last 600 s at the most.
    #[arg(long, value_name = "S", default_value_t = 3600)]
    pub max_seconds: u32,
    /// How many recordings are worked on at once [default: one a core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// How many more may wait; beyond them the answer is 429.
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub queue: u16,
    /// How many streams may be open [default: 100 a job].
    #[arg(long, value_name = "N")]
    pub max_streams: Option<u32>,
    /// How many connections may be open; others wait to be accepted.
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub max_connections: u32,
    /// After how many seconds a request, a silent stream or a client that does not read is given up.
    #[arg(long, value_name = "S", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub timeout: u32,
    /// A file with a token that /v1 and /metrics then ask for, as `Authorization: Bearer TOKEN`.
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Listen beyond this machine without a token.
    #[arg(long, conflicts_with = "token_file")]
    pub open_to_everyone: bool,
    /// An origin whose pages may call, as `https://example.org`; may be given several times.
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,
    /// Write no line for each request.
    #[arg(long)]
    pub quiet: bool,
}

/// The shortest token that is worth having.
const SHORTEST_TOKEN: usize = 16;

impl Options {
    /// Where to listen.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] where others could call without a token and nobody said that they may.
    pub fn address(&self) -> Result<SocketAddr> {
        if !self.bind.is_loopback() && self.token_file.is_none() && !self.open_to_everyone {
            return Err(Error::Config(format!(
                "--bind {} lets other machines call: give --token-file, or say --open-to-everyone",
                self.bind
            )));
        }
        if self.max_body.as_u64() < 1024 || self.max_body.as_u64() > 1 << 32 {
            return Err(Error::Config(format!("--max-body {}: from 1 KiB to 4 GiB", self.max_body)));
        }
        Ok((self.bind, self.port).into())
    }

    /// The token of the file, if there is one.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] where the file cannot be read, [`Error::File`] where what it holds is no token.
    pub fn token(&self) -> Result<Option<String>> {
        let Some(path) = &self.token_file else { return Ok(None) };
        let text = ser::files::read_text(path).map_err(Error::io("read", path))?;
        let token = text.trim();
        // What may stand in a header, in a subprotocol of a WebSocket as well.
        let plain = token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        match token.len() >= SHORTEST_TOKEN && plain {
            true => Ok(Some(token.to_owned())),
            false => Err(Error::file(
                path,
                format!(
                    "holds no token: write {SHORTEST_TOKEN} or more letters, digits, -, ., _ and ~, as \
                     `openssl rand -hex 32` does"
                ),
            )),
        }
    }

    pub fn jobs(&self) -> usize {
        self.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
    }

    pub fn streams(&self) -> usize {
        self.max_streams.map_or(100 * self.jobs(), |streams| streams as usize)
    }

    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout.into())
    }

    pub fn largest(&self) -> usize {
        usize::try_from(self.max_body.as_u64()).unwrap_or(usize::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(arguments: &[&str]) -> Options {
        Options::parse_from([&["ser-serve"], arguments].concat())
    }

    #[test]
    fn beyond_this_machine_one_needs_a_token_or_has_to_say_so() {
        for (arguments, fine) in [
            (&[][..], true),
            (&["--bind", "::1"], true),
            (&["--bind", "0.0.0.0"], false),
            (&["--bind", "::"], false),
            (&["--bind", "192.168.0.7"], false),
            (&["--bind", "0.0.0.0", "--open-to-everyone"], true),
            (&["--bind", "0.0.0.0", "--token-file", "t"], true),
            (&["--max-body", "3"], false),
        ] {
            assert_eq!(options(arguments).address().is_ok(), fine, "{arguments:?}");
        }
        let error = options(&["--bind", "0.0.0.0"]).address().unwrap_err();
        assert!(error.exit_status() == 2 && error.to_string().contains("--token-file"), "{error}");
    }

    #[test]
    fn a_token_is_long_and_plain() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("token");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            options(&["--token-file", path.to_str().unwrap()]).token()
        };
        assert_eq!(read("0123456789abcdef\n").unwrap().as_deref(), Some("0123456789abcdef"));
        for wrong in ["", "short", "0123456789abcdef 0123456789abcdef", "0123456789abcdefü"] {
            let error = read(wrong).unwrap_err().to_string();
            assert!(error.contains("holds no token"), "{error}");
        }
        assert_eq!(options(&[]).token().unwrap(), None);
    }
}
