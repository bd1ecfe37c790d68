//! The pages in a real browser: each shows its content, keeps to the content security policy,
//! logs nothing, asks no other host, and shows what a machine reports as text. What people do with
//! them, accessibility and speed are in `web/e2e`, which needs Node.

use serde_json::{Value, json};

use crate::support::browser::{Browser, Page, Request};
use crate::support::server::Server;

/// Would leave its mark in the title, if it were ever interpreted.
const HOSTILE: &str = "<img src=x onerror=document.title=1>";

fn machine(number: u8, hostname: &str, os: &str, os_version: &str) -> Value {
    json!({
        "machine_id": format!("{number:064x}"),
        "hostname": hostname,
        "ip": format!("10.0.0.{number}"),
        "os": os,
        "os_version": os_version,
        "cpu_percent": 12.5,
        "memory_total_mb": 8192,
        "memory_used_mb": 4096,
    })
}

/// Three machines, whose names are in natural order: pc-2 comes before pc-10.
async fn fleet() -> Server {
    let server = Server::start().await;
    server.report(&machine(1, "lab-pc-10", "windows", "Windows 11")).await;
    server.report(&machine(2, "lab-pc-2", "windows", "Windows 11")).await;
    server.report(&machine(3, "bib-pc-1", "linux", "Debian GNU/Linux 12 (bookworm)")).await;
    server
}

/// Opens a path and holds what is true of every page.
async fn open(browser: &Browser, server: &Server, path: &str) -> Page {
    let origin = server.url("");
    let page = browser.open(&format!("{origin}{path}")).await;
    assert!(page.console.is_empty(), "the console of {path} is not empty: {:#?}", page.console);
    assert!(!page.requests.is_empty(), "no request of {path} was seen");
    for request in &page.requests {
        let local = request.url.starts_with(&format!("{origin}/"));
        assert!(local || request.url.starts_with("data:"), "{path} asked {}", request.url);
        // An icon is also taken from the browser's memory, without a status.
        let got = |other: &Request| other.url == request.url && other.status == Some(200);
        let fine = match request.status {
            Some(status) => matches!(status, 200 | 304),
            None => page.requests.iter().any(got),
        };
        let fine = !local || fine;
        assert!(fine, "{path} did not get {}: {:?}", request.url, request.status);
    }
    page
}

#[track_caller]
fn shows(page: &Page, text: &str) {
    assert!(page.dom.contains(text), "{text:?} is not on the page:\n{}", page.dom);
}

#[track_caller]
fn in_order(page: &Page, texts: &[&str]) {
    let body = page.dom.find("<tbody").expect("a table on the page");
    let places: Vec<_> = texts.iter().map(|text| page.dom[body..].find(text)).collect();
    assert!(places.iter().all(Option::is_some), "not all of {texts:?} are on the page: {places:?}");
    assert!(places.is_sorted(), "{texts:?} stand in another order: {places:?}");
}

#[tokio::test]
async fn an_empty_inventory_shows_the_command_that_brings_the_first_machine_in() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let server = Server::start().await;
    let page = open(&browser, &server, "/").await;
    shows(&page, "<title>Nenhuma máquina ainda");
    shows(&page, &format!("TATUSCAN_URL={} tatuscan agent", server.url("")));
}

#[tokio::test]
async fn the_home_page_counts_the_machines_and_names_the_new_ones() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let server = fleet().await;
    let page = open(&browser, &server, "/").await;
    shows(&page, "<title>3 máquinas, 3 online");
    shows(&page, r#"href="/report?status=online""#);
    shows(&page, r#"href="/report?os=windows""#);
    shows(&page, "Debian GNU/Linux 12 (bookworm)");
    shows(&page, "lab-pc-10");
}

#[tokio::test]
async fn the_report_lists_the_machines_by_name_with_digits_by_value() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let server = fleet().await;
    let page = open(&browser, &server, "/report").await;
    shows(&page, "<title>Relatório: 3 máquinas");
    shows(&page, r#"aria-sort="ascending""#);
    in_order(&page, &["bib-pc-1", "lab-pc-2", "lab-pc-10"]);
}

#[tokio::test]
async fn the_address_of_the_report_decides_filters_and_order() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let server = fleet().await;
    let page = open(&browser, &server, "/report/?os=windows&q=lab&sort=HOSTNAME&dir=DESC").await;
    shows(&page, "<title>Relatório: “lab”, windows, 2 máquinas");
    shows(&page, r#"aria-sort="descending""#);
    in_order(&page, &["lab-pc-10", "lab-pc-2"]);
    assert!(!page.dom.contains("bib-pc-1"), "a machine that was filtered out is on the page");
}

#[tokio::test]
async fn the_charts_sum_what_is_beyond_the_top_as_others() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let server = fleet().await;
    let page = open(&browser, &server, "/charts?top=1").await;
    shows(&page, "<title>Gráficos: 3 máquinas");
    shows(&page, r#"href="/report?os_version=Windows+11""#);
    shows(&page, "Outros");
    let debian = "os_version=Debian";
    assert!(!page.dom.contains(debian), "a version beyond the top has a bar of its own");
}

#[tokio::test]
async fn the_documentation_shows_the_operations_without_another_host() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let server = Server::start().await;
    let page = open(&browser, &server, "/docs").await;
    shows(&page, "opblock-get");
    shows(&page, "opblock-post");
    shows(&page, r#"data-path="/api/machines""#);
    assert!(page.requests.iter().any(|request| request.url.ends_with("/openapi.json")));
}

#[tokio::test]
async fn what_a_machine_reports_is_shown_as_text_on_every_page() {
    let Some(browser) = Browser::find() else {
        return;
    };
    let server = Server::start().await;
    let mut report = machine(1, HOSTILE, "<script>document.title=1</script>", HOSTILE);
    report["computer_model"] = HOSTILE.into();
    server.report(&report).await;
    for path in ["/", "/report", "/charts"] {
        let page = open(&browser, &server, path).await;
        shows(&page, "&lt;img src=x onerror=document.title=1&gt;");
        assert!(!page.dom.contains("<title>1</title>"), "{path} ran what a machine reported");
        // An element would be written with quotes; inside an attribute it stands as it came.
        assert!(!page.dom.contains(r#"<img src="x""#), "{path} made an element of a report");
        assert!(!page.dom.contains("<script>"), "{path} made a script of a report");
    }
}
