//! The server without sockets: bytes of a connection in, bytes of the answers out.

use std::{sync::Arc, time::Duration};

use axum::Router;
use ser::error::Result;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, duplex},
    runtime::Runtime,
    time::timeout,
};

use crate::{
    Options,
    accept::{connection, router},
    app::{App, cannot},
};

/// What a pipe between both sides holds.
const PIPE: usize = 1 << 16;

/// A server that is spoken to in memory, for programs that try what it answers.
pub struct Spoken {
    app: Arc<App>,
    router: Router,
    runtime: Runtime,
}

impl Spoken {
    /// Makes ready, as the program does.
    ///
    /// # Errors
    ///
    /// Where bundles cannot be read, or the system gives no threads.
    pub fn new(options: Options) -> Result<Self> {
        let app = App::new(options)?;
        let router = router(&app)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        Ok(Self { app, router, runtime: runtime.map_err(|e| cannot("start threads", e))? })
    }

    /// What comes back on a connection on which these bytes are sent, which is closed for writing once nothing has come for
    /// `idle`; none where it does not come to an end within `patience` then.
    #[must_use]
    pub fn answers(&self, sent: &[u8], idle: Duration, patience: Duration) -> Option<Vec<u8>> {
        let speaking = async {
            let (ours, theirs) = duplex(PIPE);
            connection(&self.app, theirs, self.router.clone(), None);
            let (mut from, mut to) = tokio::io::split(ours);
            let sending = async {
                // A server that has heard enough closes its end.
                let _ = to.write_all(sent).await;
                to
            };
            let hearing = async {
                let mut heard = Vec::new();
                // An error is an end as well.
                while let Ok(Ok(1..)) = timeout(idle, from.read_buf(&mut heard)).await {}
                (from, heard)
            };
            let (mut to, (mut from, mut heard)) =
                timeout(patience, async { tokio::join!(sending, hearing) }).await.ok()?;
            let _ = to.shutdown().await;
            timeout(patience, from.read_to_end(&mut heard)).await.ok()?.ok();
            Some(heard)
        };
        self.runtime.block_on(speaking)
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[test]
    fn requests_are_answered_one_after_the_other_and_what_is_none_is_refused() {
        let spoken = Spoken::new(Options::parse_from(["ser-serve", "--quiet"])).unwrap();
        let say = |bytes: &[u8]| {
            String::from_utf8_lossy(
                &spoken.answers(bytes, Duration::from_millis(500), Duration::from_secs(20)).unwrap(),
            )
            .into_owned()
        };
        let twice = say(b"GET /healthz HTTP/1.1\r\nhost: a\r\n\r\nGET /nowhere HTTP/1.1\r\nhost: a\r\n\r\n");
        assert!(twice.starts_with("HTTP/1.1 200 OK") && twice.contains("HTTP/1.1 404"), "{twice}");
        assert!(say(b"\x16\x03\x01\x02").starts_with("HTTP/1.1 400"));
        let form = "--x\r\ncontent-disposition: form-data; name=\"other\"\r\n\r\n1\r\n--x--\r\n";
        let length = form.len();
        let refused = say(format!(
            "POST /v1/recognize HTTP/1.1\r\nhost: a\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: \
             {length}\r\nconnection: close\r\n\r\n{form}"
        )
        .as_bytes());
        assert!(refused.starts_with("HTTP/1.1 400") && refused.contains("files are in `file`"), "{refused}");
        assert_eq!(say(b""), "");
    }
}
