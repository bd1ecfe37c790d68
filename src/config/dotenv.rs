//! `.env` files: `NAME=value` lines, read forgivingly and never substituted.

/// One `.env` file, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dotenv {
    /// Names and values in file order; a name may stand more than once, and the last one counts.
    pub values: Vec<(String, String)>,
    /// One sentence per line that was passed over, with its number. Values are never quoted: they
    /// may be secrets.
    pub warnings: Vec<String>,
}

/// Reads the text of a `.env` file.
///
/// Taken: `export `, spaces around `=`, single quotes (literal), double quotes (with `\n`, `\t`,
/// `\"`, `\\`), comments on their own line or after white space, CR at the end of a line, spaces
/// inside a value, `$` as it stands, a byte order mark. A value ends with its line.
#[must_use]
pub fn parse(text: &str) -> Dotenv {
    let mut file = Dotenv::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (index, line) in text.split('\n').enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match assignment(line) {
            Ok(pair) => file.values.push(pair),
            Err(problem) => file.warnings.push(format!("line {}: {problem}", index + 1)),
        }
    }
    file
}

fn assignment(line: &str) -> Result<(String, String), String> {
    let line = match line.strip_prefix("export") {
        Some(rest) if rest.starts_with([' ', '\t']) => rest.trim_start(),
        _ => line,
    };
    let (name, value) =
        line.split_once('=').ok_or("there is no '='; write NAME=value (line ignored)")?;
    let name = name.trim_end();
    if !is_name(name) {
        return Err("what stands before '=' is not a variable's name (line ignored)".to_owned());
    }
    let value = value.trim_start();
    let value = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted(name, &value[1..], quote)?,
        _ => unquoted(value).to_owned(),
    };
    Ok((name.to_owned(), value))
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))
}

/// A value without quotes ends at ` #`.
fn unquoted(text: &str) -> &str {
    let mut before = ' ';
    for (at, c) in text.char_indices() {
        if c == '#' && before.is_whitespace() {
            return text[..at].trim_end();
        }
        before = c;
    }
    text
}

/// The text up to the closing quote; only white space or a comment may follow it.
fn quoted(name: &str, text: &str, quote: char) -> Result<String, String> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        if c == quote {
            let rest = text[at + 1..].trim_start();
            if rest.is_empty() || rest.starts_with('#') {
                return Ok(value);
            }
            return Err(format!("text follows the closing quote of {name} (line ignored)"));
        }
        if c != '\\' {
            value.push(c);
            continue;
        }
        match (quote, chars.next().map(|(_, c)| c)) {
            ('"', Some('n')) => value.push('\n'),
            ('"', Some('r')) => value.push('\r'),
            ('"', Some('t')) => value.push('\t'),
            (_, Some(c)) if c == quote || c == '\\' || (quote == '"' && c == '$') => value.push(c),
            (_, Some(c)) => value.extend(['\\', c]),
            (_, None) => value.push('\\'),
        }
    }
    Err(format!("the quote of {name} is not closed (line ignored)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_name_and_a_value() {
        for (line, name, value) in [
            ("A=b", "A", "b"),
            ("A=b\r", "A", "b"),
            ("\u{feff}A=b", "A", "b"),
            ("  A = b  ", "A", "b"),
            ("export A=b", "A", "b"),
            ("export\tA=b", "A", "b"),
            ("exported=b", "exported", "b"),
            ("A=", "A", ""),
            ("A=  # nothing", "A", ""),
            ("A=one two  three", "A", "one two  three"),
            ("A=b # why", "A", "b"),
            ("A=b#c", "A", "b#c"),
            ("A=b\t# why", "A", "b"),
            ("A='b # c'", "A", "b # c"),
            ("A=\"b # c\" # d", "A", "b # c"),
            ("A=\"\"", "A", ""),
            ("A='  b  '", "A", "  b  "),
            ("A='a\\nb'", "A", "a\\nb"),
            ("A=\"a\\nb\\t\\\"c\\\"\\\\\"", "A", "a\nb\t\"c\"\\"),
            ("A='it\\'s'", "A", "it's"),
            ("A=$HOME/${X}", "A", "$HOME/${X}"),
            ("A=\"$HOME\"", "A", "$HOME"),
            ("A=b=c", "A", "b=c"),
            ("A=postgresql://u:p#w@h/db?x=1", "A", "postgresql://u:p#w@h/db?x=1"),
            ("A=ação", "A", "ação"),
        ] {
            let file = parse(line);
            assert_eq!(file.values, [(name.to_owned(), value.to_owned())], "{line:?}");
            assert!(file.warnings.is_empty(), "{line:?}");
        }
    }

    #[test]
    fn a_bad_line_is_named_by_its_number_and_the_rest_is_read() {
        let file = parse("# head\n\nA=1\r\nnonsense\n=x\n1B=x\nC='open\nD=\"x\" y\nE=2");
        assert_eq!(file.values, [("A".into(), "1".into()), ("E".into(), "2".into())]);
        let lines: Vec<_> =
            file.warnings.iter().map(|text| text.split(':').next().unwrap()).collect();
        assert_eq!(lines, ["line 4", "line 5", "line 6", "line 7", "line 8"]);
    }

    #[test]
    fn warnings_do_not_repeat_what_may_be_a_secret() {
        let file = parse("SECRET='hunter2\nhunter3\nP=\"x\" hunter4");
        assert_eq!(file.warnings.len(), 3);
        assert!(!file.warnings.concat().contains("hunter"));
    }
}
