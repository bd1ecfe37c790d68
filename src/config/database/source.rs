//! The text that is read, and what an error about it says.

use percent_encoding::percent_decode_str;

use super::{ConfigError, shown::shown, uri::Uri};

/// What can be written, with an example of each.
pub(super) const FORMS: &str = "Write postgresql://user:password@host:5432/name, \
    mysql://user:password@host:3306/name, sqlite:////path/to/file.db or sqlite:///file.db; within \
    a user name or password, @ is written %40, : is %3A, / is %2F and % is %25";

/// A text and the name of the setting that it is the value of.
#[derive(Clone, Copy)]
pub(super) struct Source<'a> {
    pub(super) text: &'a str,
    pub(super) setting: &'a str,
}

impl<'a> Source<'a> {
    /// Its parts, where it is a URI beyond doubt.
    pub(super) fn uri(self) -> Result<Uri<'a>, ConfigError> {
        let Some(uri) = Uri::split(self.text) else {
            if self.text.starts_with(['"', '\'']) {
                return Err(self.refuse("begins with a quotation mark", "Write it without"));
            }
            return Err(self.refuse_form("is not the address of a database"));
        };
        if uri.is_doubtful() {
            return Err(self.refuse_form("leaves in doubt where the password ends"));
        }
        Ok(uri)
    }

    /// `problem` ends the sentence that the text starts, `advice` is a sentence of its own. What
    /// they repeat of the text must be no part of a password.
    pub(super) fn refuse(self, problem: &str, advice: &str) -> ConfigError {
        ConfigError::new(self.setting, &shown(self.text), problem, advice)
    }

    /// The same with every accepted form as the advice.
    pub(super) fn refuse_form(self, problem: &str) -> ConfigError {
        self.refuse(problem, FORMS)
    }

    /// A sentence about what is used all the same.
    pub(super) fn warning(self, sentence: &str) -> String {
        format!("{}: {sentence}", self.setting)
    }

    /// The text of a part, whose name is `what`, without its percent encoding.
    pub(super) fn decoded(self, part: &str, what: &str) -> Result<String, ConfigError> {
        let text = percent_decode_str(part).decode_utf8().map_err(|_| {
            let problem = format!("has a {what} that is not UTF-8 once its %XX are decoded");
            self.refuse_form(&problem)
        })?;
        if text.contains('\0') {
            return Err(self.refuse_form(&format!("has a {what} with a NUL in it")));
        }
        Ok(text.into_owned())
    }
}
