//! Old ways to call the agent, put into today's words before the command line is parsed.

use std::ffi::OsString;
#[cfg(feature = "server")]
use std::path::Path;

/// Flags by which an old agent's unit or script is known.
#[cfg(feature = "server")]
const AGENT_FLAGS: [&str; 6] = ["-d", "--daemon", "-l", "--log-level", "--interval", "--print"];

/// Arguments of `tatuscan` (the program's name first) with the subcommand `agent` put in where
/// the call is an agent's: the program is named `tatuscan-agent`, or there is nothing but flags, and
/// either a server address is set or the first flag is the old agent's.
#[cfg(feature = "server")]
#[must_use]
pub(super) fn name_the_agent(
    arguments: Vec<OsString>,
    server_address_is_set: bool,
) -> Vec<OsString> {
    let program = arguments.first().map(|program| Path::new(program).file_stem());
    // `tatuscan agent install` copies the program under this name.
    let is_named_so = program.flatten().is_some_and(|name| name == "tatuscan-agent");
    let first = arguments.get(1).map(|argument| argument.to_string_lossy().into_owned());
    let is_agent = match first.as_deref() {
        Some("agent") => return today(arguments, 2),
        _ if is_named_so => true,
        Some("-h" | "--help" | "-V" | "--version") => false,
        Some(flag) if flag.starts_with('-') => server_address_is_set || is_agent_flag(flag),
        Some(_) => false,
        None => server_address_is_set,
    };
    if !is_agent {
        return arguments;
    }
    let mut arguments = today(arguments, 1);
    let at = arguments.len().min(1);
    arguments.insert(at, "agent".into());
    arguments
}

/// Arguments with Go's spellings from position `from` on turned into today's: `-interval` is
/// `--interval`, `--d` is `-d`, `-d=true` is `-d`.
#[must_use]
pub(super) fn today(arguments: Vec<OsString>, from: usize) -> Vec<OsString> {
    let respell = |(at, argument): (usize, OsString)| match argument.to_str() {
        Some(text) if at >= from => respelled(text).map_or(argument, OsString::from),
        _ => argument,
    };
    arguments.into_iter().enumerate().map(respell).collect()
}

fn respelled(argument: &str) -> Option<String> {
    let (name, value) = match argument.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (argument, None),
    };
    let name = match name {
        "-interval" => "--interval",
        "-log-level" | "--l" => "--log-level",
        "-daemon" | "--daemon" | "--d" | "-d" => match value {
            None | Some("true" | "1" | "t") => return Some("--daemon".to_owned()),
            Some(_) => return None,
        },
        _ => return None,
    };
    Some(value.map_or_else(|| name.to_owned(), |value| format!("{name}={value}")))
}

#[cfg(feature = "server")]
fn is_agent_flag(argument: &str) -> bool {
    let respelled = respelled(argument);
    let name = respelled.as_deref().unwrap_or(argument);
    let name = name.split('=').next().unwrap_or(name);
    AGENT_FLAGS.contains(&name) || name.starts_with("-l")
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;

    fn call(text: &str, server_address_is_set: bool) -> String {
        let arguments = text.split_whitespace().map(OsString::from).collect();
        let named = name_the_agent(arguments, server_address_is_set);
        named.iter().map(|argument| argument.to_string_lossy()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn old_calls_of_the_agent_are_understood() {
        for (old, today) in [
            ("tatuscan -d", "tatuscan agent --daemon"),
            ("tatuscan --d", "tatuscan agent --daemon"),
            ("tatuscan -daemon", "tatuscan agent --daemon"),
            ("tatuscan -d=true", "tatuscan agent --daemon"),
            ("tatuscan -d -interval 30s", "tatuscan agent --daemon --interval 30s"),
            ("tatuscan -interval=30s -d", "tatuscan agent --interval=30s --daemon"),
            ("tatuscan --interval 30s", "tatuscan agent --interval 30s"),
            ("tatuscan -l debug", "tatuscan agent -l debug"),
            ("tatuscan -l=debug", "tatuscan agent -l=debug"),
            ("tatuscan -log-level debug", "tatuscan agent --log-level debug"),
            ("tatuscan agent -interval 30s", "tatuscan agent --interval 30s"),
        ] {
            assert_eq!(call(old, false), today, "{old}");
            assert_eq!(call(old, true), today, "{old}");
        }
    }

    #[test]
    fn a_program_that_is_named_as_the_agent_is_the_agent() {
        for (call_of, today) in [
            ("/usr/local/bin/tatuscan-agent doctor", "/usr/local/bin/tatuscan-agent agent doctor"),
            ("tatuscan-agent -d", "tatuscan-agent agent --daemon"),
            ("tatuscan-agent", "tatuscan-agent agent"),
            ("tatuscan-agent agent status", "tatuscan-agent agent status"),
        ] {
            assert_eq!(call(call_of, false), today);
        }
    }

    #[test]
    fn an_address_alone_makes_it_the_agent() {
        assert_eq!(call("tatuscan", true), "tatuscan agent");
        assert_eq!(call("tatuscan --state-dir x", true), "tatuscan agent --state-dir x");
        assert_eq!(call("tatuscan", false), "tatuscan");
    }

    #[test]
    fn everything_else_is_left_as_it_is() {
        for text in
            ["tatuscan serve -d", "tatuscan --help", "tatuscan -V", "tatuscan help", "tatuscan x"]
        {
            assert_eq!(call(text, true), text);
        }
        assert_eq!(call("tatuscan --port 1", false), "tatuscan --port 1");
    }
}
