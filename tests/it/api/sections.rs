//! Inventory sections over HTTP: what is asked for, what is kept, what is shown to whom, what is refused.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};
use tatuscan::model::access::Scope;

use crate::access::{Box, Signer, json as answer};
use crate::support::machines::body;
use crate::support::server::{Guarded, Server};

fn upload(hash: &str, content: &Value) -> Value {
    json!({"hash": hash, "content": content})
}

async fn put_text(server: &Server, path: &str, body: String) -> (u16, Value) {
    let request = server.client.put(server.url(path)).header("Content-Type", "application/json");
    let response = request.body(body).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
}

async fn put(server: &Server, id: &str, name: &str, body: &Value) -> (u16, Value) {
    put_text(server, &format!("/api/machines/{id}/sections/{name}"), body.to_string()).await
}

fn with_sections(id: &str, sections: Value) -> Value {
    let mut report = body(id);
    report["sections"] = sections;
    report["agent_version"] = "0.2.0".into();
    report
}

fn system() -> Value {
    json!({"manufacturer": "Dell Inc.", "model": "OptiPlex 7090", "serial": "5CD1234ABC",
        "uuid": "4C4C4544-0042-3510-8052-B4C04F4A3132", "chassis": "desktop"})
}

#[tokio::test]
async fn the_server_asks_for_what_it_does_not_have() {
    let server = Server::start().await;
    let (_, reply) = server.report(&body("a")).await;
    assert_eq!(reply.get("want"), None, "an agent that names none is asked for none");
    let named = json!({"cpu": "01", "system": "02", "holograms": "0f", "os": null});
    let (status, reply) = server.report(&with_sections("a", named)).await;
    assert_eq!((status, &reply["want"]), (200, &json!(["cpu", "system"])));
    assert_eq!(reply["item"]["agent_version"], "0.2.0");
    assert_eq!(put(&server, "a", "system", &upload("02", &system())).await.0, 200);
    let named = |cpu, system| with_sections("a", json!({"cpu": cpu, "system": system}));
    assert_eq!(server.report(&named("01", "02")).await.1["want"], json!(["cpu"]));
    assert_eq!(put(&server, "a", "cpu", &upload("01", &json!({"cores": 4}))).await.0, 200);
    assert_eq!(server.report(&named("01", "02")).await.1["want"], json!([]));
    assert_eq!(server.report(&named("01", "03")).await.1["want"], json!(["system"]));
    // A machine that was removed and brought back is asked again.
    let gone = server.client.delete(server.url("/api/machines/a")).send().await.unwrap();
    assert_eq!(gone.status(), 200);
    let back = server.client.post(server.url("/api/machines/a/restore")).send().await.unwrap();
    assert_eq!(back.status(), 200);
    assert_eq!(server.report(&named("01", "02")).await.1["want"], json!(["cpu", "system"]));
    let (_, machine) = server.get("/api/machines/a").await;
    assert_eq!((machine.get("sections"), &machine["serial"]), (None, &json!("5CD1234ABC")));
}

