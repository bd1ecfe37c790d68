//! What people keep about machines: one by one, many as one, and in fields that admins define.

use reqwest::Method;
use serde_json::{Value, json};
use tatuscan::model::access::{Role, Scope};

use crate::access::{Box, json as answer};
use crate::support::machines::body;
use crate::support::server::{Guarded, Server};

async fn ask(server: &Server, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let request = server.client.request(method.parse().unwrap(), server.url(path));
    let request = request.header("Content-Type", "application/json").body(body.to_string());
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
}

async fn with_machines(ids: &[&str]) -> Server {
    let server = Server::start().await;
    for id in ids {
        assert_eq!(server.report(&body(id)).await.0, 201);
    }
    server
}

/// What each of these is of a machine.
fn picked(machine: &Value, names: &[&str]) -> Value {
    names.iter().map(|name| ((*name).to_owned(), machine[*name].clone())).collect()
}

const NAMES: &[&str] = &[
    "tags",
    "notes",
    "site",
    "building",
    "room",
    "owner",
    "asset_number",
    "lifecycle",
    "purchase_date",
    "warranty_end_date",
    "custom",
];

fn nothing() -> Value {
    json!({"tags": [], "notes": null, "site": null, "building": null, "room": null, "owner": null,
        "asset_number": null, "lifecycle": "active", "purchase_date": null,
        "warranty_end_date": null, "custom": {}})
}

#[tokio::test]
async fn every_field_is_set_shown_kept_and_cleared() {
    let server = with_machines(&["a"]).await;
    assert_eq!(picked(&server.get("/api/machines/a").await.1, NAMES), nothing());
    let given = json!({
        "tags": [" Sala  12 ", "lab", "LAB", "ção"], "notes": "first\r\nsecond\u{202e}\0",
        "site": " Norte\n", "building": "B", "room": "12", "owner": "<b>ana</b>",
        "asset_number": "0012", "lifecycle": "Stock", "purchase_date": "28/02/2024",
        "warranty_end_date": "2027-02-28",
    });
    let expected = json!({
        "tags": ["lab", "Sala 12", "ção"], "notes": "first\nsecond", "site": "Norte",
        "building": "B", "room": "12", "owner": "<b>ana</b>", "asset_number": "0012",
        "lifecycle": "stock", "purchase_date": "2024-02-28", "warranty_end_date": "2027-02-28",
        "custom": {},
    });
    let (status, changed) = server.patch("a", &given).await;
    assert_eq!((status, &changed["message"]), (200, &json!("Inventário atualizado")));
    assert_eq!(picked(&changed["item"], NAMES), expected);
    assert_eq!(changed["item"]["updated_at"], Value::Null);

    let (_, reported) = server.report(&body("a")).await;
    let later = reported["item"]["updated_at"].clone();
    assert_eq!(reported["item"]["site"], "Norte", "no report touches it");
    for (name, empty) in [
        ("tags", json!([])),
        ("notes", json!("")),
        ("site", json!(" ")),
        ("building", json!(null)),
        ("room", json!("")),
        ("owner", json!(null)),
        ("asset_number", json!("\u{200f}")),
        ("lifecycle", json!(null)),
        ("purchase_date", json!("")),
        ("warranty_end_date", json!(null)),
        ("custom", json!(null)),
    ] {
        assert_eq!(server.patch("a", &json!({name: empty})).await.0, 200, "{name}");
    }
    let (_, machine) = server.get("/api/machines/a").await;
    assert_eq!(picked(&machine, NAMES), nothing());
    assert_eq!(machine["updated_at"], later, "a change is no report");
}

