//! Pages, facets, summary, tags and metrics over HTTP.

use serde_json::json;

use super::three_machines;
use crate::support::machines::body;
use crate::support::server::Server;

async fn some_machines(server: &Server) {
    three_machines(server).await;
    server.patch("3", &json!({"computer_activation": "2015-01-01"})).await;
}

#[tokio::test]
async fn a_page_has_a_total_and_wrong_questions_are_named() {
    let server = Server::start().await;
    some_machines(&server).await;
    let (status, page) = server.get("/api/machines?os=WINDOWS&limit=1&offset=1").await;
    assert_eq!(status, 200);
    assert_eq!((&page["count"], &page["total"]), (&json!(1), &json!(2)));
    assert_eq!(page["items"][0]["hostname"], "pc-10");
    let (_, all) = server.get("/api/inventory?q=pc&sort=os_version&dir=desc").await;
    assert_eq!((&all["count"], all.get("total")), (&json!(2), None));
    for path in ["/api/machines", "/api/inventory", "/api/facets", "/api/summary", "/report"] {
        let (status, answer) = server.get(&format!("{path}?status=asleep")).await;
        assert_eq!(status, 400, "{path}");
        assert!(answer["error"].as_str().unwrap().starts_with("status is 'asleep'"), "{answer}");
    }
    let text = server.client.get(server.url("/report?os=linux")).send().await.unwrap();
    let text = text.text().await.unwrap();
    assert!(text.starts_with("Total de registros: 1\n") && text.contains("srv"), "{text}");
}

#[tokio::test]
async fn facets_and_summary_count_what_is_there() {
    let server = Server::start().await;
    some_machines(&server).await;
    let (_, facets) = server.get("/api/facets?os=linux").await;
    assert_eq!(facets["total"], 1);
    let windows = json!([{"value": "windows", "count": 2}, {"value": "linux", "count": 1}]);
    assert_eq!(facets["os"], windows, "other choices can be seen");
    assert_eq!(facets["os_version"], json!([{"value": "Debian 12", "count": 1}]));
    assert_eq!(facets["status"]["online"], 1);
    let (_, summary) = server.get("/api/summary?top=1").await;
    assert_eq!((&summary["total"], &summary["new_in_7_days"]), (&json!(3), &json!(3)));
    assert_eq!(summary["os"], json!({"items": [{"value": "windows", "count": 2}], "others": 1}));
    assert_eq!(summary["ages"]["ranges"][4]["count"], 1);
    assert_eq!(summary["ages"]["unknown"], 2);
    assert_eq!(summary["arrivals"].as_array().unwrap().len(), 3);
    let concerns: Vec<_> = summary["attention"].as_array().unwrap().iter().collect();
    assert_eq!((&concerns[0]["concern"], &concerns[0]["count"]), (&json!("old"), &json!(1)));
    for concern in concerns {
        let query = concern["query"].as_str().unwrap();
        let (_, list) = server.get(&format!("/api/machines?{query}")).await;
        assert_eq!(list["count"], concern["count"], "{concern}");
    }
    for (top, shown) in [("0", 1), ("-5", 1), ("2", 2), ("99", 2), ("many", 2), ("", 2)] {
        let (_, summary) = server.get(&format!("/api/summary?top={top}")).await;
        assert_eq!(summary["os"]["items"].as_array().unwrap().len(), shown, "top={top}");
    }
}

#[tokio::test]
async fn memory_is_counted_as_computers_are_sold() {
    let server = Server::start().await;
    let reported = [0, 1, 1900, 3583, 3584, 3900, 5800, 7167, 7168, 7900, 11_800, 15_700, 32_000];
    for (id, mb) in reported.iter().chain(&[63_900, 2_000_000]).enumerate() {
        let mut report = body(&id.to_string());
        report["memory_total_mb"] = json!(mb);
        server.report(&report).await;
    }
    let (_, summary) = server.get("/api/summary").await;
    let ranges = summary["memory"]["ranges"].as_array().unwrap();
    let counts: Vec<_> = ranges.iter().map(|range| range["count"].as_u64().unwrap()).collect();
    assert_eq!((counts, &summary["memory"]["unknown"]), (vec![3, 4, 3, 1, 1, 2], &json!(1)));
    for range in ranges {
        let q = form_urlencoded::byte_serialize(range["q"].as_str().unwrap().as_bytes());
        let (_, list) = server.get(&format!("/api/machines?q={}", q.collect::<String>())).await;
        assert_eq!(list["count"], range["count"], "{range}");
    }
    let (_, list) = server.get("/api/machines?q=no:memory").await;
    assert_eq!(list["count"], 1);
}

