//! What systemd says of a unit.

use std::path::Path;
use std::process::Command;

use super::edge::text;
use super::skip;

/// Fails where systemd finds a fault with the unit in that file, or more that it exposes than 1.5.
pub(crate) fn is_sound(unit: &Path) {
    let analyze =
        |arguments: &[&str]| Command::new("systemd-analyze").args(arguments).arg(unit).output();
    // The threshold is ten times the score.
    match analyze(&["security", "--offline=true", "--threshold=15", "--no-pager"]) {
        Ok(output) if text(&output).contains("unrecognized option") => {
            return skip("systemd-analyze", "needs systemd 250 or later");
        }
        Ok(output) => assert!(output.status.success(), "{}", text(&output)),
        Err(error) => return skip("systemd-analyze", &format!("package systemd: {error}")),
    }
    let verified = analyze(&["verify", "--recursive-errors=no", "--man=no"]).unwrap();
    let said = text(&verified);
    let name = format!("{}:", unit.file_name().unwrap().to_str().unwrap());
    let about_it = said.lines().filter(|line| line.contains(&name));
    // The program is below another root.
    let of_the_unit = about_it.filter(|line| !line.contains("is not executable"));
    assert_eq!(of_the_unit.count(), 0, "{said}");
}
