//! Programs over all machines, over HTTP.

use serde_json::{Value, json};

use crate::support::machines::body;
use crate::support::server::Server;

async fn machine(server: &Server, id: &str, os: &str, packages: Value) {
    let mut report = body(id);
    report["os"] = os.into();
    report["hostname"] = format!("pc-{id}").into();
    server.report(&report).await;
    let upload = json!({"hash": "1", "content": {"packages": packages}});
    let path = format!("/api/machines/{id}/sections/software");
    let sent = server.client.put(server.url(&path)).json(&upload).send().await.unwrap();
    assert_eq!(sent.status(), 200);
}

async fn found(server: &Server, query: &str) -> (u64, Vec<String>) {
    let (status, answer) = server.get(&format!("/api/software?{query}")).await;
    assert_eq!(status, 200, "{query}: {answer}");
    let text = |item: &Value| {
        let named = item["machines"].as_array().unwrap().iter();
        let named: Vec<_> = named.map(|one| one["hostname"].as_str().unwrap()).collect();
        let field = |name: &str| item[name].as_str().unwrap().to_owned();
        format!("{} {} {} {}", field("name"), field("version"), item["count"], named.join(","))
    };
    let items = answer["items"].as_array().unwrap().iter().map(text).collect();
    (answer["machines"].as_u64().unwrap(), items)
}

#[tokio::test]
async fn a_program_and_its_versions_are_found_over_all_machines() {
    let server = Server::start().await;
    let firefox = |version: &str| json!({"name": "Firefox", "version": version, "source": "dpkg"});
    // More machines than are read at once.
    for number in 0..40 {
        let version = if number < 3 { "115.2" } else { "115.10" };
        let os = if number % 2 == 0 { "linux" } else { "windows" };
        let hostile = json!({"name": format!("<b>{number}</b>"), "version": null, "arch": 7});
        machine(&server, &format!("{number:02}"), os, json!([firefox(version), hostile])).await;
    }
    machine(&server, "none", "linux", json!([])).await;
    server.report(&body("silent")).await;

    let newest = (3..40).map(|number| format!("pc-{number:02}")).collect::<Vec<_>>().join(",");
    let new = format!("Firefox 115.10 37 {newest}");
    let old = "Firefox 115.2 3 pc-00,pc-01,pc-02".to_owned();
    assert_eq!(found(&server, "name=fire").await, (41, vec![new.clone(), old.clone()]));
    assert_eq!(found(&server, "name=firefox&version=%3C115.10").await, (41, vec![old.clone()]));
    assert_eq!(found(&server, "name=%3DFIREFOX&version=115.1").await, (41, vec![new]));
    let windows = found(&server, "name=firefox&version=115.2&os=windows").await;
    assert_eq!(windows, (20, vec!["Firefox 115.2 1 pc-01".to_owned()]));
    assert_eq!(found(&server, "name=chrome").await, (41, vec![]));
    assert_eq!(found(&server, "limit=1&offset=1").await.1, [old]);
    let (_, all) = server.get("/api/software").await;
    assert_eq!((&all["total"], &all["more"]), (&json!(42), &json!(false)));

    server.client.delete(server.url("/api/machines/00")).send().await.unwrap();
    let left = found(&server, "name=firefox&version=115.2").await.1;
    assert_eq!(left, ["Firefox 115.2 2 pc-01,pc-02"]);
    let (status, wrong) = server.get("/api/software?status=asleep").await;
    assert_eq!((status, wrong["error"].as_str().unwrap().starts_with("status is")), (400, true));
}
