//! The text that admits a machine: a token for enrolling and, where the server made its own
//! certificate, the pin of its key.

use super::ConfigError;

/// Splits `TOKEN` or `TOKEN@PIN`.
pub(super) fn parse(text: &str) -> Result<(Option<String>, Option<String>), ConfigError> {
    let (token, pin) = match text.split_once('@') {
        Some((token, pin)) => (token, Some(pin.to_owned())),
        None => (text, None),
    };
    if !token.starts_with("tse_") {
        // Not shown: it may be another secret.
        return Err(ConfigError::text(
            "TATUSCAN_ENROLL_TOKEN (--enroll-token) is no token for enrolling, which begins with \
             tse_. `tatuscan token create NAME --scope enrol` on the server makes one",
        ));
    }
    Ok((Some(token.to_owned()), pin))
}