#[tokio::test]
async fn an_answer_that_the_client_has_is_not_sent_again() {
    let server = Server::start().await;
    some_machines(&server).await;
    for path in ["/api/machines", "/api/machines?limit=2", "/api/facets", "/api/summary"] {
        let tag = async |known: Option<&str>| {
            let mut request = server.client.get(server.url(path));
            if let Some(known) = known {
                request = request.header("If-None-Match", known);
            }
            let response = request.send().await.unwrap();
            let tag = response.headers()["etag"].to_str().unwrap().to_owned();
            (response.status().as_u16(), tag, response.bytes().await.unwrap().len())
        };
        let (status, first, bytes) = tag(None).await;
        assert!(status == 200 && bytes > 0 && first.starts_with("W/\""), "{path}");
        assert_eq!(tag(Some(&first)).await, (304, first.clone(), 0), "{path}");
        assert_eq!(tag(Some("W/\"other\"")).await.0, 200, "{path}");
        let mut changed = body("1");
        changed["hostname"] = json!(format!("renamed {path}"));
        changed["os_version"] = json!(format!("version of {path}"));
        server.report(&changed).await;
        assert_eq!(tag(Some(&first)).await.0, 200, "{path} changed");
    }
}

#[tokio::test]
async fn metrics_follow_what_happens() {
    let server = Server::start().await;
    some_machines(&server).await;
    server.report(&body("1")).await;
    server.report(&json!({})).await;
    server.get("/api/machines/1").await;
    server.get("/api/machines/nobody").await;
    server.get("/api/nope/1").await;
    let response = server.client.get(server.url("/metrics")).send().await.unwrap();
    let kind = response.headers()["content-type"].to_str().unwrap().to_owned();
    assert!(kind.starts_with("application/openmetrics-text"), "{kind}");
    let text = response.text().await.unwrap();
    let value = |name: &str| -> f64 {
        let line = text.lines().find(|line| line.starts_with(name));
        line.unwrap_or_else(|| panic!("no {name} in {text}"))
            .rsplit(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap()
    };
    assert!((value("tatuscan_reports_total{result=\"created\"}") - 3.0).abs() < 0.1);
    assert!((value("tatuscan_reports_total{result=\"updated\"}") - 1.0).abs() < 0.1);
    assert!((value("tatuscan_reports_total{result=\"refused\"}") - 1.0).abs() < 0.1);
    let route = "route=\"/api/machines/:machine_id\"";
    let requests = format!("tatuscan_http_requests_total{{method=\"GET\",{route},status=\"404\"}}");
    assert!((value(&requests) - 1.0).abs() < 0.1);
    assert!((value(&format!("tatuscan_http_request_seconds_count{{{route}}}")) - 3.0).abs() < 0.1);
    assert!(value("tatuscan_http_requests_total{method=\"GET\",route=\"(unknown)\"") >= 1.0);
    assert!((value("tatuscan_machines{status=\"online\"}") - 3.0).abs() < 0.1);
    assert!(value("tatuscan_store_commits_total") >= 4.0);
    assert!(value("tatuscan_store_commit_bytes_total") > 100.0);
    assert!(value("tatuscan_store_waiting").abs() < 0.1);
    assert!(value("process_resident_memory_bytes") > 1e6);
    assert!(value("process_open_fds") > 3.0);
    assert!(value("process_start_time_seconds") > 1.7e9);
    assert!(text.ends_with("# EOF\n"), "{text}");
}
