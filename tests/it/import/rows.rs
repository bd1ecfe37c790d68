//! What the rows of a file do, over HTTP.

use reqwest::Method;
use serde_json::{Value, json};
use tatuscan::model::access::Scope;

use super::{audited, import, machine, with_hosts};
use crate::access::Box;
use crate::support::server::Guarded;

fn counts(answer: &Value) -> [u64; 4] {
    ["machines", "keyed", "matched", "changed"].map(|name| answer[name].as_u64().unwrap())
}

#[tokio::test]
async fn the_originals_file_sets_activations_by_the_number_in_the_host_name() {
    let server =
        with_hosts(&["IFMT-000123", "ifmt_123", "m0042-lab", "pc-7", "notebook", "lab9"]).await;
    let file = "NUMERO,DATA DA CARGA\n0123,01/01/2020\n00042,2021/05/06\n7,07-08-2022\n\
                123,15/01/2024\n123,\n,01/01/2020\n99,2024-02-03\n";
    let (status, dry) = import(&server, "dry_run=true", file).await;
    assert_eq!((status, counts(&dry)), (200, [6, 5, 4, 4]), "{dry}");
    assert_eq!(dry["message"], "Nenhuma alteração gravada");
    assert_eq!((&dry["matched_by"], &dry["delimiter"]), (&json!("number"), &json!(",")));
    assert_eq!((&dry["rows"], &dry["replaced"]), (&json!(7), &json!(2)));
    let unmatched = json!([{"line": 7, "key": ""}, {"line": 8, "key": "99"}]);
    assert_eq!(dry["unmatched"], unmatched);
    let change = json!({"line": 5, "machine_id": "m0", "hostname": "IFMT-000123", "fields": [
        {"field": "computer_activation", "before": null, "after": "2024-01-15 00:00:00"}]});
    assert_eq!(dry["changes"][2], change, "the last row wins");
    assert_eq!(audited(&server).await, 0);
    assert_eq!(machine(&server, "m0").await["computer_activation"], Value::Null);

    let (status, done) = import(&server, "fill_days=true", file).await;
    assert_eq!((status, counts(&done)), (200, [6, 5, 4, 4]), "{done}");
    for (id, date) in
        [("m0", "2024-01-15"), ("m1", "2024-01-15"), ("m2", "2021-05-06"), ("m3", "2022-08-07")]
    {
        let machine = machine(&server, id).await;
        assert_eq!(machine["computer_activation"], format!("{date}T00:00:00-04:00"));
        assert!(machine["activation_days"].as_u64().unwrap() > 100, "{machine}");
    }
    assert_eq!(audited(&server).await, 4);

    // Equal dates are untouched, also where the inventory has a time of that day.
    let noon = json!({"computer_activation": "2022-08-07T12:30:00", "activation_days": null});
    assert_eq!(server.patch("m3", &noon).await.0, 200);
    let (_, again) = import(&server, "", file).await;
    assert_eq!(counts(&again), [6, 5, 4, 0]);
    assert_eq!(machine(&server, "m3").await["computer_activation"], "2022-08-07T12:30:00-04:00");
    assert_eq!(audited(&server).await, 5);
    // The number may stand in a host name of the file too.
    let file = "hostname;activation_date;model\nIFMT-42;2020-01-01;Dell\n";
    let (_, by_name) = import(&server, "match=number", file).await;
    assert_eq!(counts(&by_name), [6, 5, 1, 1]);
    let changed = machine(&server, "m2").await;
    assert_eq!(
        (&changed["computer_model"], &changed["computer_activation"]),
        (&json!("Dell"), &json!("2020-01-01T00:00:00-04:00"))
    );
}

