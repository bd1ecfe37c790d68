//! SQLAlchemy's grammar of a URI, to the character: what worked with it means the same here.

use super::names;

const FILE_SCHEMES: [&str; 2] = ["sqlite", "redb"];

/// The parts of a URI as they are written. A part that is there may be empty.
///
/// Not `Debug`: one part is a password.
pub(super) struct Uri<'a> {
    /// The kind of database, in lower case.
    pub(super) scheme: String,
    /// What stands behind a `+`: the driver that Python would load, or nothing.
    pub(super) driver: &'a str,
    pub(super) user: Option<&'a str>,
    pub(super) password: Option<&'a str>,
    /// Without the brackets of an IPv6 address.
    pub(super) host: Option<&'a str>,
    pub(super) port: Option<&'a str>,
    pub(super) database: Option<&'a str>,
    pub(super) query: Option<&'a str>,
}

impl<'a> Uri<'a> {
    /// Takes the text apart. `None` where SQLAlchemy finds no URI, or leaves a rest unread.
    pub(super) fn split(text: &'a str) -> Option<Self> {
        let (name, rest) = text.split_once("://")?;
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '+';
        if name.is_empty() || !name.chars().all(is_word) {
            return None;
        }
        let (scheme, driver) = name.split_once('+').unwrap_or((name, ""));
        let (user, password, rest) = split_user(rest);
        let (host, rest) = split_host(rest);
        let (port, rest) = part(rest, ':', &['/', '?']);
        let (database, rest) = part(rest, '/', &['?']);
        let (query, rest) = part(rest, '?', &['\n']);
        let scheme = scheme.to_lowercase();
        let uri = Self { scheme, driver, user, password, host, port, database, query };
        rest.is_empty().then_some(uri)
    }

    /// Whether this names a file and nothing else.
    pub(super) fn is_file(&self) -> bool {
        let nothing = self.user.is_none() && self.host.is_none() && self.port.is_none();
        nothing && FILE_SCHEMES.contains(&self.scheme.as_str())
    }

    /// Whether a password may go on behind the place where SQLAlchemy takes it to end, or stand
    /// where it looks for none: in `//user:a@b@host` the password is `a` to it and the host
    /// `b@host`, in `//host/name&password=a` the `?` was forgotten. Such a part must be neither
    /// used nor shown.
    pub(super) fn is_doubtful(&self) -> bool {
        let is_odd = |part: &Option<&str>| part.is_some_and(|part| part.contains(['@', '&', '=']));
        let option_has_at = || {
            let mut options = self.query.unwrap_or_default().split('&');
            options.any(|option| {
                let name = option.split('=').next().unwrap_or(option);
                option.contains('@') && !names::is_known(name)
            })
        };
        let parts = [self.host, self.port, self.database];
        let user_has_query = self.user.is_some_and(|user| user.contains('?'));
        !self.is_file() && (user_has_query || parts.iter().any(is_odd) || option_has_at())
    }
}

/// `user:password@` or `user@` from the front. A user name holds neither `:` nor `/`, a password
/// no `@`, but all else.
fn split_user(text: &str) -> (Option<&str>, Option<&str>, &str) {
    let (user, rest) = text.split_at(text.find([':', '/']).unwrap_or(text.len()));
    if let Some((password, rest)) = rest.strip_prefix(':').and_then(|rest| rest.split_once('@')) {
        return (Some(user), Some(password), rest);
    }
    match user.rfind('@') {
        Some(at) => (Some(&text[..at]), None, &text[at + 1..]),
        None => (None, None, text),
    }
}

fn split_host(text: &str) -> (Option<&str>, &str) {
    let end = text.find(['/', '?']).unwrap_or(text.len());
    if text.starts_with('[')
        && let Some(close) = text[..end].rfind(']').filter(|close| *close > 1)
    {
        return (Some(&text[1..close]), &text[close + 1..]);
    }
    let (host, rest) = text.split_at(text[..end].find(':').unwrap_or(end));
    (Some(host).filter(|host| !host.is_empty()), rest)
}

