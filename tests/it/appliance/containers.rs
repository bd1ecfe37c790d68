//! The image and the compose files.

use clap::CommandFactory as _;
use serde_json::{Value, json};
use tatuscan::cli::Tatuscan;

use super::{files, read, root, yaml};

const CONTAINERFILE: &str = "appliance/container/Containerfile";

/// The instructions of the last stage.
fn image() -> Vec<String> {
    let text = read(CONTAINERFILE);
    let (_, last) = text.rsplit_once("\nFROM ").unwrap();
    last.lines().map(str::to_owned).collect()
}

fn compose(file: &str) -> Value {
    let mut documents = yaml(&format!("appliance/container/{file}"));
    assert_eq!(documents.len(), 1);
    documents.remove(0)
}

fn is_command(name: &Value) -> bool {
    Tatuscan::command().find_subcommand(name.as_str().unwrap()).is_some()
}

#[test]
fn the_image_is_one_program_that_is_nobody_special() {
    let image = image();
    assert_eq!(image[0], "scratch");
    for line in ["USER 1000:1000", "VOLUME /data", "EXPOSE 8040"] {
        assert!(image.iter().any(|instruction| instruction == line), "{line}");
    }
    let of = |name: &str| -> Value {
        let line = image.iter().find_map(|line| line.split_once(&format!("{name} ["))).unwrap();
        serde_json::from_str(&format!("[{}", line.1)).unwrap()
    };
    assert_eq!(of("ENTRYPOINT"), json!(["/usr/bin/tatuscan"]));
    assert_eq!(of("\nCMD".trim()), json!(["/usr/bin/tatuscan", "healthcheck"]));
    assert!(image.iter().any(|line| line == r#"CMD ["serve"]"#));
    assert!(is_command(&json!("serve")) && is_command(&json!("healthcheck")));
}

#[test]
fn the_image_is_built_from_files_that_are_there() {
    let ignored = read("appliance/container/Containerfile.dockerignore");
    let admitted: Vec<&str> = ignored.lines().filter_map(|line| line.strip_prefix('!')).collect();
    assert!(admitted.contains(&"src") && admitted.contains(&"web/dist"), "{admitted:?}");
    for path in &admitted {
        assert!(root().join(path).exists(), "{path}");
    }
    // What the program takes in from elsewhere in the repository is in the image's sources, too.
    let mut count = 0;
    for file in files("src") {
        let text = read(&file);
        let taken = text.split("include_str!(\"").skip(1).filter_map(|rest| rest.split('"').next());
        for path in taken.filter_map(|path| path.split_once("appliance/")) {
            let path = format!("appliance/{}", path.1);
            count += 1;
            assert!(admitted.iter().any(|known| path.starts_with(known)), "{path} for {file:?}");
        }
    }
    assert!(count > 3, "{count}");
    let rust = read("Cargo.toml").lines().find_map(|line| {
        Some(line.strip_prefix("rust-version = \"")?.trim_end_matches('"').to_owned())
    });
    assert!(read(CONTAINERFILE).contains(&format!("library/rust:{}-", rust.unwrap())));
}

#[test]
fn the_compose_file_has_what_the_originals_had() {
    let file = compose("compose.yml");
    let server = &file["services"]["tatuscan"];
    assert_eq!(server["image"], "${APP_IMAGE:-tatuscan:latest}");
    assert_eq!(server["container_name"], "tatuscan");
    assert_eq!(server["env_file"], ".env");
    assert_eq!(server["ports"], json!(["${HOST_PORT:-8040}:${TATUSCAN_PORT:-8040}"]));
    assert_eq!(server["volumes"], json!(["tatuscan_data:/data"]));
    assert_eq!(server["restart"], "unless-stopped");
    let health = &server["healthcheck"];
    assert_eq!(health["test"], json!(["CMD", "/usr/bin/tatuscan", "healthcheck"]));
    let times = [&health["interval"], &health["timeout"], &health["retries"]];
    assert_eq!(times, [&json!("30s"), &json!("5s"), &json!(3)]);
    assert!(file["volumes"].as_object().unwrap().contains_key("tatuscan_data"));
    let context = server["build"]["context"].as_str().unwrap();
    let built = root().join("appliance/container").join(context);
    assert!(built.join(server["build"]["dockerfile"].as_str().unwrap()).is_file());
}

/// Compose merges volumes by where they are mounted.
#[test]
fn without_sqlite_the_named_volume_gives_way() {
    let file = compose("compose.no-sqlite.yml");
    let volumes = &file["services"]["tatuscan"]["volumes"];
    assert_eq!(volumes, &json!([{"type": "volume", "target": "/data"}]));
}

#[test]
fn the_databases_in_the_compose_file_are_yaml_once_they_are_wanted() {
    let text = read("appliance/container/compose.yml");
    for (name, uri) in [("postgres", "postgresql://"), ("mysql", "mysql://")] {
        assert!(text.contains(&format!("SQLALCHEMY_DATABASE_URI={uri}tatuscan:tatuscan@{name}:")));
    }
    let is_code = |line: &str| {
        let word = line.trim_start_matches("  # ").trim_start();
        line.starts_with("  # ") && !word.starts_with("A ") && !word.starts_with("SQLALCHEMY_")
    };
    let wanted = text
        .lines()
        .map(|line| if is_code(line) { line.replacen("  # ", "  ", 1) } else { line.to_owned() });
    let wanted = wanted.collect::<Vec<_>>().join("\n");
    let file: Value = serde_saphyr::from_str(&wanted).unwrap();
    for (name, volume) in [("postgres", "pg_data"), ("mysql", "mysql_data")] {
        assert!(file["services"][name]["image"].is_string(), "{wanted}");
        assert!(file["volumes"].as_object().unwrap().contains_key(volume), "{wanted}");
    }
}
