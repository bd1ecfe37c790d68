//! Says once that something cannot be read, and once that it can be read again.

use std::collections::BTreeMap;
use std::fmt::Display;

/// What is wrong at the moment, by subject.
#[derive(Debug, Default)]
pub(in crate::agent) struct Notices(BTreeMap<String, String>);

impl Notices {
    /// The value of a reading; a failure is noticed, a success clears it.
    pub(in crate::agent) fn checked<T, E: Display>(
        &mut self,
        subject: &str,
        reading: Result<T, E>,
    ) -> Option<T> {
        match reading {
            Ok(value) => {
                self.cleared(subject);
                Some(value)
            }
            Err(error) => {
                // With its causes, as anyhow writes them.
                self.noticed(subject, format!("{subject} cannot be read: {error:#}"));
                None
            }
        }
    }

    /// Logs the message unless it is the one already standing for this subject.
    pub(in crate::agent) fn noticed(&mut self, subject: &str, message: String) {
        if self.0.get(subject) != Some(&message) {
            tracing::warn!("{message}");
            self.0.insert(subject.to_owned(), message);
        }
    }

    /// What stands for this subject.
    #[cfg(test)]
    pub(in crate::agent) fn standing(&self, subject: &str) -> Option<&str> {
        self.0.get(subject).map(String::as_str)
    }

    /// Logs the end of what stands for this subject, if something does.
    pub(in crate::agent) fn cleared(&mut self, subject: &str) {
        if self.0.remove(subject).is_some() {
            tracing::warn!("{subject}: in order again");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_stands_until_a_reading_succeeds() {
        let mut notices = Notices::default();
        assert_eq!(notices.checked("memory", Err::<u8, _>("gone")), None);
        assert_eq!(notices.0["memory"], "memory cannot be read: gone");
        assert_eq!(notices.checked("memory", Ok::<_, String>(1)), Some(1));
        assert!(notices.0.is_empty());
    }
}