#[tokio::test]
async fn what_is_wrong_is_named_and_changes_nothing() {
    let server = with_machines(&["a"]).await;
    let many: Vec<_> = (0..51).map(|number| format!("t{number}")).collect();
    for (field, value, says) in [
        ("tags", json!("lab"), "tags must be a list of texts, or null"),
        ("tags", json!([1]), "tags must be a list of texts, or null"),
        ("tags", json!(["a,b"]), "tags: the tag 'a,b' has a comma or a semicolon"),
        ("tags", json!(["x".repeat(51)]), "tags: the tag 'xxxxxxxxxxxxxxxxxxxx…' has more than 50"),
        ("tags", json!([" "]), "tags: a tag is empty"),
        ("tags", json!(many), "tags holds 51 tags, but takes at most 50"),
        ("notes", json!(7), "notes must be text or null"),
        ("notes", json!("x".repeat(4_001)), "notes has 4001 characters, but takes at most 4000"),
        ("site", json!("é".repeat(101)), "site has 101 characters, but takes at most 100"),
        ("owner", json!(["ana"]), "owner must be text or null"),
        ("lifecycle", json!("sold"), "lifecycle is 'sold', but takes active, stock, repair or"),
        ("lifecycle", json!(1), "lifecycle must be active, stock, repair or retired, or null"),
        ("purchase_date", json!("31/31/2024"), "purchase_date is '31/31/2024', but takes a date"),
        ("purchase_date", json!("0024-01-01"), "purchase_date is '0024-01-01', but takes a date"),
        ("warranty_end_date", json!(1), "warranty_end_date is no text, but takes a date"),
        ("custom", json!("x"), "custom must be an object with values by their keys, or null"),
        ("custom", json!({"rack": 1}), "custom.rack: there is no such field; GET /api/fields"),
    ] {
        let (status, answer) = server.patch("a", &json!({"room": "12", field: value})).await;
        assert_eq!(status, 400, "{field}");
        let error = answer["error"].as_str().unwrap();
        assert!(error.starts_with(says), "{error}");
    }
    assert_eq!(picked(&server.get("/api/machines/a").await.1, NAMES), nothing());
}

#[tokio::test]
async fn machines_are_filtered_and_counted_by_what_people_keep() {
    let server = with_machines(&["a", "b", "c"]).await;
    server.patch("a", &json!({"tags": ["Lab", "x"], "site": "Norte", "owner": "ana"})).await;
    server.patch("b", &json!({"tags": ["lab"], "lifecycle": "retired"})).await;
    let ids = async |query: &str| -> String {
        let (_, list) = server.get(&format!("/api/machines?{query}")).await;
        let ids = list["items"].as_array().unwrap().iter();
        ids.map(|machine| machine["machine_id"].as_str().unwrap()).collect()
    };
    for (query, expected) in [
        ("tag=LAB", "ab"),
        ("tag=x&tag=-", "ac"),
        ("tag=la", ""),
        ("lifecycle=retired", "b"),
        ("lifecycle=active,stock", "ac"),
        ("site=norte", "a"),
        ("site=-", "bc"),
        ("owner=Ana", "a"),
        ("status=retired", "b"),
        ("status=online", "ac"),
        ("status=manual", ""),
    ] {
        assert_eq!(ids(query).await, expected, "{query}");
    }
    let (_, retired) = server.get("/api/machines/b").await;
    assert_eq!(retired["status"], Value::Null);
    let (_, facets) = server.get("/api/facets").await;
    let count = |value: &str, count: u32| json!({"value": value, "count": count});
    assert_eq!(facets["site"], json!([count("", 2), count("Norte", 1)]));
    assert_eq!(facets["lifecycle"], json!({"active": 2, "stock": 0, "repair": 0, "retired": 1}));
    let tags = json!([count("", 1), count("Lab", 1), count("lab", 1), count("x", 1)]);
    assert_eq!(facets["tag"], tags);
    assert_eq!((&facets["status"]["online"], &facets["status"]["retired"]), (&json!(2), &json!(1)));
}

