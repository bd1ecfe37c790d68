//! Fields that admins define.

use serde_json::{Value, json};

use crate::support::machines::body;
use crate::support::server::Server;

async fn ask(server: &Server, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let request = server.client.request(method.parse().unwrap(), server.url(path));
    let request = request.header("Content-Type", "application/json").body(body.to_string());
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap_or(Value::Null))
}

async fn define(server: &Server, field: Value) -> (u16, Value) {
    ask(server, "POST", "/api/fields", &field).await
}

/// A server with a field of each type, and a machine.
async fn with_fields() -> Server {
    let server = Server::start().await;
    server.report(&body("a")).await;
    for field in [
        json!({"key": "line", "type": "text"}),
        json!({"key": "watts", "type": "number", "labels": null}),
        json!({"key": "checked_on", "type": "date", "choices": null}),
        json!({"key": "leased", "type": "yes_no"}),
        json!({"key": "rack", "type": "choice", "choices": [" R1 ", "Ção"], "order": -1,
            "labels": {"pt-BR": "Armário\u{202e}", "en": ""}}),
    ] {
        let (status, made) = define(&server, field.clone()).await;
        assert_eq!((status, &made["key"]), (200, &field["key"]), "{made}");
    }
    server
}

#[tokio::test]
async fn fields_are_defined_listed_in_order_changed_and_removed() {
    let server = with_fields().await;
    let (_, list) = server.get("/api/fields").await;
    let keys: Vec<_> = list["items"].as_array().unwrap().iter().map(|f| f["key"].clone()).collect();
    assert_eq!(json!(keys), json!(["rack", "line", "watts", "checked_on", "leased"]));
    let none = json!({"pt-BR": null, "en": null, "es": null});
    assert_eq!(
        list["items"][1],
        json!({"key": "line", "type": "text", "labels": none,
        "choices": [], "order": 0})
    );
    assert_eq!(
        list["items"][0],
        json!({"key": "rack", "type": "choice", "order": -1,
        "labels": {"pt-BR": "Armário", "en": null, "es": null}, "choices": ["R1", "Ção"]})
    );
    let change = json!({"labels": {"es": "Bastidor"}, "choices": ["R1", "Ção", "R3"], "order": 9});
    let (status, changed) = ask(&server, "PATCH", "/api/fields/rack", &change).await;
    assert_eq!((status, &changed["order"]), (200, &json!(9)));
    assert_eq!(changed["labels"], json!({"pt-BR": null, "en": null, "es": "Bastidor"}));
    let (status, _) = ask(&server, "DELETE", "/api/fields/line", &Value::Null).await;
    assert_eq!(status, 200);
    let (_, list) = server.get("/api/fields").await;
    assert_eq!(list["items"].as_array().unwrap().len(), 4);
    assert_eq!(list["items"][3]["key"], "rack");
    let (_, log) = server.get("/api/audit?subject=rack").await;
    assert_eq!(log["items"][0]["action"], "field.change");
    let before: Value = serde_json::from_str(log["items"][0]["before"].as_str().unwrap()).unwrap();
    assert_eq!(before["choices"], json!(["R1", "Ção"]));
    assert_eq!(log["items"][1]["action"], "field.create");
    let (_, log) = server.get("/api/audit?subject=line").await;
    assert_eq!(log["items"][0]["action"], "field.delete");
}

#[tokio::test]
async fn what_is_wrong_with_a_definition_is_named() {
    let server = with_fields().await;
    let choice = |choices: Value| json!({"key": "k", "type": "choice", "choices": choices});
    for (field, status, says) in [
        (json!({"key": "rack", "type": "text"}), 409, "There is a field rack already"),
        (json!({"key": "Rack", "type": "text"}), 400, "key must be 1 to 32 characters"),
        (json!({"key": "k", "type": "colour"}), 400, "unknown variant `colour`"),
        (json!({"key": "k"}), 400, "missing field `type`"),
        (json!({"key": "k", "type": "text", "labels": ["a"]}), 400, "expected a map"),
        (json!({"key": "k", "type": "text", "labels": {"en": 1}}), 400, "labels: invalid type"),
        (json!({"key": "k", "type": "choice"}), 400, "choices must hold 1 to 100 texts"),
        (choice(json!([])), 400, "choices must hold 1 to 100 texts"),
        (choice(json!(["a", " "])), 400, "choices must be texts of 1 to 100 characters"),
        (choice(json!(["Sim", "sim "])), 400, "choices holds 'sim' more than once"),
        (json!({"key": "k", "type": "date", "choices": ["a"]}), 400, "choices are for fields of"),
        (
            json!({"key": "k", "type": "date", "labels": {"es": "x".repeat(61)}}),
            400,
            "labels.es takes at most 60 characters",
        ),
    ] {
        let (found, answer) = define(&server, field).await;
        let error = answer["error"].as_str().unwrap();
        assert!(found == status && error.contains(says), "{says}: {found} {error}");
    }
    for (path, change, status, says) in [
        ("/api/fields/none", json!({"order": 1}), 404, "There is no field none"),
        ("/api/fields/rack", json!({}), 400, "Nothing to change: give labels, choices or order"),
        ("/api/fields/line", json!({"choices": ["a"]}), 409, "line is of the type text"),
        ("/api/fields/rack", json!({"choices": []}), 400, "choices must hold 1 to 100 texts"),
    ] {
        let (found, answer) = ask(&server, "PATCH", path, &change).await;
        let error = answer["error"].as_str().unwrap();
        assert!(found == status && error.contains(says), "{says}: {found} {error}");
    }
    let (status, _) = ask(&server, "DELETE", "/api/fields/none", &Value::Null).await;
    assert_eq!(status, 404);
    for number in 5..100 {
        let field = json!({"key": format!("k{number}"), "type": "text"});
        assert_eq!(define(&server, field).await.0, 200);
    }
    let (status, answer) = define(&server, json!({"key": "one_more", "type": "text"})).await;
    assert_eq!(status, 409);
    assert!(answer["error"].as_str().unwrap().starts_with("There are 100 fields already"));
}

