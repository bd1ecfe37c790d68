//! A URI as it may be shown: in an error, in the log.

use super::{names, uri::Uri};

/// The text with `***` for every password in it, and for whatever may be one. Where the text is
/// no URI beyond doubt nobody knows where a password ends: everything up to the last `@` is
/// hidden then.
pub(super) fn shown(text: &str) -> String {
    match Uri::split(text) {
        Some(uri) if !uri.is_doubtful() => parts(text, &uri),
        _ => hidden(text),
    }
}

fn parts(text: &str, uri: &Uri) -> String {
    let name = text.split("://").next().unwrap_or_default();
    let mut shown = format!("{name}://");
    if let Some(user) = uri.user {
        shown.push_str(user);
        shown.push_str(if uri.password.is_some() { ":***@" } else { "@" });
    }
    match uri.host {
        Some(host) if host.contains(':') => shown.push_str(&format!("[{host}]")),
        host => shown.push_str(host.unwrap_or_default()),
    }
    // In //user:password, without a host, the password stands where a port does.
    match uri.port {
        Some(port) if port.is_empty() || port.parse::<u16>().is_ok() => {
            shown.push_str(&format!(":{port}"));
        }
        Some(_) => shown.push_str(":***"),
        None => {}
    }
    if let Some(database) = uri.database {
        shown.push_str(&format!("/{database}"));
    }
    if let Some(query) = uri.query {
        let options: Vec<String> = query.split('&').map(option).collect();
        shown.push_str(&format!("?{}", options.join("&")));
    }
    shown
}

fn option(text: &str) -> String {
    match text.split_once('=') {
        // A '=' in a value: another option, of somebody who parts them by something other than '&'.
        Some((name, value)) if names::is_secret(name) || value.contains('=') => {
            format!("{name}=***")
        }
        Some(_) => text.to_owned(),
        None if names::is_known(text) => text.to_owned(),
        None => "***".to_owned(),
    }
}

fn hidden(text: &str) -> String {
    let is_start =
        |start: &str| !start.contains(['=', '@']) && !start.contains(char::is_whitespace);
    let start = text.find("//").filter(|at| is_start(&text[..*at])).map_or(0, |at| at + 2);
    let (start, rest) = text.split_at(start);
    let (stars, rest, ends) = match rest.rfind('@') {
        Some(at) => ("***", &rest[at..], ['?', '&', '=', ';'].as_slice()),
        None => ("", rest, ['?', '=', ':'].as_slice()),
    };
    let end = rest.find(ends).unwrap_or(rest.len());
    let more = if end < rest.len() { "***" } else { "" };
    format!("{start}{stars}{}{more}", &rest[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_and_what_may_be_one_is_not_shown() {
        for (text, expected) in [
            ("postgresql://u:p@h:5432/d", "postgresql://u:***@h:5432/d"),
            ("postgresql+psycopg2://u:p@[::1]:5432/d", "postgresql+psycopg2://u:***@[::1]:5432/d"),
            ("postgresql://u@h/d", "postgresql://u@h/d"),
            ("postgresql://u:@h/d", "postgresql://u:***@h/d"),
            ("postgresql://u:p/w:?#@h", "postgresql://u:***@h"),
            ("mysql://u:p@h/d?ssl=true&a=b", "mysql://u:***@h/d?ssl=true&a=***"),
            ("mysql://h/d?password=p&user=u", "mysql://h/d?password=***&user=u"),
            ("mysql://h/d?PassWord=p&&ssl", "mysql://h/d?PassWord=***&***&ssl"),
            ("mysql://h/d?p%61ssword=p&w", "mysql://h/d?p%61ssword=***&***"),
            // No host, so that a password stands where a port does.
            ("postgresql://u:p", "postgresql://u:***"),
            ("postgresql://u:123456/d", "postgresql://u:***/d"),
            // An '@' or '/' too many.
            ("postgresql://u:p@w@h/d", "postgresql://***@h/d"),
            ("postgresql://u:p@w/x@h/d", "postgresql://***@h/d"),
            ("postgresql://u:p@w?x=y@h/d", "postgresql://***@h/d"),
            ("postgresql://u/n:p@h/d", "postgresql://***@h/d"),
            // The '?' in the user name, or forgotten.
            ("postgresql://h?user=u@v&password=p", "postgresql://***@v***"),
            ("postgresql://u:p@h/d&password=p", "postgresql://***@h/d***"),
            ("mysql://h/d?ssl_mode=x;password=p", "mysql://h/d?ssl_mode=***"),
            ("postgresql://u@h/d?user=me@azure", "postgresql://u@h/d?user=me@azure"),
            // No URI at all.
            ("\"postgresql://u:p@h:5432/d\"", "\"postgresql://***@h:5432/d\""),
            ("jdbc:postgresql://h/d?user=u&password=p", "jdbc:postgresql://h/d***"),
            ("postgres-ql://u:p/d", "postgres-ql://u***"),
            ("u:p@h/d?x", "***@h/d***"),
            ("host=h user=u password=p", "host***"),
            ("host=h password=p url=//x", "host***"),
            ("/srv/tatuscan.db", "/srv/tatuscan.db"),
            // Files have no password, but some drivers have one for them.
            ("sqlite:////srv/a@b/t.db", "sqlite:////srv/a@b/t.db"),
            (
                "sqlite+pysqlcipher://:p@/t.db?cipher=aes",
                "sqlite+pysqlcipher://:***@/t.db?cipher=***",
            ),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