#[tokio::test]
async fn one_machine_is_shown_with_its_sections_and_a_list_with_what_they_say() {
    let server = Server::start().await;
    server.report(&with_sections("a", json!({}))).await;
    server.report(&body("b")).await;
    let interfaces = json!({"interfaces": [
        {"name": "eth0", "mac": "00:1B:21:AA:BB:CC", "virtual": false},
        {"name": "docker0", "mac": "02:42:00:00:00:01", "virtual": true}]});
    let users =
        json!({"logged_in": [{"name": "ana", "since": "2026-11-23T07:00:00Z"}], "last": "bea"});
    for (name, content) in [("system", &system()), ("interfaces", &interfaces), ("users", &users)] {
        let (status, reply) = put(&server, "a", name, &upload("0a", content)).await;
        assert_eq!((status, &reply["message"]), (200, &json!("Seção atualizada com sucesso")));
    }
    let (_, list) = server.get("/api/machines").await;
    let (_, mut machine) = server.get("/api/machines/a").await;
    let sections = machine.as_object_mut().unwrap().remove("sections").unwrap();
    assert_eq!(machine, list["items"][0], "a list has no sections, and everything else");
    assert_eq!(machine["manufacturer"], "Dell Inc.");
    assert_eq!(machine["serial"], "5CD1234ABC");
    assert_eq!(machine["uuid"], "4c4c4544-0042-3510-8052-b4c04f4a3132");
    assert_eq!(machine["macs"], json!(["00:1b:21:aa:bb:cc"]));
    assert_eq!(machine["users"], json!(["ana", "bea"]));
    assert_eq!(sections.as_object().unwrap().len(), 3);
    assert_eq!(sections["system"]["content"], system());
    assert_eq!(sections["users"]["hash"], "0a");
    let (status, one) = server.get("/api/machines/a/sections/interfaces").await;
    assert_eq!((status, &one), (200, &sections["interfaces"]));
    assert!(one["received_at"].as_str().unwrap().starts_with("20"), "{one}");
    // The model that the firmware says stands where people say none.
    let models =
        |machine: &Value| ["computer_model", "model_reported"].map(|field| machine[field].clone());
    assert_eq!(models(&machine), [json!("OptiPlex 7090"), json!("OptiPlex 7090")]);
    server.patch("a", &json!({"computer_model": "by hand"})).await;
    let (_, machine) = server.get("/api/machines/a").await;
    assert_eq!(models(&machine), [json!("by hand"), json!("OptiPlex 7090")]);
    // A machine whose agent says nothing has no such fields.
    let known = ["serial", "uuid", "manufacturer", "model_reported", "macs", "users", "sections"];
    let bare = &list["items"][1];
    assert!(known.iter().all(|field| bare.get(field).is_none()), "{bare}");
    for (path, said) in [
        ("/api/machines/x/sections/cpu", "Inventory not found: x"),
        ("/api/machines/a/sections/cpu", "has sent no section cpu"),
        ("/api/machines/a/sections/holograms", "Unknown section; there are system, firmware"),
    ] {
        let (status, reply) = server.get(path).await;
        let error = reply["error"].as_str().unwrap();
        assert!(status == 404 && error.contains(said), "{path}: {status} {error}");
    }
}

