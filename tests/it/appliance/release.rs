//! The workflow of a release.

use serde_json::Value;

use super::{read, root, yaml};

const WORKFLOW: &str = ".github/workflows/release.yml";

fn steps() -> Vec<Value> {
    let workflow = yaml(WORKFLOW).remove(0);
    let jobs = workflow["jobs"].as_object().unwrap();
    jobs.values().flat_map(|job| job["steps"].as_array().unwrap().clone()).collect()
}

#[test]
fn a_release_runs_what_is_there_and_actions_of_a_named_version() {
    let mut scripts = Vec::new();
    for step in steps() {
        if let Some(action) = step["uses"].as_str() {
            let (_, version) = action.split_once('@').unwrap();
            assert!(version.starts_with('v') && version != "v", "{action}");
        }
        let script = step["run"].as_str().unwrap_or_default().to_owned();
        let ours = |word: &&str| word.starts_with("appliance/") || word.starts_with(".ci/");
        for path in script.split_whitespace().filter(ours) {
            assert!(root().join(path).is_file(), "{path}");
            scripts.push(path.to_owned());
        }
    }
    scripts.sort();
    scripts.dedup();
    assert_eq!(scripts, [".ci/run", "appliance/build", "appliance/windows/build"]);
}

#[test]
fn the_tag_is_compared_with_the_packages_version() {
    let step =
        steps().into_iter().find(|step| step["name"] == "The tag names the version").unwrap();
    let script = step["run"].as_str().unwrap();
    for (tag, is_good) in
        [(format!("v{}", env!("CARGO_PKG_VERSION")), true), ("v0.0.0".into(), false)]
    {
        let mut shell = std::process::Command::new("bash");
        let shell = shell.args(["-ec", script]).env("GITHUB_REF_NAME", &tag).current_dir(root());
        assert_eq!(shell.status().unwrap().success(), is_good, "{tag}");
    }
}

#[test]
fn a_release_starts_with_a_tag_and_only_its_last_job_may_write() {
    let workflow = yaml(WORKFLOW).remove(0);
    assert_eq!(workflow["permissions"], serde_json::json!({"contents": "read"}));
    let jobs = workflow["jobs"].as_object().unwrap();
    for (name, job) in jobs {
        assert_eq!(job["permissions"].is_null(), name != "publish", "{name}");
    }
    assert_eq!(jobs["build"]["needs"], "check");
    assert_eq!(jobs["publish"]["needs"], "build");
    assert!(read(WORKFLOW).contains("    tags: [\"v*\"]\n"));
}
