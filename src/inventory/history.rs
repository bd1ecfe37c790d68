//! Machines as the audit log shows them: JSON of what matters to the reader.

use serde_json::json;

use crate::model::Machine;

/// What people know about a machine.
pub(super) fn human(machine: &Machine) -> String {
    let human = &machine.human;
    let activation = human.computer_activation.map(|at| at.to_rfc3339());
    json!({
        "computer_model": human.computer_model.as_deref(),
        "computer_activation": activation,
        "activation_days": human.activation_days,
    })
    .to_string()
}

/// Which machine it was.
pub(super) fn summary(machine: &Machine) -> String {
    json!({
        "hostname": machine.hostname.as_str(),
        "ip": machine.ip.as_str(),
        "os": machine.os.as_str(),
        "created_at": machine.created_at.to_rfc3339(),
    })
    .to_string()
}
