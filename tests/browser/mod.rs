//! Headless Chromium, driven through the two pipes of its DevTools protocol: no port, no library, no network.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// A browser with one page.
pub struct Browser {
    process: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    session: Option<String>,
    last: u64,
    complaints: Vec<String>,
    asked: Vec<String>,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts the first Chromium on the path (or `$CHROMIUM`); nothing where there is none.
    #[allow(dead_code)] // each test crate uses its part
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// The same with more arguments.
    pub fn start_with(arguments: &[&str]) -> Option<Self> {
        let named = std::env::var("CHROMIUM").ok();
        let names = named.iter().map(String::as_str).chain(["chromium", "chromium-browser", "google-chrome"]);
        let program = names.into_iter().find(|name| {
            let version = Command::new(name).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
            version.is_ok_and(|status| status.success())
        })?;
        let profile = tempfile::tempdir().unwrap();
        // Chromium reads its third descriptor and writes its fourth: the shell puts ours there.
        let mut process = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", "sh", program])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio"])
            .args(["--no-first-run", "--disable-background-networking", "--remote-debugging-pipe"])
            .args(["--autoplay-policy=no-user-gesture-required", "--force-device-scale-factor=1"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (to, from) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        let mut browser =
            Self { process, to, from, session: None, last: 0, complaints: vec![], asked: vec![], _profile: profile };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}))["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", json!({"targetId": target, "flatten": true}));
        browser.session = Some(attached["sessionId"].as_str().unwrap().to_owned());
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser.width(1280);
        Some(browser)
    }

    /// Loads a page to its end.
    pub fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({"url": url}));
        let loaded = "new Promise(done => document.readyState === 'complete' ? done(true) : addEventListener('load', () => done(true)))";
        self.value(loaded);
    }

    /// What an expression, or the promise that it is, comes to.
    pub fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.call("Runtime.evaluate", parameters);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {answer}");
        answer["result"]["value"].clone()
    }

    /// Presses a key and lets it go.
    pub fn press(&mut self, key: &str) {
        let code = match key {
            "Enter" => 13,
            "Escape" => 27,
            "ArrowDown" => 40,
            other => panic!("no code for {other}"),
        };
        let text = if key == "Enter" { "\r" } else { "" };
        for kind in [if text.is_empty() { "rawKeyDown" } else { "keyDown" }, "keyUp"] {
            let event = json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code, "text": text});
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    /// What the system's theme is said to be.
    pub fn dark(&mut self, dark: bool) {
        let value = if dark { "dark" } else { "light" };
        let features = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.call("Emulation.setEmulatedMedia", features);
    }

    /// The window's width in CSS pixels.
    pub fn width(&mut self, width: u32) {
        let metrics = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// Takes a picture of what the window shows, or of the strip of the page from a height on, so many pixels high.
    pub fn shoot(&mut self, path: &Path, strip: Option<(u64, u64)>) {
        use base64::Engine;
        let width = self.value("innerWidth");
        let parameters = match strip {
            Some((top, height)) => {
                let clip = json!({"x": 0, "y": top, "width": width, "height": height, "scale": 1});
                json!({"captureBeyondViewport": true, "clip": clip})
            }
            None => json!({}),
        };
        let shot = self.call("Page.captureScreenshot", parameters);
        let bytes = base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    /// What the page complained of: errors, warnings, breaches of its policy.
    pub fn complaints(&self) -> &[String] {
        &self.complaints
    }

    /// Waits until an expression holds.
    #[allow(dead_code)] // each test crate uses its part
    #[track_caller]
    pub fn until(&mut self, expression: &str) {
        let begun = std::time::Instant::now();
        while self.value(expression) != true {
            let text = self.value("document.body.innerText");
            assert!(begun.elapsed().as_secs() < 60, "not within a minute: {expression}; the page says {text}");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// What the reader answers when the page asks for the microphone.
    #[allow(dead_code)] // each test crate uses its part
    pub fn microphone(&mut self, setting: &str) {
        self.call("Browser.setPermission", json!({"permission": {"name": "microphone"}, "setting": setting}));
    }

    /// Where downloads go.
    #[allow(dead_code)] // each test crate uses its part
    pub fn downloads(&mut self, folder: &Path) {
        self.call("Browser.setDownloadBehavior", json!({"behavior": "allow", "downloadPath": folder}));
    }

    /// The addresses that the page asked for.
    pub fn asked(&self) -> &[String] {
        &self.asked
    }

    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.last += 1;
        let mut message = json!({"id": self.last, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = session.clone().into();
        }
        self.to.write_all(format!("{message}\0").as_bytes()).unwrap();
        loop {
            let mut bytes = vec![];
            self.from.read_until(0, &mut bytes).unwrap();
            assert!(bytes.pop() == Some(0), "Chromium has gone in {method}");
            let message: Value = serde_json::from_slice(&bytes).unwrap();
            if message["id"] == self.last {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].clone();
            }
            self.note(&message);
        }
    }

    fn note(&mut self, message: &Value) {
        let parameters = &message["params"];
        match message["method"].as_str() {
            Some("Runtime.consoleAPICalled" | "Runtime.exceptionThrown" | "Log.entryAdded") => {
                self.complaints.push(parameters.to_string());
            }
            Some("Network.requestWillBeSent") => {
                self.asked.push(parameters["request"]["url"].as_str().unwrap_or_default().to_owned());
            }
            _ => {}
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
