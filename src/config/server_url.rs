//! The address that an agent reports to.

use std::fmt;

use reqwest::Url;

use super::ConfigError;

const URL: &str = "TATUSCAN_URL (--url)";

/// The address of a server. Shown without user name and password.
#[derive(Clone, PartialEq, Eq)]
pub struct ServerUrl(Url);

impl ServerUrl {
    /// Reads an `http://` or `https://` address; user name, password and a path are allowed.
    ///
    /// # Errors
    /// Anything else, with the advice of what to write.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let advice = "Write the server's address, such as https://inventory.example.org";
        let refuse = |problem: &str, advice: &str| {
            Err(ConfigError::new(URL, &redacted(text), problem, advice))
        };
        let missing_scheme = || {
            let advice = format!("Write http://{0} or https://{0}", redacted(text));
            refuse("does not say http:// or https://", &advice)
        };
        if !text.contains("://") {
            return missing_scheme();
        }
        match Url::parse(text) {
            Ok(url) if !matches!(url.scheme(), "http" | "https") => {
                refuse("is neither http:// nor https://", advice)
            }
            Ok(url) if url.query().is_some() || url.fragment().is_some() => {
                refuse("has a '?' or '#', which an address of a server has not", advice)
            }
            Ok(url) => Ok(Self(url)),
            Err(error) => refuse(&format!("is not an address ({error})"), advice),
        }
    }

    /// `http` or `https`.
    #[must_use]
    pub fn scheme(&self) -> &str {
        self.0.scheme()
    }

    /// The address with user name and password, for the one who connects.
    #[must_use]
    pub fn into_url(self) -> Url {
        self.0
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&redacted(self.0.as_str()))
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text of an address with `***` in place of user name and password.
pub(super) fn redacted(address: &str) -> String {
    let start = address.find("://").map_or(0, |at| at + 3);
    let (scheme, rest) = address.split_at(start);
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // A password may hold a raw '/': the last '@' of the whole text decides then.
    let at = rest[..end].rfind('@').or_else(|| rest.rfind('@'));
    at.map_or_else(|| address.to_owned(), |at| format!("{scheme}***{}", &rest[at..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_in_an_address_are_not_shown() {
        for (address, shown) in [
            ("http://h:8040/x", "http://h:8040/x"),
            ("http://u:p@h/x", "http://***@h/x"),
            ("http://u@h", "http://***@h"),
            ("http://u:p@q@h/a@b", "http://***@h/a@b"),
            ("http://u:p/w@h/x", "http://***@h/x"),
            ("u:p@h", "***@h"),
        ] {
            assert_eq!(redacted(address), shown);
        }
    }
}
