//! A real headless Chromium, one child process for each page: what the page became, what the
//! console said and which addresses were asked.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Far beyond what a page needs: a browser that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(90);

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

const SWITCHES: [&str; 17] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--accept-lang=pt-BR",
    "--enable-logging=stderr",
    // The browser's own calls home end here; what a page asks for is in the network log all the same.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--virtual-time-budget=8000",
    "--dump-dom",
];

/// One browser at a time: each takes several processes, and there may be only two cores.
static TURN: Mutex<()> = Mutex::new(());

/// A page after its scripts have run.
#[derive(Debug)]
pub(crate) struct Page {
    /// The document as HTML, as the scripts left it.
    pub(crate) dom: String,
    /// Every line that reached the console: errors, refusals of the content security policy.
    pub(crate) console: Vec<String>,
    /// Every request that the page made.
    pub(crate) requests: Vec<Request>,
}

/// A request of a page.
#[derive(Debug)]
pub(crate) struct Request {
    /// The whole address.
    pub(crate) url: String,
    /// The status of the answer, if there was one.
    pub(crate) status: Option<u16>,
}

/// The browser of this machine.
pub(crate) struct Browser {
    program: PathBuf,
}

impl Browser {
    /// The installed browser. Without one the test is skipped aloud, or fails when
    /// TATUSCAN_TEST_REQUIRE names `browser`.
    #[expect(clippy::disallowed_methods, reason = "only the environment configures a test")]
    pub(crate) fn find() -> Option<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program = NAMES
            .iter()
            .flat_map(|name| std::env::split_paths(&path).map(move |dir| dir.join(name)))
            .find(|program| program.is_file());
        if let Some(program) = program {
            return Some(Self { program });
        }
        super::skip("browser", "needs Chromium: apt-get install chromium");
        None
    }

    /// Opens the address, lets the page run for eight seconds of its own time and reads it.
    pub(crate) async fn open(&self, url: &str) -> Page {
        let (program, url) = (self.program.clone(), url.to_owned());
        tokio::task::spawn_blocking(move || visit(&program, &url)).await.expect("the visit ends")
    }
}

fn visit(program: &Path, url: &str) -> Page {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().expect("a directory for the browser's profile");
    let path = |name: &str| dir.path().join(name);
    let create = |name: &str| File::create(path(name)).expect("a file for the browser's output");
    let read = |name: &str| {
        String::from_utf8_lossy(&std::fs::read(path(name)).unwrap_or_default()).into_owned()
    };

    let mut child = Command::new(program)
        .args(SWITCHES)
        .arg(format!("--user-data-dir={}", path("profile").display()))
        .arg(format!("--log-net-log={}", path("net.json").display()))
        .arg(url)
        .stdin(Stdio::null())
        .stdout(create("dom.html"))
        .stderr(create("log.txt"))
        .spawn()
        .expect("the browser starts");
    let status = wait(&mut child);
    let log = read("log.txt");
    assert!(status.is_some_and(|s| s.success()), "the browser failed on {url}: {status:?}\n{log}");

    Page {
        dom: read("dom.html"),
        console: log.lines().filter(|line| line.contains(":CONSOLE")).map(str::to_owned).collect(),
        requests: requests(&read("net.json")),
    }
}

fn wait(child: &mut std::process::Child) -> Option<ExitStatus> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        if let Some(status) = child.try_wait().expect("the browser can be waited for") {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    child.kill().ok();
    child.wait().ok();
    None
}

/// The requests in Chromium's network log, without those that the browser makes for itself: a
/// page's requests name the origin that started them, and the page itself is a navigation.
fn requests(log: &str) -> Vec<Request> {
    let log: serde_json::Value = serde_json::from_str(log).expect("a complete network log");
    let events = log["events"].as_array().expect("events in the network log");
    let mut found = BTreeMap::new();
    for event in events {
        let (id, params) = (event["source"]["id"].as_u64(), &event["params"]);
        let of_page = match params["initiator"].as_str() {
            Some("not an origin") => params["request_type"] == "main frame",
            initiator => initiator.is_some(),
        };
        if let (true, Some(url)) = (of_page, params["url"].as_str()) {
            found.insert(id, Request { url: url.to_owned(), status: None });
        }
        if let (Some(request), Some(line)) = (found.get_mut(&id), params["headers"][0].as_str())
            && line.starts_with("HTTP/")
        {
            request.status = line.split(' ').nth(1).and_then(|code| code.parse().ok());
        }
    }
    found.into_values().collect()
}
