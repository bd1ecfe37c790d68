//! The objects for Kubernetes: one refers to another by name and label, and nothing there checks it.

use serde_json::{Value, json};

use super::{files, root, yaml};

const FOLDER: &str = "appliance/kubernetes";

/// The objects of one file, or of several.
fn objects(names: &[&str]) -> Vec<Value> {
    names.iter().flat_map(|name| yaml(&format!("{FOLDER}/{name}.yaml"))).collect()
}

fn all() -> Vec<Value> {
    let names = files(FOLDER);
    let names = names.iter().map(|file| file.file_stem().unwrap().to_str().unwrap());
    objects(&names.filter(|name| *name != "kustomization").collect::<Vec<_>>())
}

fn of<'a>(objects: &'a [Value], kind: &str) -> &'a Value {
    objects.iter().find(|object| object["kind"] == kind).unwrap_or_else(|| panic!("no {kind}"))
}

/// Whether `labels` has every pair of `selector`.
fn selects(selector: &Value, labels: &Value) -> bool {
    let pairs = selector.as_object().unwrap();
    !pairs.is_empty() && pairs.iter().all(|(name, value)| &labels[name] == value)
}

#[test]
fn the_objects_have_the_originals_names() {
    let all = all();
    let mut names: Vec<_> = all
        .iter()
        .map(|object| {
            (object["kind"].as_str().unwrap(), object["metadata"]["name"].as_str().unwrap())
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(
        names,
        [
            ("ConfigMap", "tatuscan-config"),
            ("Deployment", "tatuscan"),
            ("HorizontalPodAutoscaler", "tatuscan-hpa"),
            ("Ingress", "tatuscan-ingress"),
            ("Namespace", "tatuscan"),
            ("PersistentVolumeClaim", "tatuscan-data-pvc"),
            ("PodDisruptionBudget", "tatuscan"),
            ("Secret", "tatuscan-secrets"),
            ("Service", "tatuscan-service"),
        ]
    );
    for object in all.iter().filter(|object| object["kind"] != "Namespace") {
        assert_eq!(object["metadata"]["namespace"], "tatuscan", "{object}");
    }
}

#[test]
fn labels_are_those_that_selectors_look_for() {
    for deployment in ["deployment", "sql"] {
        let objects = objects(&[deployment, "service"]);
        let deployment = of(&objects, "Deployment");
        let pod = &deployment["spec"]["template"];
        let labels = &pod["metadata"]["labels"];
        // A selector can never be changed: the original's is the one that stays.
        let selector = &deployment["spec"]["selector"]["matchLabels"];
        assert_eq!(selector, &json!({"app": "tatuscan"}));
        assert!(selects(selector, labels), "{labels}");
        let service = of(&objects, "Service");
        assert!(selects(&service["spec"]["selector"], labels), "{labels}");
        if let Some(budget) = objects.iter().find(|object| object["kind"] == "PodDisruptionBudget")
        {
            assert!(selects(&budget["spec"]["selector"]["matchLabels"], labels), "{labels}");
        }
        let ports = pod["spec"]["containers"][0]["ports"].as_array().unwrap();
        let target = &service["spec"]["ports"][0]["targetPort"];
        assert!(ports.iter().any(|port| &port["name"] == target), "{target}");
    }
}

#[test]
fn names_that_objects_refer_to_are_there() {
    let all = all();
    let has = |kind: &str, name: &Value| {
        let of = |object: &&Value| object["kind"] == kind && &object["metadata"]["name"] == name;
        assert!(all.iter().any(|object| of(&object)), "{kind} {name}");
    };
    for deployment in all.iter().filter(|object| object["kind"] == "Deployment") {
        let pod = &deployment["spec"]["template"]["spec"];
        let container = &pod["containers"][0];
        has("ConfigMap", &container["envFrom"][0]["configMapRef"]["name"]);
        has("Secret", &container["envFrom"][1]["secretRef"]["name"]);
        let volumes = pod["volumes"].as_array().unwrap();
        for mount in container["volumeMounts"].as_array().unwrap() {
            let volume = volumes.iter().find(|volume| volume["name"] == mount["name"]);
            let claim = &volume.unwrap()["persistentVolumeClaim"]["claimName"];
            if !claim.is_null() {
                has("PersistentVolumeClaim", claim);
            }
        }
    }
    has("Deployment", &of(&all, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]["name"]);
    let rule = &of(&all, "Ingress")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"];
    has("Service", &rule["name"]);
    assert_eq!(rule["port"]["number"], of(&all, "Service")["spec"]["ports"][0]["port"]);
    let kustomization = yaml(&format!("{FOLDER}/kustomization.yaml")).remove(0);
    for file in kustomization["resources"].as_array().unwrap() {
        assert!(root().join(FOLDER).join(file.as_str().unwrap()).is_file(), "{file}");
    }
}

#[test]
fn a_file_is_one_pods_and_a_database_is_everybodys() {
    let file = objects(&["deployment"]);
    let alone = &of(&file, "Deployment")["spec"];
    assert_eq!((&alone["replicas"], &alone["strategy"]), (&json!(1), &json!({"type": "Recreate"})));
    let kustomization = yaml(&format!("{FOLDER}/kustomization.yaml")).remove(0);
    let resources = kustomization["resources"].as_array().unwrap();
    assert!(!resources.contains(&json!("sql.yaml")) && resources.contains(&json!("pvc.yaml")));

    let sql = objects(&["sql"]);
    let shared = &of(&sql, "Deployment")["spec"];
    assert!(shared["replicas"].is_null(), "the autoscaler says how many");
    assert_eq!(shared["strategy"]["type"], "RollingUpdate");
    assert_eq!(of(&sql, "HorizontalPodAutoscaler")["spec"]["minReplicas"], 2);
    assert!(!shared.to_string().contains("persistentVolumeClaim"), "{shared}");
}

#[test]
fn pods_may_do_no_more_than_they_must() {
    for file in ["deployment", "sql"] {
        let objects = objects(&[file]);
        let pod = &of(&objects, "Deployment")["spec"]["template"]["spec"];
        assert_eq!(pod["enableServiceLinks"], false);
        assert_eq!(pod["automountServiceAccountToken"], false);
        let rights = &pod["securityContext"];
        assert_eq!(rights["runAsNonRoot"], true);
        assert_eq!((&rights["runAsUser"], &rights["fsGroup"]), (&json!(1000), &json!(1000)));
        assert_eq!(rights["seccompProfile"]["type"], "RuntimeDefault");
        let container = &pod["containers"][0];
        assert_eq!(
            container["securityContext"],
            json!({
                "allowPrivilegeEscalation": false,
                "readOnlyRootFilesystem": true,
                "capabilities": {"drop": ["ALL"]},
            })
        );
        assert_eq!(container["livenessProbe"]["httpGet"]["path"], "/livez");
        assert_eq!(container["startupProbe"]["httpGet"]["path"], "/livez");
        assert_eq!(container["readinessProbe"]["httpGet"]["path"], "/api/health");
        let mounts = container["volumeMounts"].as_array().unwrap();
        for path in ["/data", "/tmp"] {
            assert!(mounts.iter().any(|mount| mount["mountPath"] == path), "{path}");
        }
    }
}
