//! Whether the settings are what they are meant to be.

use crate::config::{AuthMode, Doctor};
use crate::findings::Report;

const CHECK: &str = "settings";

pub(super) fn look(settings: &Doctor, report: &mut Report) {
    let before = report.findings.len();
    match &settings.serve {
        Err(problem) => report.fail(CHECK, problem, "The server does not start like this"),
        Ok(serve) => {
            for warning in &serve.warnings {
                report.warn(CHECK, warning, "");
            }
            if serve.access.mode == AuthMode::Off {
                let advice = "Set TATUSCAN_AUTH to compat or strict";
                report.warn(CHECK, "TATUSCAN_AUTH=off: everybody may do everything", advice);
            }
        }
    }
    for (name, meant) in &settings.unknown {
        let advice = match meant {
            Some(meant) => format!("Did you mean {meant}?"),
            None => "Remove it, or look for its name in appliance/tatuscan.env".into(),
        };
        report.warn(CHECK, format!("nothing reads {}", name.escape_debug()), advice);
    }
    if settings.has_service_links {
        let advice = "Set enableServiceLinks: false in the pod";
        report.warn(CHECK, "Kubernetes puts variables TATUSCAN_… into the environment", advice);
    }
    if report.findings.len() == before {
        report.ok(CHECK, "nothing unknown, nothing wrong");
    }
}
