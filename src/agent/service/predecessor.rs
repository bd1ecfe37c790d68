//! Units of the original's agent, which must not report beside ours.

use super::settings;

/// Names under which it was installed; the original's server had the first one, too.
pub(super) const NAMES: [&str; 2] = ["tatuscan.service", "TatuScanAgent.service"];

/// What a unit of the original's agent says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Predecessor {
    /// Settings in it.
    pub(super) settings: Vec<(String, String)>,
    /// Files of settings that it names.
    pub(super) files: Vec<String>,
}

/// Reads a unit of one of these names; `None` for one that starts no agent.
pub(super) fn read(text: &str) -> Option<Predecessor> {
    let mut found = Predecessor { settings: Vec::new(), files: Vec::new() };
    let mut is_agent = false;
    for line in text.lines().map(str::trim) {
        match line.split_once('=') {
            Some(("ExecStart", command)) => is_agent |= starts_an_agent(command),
            Some(("Environment", values)) => {
                let lines = words(values).join("\n");
                found.settings.extend(settings::read(&lines));
            }
            Some(("EnvironmentFile", file)) => {
                found.files.push(file.trim().trim_start_matches('-').to_owned());
            }
            _ => {}
        }
    }
    is_agent.then_some(found)
}

/// Whether a command is the original's agent or ours, which repeats: `/usr/local/bin/tatuscan -d`.
fn starts_an_agent(command: &str) -> bool {
    let mut words = command.split_whitespace();
    let program = words.next().unwrap_or_default().trim_start_matches(['-', '@', '+', '!', ':']);
    let name = program.rsplit('/').next().unwrap_or_default().to_lowercase();
    let repeats = words.any(|word| matches!(word, "-d" | "--d" | "-daemon" | "--daemon"));
    name.starts_with("tatuscan") && repeats
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
    fn the_originals_agent_is_known_and_its_server_is_not() {
        let agent = "[Service]\nEnvironment=\"TATUSCAN_URL=http://old:8040\" TATUSCAN_INTERVAL=30s\n\
                     EnvironmentFile=-/etc/tatuscan/.env\nExecStart=/usr/local/bin/tatuscan -d\n";
        let found = read(agent).unwrap();
        let expected = [("TATUSCAN_URL", "http://old:8040"), ("TATUSCAN_INTERVAL", "30s")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(found.settings, expected);
        assert_eq!(found.files, ["/etc/tatuscan/.env"]);
        for server in [
            "ExecStart=/opt/tatuscan/.venv/bin/gunicorn -d app:app",
            "ExecStart=/usr/local/bin/tatuscan serve",
            "ExecStart=/usr/bin/docker compose up -d",
            "",
        ] {
            assert_eq!(read(server), None, "{server}");
        }
    }
}