/// What follows `start`, up to one of `ends`, and the rest.
fn part<'a>(text: &'a str, start: char, ends: &[char]) -> (Option<&'a str>, &'a str) {
    let Some(text) = text.strip_prefix(start) else {
        return (None, text);
    };
    let (part, rest) = text.split_at(text.find(ends).unwrap_or(text.len()));
    (Some(part), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Parts<'a> = [Option<&'a str>; 6];

    fn parts(text: &str) -> Option<Parts<'_>> {
        let uri = Uri::split(text)?;
        Some([uri.user, uri.password, uri.host, uri.port, uri.database, uri.query])
    }

    /// The right-hand sides are what SQLAlchemy 2.0 and 2.1 answer.
    #[test]
    fn a_text_is_taken_apart_as_sqlalchemy_does_it() {
        let some = |parts: [&'static str; 6]| parts.map(|part| (part != "-").then_some(part));
        for (text, expected) in [
            ("u:p@h:1/d?q", ["u", "p", "h", "1", "d", "q"]),
            ("", ["-", "-", "-", "-", "-", "-"]),
            ("u@h", ["u", "-", "h", "-", "-", "-"]),
            ("u:@h", ["u", "", "h", "-", "-", "-"]),
            ("@h", ["", "-", "h", "-", "-", "-"]),
            (":p@h", ["", "p", "h", "-", "-", "-"]),
            ("u@v@h", ["u@v", "-", "h", "-", "-", "-"]),
            ("u@v:p@h", ["u@v", "p", "h", "-", "-", "-"]),
            ("u:p/w?x:y#z@h/d", ["u", "p/w?x:y#z", "h", "-", "d", "-"]),
            ("u:p@q@h/d", ["u", "p", "q@h", "-", "d", "-"]),
            ("u/v:p@h", ["-", "-", "u", "-", "v:p@h", "-"]),
            ("u?v:p@h", ["u?v", "p", "h", "-", "-", "-"]),
            ("u@h:1/d?x=a@b", ["u@h", "1/d?x=a", "b", "-", "-", "-"]),
            ("h:1/d?x=a@b", ["h", "1/d?x=a", "b", "-", "-", "-"]),
            ("h/d?x=a@b", ["-", "-", "h", "-", "d", "x=a@b"]),
            ("u:p", ["-", "-", "u", "p", "-", "-"]),
            ("h:", ["-", "-", "h", "", "-", "-"]),
            ("h:/", ["-", "-", "h", "", "", "-"]),
            ("/", ["-", "-", "-", "-", "", "-"]),
            ("//srv/x.db", ["-", "-", "-", "-", "/srv/x.db", "-"]),
            ("/a@b:c", ["-", "-", "-", "-", "a@b:c", "-"]),
            ("?q", ["-", "-", "-", "-", "-", "q"]),
            ("/d?", ["-", "-", "-", "-", "d", ""]),
            ("h?a?b/c", ["-", "-", "h", "-", "-", "a?b/c"]),
            ("[::1]:1/d", ["-", "-", "::1", "1", "d", "-"]),
            ("[::1]", ["-", "-", "::1", "-", "-", "-"]),
            ("u:p@[fe80::1%25e]/d", ["u", "p", "fe80::1%25e", "-", "d", "-"]),
            ("[a]b]:1", ["-", "-", "a]b", "1", "-", "-"]),
            ("[]/d", ["-", "-", "[]", "-", "d", "-"]),
            ("[::1", ["-", "-", "[", ":1", "-", "-"]),
            ("h/d/e?f=/g?h", ["-", "-", "h", "-", "d/e", "f=/g?h"]),
            ("h#f/d#g", ["-", "-", "h#f", "-", "d#g", "-"]),
        ] {
            assert_eq!(parts(&format!("postgresql://{text}")), Some(some(expected)), "{text}");
        }
    }
}
