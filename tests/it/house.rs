//! The structure of the project, held by tests: what the top level contains, and which module may
//! use which.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The name of what git tracks, or would track, at the top level.
#[test]
fn the_top_level_is_the_one_that_was_agreed_on() {
    let git = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root())
        .output();
    let Some(git) = git.ok().filter(|git| git.status.success()) else {
        return crate::support::skip("git", "needs a git checkout");
    };
    let listed = String::from_utf8(git.stdout).unwrap();
    let tops: BTreeSet<_> = listed.lines().map(|path| path.split('/').next().unwrap()).collect();
    let allowed = BTreeSet::from([
        ".cargo",
        ".ci",
        ".clippy.toml",
        ".gitattributes",
        ".github",
        ".gitignore",
        ".rustfmt.toml",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "appliance",
        "openapi",
        "src",
        "tests",
        "web",
    ]);
    let extra: Vec<_> = tops.difference(&allowed).collect();
    assert!(extra.is_empty(), "at the top level, but not agreed on: {extra:?}");
}

/// For each module: which other modules of the crate it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("clock", &[]),
    ("atomic_file", &[]),
    ("findings", &[]),
    ("cli", &[]),
    ("settings_file", &[]),
    ("systemd", &["atomic_file", "settings_file"]),
    ("wire", &["model"]),
    ("store", &["atomic_file", "model"]),
    ("access", &["store", "wire", "model"]),
    ("inventory", &["atomic_file", "store", "model"]),
    ("jobs", &["access", "atomic_file", "inventory", "store", "model"]),
    ("trust", &[]),
    ("tls", &["atomic_file", "trust"]),
    ("export", &["wire"]),
    ("import", &["wire", "model"]),
    ("http", &["access", "export", "import", "inventory", "store", "wire", "model", "tls"]),
    ("config", &["cli", "settings_file", "trust"]),
    (
        "admin",
        &[
            "access",
            "atomic_file",
            "cli",
            "clock",
            "config",
            "findings",
            "http",
            "inventory",
            "jobs",
            "model",
            "settings_file",
            "store",
            "systemd",
            "trust",
            "wire",
        ],
    ),
    ("agent", &["atomic_file", "findings", "wire", "clock", "settings_file", "systemd", "trust"]),
];

#[test]
fn modules_use_only_what_they_may() {
    for (module, allowed) in MAY_USE {
        for file in files(module) {
            let text = fs::read_to_string(&file).unwrap();
            for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
                for used in line.split("crate::").skip(1) {
                    let used: String =
                        used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                    let known = MAY_USE.iter().any(|(name, _)| *name == used);
                    let may = used == *module || allowed.contains(&used.as_str()) || !known;
                    assert!(may, "{}: {module} must not use {used}: {line}", file.display());
                }
            }
        }
    }
}

/// Names of other people's crates that a module must not know.
#[test]
fn modules_do_not_know_what_they_must_not() {
    for (module, banned) in [
        ("model", &["serde", "poem", "redb", "http::", "Utc::now", "tokio"][..]),
        ("store", &["poem", "hyper", "Utc::now", "clock::"]),
        ("inventory", &["poem", "redb", "sqlx", "hyper"]),
        ("jobs", &["poem", "redb", "sqlx", "hyper", "Utc::now"]),
        ("access", &["poem", "redb", "sqlx", "hyper", "Utc::now"]),
        ("export", &["poem", "redb", "sqlx", "hyper", "Utc::now"]),
        ("import", &["poem", "redb", "sqlx", "hyper", "Utc::now"]),
        ("http", &["redb::", "sqlx", "sysinfo"]),
        ("wire", &["redb", "sqlx"]),
        ("agent/collect", &["reqwest", "crate::config"]),
        ("agent/inventory", &["reqwest", "crate::config"]),
    ] {
        for file in files(module) {
            let text = fs::read_to_string(&file).unwrap();
            for line in text.lines().filter(|line| line.trim_start().starts_with("use ")) {
                for name in banned {
                    assert!(!line.contains(name), "{}: {module} uses {name}", file.display());
                }
            }
        }
    }
}

#[test]
fn no_file_is_longer_than_a_few_screens() {
    for file in files("").into_iter().chain(rust_files(&root().join("tests"))) {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        assert!(lines <= 500, "{} has {lines} lines: is it still one thing?", file.display());
    }
}

/// The fuzz targets are a workspace of their own: they are built with the versions that are shipped.
#[test]
fn what_is_fuzzed_is_what_is_shipped() {
    let locked = |path: &str| {
        let text = fs::read_to_string(root().join(path)).unwrap();
        let line = |package: &str, name: &str| {
            let value = package.lines().find_map(|line| line.strip_prefix(name));
            value.unwrap_or_default().trim_matches(['"', ' ', '=']).to_owned()
        };
        let packages = text.split("[[package]]").skip(1);
        let packages = packages.map(|package| (line(package, "name"), line(package, "version")));
        packages.collect::<BTreeSet<_>>()
    };
    let shipped = locked("Cargo.lock");
    let names: BTreeSet<_> = shipped.iter().map(|(name, _)| name).collect();
    let fuzzed = locked("tests/fuzz/Cargo.lock");
    assert!(fuzzed.iter().any(|(name, _)| name == "libfuzzer-sys"), "{fuzzed:?}");
    let other = fuzzed.difference(&shipped).filter(|(name, _)| names.contains(name));
    let other: Vec<_> = other.collect();
    assert!(
        other.is_empty(),
        "other versions than in Cargo.lock: {other:?}: cp Cargo.lock tests/fuzz/ && cargo metadata \
         --manifest-path tests/fuzz/Cargo.toml"
    );
}

/// A target without an input to begin with finds little.
#[test]
fn every_fuzz_target_has_a_corpus() {
    let fuzz = root().join("tests/fuzz");
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(fuzz.join(folder)).unwrap();
        let stem = |path: PathBuf| path.file_stem().unwrap().to_str().unwrap().to_owned();
        entries.map(|entry| stem(entry.unwrap().path())).collect()
    };
    let mut targets = names("src/targets");
    assert!(targets.remove("mod"));
    assert_eq!(targets, names("corpus"));
}

fn files(module: &str) -> Vec<PathBuf> {
    let at = root().join("src").join(module);
    if at.is_dir() { rust_files(&at) } else { vec![at.with_extension("rs")] }
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
