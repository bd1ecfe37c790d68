//! `tatuscan import`, beside a running server and without one.

use std::fs;
use std::path::Path;
use std::process::Output;

use crate::support::edge::{tatuscan, text};
use crate::support::machines::body;
use crate::support::process::{ServerProcess, serve_guarded};
use crate::support::server::client;

fn run(directory: &Path, arguments: &[&str]) -> Output {
    let mut command = tatuscan(directory);
    command.args(arguments).env("TATUSCAN_DB_DIR", directory.join("data"));
    command.env("TIMEZONE", "America/Cuiaba").output().unwrap()
}

fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", text(output));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Everything that the command does, the same way both ways; `round` makes its values new.
fn all(directory: &Path, round: u32) {
    let file = format!("NUMERO,DATA DA CARGA,x\n0012,0{round}/02/2024,\n77,01/01/2020,\n");
    fs::write(directory.join("inventario.csv"), file).unwrap();
    let dry = done(&run(directory, &["import", "--dry-run"]));
    let expected = format!(
        "column 'x' is left out\n\
         line 2, ifmt-12\u{20}(a): computer_activation: BEFORE -> 2024-02-0{round} 00:00:00\n\
         line 3: no machine has the number 77\n\
         Machines looked at: 2\n\
         Machines that have a number in the host name: 1\n\
         Machines found in the file: 1\n\
         Machines that would be changed: 1\n"
    );
    let before =
        if round == 1 { "-".to_owned() } else { format!("2024-02-0{} 00:00:00", round - 1) };
    assert_eq!(dry, expected.replace("BEFORE", &before));
    let first = done(&run(directory, &["import", "--csv", "inventario.csv"]));
    assert!(first.ends_with("Machines found in the file: 1\nMachines changed: 1\n"), "{first}");
    let again = done(&run(directory, &["import"]));
    assert!(again.ends_with("Machines found in the file: 1\nMachines changed: 0\n"), "{again}");

    // Mapped, in Windows-1252, and from a file with another name.
    let file = format!("Nome\tOnde\r\nMAIN\tS\u{e3}o {round}\r\n");
    let bytes: Vec<u8> = file.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    fs::write(directory.join("x.csv"), bytes).unwrap();
    let arguments = ["import", "x.csv", "--map", "Nome:hostname", "--map", "Onde:site"];
    let mapped = done(&run(directory, &arguments));
    assert!(mapped.contains(&format!("São {round}\n")), "{mapped}");

    let wrong = "hostname,room,purchase_date\nmain,1,2024-01-01\nmain,2,soon\n";
    fs::write(directory.join("x.csv"), wrong).unwrap();
    let refused = run(directory, &["import", "x.csv"]);
    let said = text(&refused);
    assert!(!refused.status.success());
    let line = "nothing was changed, because something in the file is wrong:\nline 3, column \
                'purchase_date': purchase_date is 'soon', but takes a date";
    assert!(said.contains(line), "{said}");
    let dry = run(directory, &["import", "x.csv", "--dry-run"]);
    assert!(!dry.status.success() && text(&dry).contains(line), "{}", text(&dry));
    let listed = done(&run(directory, &["export", "--columns", "room", "--lang", "en"]));
    assert_eq!(listed, "\u{feff}Room\r\n\"\"\r\n\"\"\r\n");

    let missing = run(directory, &["import", "nowhere.csv"]);
    assert!(!missing.status.success() && text(&missing).contains("nowhere.csv"));
    fs::write(directory.join("x.csv"), vec![b'x'; 17 << 20]).unwrap();
    let large = run(directory, &["import", "x.csv"]);
    assert!(text(&large).contains("The file is larger than 16 MiB"), "{}", text(&large));
}

#[tokio::test]
async fn the_command_imports_beside_a_server_and_without_one() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    fs::create_dir(&data).unwrap();
    let mut command = serve_guarded(&data);
    command.env("TIMEZONE", "America/Cuiaba");
    let server = ServerProcess::spawn(command);
    for (id, hostname) in [("a", "ifmt-12"), ("b", "main")] {
        let mut report = body(id);
        report["hostname"] = hostname.into();
        let request = client().post(format!("{}/api/machines", server.url));
        let request = request.header("Content-Type", "application/json");
        assert_eq!(request.body(report.to_string()).send().await.unwrap().status(), 201);
    }
    all(directory.path(), 1);
    drop(server);
    all(directory.path(), 2);
}
