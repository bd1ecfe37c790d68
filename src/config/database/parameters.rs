//! PostgreSQL's `options`: run-time parameters of a session, written as its server's flags.

use super::ConfigError;
use super::source::Source;

/// Reads `-c name=value`, `-cname=value` and `--name=value`, with white space between them and
/// `\` before a white space or `\` that belongs to a value. The most common one, `search_path`,
/// says where the tables are, so that what is not understood cannot be passed over.
pub(super) fn read(text: &str, source: Source) -> Result<Vec<(String, String)>, ConfigError> {
    let mut words = words(text).into_iter();
    let mut parameters = Vec::new();
    while let Some(word) = words.next() {
        let parameter = if word == "-c" {
            words.next()
        } else {
            word.strip_prefix("-c").or_else(|| word.strip_prefix("--")).map(str::to_owned)
        };
        let parameter = parameter.as_deref().and_then(|text| text.split_once('='));
        let Some((name, value)) = parameter.filter(|(name, _)| is_name(name)) else {
            let advice = "Write options=-csearch_path%3Dname, or several with + between them";
            return Err(source.refuse("has options that are not parameters", advice));
        };
        parameters.push((name.replace('-', "_"), value.to_owned()));
    }
    Ok(parameters)
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c))
}

fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character.is_whitespace() {
            words.push(String::new());
        } else if let Some(word) = words.last_mut() {
            let is_escape = character == '\\';
            word.extend(if is_escape { characters.next() } else { Some(character) });
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: Source = Source { text: "postgresql://h/d", setting: "URI" };

    #[test]
    fn parameters_are_read_as_the_server_reads_its_flags() {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        for (text, expected) in [
            ("", [].as_slice()),
            ("-csearch_path=tatu", &[("search_path", "tatu")]),
            ("-c search_path=tatu,public", &[("search_path", "tatu,public")]),
            ("--search-path=tatu", &[("search_path", "tatu")]),
            (" -c a=1  --b=2 -cc.d=x=y ", &[("a", "1"), ("b", "2"), ("c.d", "x=y")]),
            (r"-c a=x\ y\\z", &[("a", r"x y\z")]),
            ("-c a=", &[("a", "")]),
        ] {
            let expected: Vec<_> = expected.iter().map(owned).collect();
            assert_eq!(read(text, SOURCE), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_parameter_is_refused() {
        for text in ["-c", "-c a", "a=1", "-E", "-c =1", "-ca b=1", "--a", "-d 5"] {
            let message = read(text, SOURCE).unwrap_err().to_string();
            assert!(message.contains("options=-csearch_path"), "{text}: {message}");
        }
    }
}
