//! Chromium, Firefox and `WebKit`, driven like a user. `tests/run` installs them, their drivers, and axe-core.
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, MouseActions, PointerAction};
use fantoccini::elements::Element;
use fantoccini::error::NewSessionError;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use crate::support::mysql::on_path;

/// A browser and how it is driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    Chromium,
    Firefox,
    WebKit,
}

/// `WebKit`'s smallest browser, as Debian places it.
const MINI_BROWSER: &str = "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser";

/// Whether everything a test in this browser needs is installed. What is missing is reported; under CI=true that is a failure.
pub(crate) fn is_at_hand(engine: Engine) -> bool {
    let programs: &[&str] = match engine {
        Engine::Chromium => &["chromium", "chromedriver"],
        Engine::Firefox => &["firefox-esr", "geckodriver"],
        Engine::WebKit => &["WebKitWebDriver", "Xvfb"],
    };
    let mut missing: Vec<&str> = programs.iter().copied().filter(|program| !on_path(program)).collect();
    if !axe_core().is_file() {
        missing.push("axe-core");
    }
    if engine == Engine::WebKit && !Path::new(MINI_BROWSER).is_file() {
        missing.push("MiniBrowser");
    }
    if !missing.is_empty() {
        eprintln!("skipped: the browser tests need {}; tests/run installs it", missing.join(", "));
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "under CI=true nothing may be skipped");
    }
    missing.is_empty()
}

fn axe_core() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("axe-core/axe.min.js")
}

/// Time limit for anything expected to happen, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(15);

/// Whether the browser runs scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scripts {
    On,
    Off,
}

/// A browser with its own profile; dropping it ends it, even after a failed assertion.
pub(crate) struct Browser {
    pub client: Client,
    engine: Engine,
    drivers: Vec<Child>,
    profile: TempDir,
}

impl Browser {
    pub(crate) async fn start(scripts: Scripts) -> Browser {
        Browser::start_in(Engine::Chromium, scripts).await
    }

    /// Starts one of these browsers.
    pub(crate) async fn start_in(engine: Engine, scripts: Scripts) -> Browser {
        let profile = tempfile::Builder::new().prefix("votekit-browser-").tempdir().unwrap();
        let (mut drivers, port) = match engine {
            Engine::Chromium => drive("chromedriver", "successfully on port ", profile.path()),
            Engine::Firefox => drive("geckodriver", "Listening on 127.0.0.1:", profile.path()),
            Engine::WebKit => drive_webkit(profile.path()),
        };
        match connect(port, capabilities(engine, scripts, profile.path())).await {
            Ok(client) => Browser { client, engine, drivers, profile },
            Err(error) => {
                end(&mut drivers, profile.path());
                panic!("no {engine:?}: {error}");
            }
        }
    }

