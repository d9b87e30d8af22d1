//! A headless Chromium, driven through the protocol of its developer tools.

use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tungstenite::stream::MaybeTlsStream;
use tungstenite::{Message, WebSocket};

/// A page in a browser that nobody sees.
pub struct Browser {
    child: Child,
    socket: WebSocket<MaybeTlsStream<TcpStream>>,
    session: Option<String>,
    count: u64,
    /// Errors that the page has told in its console.
    pub complaints: Vec<String>,
    /// Every address that the page has asked for.
    pub requests: Vec<String>,
    /// Its profile, which goes with it.
    _profile: TempDir,
}

/// How long a browser may take to answer.
const PATIENCE: Duration = Duration::from_secs(90);

/// A browser of this machine; none where there is none, and then says why a test is skipped.
pub fn browser() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("DRAPES_CHROMIUM") {
        return Some(PathBuf::from(path));
    }
    let folders: Vec<PathBuf> =
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let found = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    let found = found.into_iter().find(|path| path.exists());
    if found.is_none() {
        eprintln!(
            "skipped: no Chromium is found (apt-get install chromium, or name one with DRAPES_CHROMIUM)"
        );
    }
    found
}

impl Browser {
    /// Opens a file in a window of this size.
    pub fn open(program: &Path, file: &Path, (width, height): (u32, u32)) -> Self {
        let profile = tempfile::tempdir().expect("room for a profile");
        let mut child = Command::new(program)
            .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--disable-extensions", "--remote-debugging-port=0"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg(format!("--window-size={width},{height}"))
            .arg("about:blank")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the browser starts");
        let mut lines = BufReader::new(child.stderr.take().expect("its messages")).lines();
        let address = lines.by_ref().map_while(Result::ok).find_map(|line| {
            line.strip_prefix("DevTools listening on ").map(|address| address.trim().to_owned())
        });
        // Whatever else it says must not fill the pipe.
        std::thread::spawn(move || lines.for_each(drop));
        let (socket, _) = tungstenite::connect(address.expect("an address")).expect("a connection");
        if let MaybeTlsStream::Plain(stream) = socket.get_ref() {
            stream.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        }
        let (complaints, requests) = (vec![], vec![]);
        let mut browser =
            Self { child, socket, session: None, count: 0, complaints, requests, _profile: profile };
        let target = browser.ask("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let attached = browser.ask("Target.attachToTarget", attach);
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.ask(&format!("{domain}.enable"), json!({}));
        }
        browser.resize(width, height);
        // Nothing glides: a click would be aimed at where an element is on its way.
        let still = json!({ "features": [{ "name": "prefers-reduced-motion", "value": "reduce" }] });
        browser.ask("Emulation.setEmulatedMedia", still);
        browser.ask("Page.navigate", json!({ "url": format!("file://{}", file.display()) }));
        browser.wait_for("document.readyState === 'complete'");
        browser
    }

    /// Gives the window another size.
    pub fn resize(&mut self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.ask("Emulation.setDeviceMetricsOverride", size);
    }

    /// Calls a method of the protocol.
    pub fn ask(&mut self, method: &str, parameters: Value) -> Value {
        self.count += 1;
        let mut call = json!({ "id": self.count, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            call["sessionId"] = json!(session);
        }
        self.socket.send(Message::text(call.to_string())).expect("the browser listens");
        loop {
            let message = self.socket.read().expect("the browser answers");
            let Ok(text) = message.to_text() else { continue };
            let Ok(message) = serde_json::from_str::<Value>(text) else { continue };
            if message["id"] == json!(self.count) {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            self.note(&message);
        }
    }

    fn note(&mut self, event: &Value) {
        let parameters = &event["params"];
        match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => {
                self.complaints.push(parameters["exceptionDetails"].to_string());
            }
            Some("Runtime.consoleAPICalled") if parameters["type"] == "error" => {
                self.complaints.push(parameters["args"].to_string());
            }
            Some("Log.entryAdded") if parameters["entry"]["level"] == "error" => {
                self.complaints.push(parameters["entry"].to_string());
            }
            Some("Network.requestWillBeSent") => {
                let address = parameters["request"]["url"].as_str().unwrap_or_default();
                self.requests.push(address.to_owned());
            }
            _ => {}
        }
    }

    /// The value of an expression in the page.
    pub fn value(&mut self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let found = self.ask("Runtime.evaluate", asked);
        assert!(found["exceptionDetails"].is_null(), "{expression}: {}", found["exceptionDetails"]);
        found["result"]["value"].clone()
    }

    /// The text that an expression in the page gives.
    pub fn text(&mut self, expression: &str) -> String {
        self.value(expression).as_str().unwrap_or_default().to_owned()
    }

    /// Waits until a condition holds in the page.
    pub fn wait_for(&mut self, condition: &str) {
        let start = Instant::now();
        while self.value(condition) != json!(true) {
            assert!(start.elapsed() < PATIENCE, "{condition}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Moves the mouse to a place of the window.
    pub fn point_at(&mut self, (x, y): (f64, f64)) {
        self.ask("Input.dispatchMouseEvent", json!({ "type": "mouseMoved", "x": x, "y": y }));
    }

    /// Clicks on the middle of an element.
    pub fn click(&mut self, selector: &str) {
        let (x, y, width, height) = self.rect(selector);
        let (x, y) = (x + 0.5 * width, y + 0.5 * height);
        let hit =
            format!("document.querySelector({selector:?}).contains(document.elementFromPoint({x}, {y}))");
        assert_eq!(self.value(&hit), json!(true), "{selector} is hidden by something else");
        for kind in ["mousePressed", "mouseReleased"] {
            let click = json!({ "type": kind, "x": x, "y": y, "button": "left", "clickCount": 1 });
            self.ask("Input.dispatchMouseEvent", click);
        }
    }

    /// Presses and releases a key.
    pub fn press(&mut self, key: &str) {
        for kind in ["keyDown", "keyUp"] {
            let mut pressed = json!({ "type": kind, "key": key, "code": key });
            if key == "Enter" && kind == "keyDown" {
                // Buttons hear of the character that it writes.
                pressed["text"] = json!("\r");
            }
            self.ask("Input.dispatchKeyEvent", pressed);
        }
    }

    /// Where an element is in the window, after it was brought there: left, top, width, height.
    pub fn rect(&mut self, selector: &str) -> (f64, f64, f64, f64) {
        // A page hears of the scrolling in its next frame, and on a busy machine some frames later.
        let found = self.value(&format!(
            "(async () => {{ const e = document.querySelector({selector:?}); \
             e.scrollIntoView({{ block: 'center', behavior: 'instant' }}); \
             const at = () => {{ const r = e.getBoundingClientRect(); return [r.left, r.top, r.width, r.height]; }}; \
             for (let before = null, still = 0; still < 3;) {{ \
             await new Promise(requestAnimationFrame); \
             const now = String(at()); still = now === before ? still + 1 : 0; before = now; }} \
             return at(); }})()"
        ));
        let at = |place: usize| found[place].as_f64().expect("a number");
        (at(0), at(1), at(2), at(3))
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
