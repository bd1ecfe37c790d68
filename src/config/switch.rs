//! Settings that are on or off.

use super::ConfigError;

/// Yes or no, in the words that environment files have.
pub(super) fn yes_or_no(setting: &str, text: Option<String>) -> Result<bool, ConfigError> {
    match text.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None | Some("no" | "false" | "0" | "off") => Ok(false),
        Some("yes" | "true" | "1" | "on") => Ok(true),
        Some(_) => {
            let text = text.unwrap_or_default();
            Err(ConfigError::new(setting, &text, "is neither yes nor no", "Write yes or no"))
        }
    }
}
