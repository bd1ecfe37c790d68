//! What comes with the packages: checksums, and lists of parts.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::{built, file, succeeds};

#[test]
fn every_file_of_a_release_has_its_checksum() {
    let Some(built) = built() else { return };
    let mut check = Command::new("sha256sum");
    succeeds(check.args(["--check", "--strict", "SHA256SUMS"]).current_dir(&built));
    let sums = fs::read_to_string(built.join("SHA256SUMS")).unwrap();
    let entries = fs::read_dir(&built).unwrap().map(|entry| entry.unwrap());
    for file in entries.filter(|entry| entry.file_type().unwrap().is_file()) {
        let name = file.file_name().into_string().unwrap();
        assert!(name == "SHA256SUMS" || sums.contains(&format!("  {name}\n")), "{name}");
    }
}

#[test]
fn each_program_has_a_list_of_its_own_parts_and_no_others() {
    let parts = |program: &str| -> Option<Vec<String>> {
        let list = file(&format!("{program}-"), "-linux-amd64.cdx.json")?;
        let list: Value = serde_json::from_slice(&fs::read(list).unwrap()).unwrap();
        assert_eq!(list["bomFormat"], "CycloneDX");
        assert_eq!(list["metadata"]["component"]["name"], program);
        assert_eq!(list["metadata"]["component"]["version"], env!("CARGO_PKG_VERSION"));
        let parts = list["components"].as_array().unwrap().iter();
        Some(parts.map(|part| part["name"].as_str().unwrap().to_owned()).collect())
    };
    let (Some(server), Some(agent)) = (parts("tatuscan"), parts("tatuscan-agent")) else { return };
    for part in ["redb", "sqlx", "reqwest", "ring"] {
        assert!(server.iter().any(|name| name == part), "the server is made of {part}");
    }
    for part in ["redb", "sqlx", "poem"] {
        assert!(!agent.iter().any(|name| name == part), "the agent is not made of {part}");
    }
    assert!(agent.iter().any(|name| name == "reqwest"));
}

#[test]
fn programs_do_not_say_where_they_were_built() {
    for program in ["tatuscan-", "tatuscan-agent-"] {
        let Some(archive) = file(program, "-linux-amd64.tar.gz") else { return };
        let output = Command::new("tar").args(["-xzOf"]).arg(archive).output().unwrap();
        assert!(output.status.success() && output.stdout.len() > 1_000_000);
        let found = output.stdout.windows(14).any(|bytes| bytes == b".cargo/registr");
        assert!(!found, "a path of the machine that built {program}");
    }
}