#[tokio::test]
async fn one_wrong_line_keeps_all_of_them_out() {
    let server = with_hosts(&["a", "b", "twin", "Twin"]).await;
    let field = json!({"key": "rack", "type": "choice", "choices": ["R1"], "labels": {}});
    let made = server.client.post(server.url("/api/fields")).json(&field).send().await.unwrap();
    assert_eq!(made.status(), 200);
    let wrong = "Máquina;Sala;Fim da garantia;rack;Dias em uso\n\
                 a;Lab 1;31/02/2024;R1;1\n\
                 b;\"two\nlines\";2024-02-01;R2;-1\n\
                 \n\
                 TWIN;x\n\
                 a;b;2024-01-01;R1;1;too;many\n";
    let (status, answer) = import(&server, "", wrong).await;
    assert_eq!(status, 400);
    let error = answer["error"].as_str().unwrap();
    assert!(
        error.starts_with(
            "Nothing was changed: line 2, column 'Fim da garantia': warranty_end_date is \
             '31/02/2024', but takes a date"
        ) && error.ends_with("(5 more in problems)"),
        "{error}"
    );
    let named: Vec<_> = answer["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| (problem["line"].as_u64().unwrap(), problem["column"].as_str()))
        .collect();
    let expected = [
        (2, Some("Fim da garantia")),
        (3, Some("Sala")),
        (3, Some("rack")),
        (3, Some("Dias em uso")),
        (6, None),
        (7, None),
    ];
    assert_eq!(named, expected, "{answer}");
    let twins = answer["problems"][4]["error"].as_str().unwrap();
    assert!(twins.starts_with("2 machines have the hostname 'TWIN': m2, m3. Name"), "{twins}");
    let (status, dry) = import(&server, "dry_run=true", wrong).await;
    assert_eq!((status, &dry["problems"]), (200, &answer["problems"]));
    assert_eq!(
        (machine(&server, "a").await["room"].clone(), audited(&server).await),
        (json!(null), 0)
    );

    // Fifty tags are one thing, one more is another.
    let tags: Vec<_> = (0..51).map(|number| format!("t{number}")).collect();
    let (status, answer) =
        import(&server, "", format!("hostname;tags\na;lab\nb;\"{}\"\n", tags.join(","))).await;
    assert_eq!((status, &answer["problems"][0]["line"]), (400, &json!(3)));
    assert_eq!(machine(&server, "m0").await["tags"], json!([]));
}

#[tokio::test]
async fn machines_are_found_by_what_the_file_has() {
    let server = with_hosts(&["lab-01", "lab-02"]).await;
    assert_eq!(server.patch("m1", &json!({"asset_number": "00A-7"})).await.0, 200);
    for (parameters, file, id, room) in [
        ("", "machine_id,hostname,room\nm0,lab-02,by id\n", "m0", "by id"),
        ("", "Equipo;Sala;Estado\n LAB-02 ;por nombre;x\n", "m1", "por nombre"),
        ("", "Asset number|Room\n00a-7|by label\n", "m1", "by label"),
        ("match=hostname", "machine_id,hostname,room\nm0,lab-02,by name\n", "m1", "by name"),
        ("map=Onde:room&map=Nome:hostname", "Nome\tOnde\nlab-01\tmapped\n", "m0", "mapped"),
        ("delimiter=|", "hostname|room\nlab-01|a;b,c\n", "m0", "a;b,c"),
        ("", "sep=;\r\nhostname;room\r\nlab-01;\"a;\"\"b\"\"\"\r\n", "m0", "a;\"b\""),
        ("", "hostname;room\nlab-01;'=1+1\n", "m0", "=1+1"),
    ] {
        let (status, answer) = import(&server, parameters, file).await;
        assert_eq!((status, counts(&answer)[3]), (200, 1), "{file}: {answer}");
        assert_eq!(machine(&server, id).await["room"], room);
    }
    // An empty cell leaves what is there, or clears it.
    let file = "hostname;room;tags\nlab-01;;x\n";
    assert_eq!(import(&server, "", file).await.1["changed"], 1);
    assert_eq!(machine(&server, "m0").await["room"], "=1+1");
    assert_eq!(import(&server, "empty=clear", file).await.1["changed"], 1);
    let cleared = machine(&server, "m0").await;
    assert_eq!((&cleared["room"], &cleared["tags"]), (&Value::Null, &json!(["x"])));

    let (_, dry) = import(
        &server,
        "dry_run=true",
        "sep=;\r\n\r\nhostname;notes\r\n\r\n\r\nx;\"a\r\nb\"\r\ny;\r\n\r\nz;1",
    )
    .await;
    let lines: Vec<_> =
        dry["unmatched"].as_array().unwrap().iter().map(|one| &one["line"]).collect();
    assert_eq!(lines, [6, 8, 10], "as editors count them");

    let file = b"hostname;Respons\xe1vel\nlab-01;Jo\xe3o \x96 TI\n".to_vec();
    let (_, answer) = import(&server, "", file).await;
    assert_eq!(answer["encoding"], "windows-1252");
    assert_eq!(machine(&server, "m0").await["owner"], "João – TI");
    for (parameters, file, said) in [
        ("", "", "The file is empty"),
        ("", "hostname;room\n", "The file has a header, but no rows below it"),
        ("", "a;b\nc;d\n", "No column says which machine a row is about. The file has the columns"),
        ("match=number", "room\nx\n", "match is number, but no column is that."),
        ("match=colour", "room\nx\n", "match is 'colour', but takes machine_id, hostname, number"),
        ("dryrun=true", "hostname;room\nlab-01;x\n", "dryrun is no parameter of an import"),
        ("map=x:room", "hostname;room\nlab-01;x\n", "map names the column 'x', but the file has"),
        ("encoding=utf-8", "h\0", "The file has characters of value 0"),
    ] {
        let (status, answer) = import(&server, parameters, file).await;
        let error = answer["error"].as_str().unwrap_or_default();
        assert!(status == 400 && error.starts_with(said), "{file}: {status} {answer}");
    }
}

#[tokio::test]
async fn a_long_answer_says_how_much_more_there_is() {
    let hostnames: Vec<_> = (0..1_100).map(|number| format!("pc-{number}")).collect();
    let server = with_hosts(&hostnames.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut file = String::from("hostname,room,tags\n");
    for hostname in &hostnames {
        file.push_str(&format!("{hostname},12,\nno-{hostname},12,\n"));
    }
    let (status, answer) = import(&server, "dry_run=true", file.clone()).await;
    assert_eq!((status, &answer["changed"]), (200, &json!(1_100)));
    let lengths = ["changes", "unmatched"].map(|name| answer[name].as_array().unwrap().len());
    assert_eq!(lengths, [1_000, 1_000]);
    assert_eq!((&answer["more_changes"], &answer["more_unmatched"]), (&json!(100), &json!(100)));
    let (status, answer) = import(&server, "", file.replace(",\n", ",\"a\nb\"\n")).await;
    assert_eq!(status, 400);
    assert_eq!(answer["problems"].as_array().unwrap().len(), 1_000);
    assert_eq!(answer["more_problems"], 1_200);
}

#[tokio::test]
async fn editors_import_and_nobody_else() {
    let server = Box::start(Guarded::compat()).await;
    let path = server.server.url("/api/import/machines");
    for (scope, expected) in [
        (None, 401),
        (Some(Scope::Ingest), 403),
        (Some(Scope::Read), 403),
        (Some(Scope::Write), 200),
        (Some(Scope::Admin), 200),
    ] {
        let mut request = server.server.client.request(Method::POST, &path);
        if let Some(scope) = scope {
            request = request.bearer_auth(server.token(scope).await);
        }
        let request = request.header("Content-Type", "text/csv").body("hostname,room\na,b\n");
        assert_eq!(request.send().await.unwrap().status(), expected, "{scope:?}");
    }
    let token = server.token(Scope::Write).await;
    let send = |kind: &'static str, body: Vec<u8>| {
        let request = server.server.client.post(&path).bearer_auth(&token);
        request.header("Content-Type", kind).body(body).send()
    };
    // What a form of another site could send.
    for kind in ["text/plain", "multipart/form-data", "application/json"] {
        assert_eq!(send(kind, b"a".to_vec()).await.unwrap().status(), 415, "{kind}");
    }
    let answer = send("text/csv", vec![b'a'; (16 << 20) + 1]).await.unwrap();
    assert_eq!(answer.status(), 413);
}

#[tokio::test]
async fn rows_find_machines_by_their_serial_numbers() {
    let server = with_hosts(&["a", "b"]).await;
    let url = server.url("/api/machines/m1/sections/system");
    let section = json!({"hash": "1", "content": {"serial": "5CD1234ABC"}});
    let put = server.client.put(url).header("Content-Type", "application/json");
    assert_eq!(put.body(section.to_string()).send().await.unwrap().status(), 200);
    for file in ["serial;room\n 5cd1234abc ;12\nX;13\n", "Número de série;Sala\n5CD1234ABC;14\n"]
    {
        let (status, done) = import(&server, "", file).await;
        assert_eq!((status, &done["matched_by"]), (200, &json!("serial")), "{done}");
        let [machines, keyed, matched, changed] = counts(&done);
        assert_eq!([machines, keyed, matched, changed], [2, 1, 1, 1]);
    }
    assert_eq!(machine(&server, "m1").await["room"], "14");
}
