//! Secrets: made here, shown once, kept as hashes.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::rand::{SecureRandom as _, SystemRandom};
use sha2::{Digest as _, Sha256};

use crate::model::access::{Scope, SecretHash};

/// Characters of the random part of a secret: 32 bytes.
const RANDOM_CHARS: usize = 43;
/// Characters of the checksum at a token's end: 4 bytes.
const CHECK_CHARS: usize = 6;

/// A text that admits whoever has it. Shown as `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new token of a scope: its prefix, 32 random bytes and a checksum, which tells a token that
    /// was cut or mistyped from one that was revoked.
    #[must_use]
    pub fn token(scope: Scope) -> Self {
        let body = format!("{}{}", scope.prefix(), random());
        let check = checksum(&body);
        Self(body + &check)
    }

    /// A new secret of 32 random bytes.
    #[must_use]
    pub fn random() -> Self {
        Self(random())
    }

    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// What is kept in its place.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        hash(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What is kept in place of a secret.
pub(super) fn hash(text: &str) -> SecretHash {
    Sha256::digest(text.as_bytes()).into()
}

/// The scope of what has the form of a token; `None` for anything else.
pub(super) fn scope_of(text: &str) -> Option<Scope> {
    let scope = Scope::ALL.into_iter().find(|scope| text.starts_with(scope.prefix()))?;
    let length = scope.prefix().len() + RANDOM_CHARS + CHECK_CHARS;
    if text.len() != length || !text.is_ascii() {
        return None;
    }
    let (body, check) = text.split_at(length - CHECK_CHARS);
    (checksum(body) == check).then_some(scope)
}

/// Whether a text has the form of a token of this scope.
#[must_use]
pub fn is_token_of(scope: Scope, text: &str) -> bool {
    scope_of(text) == Some(scope)
}

fn checksum(body: &str) -> String {
    URL_SAFE_NO_PAD.encode(crc32fast::hash(body.as_bytes()).to_be_bytes())
}

fn random() -> String {
    let mut bytes = [0; 32];
    let filled = SystemRandom::new().fill(&mut bytes);
    assert!(filled.is_ok(), "the system has no random numbers");
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::{Secret, scope_of};
    use crate::model::access::Scope;

    #[test]
    fn a_token_says_what_it_is_for_and_whether_it_is_whole() {
        for scope in Scope::ALL {
            let token = Secret::token(scope);
            let text = token.expose();
            assert_eq!(scope_of(text), Some(scope));
            assert_eq!(scope_of(&text[..text.len() - 1]), None);
            assert_eq!(scope_of(&format!("{text}x")), None);
            let other = if text.ends_with('A') { 'B' } else { 'A' };
            assert_eq!(scope_of(&format!("{}{other}", &text[..text.len() - 1])), None);
            assert_ne!(Secret::token(scope), token);
            assert_eq!(format!("{token:?}"), "***");
        }
        assert_eq!(scope_of(""), None);
        assert_eq!(scope_of("tsi_ção"), None);
    }
}