    /// Runs `script` and returns its value.
    pub(crate) async fn ask(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Waits until `script` returns a true value.
    pub(crate) async fn until(&self, script: &str) {
        let start = Instant::now();
        while self.ask(script).await != Value::Bool(true) {
            if start.elapsed() > PATIENCE {
                let shown = self.ask("return document.body.innerText").await;
                panic!("not in time: {script}\nthe page shows:\n{}", shown.as_str().unwrap_or_default());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The visible text of the first element that matches `selector`.
    pub(crate) async fn text(&self, selector: &str) -> String {
        self.client.find(Locator::Css(selector)).await.unwrap().text().await.unwrap()
    }

    pub(crate) async fn click(&self, selector: &str) {
        self.centre(selector).await.click().await.unwrap();
    }

    /// Presses and releases the pointer `times` times in a row where `selector` is, whatever lies on top of it there.
    pub(crate) async fn tap(&self, selector: &str, times: usize) {
        let element = self.centre(selector).await;
        let pause = || PointerAction::Pause { duration: Duration::from_millis(60) };
        let mut taps = MouseActions::new("mouse".into()).then(PointerAction::MoveToElement {
            element,
            duration: None,
            x: 0.0,
            y: 0.0,
        });
        for _ in 0..times {
            let (down, up) = (PointerAction::Down { button: 0 }, PointerAction::Up { button: 0 });
            taps = taps.then(down).then(up).then(pause());
        }
        self.client.perform_actions(taps).await.unwrap();
    }

    /// The first element that matches `selector`, in the middle of the window, where the bar below covers nothing.
    async fn centre(&self, selector: &str) -> Element {
        let element = self.client.find(Locator::Css(selector)).await.unwrap();
        let argument = serde_json::to_value(&element).unwrap();
        self.client.execute("arguments[0].scrollIntoView({ block: 'center' })", vec![argument]).await.unwrap();
        element
    }

    /// Clicks on something that loads a page, and waits for it.
    pub(crate) async fn follow(&self, selector: &str) {
        let before = self.client.find(Locator::Css("html")).await.unwrap();
        self.click(selector).await;
        self.gone(before).await;
    }

    /// Waits until the page of `root` has been replaced by the next.
    pub(crate) async fn gone(&self, root: Element) {
        let start = Instant::now();
        while root.attr("lang").await.is_ok() {
            assert!(start.elapsed() < PATIENCE, "no other page came");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.client.wait().at_most(PATIENCE).for_element(Locator::Css("#live")).await.unwrap();
    }

    pub(crate) async fn write(&self, selector: &str, text: &str) {
        self.client.find(Locator::Css(selector)).await.unwrap().send_keys(text).await.unwrap();
    }

    /// Sends a key to the focused element.
    pub(crate) async fn press(&self, key: &str) {
        self.client.active_element().await.unwrap().send_keys(key).await.unwrap();
    }

    /// Sets the preferred colour scheme: `light` or `dark`.
    pub(crate) async fn prefer(&self, color_scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": color_scheme }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Lets the system's colours replace the page's, as people with low vision set it.
    pub(crate) async fn high_contrast(&self, on: bool) {
        let features = json!([{ "name": "forced-colors", "value": if on { "active" } else { "none" } }]);
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": features })).await;
    }

    /// Sets the browser's time zone: `Asia/Taipei`.
    pub(crate) async fn live_in(&self, zone: &str) {
        self.devtools("Emulation.setTimezoneOverride", json!({ "timezoneId": zone })).await;
    }

    /// Sets what the browser says that its user reads, as `Accept-Language` has it.
    pub(crate) async fn speaks(&self, languages: &str) {
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.setExtraHTTPHeaders", json!({ "headers": { "Accept-Language": languages } })).await;
    }

    /// Sets the viewport width in pixels.
    pub(crate) async fn width(&self, pixels: u32) {
        self.size(pixels, 800).await;
    }

    /// Sets the viewport's size in pixels.
    pub(crate) async fn size(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", size).await;
    }

    async fn devtools(&self, method: &str, params: Value) {
        self.client.issue_cmd(DevTools(json!({ "cmd": method, "params": params }))).await.unwrap();
    }

    /// Fails if axe-core finds anything on the page; where the browser can be told so, in light, dark and high contrast.
    pub(crate) async fn check_accessible(&self, what: &str) {
        if self.engine == Engine::Chromium {
            self.prefer("dark").await;
            self.check_as_shown(&format!("{what}, dark")).await;
            self.high_contrast(true).await;
            self.check_as_shown(&format!("{what}, high contrast")).await;
            self.high_contrast(false).await;
            self.prefer("light").await;
        }
        self.check_as_shown(what).await;
    }

    async fn check_as_shown(&self, what: &str) {
        // Injected as text, so that the page's Content-Security-Policy need not be changed.
        self.ask(&format!("if (!window.axe) {{ {} }}", fs::read_to_string(axe_core()).unwrap())).await;
        let script = "const done = arguments[0];
            axe.run(document, { resultTypes: ['violations'] }).then((found) => done(found.violations.map((rule) =>
              [rule.id, rule.help, ...rule.nodes.map((node) => node.html + ': ' + node.failureSummary)])));";
        let found = self.client.execute_async(script, Vec::new()).await.unwrap();
        assert_eq!(found, json!([]), "axe-core on {what}: {found:#}");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        end(&mut self.drivers, self.profile.path());
    }
}

/// Starts a driver that says its port after `words`.
fn drive(driver: &str, words: &str, profile: &Path) -> (Vec<Child>, u16) {
    let mut driver = Command::new(driver)
        .arg("--port=0")
        // Temporary files are removed with the profile.
        .env("TMPDIR", profile)
        .env("HOME", profile)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(driver.stdout.take().unwrap());
    let port = told
        .by_ref()
        .lines()
        .map_while(Result::ok)
        .find_map(|line| line.rsplit_once(words)?.1.trim_end_matches('.').parse::<u16>().ok())
        .expect("a driver says its port");
    // A driver would end if it could not write a line.
    std::thread::spawn(move || std::io::copy(&mut told, &mut std::io::sink()));
    (vec![driver], port)
}

/// `WebKit` has no mode without a display, and its driver chooses no port itself.
fn drive_webkit(profile: &Path) -> (Vec<Child>, u16) {
    let mut display = Command::new("Xvfb")
        .args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp"])
        .env("TMPDIR", profile)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut number = String::new();
    BufReader::new(display.stdout.take().unwrap()).read_line(&mut number).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let driver = Command::new("WebKitWebDriver")
        .arg(format!("--port={port}"))
        .env("DISPLAY", format!(":{}", number.trim()))
        .env("TMPDIR", profile)
        .env("HOME", profile)
        .env("WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (vec![driver, display], port)
}

fn capabilities(engine: Engine, scripts: Scripts, profile: &Path) -> Map<String, Value> {
    let profile = profile.display();
    let (name, mut options) = match engine {
        Engine::Chromium => {
            let args = [
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-dev-shm-usage",
                &format!("--user-data-dir={profile}"),
            ]
            .map(str::to_owned);
            ("goog:chromeOptions", json!({ "args": args }))
        }
        Engine::Firefox => ("moz:firefoxOptions", json!({ "binary": "/usr/bin/firefox-esr", "args": ["-headless"] })),
        Engine::WebKit => ("webkitgtk:browserOptions", json!({ "binary": MINI_BROWSER, "args": ["--automation"] })),
    };
    if scripts == Scripts::Off {
        options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
    }
    Map::from_iter([(name.to_owned(), options)])
}

/// Connects to the driver at `port`, once it listens.
async fn connect(port: u16, capabilities: Map<String, Value>) -> Result<Client, NewSessionError> {
    let start = Instant::now();
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() && start.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    ClientBuilder::new(HttpConnector::new())
        .capabilities(capabilities)
        .connect(&format!("http://127.0.0.1:{port}"))
        .await
}

/// Ends the driver and the browser, which would outlive it and keep writing to its profile.
fn end(drivers: &mut [Child], profile: &Path) {
    for driver in drivers {
        let _ = driver.kill();
        let _ = driver.wait();
    }
    for _ in 0..100 {
        let ours = processes_of(profile);
        for process in &ours {
            let _ = Command::new("kill").arg("-9").arg(process).stderr(Stdio::null()).status();
        }
        if ours.is_empty() && (fs::remove_dir_all(profile).is_ok() || !profile.exists()) {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Ids of the processes started with this profile, in their arguments or as their folder for temporary files, which no other
/// browser uses.
fn processes_of(profile: &Path) -> Vec<OsString> {
    let profile = profile.to_str().unwrap();
    let is_ours = |process: &fs::DirEntry| {
        ["cmdline", "environ"].iter().any(|file| {
            let text = fs::read(process.path().join(file)).unwrap_or_default();
            String::from_utf8_lossy(&text).contains(profile)
        })
    };
    fs::read_dir("/proc").into_iter().flatten().flatten().filter(is_ours).map(|process| process.file_name()).collect()
}

/// A command of the Chrome `DevTools` Protocol.
#[derive(Debug)]
struct DevTools(Value);

impl WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (hyper::Method, Option<String>) {
        (hyper::Method::POST, Some(self.0.to_string()))
    }
}
