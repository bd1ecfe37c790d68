//! What a unit says: its command, and the settings that it hands over.

use crate::settings_file;

/// What counts in a unit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitFile {
    /// Its first command, in words.
    pub command: Vec<String>,
    /// Settings in it.
    pub settings: Vec<(String, String)>,
    /// Files of settings that it names.
    pub settings_files: Vec<String>,
    /// Where its command is started.
    pub directory: Option<String>,
}

impl UnitFile {
    /// Reads a unit's text.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut unit = Self::default();
        let text = text.replace("\\\n", " ");
        for line in text.lines().map(str::trim) {
            match line.split_once('=').map(|(name, value)| (name.trim(), value.trim())) {
                Some(("ExecStart", command)) if unit.command.is_empty() => {
                    unit.command = words(command);
                    if let Some(program) = unit.command.first_mut() {
                        *program = program.trim_start_matches(['-', '@', '+', '!', ':']).to_owned();
                    }
                }
                Some(("Environment", values)) => {
                    let lines = words(values).join("\n");
                    unit.settings.extend(settings_file::read(&lines));
                }
                Some(("EnvironmentFile", file)) if !file.is_empty() => {
                    unit.settings_files.push(file.trim_start_matches('-').to_owned());
                }
                Some(("WorkingDirectory", directory)) => {
                    unit.directory = Some(directory.trim_start_matches('-').to_owned());
                }
                _ => {}
            }
        }
        unit
    }

    /// Whether it starts the original's agent or ours, which repeats: `/usr/local/bin/tatuscan -d`.
    #[must_use]
    pub fn starts_an_agent(&self) -> bool {
        let repeats =
            |word: &String| matches!(word.as_str(), "-d" | "--d" | "-daemon" | "--daemon");
        self.program().starts_with("tatuscan") && self.command.iter().skip(1).any(repeats)
    }

    /// Whether it starts this server: `/usr/bin/tatuscan serve`.
    #[must_use]
    pub fn starts_our_server(&self) -> bool {
        self.program() == "tatuscan" && self.command.get(1).is_some_and(|word| word == "serve")
    }

    /// The name of the program that it starts, in lower case.
    fn program(&self) -> String {
        let program = self.command.first().map(String::as_str).unwrap_or_default();
        program.rsplit('/').next().unwrap_or_default().to_lowercase()
    }
}

/// The words of a line in which quotes may surround a word.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), String::new(), None);
    for c in line.chars() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (_, Some(open)) if c == open => quote = None,
            (c, None) if c.is_whitespace() => words.push(std::mem::take(&mut word)),
            (c, _) => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_says_what_it_starts_and_with_which_settings() {
        let unit = UnitFile::parse(
            "[Service]\nWorkingDirectory = /opt/tatuscan\n\
             Environment=\"TATUSCAN_URL=http://old:8040\" TATUSCAN_INTERVAL=30s 'X=a b'\n\
             EnvironmentFile=-/etc/tatuscan/.env\nEnvironmentFile=\n\
             ExecStart=-/usr/local/bin/tatuscan \\\n   -d\nExecStart=/bin/other\n",
        );
        let settings =
            [("TATUSCAN_URL", "http://old:8040"), ("TATUSCAN_INTERVAL", "30s"), ("X", "a b")];
        let expected = UnitFile {
            command: vec!["/usr/local/bin/tatuscan".into(), "-d".into()],
            settings: settings.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            settings_files: vec!["/etc/tatuscan/.env".into()],
            directory: Some("/opt/tatuscan".into()),
        };
        assert_eq!(unit, expected);
    }

    #[test]
    fn agents_and_servers_are_told_apart() {
        for (command, is_agent, is_ours) in [
            ("/usr/local/bin/tatuscan -d", true, false),
            ("/usr/bin/tatuscan-agent --daemon", true, false),
            (r#""C:\TatuScan.exe" -daemon"#, false, false),
            ("/usr/local/bin/tatuscan serve", false, true),
            ("+/usr/bin/tatuscan serve --port 80", false, true),
            ("/opt/tatuscan/.venv/bin/gunicorn -d app:app", false, false),
            ("/usr/bin/docker compose up -d", false, false),
            ("", false, false),
        ] {
            let unit = UnitFile::parse(&format!("ExecStart={command}\n"));
            assert_eq!(
                (unit.starts_an_agent(), unit.starts_our_server()),
                (is_agent, is_ours),
                "{command}"
            );
        }
    }
}