#[tokio::test]
async fn values_are_of_their_fields_type_and_others_stay() {
    let server = with_fields().await;
    let custom = async |values: Value| {
        let (status, answer) = server.patch("a", &json!({"custom": values})).await;
        if status == 200 { answer["item"]["custom"].clone() } else { answer["error"].clone() }
    };
    let all = json!({"line": " a\u{0}b ", "watts": "7.50", "checked_on": "29/02/2024",
        "leased": false, "rack": "ÇÃO"});
    let expected = json!({"line": "ab", "watts": 7.5, "checked_on": "2024-02-29", "leased": false,
        "rack": "Ção"});
    assert_eq!(custom(all).await, expected);
    let changed = custom(json!({"watts": 90, "leased": "true", "line": "", "rack": null})).await;
    assert_eq!(changed, json!({"watts": 90, "checked_on": "2024-02-29", "leased": true}));
    for (values, says) in [
        (json!({"line": 1}), "custom.line must be text or null"),
        (json!({"line": "x".repeat(501)}), "custom.line has 501 characters"),
        (json!({"watts": "many"}), "custom.watts must be a number from -9007199254740991 to"),
        (json!({"watts": 1e300}), "custom.watts must be a number from"),
        (json!({"watts": "NaN"}), "custom.watts must be a number from"),
        (json!({"checked_on": "soon"}), "custom.checked_on is 'soon', but takes a date"),
        (json!({"leased": "maybe"}), "custom.leased must be true, false or null"),
        (json!({"rack": "R9"}), "custom.rack is 'R9', but takes one of: R1, Ção"),
        (json!({"nothing": 1}), "custom.nothing: there is no such field"),
    ] {
        let error = custom(values).await;
        assert!(error.as_str().is_some_and(|error| error.starts_with(says)), "{says}: {error}");
    }
    assert_eq!(custom(json!(null)).await, json!({}), "null clears them all");
}

/// A definition that is in use goes, with its values, only when somebody says so; machines that were
/// removed and can come back are no way around that.
#[tokio::test]
async fn values_are_lost_only_when_somebody_says_so() {
    let server = with_fields().await;
    let many = 1_003;
    let ids: Vec<_> = (0..many).map(|number| format!("m{number:04}")).collect();
    for piece in ids.chunks(200) {
        let reports = piece.iter().map(|id| {
            let (server, body) = (&server, body(id));
            async move { server.report(&body).await.0 }
        });
        futures_util::future::join_all(reports).await;
    }
    let set = |rack: &str| json!({"set": {"custom": {"rack": rack, "line": "x"}}});
    let (_, done) = ask(&server, "PATCH", "/api/machines?os=linux", &set("R1")).await;
    assert_eq!(done["changed"], json!(many + 1), "{done}");
    let mut one = set("Ção");
    one["ids"] = json!(["a", "m0000"]);
    assert_eq!(ask(&server, "PATCH", "/api/machines", &one).await.0, 200);
    ask(&server, "DELETE", "/api/machines/m0000", &Value::Null).await;

    let fewer = json!({"choices": ["R1", "R2"]});
    let (status, refused) = ask(&server, "PATCH", "/api/fields/rack", &fewer).await;
    assert_eq!(status, 409);
    let error = refused["error"].as_str().unwrap();
    assert!(error.starts_with("2 machines have values of rack that would be lost"), "{error}");
    let path = "/api/fields/rack?discard_values=true";
    let (status, changed) = ask(&server, "PATCH", path, &fewer).await;
    assert_eq!((status, &changed["choices"]), (200, &json!(["R1", "R2"])));
    assert_eq!(server.get("/api/machines/a").await.1["custom"], json!({"line": "x"}));
    assert_eq!(server.get("/api/machines/m0001").await.1["custom"]["rack"], "R1");

    let (status, refused) = ask(&server, "DELETE", "/api/fields/line", &Value::Null).await;
    assert_eq!(status, 409);
    let error = refused["error"].as_str().unwrap();
    assert!(error.starts_with("1004 machines have values of line that would be lost"), "{error}");
    let path = "/api/fields/line?discard_values=true";
    assert_eq!(ask(&server, "DELETE", path, &Value::Null).await.0, 200);
    let (_, list) = server.get("/api/machines").await;
    let custom = list["items"].as_array().unwrap().iter().map(|machine| &machine["custom"]);
    assert!(custom.clone().all(|custom| custom.get("line").is_none()));
    let (_, back) = ask(&server, "POST", "/api/machines/m0000/restore", &Value::Null).await;
    assert_eq!(back["item"]["custom"], json!({}), "it did not keep what was to go");
    let (_, log) = server.get("/api/audit?subject=m0500&limit=2").await;
    let before: Value = serde_json::from_str(log["items"][0]["before"].as_str().unwrap()).unwrap();
    assert_eq!(before, json!({"custom": {"line": "x"}}));
}
