//! What stands behind the `?` of a URI.

use super::ConfigError;
use super::names::{KNOWN, normal};
use super::source::Source;

/// Options that nobody has asked for yet. As in SQLAlchemy an option without a value is none.
pub(super) struct Options<'a> {
    source: Source<'a>,
    left: Vec<(String, String)>,
}

impl<'a> Options<'a> {
    pub(super) fn read(query: Option<&str>, source: Source<'a>) -> Result<Self, ConfigError> {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        let left: Vec<(String, String)> = pairs
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (normal(&name), value.into_owned()))
            .collect();
        if left.iter().any(|(_, value)| value.contains('\0')) {
            return Err(source.refuse_form("has an option with a NUL in it"));
        }
        Ok(Self { source, left })
    }

    /// The values of an option that may stand several times, in order.
    pub(super) fn take_all(&mut self, names: &[&str]) -> Vec<String> {
        debug_assert!(names.iter().all(|name| KNOWN.contains(name)), "{names:?}");
        let is_wanted = |(name, _): &mut (String, String)| names.contains(&name.as_str());
        self.left.extract_if(.., is_wanted).map(|(_, value)| value).collect()
    }

    /// The value of an option that has several names. The last one counts.
    pub(super) fn take(&mut self, names: &[&str]) -> Option<String> {
        self.take_all(names).pop()
    }

    /// The value of an option that is true or false, in SQLAlchemy's words for it.
    pub(super) fn take_flag(&mut self, name: &str) -> Result<Option<bool>, ConfigError> {
        let Some(text) = self.take(&[name]) else { return Ok(None) };
        match flag(&text) {
            Some(flag) => Ok(Some(flag)),
            None => Err(self.source.refuse(
                &format!("has a {name} that is neither true nor false"),
                &format!("Write {name}=true or {name}=false"),
            )),
        }
    }

    /// A warning for each option that nobody asked for. Its value may be a secret.
    pub(super) fn into_warnings(self) -> Vec<String> {
        let mut names: Vec<String> = self.left.into_iter().map(|(name, _)| name).collect();
        names.sort_unstable();
        names.dedup();
        let warning = |name: &String| {
            let name = name.escape_debug();
            self.source.warning(&format!("the option \"{name}\" is not known and has no effect"))
        };
        names.iter().map(warning).collect()
    }
}

/// `None` for other words.
pub(super) fn flag(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "y" | "t" | "1" => Some(true),
        "false" | "no" | "off" | "n" | "f" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(query: &str) -> Options<'_> {
        let source = Source { text: "mysql://h/d", setting: "URI" };
        Options::read(Some(query), source).unwrap()
    }

    #[test]
    fn options_are_read_as_forms_are() {
        let mut options = options("host=a+b&host=c%2Bd&SSL-Mode=x&charset=&ssl&db=1=2&&user=u;v");
        assert_eq!(options.take_all(&["host"]), ["a b", "c+d"]);
        assert_eq!(options.take(&["sslmode", "ssl_mode"]).as_deref(), Some("x"));
        assert_eq!(options.take(&["charset"]), None);
        assert_eq!(options.take(&["ssl"]), None);
        assert_eq!(options.take(&["db"]).as_deref(), Some("1=2"));
        assert_eq!(options.take(&["user"]).as_deref(), Some("u;v"));
        assert!(options.into_warnings().is_empty());
    }

    #[test]
    fn the_last_of_several_counts() {
        let mut options = options("dbname=a&db=b&dbname=c");
        assert_eq!(options.take(&["dbname", "db"]).as_deref(), Some("c"));
        assert!(options.into_warnings().is_empty());
    }

    #[test]
    fn truth_has_several_words() {
        for (text, expected) in [("True", true), ("1", true), ("OFF", false), ("no", false)] {
            assert_eq!(options(&format!("ssl={text}")).take_flag("ssl").unwrap(), Some(expected));
        }
        let message = options("ssl_disabled=maybe").take_flag("ssl_disabled").unwrap_err();
        assert!(message.to_string().contains("ssl_disabled=true"), "{message}");
    }

    #[test]
    fn what_nobody_asked_for_is_named_once_without_its_value() {
        let warnings = options("zeta=hunter2&alpha\n=hunter2&zeta=hunter3").into_warnings();
        assert_eq!(warnings.len(), 2);
        assert!(warnings[0].starts_with("URI: the option \"alpha\\n\""), "{warnings:?}");
        assert!(!warnings.concat().contains("hunter"), "{warnings:?}");
    }
}
