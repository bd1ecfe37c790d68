//! What a doctor found, the server's or the agent's: a line each.

use std::fmt;

use serde::Serialize;

/// How good or bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// As it should be.
    Ok,
    /// Worth a look.
    Warn,
    /// Something does not work, or will not.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: `store`.
    pub check: &'static str,
    /// How it is.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// Everything that was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// In the order in which it was looked at.
    pub findings: Vec<Finding>,
}

impl Report {
    /// All is well.
    pub(crate) fn ok(&mut self, check: &'static str, found: impl Into<String>) {
        self.add(check, Verdict::Ok, found.into(), None);
    }

    /// Somebody should have a look.
    pub(crate) fn warn(
        &mut self,
        check: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.add(check, Verdict::Warn, found.into(), Some(advice.into()));
    }

    /// Something is wrong.
    pub(crate) fn fail(
        &mut self,
        check: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) {
        self.add(check, Verdict::Fail, found.into(), Some(advice.into()));
    }

    fn add(
        &mut self,
        check: &'static str,
        verdict: Verdict,
        found: String,
        advice: Option<String>,
    ) {
        // One line each, whatever an error or a name holds.
        let line = |text: String| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let advice = advice.map(line).filter(|text| !text.is_empty());
        self.findings.push(Finding { check, verdict, found: line(found), advice });
    }

    /// The worst of all.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        self.findings.iter().map(|finding| finding.verdict).max().unwrap_or(Verdict::Ok)
    }

    /// The same for programs: `{"result": "ok", "checks": [{"check", "verdict", "found", "advice"}]}`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = serde_json::json!({"result": self.verdict(), "checks": self.findings});
        format!("{json:#}\n")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Finding { check, verdict, found, advice } in &self.findings {
            let verdict = match verdict {
                Verdict::Ok => "ok",
                Verdict::Warn => "warn",
                Verdict::Fail => "FAIL",
            };
            write!(f, "{verdict:<4}  {check:<14}  {found}")?;
            if let Some(advice) = advice {
                write!(f, ". {advice}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