#[tokio::test]
async fn many_machines_are_changed_as_one() {
    let server = with_machines(&["a", "b", "c"]).await;
    let bulk = async |query: &str, body: Value| {
        ask(&server, "PATCH", &format!("/api/machines{query}"), &body).await
    };
    server.patch("c", &json!({"tags": ["old"], "site": "Sul"})).await;
    let change = json!({"set": {"site": "Norte", "notes": null}, "add_tags": ["lab"],
        "remove_tags": ["OLD"], "dry_run": true});
    let (status, reply) = bulk("?os=LINUX", change.clone()).await;
    let counts = |changed: u32, dry_run: bool| {
        let message =
            if dry_run { "Nenhuma alteração gravada" } else { "Inventário atualizado" };
        json!({"message": message, "matched": 3, "changed": changed, "dry_run": dry_run})
    };
    assert_eq!((status, reply), (200, counts(3, true)));
    assert_eq!(server.get("/api/machines?site=Norte").await.1["count"], 0, "it was a dry run");
    let mut change = change;
    change["dry_run"] = json!(false);
    assert_eq!(bulk("?os=LINUX", change.clone()).await, (200, counts(3, false)));
    assert_eq!(bulk("?tag=lab", change).await, (200, counts(0, false)), "nothing is different");
    let (_, list) = server.get("/api/machines?site=Norte&tag=lab").await;
    assert_eq!(list["count"], 3);
    assert_eq!(list["items"][2]["tags"], json!(["lab"]));
    assert_eq!(list["items"][2]["updated_at"], Value::Null);

    let named = json!({"ids": ["a", "b", "a"], "set": {"room": "12"}});
    let (_, reply) = bulk("", named).await;
    assert_eq!((&reply["matched"], &reply["changed"]), (&json!(2), &json!(2)));
    let unknown = json!({"ids": ["c", "nobody"], "set": {"room": "13"}});
    let (status, refused) = bulk("", unknown).await;
    assert_eq!((status, &refused["error"]), (404, &json!("Inventory not found: nobody")));
    assert_eq!(server.get("/api/machines/c").await.1["room"], Value::Null, "all or nothing");
    let full: Vec<_> = (0..50).map(|number| format!("t{number}")).collect();
    server.patch("b", &json!({"tags": full})).await;
    let (status, refused) =
        bulk("", json!({"ids": ["a", "b"], "add_tags": ["more"], "set": {"room": "14"}})).await;
    assert_eq!(status, 400);
    assert!(refused["error"].as_str().unwrap().starts_with("tags: b would have 51, but"));
    assert_eq!(server.get("/api/machines/a").await.1["room"], "12", "all or nothing");

    for (query, body, says) in [
        ("", json!({"set": {"room": "1"}}), "No machines are chosen: give ids"),
        ("?os=", json!({"set": {"room": "1"}}), "No machines are chosen: give ids"),
        ("?os=linux", json!({"ids": ["a"], "set": {"room": "1"}}), "Give ids, or conditions"),
        ("?os=linux&taq=x", json!({"set": {"room": "1"}}), "taq is no condition; there are q,"),
        ("?os=linux&limit=1", json!({"set": {"room": "1"}}), "limit is no condition"),
        ("?os=linux", json!({}), "No valid fields provided for update"),
        ("?os=linux", json!({"set": {"colour": "red"}}), "No valid fields provided for update"),
        ("?os=linux", json!({"set": {"site": 1}}), "set: site must be text or null"),
        ("?os=linux", json!({"set": []}), "set must be an object"),
        ("?os=linux", json!({"add_tags": "x"}), "add_tags must be a list"),
        ("?os=linux", json!({"add_tags": ["x"], "dry_run": "yes"}), "dry_run must be true"),
        ("", json!({"ids": [], "add_tags": ["x"]}), "ids must be a list"),
        ("", json!({"ids": [7], "add_tags": ["x"]}), "ids must be a list"),
        ("?status=asleep", json!({"add_tags": ["x"]}), "status is 'asleep'"),
    ] {
        let (status, answer) = bulk(query, body).await;
        assert_eq!(status, 400, "{says}: {answer}");
        assert!(answer["error"].as_str().unwrap().starts_with(says), "{says}: {answer}");
    }
    let ids: Vec<_> = (0..10_001).map(|number| format!("m{number}")).collect();
    let (status, answer) = bulk("", json!({"ids": ids, "set": {"room": "1"}})).await;
    assert_eq!(status, 400);
    let error = answer["error"].as_str().unwrap();
    assert!(error.starts_with("10001 machines are chosen, but at most 10000"), "{error}");
}

#[tokio::test]
async fn each_changed_machine_has_an_entry_with_what_was_and_what_is() {
    let server = Box::start(Guarded::compat()).await;
    let cookie = server.session("ana", Role::Admin).await;
    let own = [("Cookie", cookie.as_str()), ("Sec-Fetch-Site", "same-origin")];
    for id in ["a", "b", "c"] {
        server.ask(Method::POST, "/api/machines", &[], Some(&body(id))).await;
    }
    let hostile = "=cmd|' /C calc'!A0\n<script>";
    let edit = json!({"notes": hostile, "site": "Norte"});
    server.ask(Method::PATCH, "/api/machines/a", &own, Some(&edit)).await;
    let bulk = json!({"set": {"site": "Norte", "computer_model": "X"}, "add_tags": ["lab"]});
    for (path, expected) in [("/api/machines?os=linux", 3), ("/api/machines?os=linux", 0)] {
        let (_, reply) = answer(server.ask(Method::PATCH, path, &own, Some(&bulk)).await).await;
        assert_eq!(reply["changed"], expected, "{reply}");
    }
    let (_, log) =
        answer(server.ask(Method::GET, "/api/audit?action=machine.", &own, None).await).await;
    let entries = log["items"].as_array().unwrap();
    assert_eq!(entries.len(), 4, "{log}");
    let of = |entry: &Value, side: &str| -> Value {
        serde_json::from_str(entry[side].as_str().unwrap()).unwrap()
    };
    for (entry, (subject, was)) in entries.iter().zip([
        ("c", json!({"computer_model": null, "site": null, "tags": []})),
        ("b", json!({"computer_model": null, "site": null, "tags": []})),
        ("a", json!({"computer_model": null, "tags": []})),
        ("a", json!({"notes": null, "site": null})),
    ]) {
        assert_eq!(
            (&entry["actor"], &entry["action"]),
            (&json!("user ana"), &json!("machine.edit"))
        );
        assert_eq!(entry["subject"], subject);
        assert_eq!(of(entry, "before"), was, "only what is different");
        assert_eq!(of(entry, "after").as_object().unwrap().len(), was.as_object().unwrap().len());
    }
    assert_eq!(of(&entries[3], "after"), json!({"notes": hostile, "site": "Norte"}));
}