#[tokio::test]
async fn what_is_refused_changes_nothing_and_reports_go_on() {
    let server = Server::start().await;
    server.report(&body("a")).await;
    put(&server, "a", "system", &upload("01", &system())).await;
    let (_, before) = server.get("/api/machines/a").await;
    let largest = |bytes: usize| {
        let around = upload("01", &json!([""])).to_string().len();
        upload("01", &json!(["x".repeat(bytes - around)])).to_string()
    };
    let deep = format!(r#"{{"hash":"01","content":{}{}}}"#, "[".repeat(300), "]".repeat(300));
    let path = "/api/machines/a/sections/system";
    for (path, body, expected, said) in [
        (
            "/api/machines/x/sections/system",
            upload("1", &json!({})).to_string(),
            404,
            "report first",
        ),
        ("/api/machines/a/sections/x", upload("1", &json!({})).to_string(), 404, "Unknown section"),
        (path, String::new(), 400, "Malformed JSON"),
        (path, "[]".into(), 400, "hash and content"),
        (path, deep, 400, "recursion"),
        (path, upload("XY", &json!({})).to_string(), 400, "hash must be 1 to 64 characters"),
        (path, upload("1", &json!("text")).to_string(), 400, "content must be"),
        (path, r#"{"hash":"1","content":[1e999]}"#.into(), 400, "out of range"),
        (path, largest((1 << 20) + 1), 413, "larger than 1024 KiB"),
    ] {
        let start = body.chars().take(60).collect::<String>();
        let (status, reply) = put_text(&server, path, body).await;
        let error = reply["error"].as_str().unwrap_or_default();
        assert!(status == expected && error.contains(said), "{start}: {status} {error}");
    }
    let request = server.client.put(server.url(path)).body(upload("1", &json!({})).to_string());
    assert_eq!(request.send().await.unwrap().status(), 415);
    for (sections, said) in [
        (json!([]), "sections to be an object"),
        (json!({"cpu": 7}), "a section's hash to be text"),
        (json!({"cpu": "XY"}), "sections.cpu must be 1 to 64 characters"),
        ((0..33).map(|n| (format!("s{n}"), Value::Null)).collect::<Value>(), "more than 32 names"),
    ] {
        let (status, reply) = server.report(&with_sections("a", sections)).await;
        let error = reply["error"].as_str().unwrap_or_default();
        assert!(status == 400 && error.contains(said), "{said}: {status} {error}");
    }
    assert_eq!(server.get("/api/machines/a").await.1, before);
    assert_eq!(server.report(&body("a")).await.0, 200);
    // The largest one is taken.
    assert_eq!(put_text(&server, path, largest(1 << 20)).await.0, 200);
}

#[tokio::test]
async fn text_of_sections_is_harmless_and_identifiers_that_say_nothing_are_only_shown() {
    let server = Server::start().await;
    server.report(&body("a")).await;
    let content = json!({"serial": "To be filled by O.E.M.", "manufacturer": "Evil\u{202e}lleD\u{7}",
        "uuid": "00000000-0000-0000-0000-000000000000", "no\u{0}te": ["<b>\r\n\u{2028}x"]});
    assert_eq!(put(&server, "a", "system", &upload("1", &content)).await.0, 200);
    let (_, machine) = server.get("/api/machines/a").await;
    assert_eq!(machine["manufacturer"], "EvillleD");
    assert_eq!((machine.get("serial"), machine.get("uuid")), (None, None));
    let shown = json!({"serial": "To be filled by O.E.M.", "manufacturer": "EvillleD",
        "uuid": "00000000-0000-0000-0000-000000000000", "note": ["<b>x"]});
    assert_eq!(machine["sections"]["system"]["content"], shown);
}

/// Far more than are handled at once: each waits for its turn.
#[tokio::test]
async fn many_large_sections_at_once_are_all_taken() {
    let server = Server::start().await;
    for machine in 0..40 {
        server.report(&body(&format!("m{machine}"))).await;
    }
    let content = json!(["x".repeat(900_000)]);
    let sent = (0..40).map(|machine| {
        let (server, body) = (&server, upload("1", &content));
        async move { put(server, &format!("m{machine}"), "software", &body).await.0 }
    });
    assert_eq!(join_all(sent).await, [200; 40]);
    let (_, one) = server.get("/api/machines/m39/sections/software").await;
    assert_eq!(one["content"], content);
}

/// Whoever begins many and sends no more keeps out nobody else.
#[tokio::test]
async fn slow_sections_from_one_address_hold_up_none_from_another() {
    use tokio::io::AsyncWriteExt as _;
    let server = Box::behind_a_proxy(Guarded::compat()).await;
    let (slow, quick) = (("X-Forwarded-For", "10.0.0.1"), ("X-Forwarded-For", "10.0.0.2"));
    let report = server.ask(Method::POST, "/api/machines", &[quick], Some(&body("m1"))).await;
    assert_eq!(report.status(), 201);
    let mut begun = Vec::new();
    for _ in 0..40 {
        let mut stream = tokio::net::TcpStream::connect(server.server.address).await.unwrap();
        let head = format!(
            "PUT /api/machines/m1/sections/cpu HTTP/1.1\r\nHost: a\r\n{}: {}\r\n\
             Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{{",
            slow.0, slow.1
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        begun.push(stream);
    }
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let body = upload("a", &json!([]));
    let path = "/api/machines/m1/sections/cpu";
    let sent = server.ask(Method::PUT, path, &[quick], Some(&body)).await;
    assert_eq!(sent.status(), 200);
}

async fn send(server: &Box, path: &str, headers: &[(&str, &str)], body: &Value) -> (u16, Value) {
    answer(server.ask(Method::PUT, path, headers, Some(body)).await).await
}

#[tokio::test]
async fn sections_are_sent_and_read_by_those_who_may() {
    let server = Box::behind_a_proxy(Guarded::compat()).await;
    let (near, far) = (("X-Forwarded-For", "10.1.2.3"), ("X-Forwarded-For", "8.8.8.8"));
    let report = server.ask(Method::POST, "/api/machines", &[near], Some(&body("a"))).await;
    assert_eq!(report.status(), 201);
    let path = "/api/machines/a/sections/system";
    let section = upload("1", &system());
    assert_eq!(send(&server, path, &[near], &section).await.0, 200);
    assert_eq!(send(&server, path, &[far], &section).await.0, 401);
    for (scope, may_send, may_read) in [
        (Scope::Ingest, 200, 403),
        (Scope::Read, 403, 200),
        (Scope::Write, 200, 200),
        (Scope::Admin, 200, 200),
        (Scope::Enrol, 403, 403),
    ] {
        let token = format!("Bearer {}", server.token(scope).await);
        let headers = [far, ("Authorization", token.as_str())];
        assert_eq!(send(&server, path, &headers, &section).await.0, may_send, "{scope}");
        assert_eq!(server.status(Method::GET, path, &headers).await, may_read, "{scope}");
    }
    assert_eq!(server.status(Method::GET, path, &[near]).await, 401);
    // Whoever may report a machine and not read the inventory is not told what its sections say.
    let token = format!("Bearer {}", server.token(Scope::Ingest).await);
    for headers in [&[near][..], &[far, ("Authorization", token.as_str())]] {
        let reply = server.ask(Method::POST, "/api/machines", headers, Some(&body("a"))).await;
        let item = answer(reply).await.1["item"].take();
        assert!(item["hostname"].is_string());
        assert_eq!((item.get("serial"), item.get("manufacturer")), (None, None));
        assert_eq!(item["computer_model"], Value::Null);
    }
}

#[tokio::test]
async fn a_machine_with_a_key_signs_its_sections() {
    let server = Box::start(Guarded::compat()).await;
    let machine = Signer::enrolled(&server, "m1").await;
    let other = Signer::enrolled(&server, "m2").await;
    assert_eq!(machine.report(&server, 1, &body("m1")).await.0, 201);
    assert_eq!(other.report(&server, 1, &body("m2")).await.0, 201);
    let path = "/api/machines/m1/sections/system";
    let section = upload("1", &system());
    // Nobody else: without a signature, with a token, an admin.
    assert_eq!(send(&server, path, &[], &section).await.0, 401);
    for (scope, expected) in [(Scope::Ingest, 401), (Scope::Admin, 403)] {
        let token = format!("Bearer {}", server.token(scope).await);
        let headers = [("Authorization", token.as_str())];
        assert_eq!(send(&server, path, &headers, &section).await.0, expected, "{scope}");
    }
    let by = async |authorization: String, path: &str, body: &Value| {
        send(&server, path, &[("Authorization", authorization.as_str())], body).await
    };
    // A report's signature is none of a section, nor is that of another section or machine.
    assert_eq!(by(machine.authorization(2, &section), path, &section).await.0, 401);
    assert_eq!(by(machine.section(2, "cpu", &section), path, &section).await.0, 401);
    assert_eq!(by(other.section(2, "system", &section), path, &section).await.0, 403);
    let altered = upload("1", &json!({"serial": "altered"}));
    assert_eq!(by(machine.section(2, "system", &section), path, &altered).await.0, 401);
    // Sections are numbered with reports; the same again is fine, an old one is not.
    assert_eq!(by(machine.section(5, "system", &section), path, &section).await.0, 200);
    assert_eq!(by(machine.section(5, "system", &section), path, &section).await.0, 200);
    let (status, stale) = by(machine.section(4, "system", &altered), path, &altered).await;
    assert_eq!((status, &stale["last_seq"]), (409, &json!(5)));
    assert_eq!(machine.report(&server, 5, &body("m1")).await.0, 409);
    assert_eq!(machine.report(&server, 6, &body("m1")).await.0, 200);
    let (status, _) =
        by(machine.section(7, "cpu", &section), "/api/machines/m1/sections/cpu", &section).await;
    assert_eq!(status, 200);
    let token = format!("Bearer {}", server.token(Scope::Read).await);
    let headers = [("Authorization", token.as_str())];
    let (_, shown) = answer(server.ask(Method::GET, path, &headers, None).await).await;
    assert_eq!(shown["content"], system());
}

/// What comes under the id of a machine that was merged is the other one's, as with reports.
#[tokio::test]
async fn sections_of_a_merged_machine_are_those_of_the_one_that_was_kept() {
    let server = Server::start().await;
    for id in ["old", "new"] {
        server.report(&body(id)).await;
    }
    put(&server, "old", "cpu", &upload("1", &json!([1]))).await;
    let order = json!({"groups": [{"keep": "new", "machine_ids": ["old"]}]});
    let request = server.client.post(server.url("/api/duplicates/merge"));
    let request = request.header("Content-Type", "application/json").body(order.to_string());
    assert_eq!(request.send().await.unwrap().status(), 200);
    let named = with_sections("old", json!({"cpu": "1"}));
    assert_eq!(server.report(&named).await.1["want"], json!(["cpu"]));
    assert_eq!(put(&server, "old", "cpu", &upload("1", &json!([2]))).await.0, 200);
    assert_eq!(server.report(&named).await.1["want"], json!([]));
    let (_, one) = server.get("/api/machines/new/sections/cpu").await;
    assert_eq!(one["content"], json!([2]));
}
