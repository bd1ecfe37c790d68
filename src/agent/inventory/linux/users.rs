//! Who uses the machine: `utmp` and `wtmp`, or systemd's sessions where those are gone.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use anyhow::Context as _;
use chrono::{DateTime, SecondsFormat};

use super::tree::Tree;
use super::utmp::{self, NATIVE};
use crate::wire::sections::{Content, LoggedIn, Users};

const SESSIONS: &str = "run/systemd/sessions";
/// How far back the last login is looked for, in records.
const LAST_RECORDS: u64 = 200;

pub(super) fn collect(root: &Path) -> anyhow::Result<Content> {
    let tree = Tree(root);
    let logged_in = match tree.bytes("run/utmp")? {
        Some(records) => utmp::logged_in(&records, NATIVE),
        None => sessions(tree)?,
    };
    let logged_in = once(logged_in);
    let latest = logged_in.iter().max_by(|one, other| one.since.cmp(&other.since));
    let latest = latest.map(|user| user.name.clone());
    Ok(Content::Users(Users { last: last(tree)?.or(latest), logged_in }))
}

/// The sessions of people that systemd has.
fn sessions(tree: Tree<'_>) -> anyhow::Result<Vec<LoggedIn>> {
    let mut found = Vec::new();
    for name in tree.names(SESSIONS)? {
        // It may have ended meanwhile; the other names there are pipes.
        if name.ends_with(".ref") {
            continue;
        }
        let text = tree.text(&format!("{SESSIONS}/{name}"))?.unwrap_or_default();
        found.extend(session(&text));
    }
    Ok(found)
}

fn session(text: &str) -> Option<LoggedIn> {
    let field = |name: &str| {
        let mut fields = text.lines().filter_map(|line| line.split_once('='));
        fields.find(|(key, _)| *key == name).map(|(_, value)| value.trim())
    };
    let is_person = matches!(field("CLASS"), Some("user" | "user-early"));
    let name = field("USER").filter(|name| is_person && !name.is_empty())?;
    let since = field("REALTIME").and_then(|text| text.parse().ok());
    let since = since.and_then(DateTime::from_timestamp_micros);
    let since = since.map(|since| since.to_rfc3339_opts(SecondsFormat::Secs, true));
    Some(LoggedIn { name: name.to_owned(), since })
}

/// Everybody once, by name, since the first of their logins.
fn once(logins: Vec<LoggedIn>) -> Vec<LoggedIn> {
    let mut by_name: BTreeMap<String, Option<String>> = BTreeMap::new();
    for LoggedIn { name, since } in logins {
        let known = by_name.entry(name).or_insert_with(|| since.clone());
        if since < *known {
            *known = since;
        }
    }
    by_name.into_iter().map(|(name, since)| LoggedIn { name, since }).collect()
}

/// Whose login the last record of one is about.
fn last(tree: Tree<'_>) -> anyhow::Result<Option<String>> {
    const PATH: &str = "var/log/wtmp";
    let Some(file) = tree.open(PATH)? else { return Ok(None) };
    let records = tail(file.into_inner()).with_context(|| format!("/{PATH}"))?;
    Ok(utmp::logged_in(&records, NATIVE).pop().map(|user| user.name))
}

/// The last records of a file, from where one begins.
fn tail(mut file: File) -> std::io::Result<Vec<u8>> {
    let record = NATIVE.record as u64;
    let records = file.metadata()?.len() / record;
    file.seek(SeekFrom::Start(records.saturating_sub(LAST_RECORDS) * record))?;
    let mut bytes = Vec::new();
    file.take(LAST_RECORDS * record).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::Made;
    use super::super::utmp::tests::record;
    use super::*;

    fn of(made: &Made) -> Users {
        let Content::Users(users) = collect(made.root()).unwrap() else { panic!() };
        users
    }

    fn login(name: &str, since: &str) -> LoggedIn {
        LoggedIn { name: name.into(), since: Some(since.into()) }
    }

    #[test]
    fn everybody_is_there_once_and_the_last_one_is_known() {
        let made = Made::new();
        let user = |name: &str, seconds| record(7, name, seconds, NATIVE);
        let now =
            [user("bea", 1_795_000_060), user("ana", 1_795_000_000), user("bea", 1_795_000_000)];
        made.file("run/utmp", now.concat());
        let mut before = vec![user("old", 1); 500];
        before.extend([user("cai", 1_795_000_100), record(8, "", 1_795_000_200, NATIVE)]);
        made.file("var/log/wtmp", before.concat());
        let since = "2026-11-18T11:06:40Z";
        let expected = Users {
            logged_in: vec![login("ana", since), login("bea", since)],
            last: Some("cai".into()),
        };
        assert_eq!(of(&made), expected);
        // Everybody has logged out: the last one stays.
        made.file("run/utmp", "");
        assert_eq!(of(&made), Users { logged_in: vec![], last: Some("cai".into()) });
    }

    #[test]
    fn sessions_of_systemd_count_where_there_is_no_utmp() {
        let made = Made::of(&[
            (
                "run/systemd/sessions/2",
                "UID=1000\nUSER=ana\nCLASS=user\nREALTIME=1795000000000000\n",
            ),
            ("run/systemd/sessions/3", "USER=bea\nCLASS=user\nREALTIME=1795000060000000\n"),
            ("run/systemd/sessions/4", "USER=ana\nCLASS=manager\n"),
            ("run/systemd/sessions/c1", "USER=gdm\nCLASS=greeter\n"),
        ]);
        let expected = Users {
            logged_in: vec![
                login("ana", "2026-11-18T11:06:40Z"),
                login("bea", "2026-11-18T11:07:40Z"),
            ],
            last: Some("bea".into()),
        };
        assert_eq!(of(&made), expected);
    }
}
