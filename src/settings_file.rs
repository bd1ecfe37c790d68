//! Files of settings as a service is handed them: `NAME=value`, a line each.

/// The text of the file with these settings in it; what else stands there stays.
#[must_use]
pub fn merged(old: &str, settings: &[(&str, String)]) -> String {
    let is_set = |line: &str| {
        let name = line.split_once('=').map(|(name, _)| name.trim());
        settings.iter().any(|(set, _)| Some(*set) == name)
    };
    let kept = old.lines().filter(|line| !is_set(line)).map(ToOwned::to_owned);
    let set = settings.iter().map(|(name, value)| format!("{name}={}", quoted(value)));
    kept.chain(set).map(|line| format!("{line}\n")).collect()
}

/// The settings in a file, in its order; the last one of a name counts.
#[must_use]
pub fn read(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']));
    let settings = lines.filter_map(|line| line.split_once('='));
    settings.map(|(name, value)| (name.trim().to_owned(), unquoted(value.trim()))).collect()
}

/// The value of a name.
#[must_use]
pub fn value<'a>(settings: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let of_name = settings.iter().rfind(|(known, _)| known == name);
    of_name.map(|(_, value)| value.as_str())
}

/// A value as systemd reads it back.
fn quoted(value: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/@+,%?&=~[]*".contains(c);
    if value.chars().all(is_plain) {
        return value.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in value.chars() {
        if matches!(c, '"' | '\\' | '$' | '`') {
            quoted.push('\\');
        }
        quoted.push(c);
    }
    quoted.push('"');
    quoted
}

/// A value without the quotes around it, and what they make of a backslash.
fn unquoted(value: &str) -> String {
    let inside = |quote| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    if let Some(plain) = inside('\'') {
        return plain.to_owned();
    }
    let Some(text) = inside('"') else { return value.to_owned() };
    let (mut plain, mut letters) = (String::new(), text.chars());
    while let Some(c) = letters.next() {
        plain.push(if c == '\\' { letters.next().unwrap_or(c) } else { c });
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_replaced_and_what_else_there_is_stays() {
        let old = "# mine\nTATUSCAN_URL=http://old\nHTTPS_PROXY=http://p:3128\n";
        let new = [("TATUSCAN_URL", "http://new".to_owned()), ("TATUSCAN_INTERVAL", "5m".into())];
        let expected =
            "# mine\nHTTPS_PROXY=http://p:3128\nTATUSCAN_URL=http://new\nTATUSCAN_INTERVAL=5m\n";
        assert_eq!(merged(old, &new), expected);
        assert_eq!(merged(expected, &new), expected);
        assert_eq!(merged(old, &[]), old);
    }

    #[test]
    fn whatever_stands_in_a_value_is_read_back() {
        for value in ["http://u:p@h/x", "a b", r#"a"b\c$d`e"#, "C:\\x y", "# no comment", "'q'"] {
            let text = merged("", &[("TATUSCAN_X", value.to_owned())]);
            assert_eq!(read(&text), [("TATUSCAN_X".to_owned(), value.to_owned())], "{text}");
        }
        let settings = read("#A=1\n;A=2\nB=/x\n C = 'x' \nB=y\nD\n");
        let expected = [("B", "/x"), ("C", "x"), ("B", "y")];
        assert_eq!(settings, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!([value(&settings, "B"), value(&settings, "A")], [Some("y"), None]);
    }
}