#[tokio::test]
async fn only_who_may_change_machines_changes_many_and_only_admins_define_fields() {
    let server = Box::start(Guarded::compat()).await;
    server.ask(Method::POST, "/api/machines", &[], Some(&body("a"))).await;
    let viewer = server.session("vera", Role::Viewer).await;
    let viewer = vec![("Cookie", viewer), ("Sec-Fetch-Site", "same-origin".to_owned())];
    let mut callers =
        vec![("nobody", Vec::new(), [401, 401, 401]), ("viewer", viewer, [403, 200, 403])];
    for (scope, expected) in [
        (Scope::Ingest, [403, 403, 403]),
        (Scope::Read, [403, 200, 403]),
        (Scope::Write, [200, 200, 403]),
        (Scope::Admin, [200, 200, 200]),
    ] {
        let token = format!("Bearer {}", server.token(scope).await);
        callers.push((scope.name(), vec![("Authorization", token)], expected));
    }
    let bulk = json!({"ids": ["a"], "add_tags": ["lab"]});
    let field = json!({"key": "rack", "type": "text"});
    for (name, headers, expected) in callers {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        // The computer that a new box runs on may look; one that a proxy speaks for may not.
        let headers = [&[("X-Forwarded-For", "10.0.0.9")], &headers[..]].concat();
        let change = server.ask(Method::PATCH, "/api/machines", &headers, Some(&bulk)).await;
        let look = server.ask(Method::GET, "/api/fields", &headers, None).await;
        let define = server.ask(Method::POST, "/api/fields", &headers, Some(&field)).await;
        assert_eq!([change, look, define].map(|done| done.status().as_u16()), expected, "{name}");
    }
}

/// Whoever may report a machine may not read what people keep about it.
#[tokio::test]
async fn an_answer_to_a_report_shows_only_readers_what_people_keep() {
    let server = Box::start(Guarded::compat()).await;
    let write = format!("Bearer {}", server.token(Scope::Write).await);
    let writer = [("Authorization", write.as_str())];
    server.ask(Method::POST, "/api/machines", &[], Some(&body("a"))).await;
    let edit = json!({"owner": "ana", "tags": ["lab"], "computer_model": "X"});
    server.ask(Method::PATCH, "/api/machines/a", &writer, Some(&edit)).await;
    for (headers, owner) in [(&[][..], Value::Null), (&writer[..], json!("ana"))] {
        let again = server.ask(Method::POST, "/api/machines", headers, Some(&body("a"))).await;
        let (status, reply) = answer(again).await;
        assert_eq!((status, &reply["item"]["owner"]), (200, &owner));
        assert_eq!(reply["item"]["computer_model"], "X", "as the original answers");
    }
}

#[tokio::test]
async fn a_machine_that_comes_back_has_everything_that_was_kept() {
    let server = with_machines(&["a"]).await;
    ask(&server, "POST", "/api/fields", &json!({"key": "rack", "type": "text"})).await;
    let kept = json!({"tags": ["lab"], "notes": "n", "site": "Norte", "lifecycle": "repair",
        "purchase_date": "2024-01-08", "custom": {"rack": "R2"}});
    server.patch("a", &kept).await;
    let (_, was) = server.get("/api/machines/a").await;
    assert_eq!(was["custom"], json!({"rack": "R2"}));
    ask(&server, "DELETE", "/api/machines/a", &Value::Null).await;
    let (status, new) = server.report(&body("a")).await;
    assert_eq!((status, picked(&new["item"], NAMES)), (201, nothing()), "it is a new machine");
    ask(&server, "DELETE", "/api/machines/a", &Value::Null).await;
    let (status, back) = ask(&server, "POST", "/api/machines/a/restore", &Value::Null).await;
    assert_eq!(status, 200, "{back}");
    assert_eq!(picked(&back["item"], NAMES), picked(&was, NAMES));
}
