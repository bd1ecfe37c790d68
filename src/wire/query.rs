//! Questions about machines, as they stand in a URL.

use ipnet::IpNet;

use crate::model::search::{self, SearchError, Token};
use crate::model::{
    Activation, Asked, Filter, Lifecycle, MachineQuery, Period, Search, Sort, Status, StatusFilter,
    clean,
};

/// A parameter of every question about machines, for the API's document.
#[derive(Debug, Clone, Copy)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it asks for.
    pub description: &'static str,
    /// What its absence means; empty for nothing.
    pub default: &'static str,
    /// The only values it takes; empty when there are others.
    pub values: &'static [&'static str],
    /// How its text is written; empty for any text.
    pub pattern: &'static str,
    /// Whether it may be given more than once; any of the values then does.
    pub repeats: bool,
    /// Whether it is a search, as [`crate::model::search`] reads it.
    pub is_search: bool,
    /// Whether it is a whole number, not negative.
    pub is_number: bool,
}

const fn text(name: &'static str, default: &'static str, description: &'static str) -> Parameter {
    Parameter {
        name,
        description,
        default,
        values: &[],
        pattern: "",
        repeats: false,
        is_search: false,
        is_number: false,
    }
}

const fn choice(name: &'static str, description: &'static str) -> Parameter {
    Parameter { repeats: true, ..text(name, "", description) }
}

const fn number(name: &'static str, description: &'static str) -> Parameter {
    Parameter { is_number: true, ..text(name, "", description) }
}

/// The largest whole number that every reader of JSON keeps exact.
pub const MOST_EXACT: u64 = (1 << 53) - 1;

/// A length of time, as a pattern for the API's document.
macro_rules! length {
    () => {
        "([0-9]{1,4}([.][0-9]{1,3})?(s|m|min|h|d|w)|[0-9]{1,3}mo|[0-9]{1,2}y)"
    };
}

/// Lengths of time from one to another; also nothing, which asks for nothing.
macro_rules! span {
    () => {
        concat!(
            "[<>]=?",
            length!(),
            "|",
            length!(),
            "[.][.]",
            length!(),
            "?|[.][.]",
            length!(),
            "|"
        )
    };
}

const PERIOD: &str = concat!("^(", span!(), ")$");
const AGE: &str = concat!("^(none|future|", span!(), ")$");
/// An address or a network in IPv4, or in IPv6 with at most one group after `::`.
macro_rules! octet {
    () => {
        "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
    };
}
const NETWORK: &str = concat!(
    "^((",
    octet!(),
    "[.]){3}",
    octet!(),
    "(/([12]?[0-9]|3[0-2]))?|(::|([0-9a-fA-F]{1,4}:){1,6}:)[0-9a-fA-F]{0,4}",
    "(/([1-9]?[0-9]|1[01][0-9]|12[0-8]))?|([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|)$",
);

/// Parameters that choose machines.
pub const FILTER_PARAMETERS: &[Parameter] = &[
    Parameter { is_search: true, ..text("q", "", "What is written into the search box.") },
    choice("os", "Operating system, without regard to case; `-` for none."),
    choice("os_version", "Operating system version, without regard to case; `-` for none."),
    choice("model", "Computer model, without regard to case; `-` for none."),
    Parameter {
        values: &["online", "late", "offline", "missing", "manual", "retired"],
        ..choice(
            "status",
            "State, by how long ago it was last heard of; `manual` and `retired` for machines that \
             have none, because they are manual entries or were taken out of use.",
        )
    },
    choice("tag", "Tag, without regard to case; `-` for machines without one."),
    Parameter {
        values: &["active", "stock", "repair", "retired"],
        ..choice("lifecycle", "What the machine is used for.")
    },
    choice("site", "Site, without regard to case; `-` for none."),
    choice("owner", "Owner, without regard to case; `-` for none."),
    choice("agent_version", "Version of the agent; `-` for agents that do not say it."),
    Parameter { pattern: NETWORK, ..choice("ip", "Address, or network such as `10.1.0.0/16`.") },
    Parameter {
        pattern: PERIOD,
        ..text(
            "seen",
            "",
            "How long ago the machine was last heard of: `>7d`, `<1h`, `1d..30d`; units s, m, h, \
             d, w, mo, y.",
        )
    },
    Parameter {
        pattern: PERIOD,
        ..text("created", "", "How long ago the machine first reported, written as `seen` is.")
    },
    Parameter {
        pattern: AGE,
        ..text(
            "age",
            "",
            "How long the computer has been in use: `>60mo`, `<1y`, `12mo..36mo` (the first \
             included, the second not), `none` without a date, `future` with one to come.",
        )
    },
];

/// Parameters that order a list and cut a page out of it.
pub const PAGE_PARAMETERS: &[Parameter] = &[
    text(
        "sort",
        "hostname",
        "`hostname`, `os`, `os_version`, `created_at`, `updated_at` or `computer_activation`; \
         anything else is `hostname`. Names sort without regard to case and numbers by value; \
         what is missing comes last.",
    ),
    text("dir", "asc", "`asc` or `desc`; anything else is `asc`."),
    number("limit", "Answer at most so many machines, and `total`. Without it: every machine."),
    number("offset", "Skip so many machines."),
];

/// Which page of the programs that were found.
pub const PROGRAM_PARAMETERS: &[Parameter] = &[
    number("limit", "Answer at most so many programs, up to 1000. Without it: 100."),
    number("offset", "Skip so many programs."),
];

/// What is wrong with a question, in words for the one who asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadQuestion {
    /// What is wrong, and what is allowed.
    pub error: String,
    /// The part of `q` that is wrong.
    pub token: Option<Token>,
}

impl From<SearchError> for BadQuestion {
    fn from(wrong: SearchError) -> Self {
        Self { error: wrong.message, token: Some(wrong.token) }
    }
}

/// Whether reading a URL's query takes the fields that admins defined, because a search names one.
#[must_use]
pub fn names_custom_fields(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes())
        .any(|(name, value)| name == "q" && value.to_ascii_lowercase().contains(search::CUSTOM))
}

/// Reads a URL's query. Parameters that are not known are ignored, empty ones are not given.
///
/// # Errors
/// [`BadQuestion`] names the parameter and says what it takes.
pub fn parse_query(query: &str, asked: &Asked<'_>) -> Result<MachineQuery, BadQuestion> {
    let mut machines = MachineQuery::default();
    let filter = &mut machines.filter;
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name == "q" {
            // As it stands: errors count its characters.
            filter.search.extend(Search::parse(&value, asked)?);
        }
        let value = value.trim();
        if value.is_empty() {
            continue;
        }
        match &*name {
            "os" => filter.os.push(choice_of(value)),
            "os_version" => filter.os_version.push(choice_of(value)),
            "model" => filter.model.push(choice_of(value)),
            "status" => add_status(filter, value, asked)?,
            "tag" => filter.tag.push(choice_of(value)),
            "lifecycle" => add_lifecycle(filter, value)?,
            "site" => filter.site.push(choice_of(value)),
            "owner" => filter.owner.push(choice_of(value)),
            "agent_version" => filter.agent_version.push(choice_of(value)),
            "ip" => filter.networks.push(network(value)?),
            "seen" => filter.seen = period("seen", value, asked)?,
            "created" => filter.created = period("created", value, asked)?,
            "age" => filter.activation = activation(value, asked)?,
            "sort" => machines.sort = Sort::named(value),
            "dir" => machines.descending = value.eq_ignore_ascii_case("desc"),
            "limit" => machines.limit = Some(whole("limit", value)?),
            "offset" => machines.offset = whole("offset", value)?,
            _ => {}
        }
    }
    check_size(filter)?;
    Ok(machines)
}

/// Refuses a question with more values than anybody asks for: they are all compared with every
/// machine.
fn check_size(filter: &Filter) -> Result<(), BadQuestion> {
    let Filter { os, os_version, model, tag, site, owner, agent_version, .. } = filter;
    let choices = [os, os_version, model, tag, site, owner, agent_version];
    let choices: usize = choices.iter().map(|choices| choices.len()).sum();
    let states = filter.status.as_ref().map_or(0, |status| status.any_of.len());
    let others = filter.lifecycle.len() + filter.networks.len() + states;
    if filter.search.values() + choices + others <= search::MOST_VALUES {
        return Ok(());
    }
    let most = search::MOST_VALUES;
    let error =
        format!("There are more than {most} words and values in the question: ask in parts");
    Err(BadQuestion { error, token: None })
}

/// The value asked for; `-` stands for empty text, which a URL can hardly say.
fn choice_of(value: &str) -> String {
    if value == "-" { String::new() } else { value.to_owned() }
}

fn add_status(filter: &mut Filter, value: &str, asked: &Asked<'_>) -> Result<(), BadQuestion> {
    let new = || StatusFilter { any_of: Vec::new(), now: asked.now, rules: asked.rules };
    let any_of = &mut filter.status.get_or_insert_with(new).any_of;
    for name in names(value) {
        let takes = "online, late, offline, missing, manual or retired";
        any_of.push(Status::named(name).ok_or_else(|| wrong("status", name, takes))?);
    }
    Ok(())
}

fn add_lifecycle(filter: &mut Filter, value: &str) -> Result<(), BadQuestion> {
    for name in names(value) {
        let takes = "active, stock, repair or retired";
        let lifecycle = Lifecycle::of(name).ok_or_else(|| wrong("lifecycle", name, takes))?;
        filter.lifecycle.push(lifecycle);
    }
    Ok(())
}

/// Names with commas between them.
fn names(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|name| !name.is_empty())
}

fn network(value: &str) -> Result<IpNet, BadQuestion> {
    let address = || value.parse::<std::net::IpAddr>().ok().map(IpNet::from);
    let network = value.parse::<IpNet>().ok().or_else(address);
    network.ok_or_else(|| wrong("ip", value, "an address, or a network such as 10.1.0.0/16"))
}

fn whole(name: &str, value: &str) -> Result<usize, BadQuestion> {
    let number = value.parse::<u64>().ok().filter(|number| *number <= MOST_EXACT);
    let number = number.and_then(|number| usize::try_from(number).ok());
    number.ok_or_else(|| wrong(name, value, "a whole number, not negative"))
}

fn wrong(name: &str, value: &str, takes: &str) -> BadQuestion {
    let error = format!("{name} is '{}', but takes {takes}", clean(value, 40));
    BadQuestion { error, token: None }
}

fn period(name: &str, value: &str, asked: &Asked<'_>) -> Result<Period, BadQuestion> {
    let takes = "a length of time such as >7d, <1h or 1d..30d";
    asked.ago(value).ok_or_else(|| wrong(name, value, takes))
}

fn activation(value: &str, asked: &Asked<'_>) -> Result<Activation, BadQuestion> {
    let takes = "an age such as >60mo, <1y or 12mo..36mo, or none, or future";
    asked.age(value).ok_or_else(|| wrong("age", value, takes))
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, NaiveDate, NaiveTime};
    use chrono_tz::Tz;

    use super::*;
    use crate::model::{StatusRules, wall_time};

    fn asked() -> Asked<'static> {
        let now = DateTime::parse_from_rfc3339("2026-11-23T16:00:00Z").unwrap().to_utc();
        Asked { now, zone: Tz::America__Cuiaba, rules: StatusRules::default(), fields: &[] }
    }

    fn parse(query: &str) -> MachineQuery {
        parse_query(query, &asked()).unwrap()
    }

    #[test]
    fn a_question_has_so_many_values_and_not_more_however_they_are_written() {
        for (name, value) in [("q", "-zz"), ("os", "linux"), ("ip", "10.0.0.1"), ("status", "late")]
        {
            let part = format!("{name}={value}&");
            assert!(parse_query(&part.repeat(200), &asked()).is_ok(), "{name}");
            let refused = parse_query(&part.repeat(201), &asked()).unwrap_err();
            assert!(refused.error.contains("more than 200"), "{}", refused.error);
        }
        let listed = format!("lifecycle={}", "stock,".repeat(201));
        assert!(parse_query(&listed, &asked()).is_err());
    }

    #[test]
    fn every_parameter_of_the_document_is_read() {
        for parameter in FILTER_PARAMETERS.iter().chain(PAGE_PARAMETERS) {
            let value = match parameter.name {
                "status" => "late",
                "lifecycle" => "stock,Retired",
                "ip" => "10.0.0.1",
                "seen" | "created" | "age" => ">1d",
                "limit" | "offset" => "7",
                "sort" => "os",
                "dir" => "desc",
                _ => "x",
            };
            let read = parse(&format!("{}={value}", parameter.name));
            assert_ne!(read, MachineQuery::default(), "{} is ignored", parameter.name);
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (query, named) in [
            ("status=sleeping", "status is 'sleeping', but takes online,"),
            ("lifecycle=stock,sold", "lifecycle is 'sold', but takes active, stock,"),
            ("ip=10.0.0.0/99", "ip is '10.0.0.0/99'"),
            ("seen=7d", "seen is '7d'"),
            ("seen=>7", "seen is '>7'"),
            ("age=old", "age is 'old'"),
            ("age=>-1d", "age is '>-1d'"),
            ("age=>9e99y", "age is"),
            ("created=..", "created is '..'"),
            ("limit=-1", "limit is '-1'"),
            ("limit=many", "limit is 'many'"),
            ("offset=1.5", "offset is '1.5'"),
            ("offset=9007199254740992", "offset is '9007199254740992'"),
            ("q=is:asleep", "status is 'asleep', but takes online,"),
            ("q=foo:bar", "'foo' is no field to search in"),
        ] {
            let error = parse_query(query, &asked()).unwrap_err().error;
            assert!(error.starts_with(named), "{query}: {error}");
        }
    }

    #[test]
    fn a_wrong_search_is_pointed_at_as_it_stands_in_the_url() {
        let token = parse_query("q=lab&q=+%C3%A9+ip:x", &asked()).unwrap_err().token;
        assert_eq!(token, Some(Token { offset: 6, length: 1, text: "x".into() }));
        assert_eq!(parse_query("ip=x", &asked()).unwrap_err().token, None);
    }

    #[test]
    fn the_bookmarks_of_the_original_never_fail() {
        assert_eq!(parse("sort=nonsense&dir=sideways&unknown=1&q=&os="), MachineQuery::default());
        let query = parse("sort=UPDATED_AT&dir=DESC");
        assert_eq!((query.sort, query.descending), (Sort::UpdatedAt, true));
    }

    #[test]
    fn ages_are_counted_in_whole_days_of_the_zone() {
        let start = |day: &str| {
            let day: NaiveDate = day.parse().unwrap();
            Some(wall_time(day.and_time(NaiveTime::MIN), Tz::America__Cuiaba))
        };
        let period = |query: &str| match parse(query).filter.activation {
            Activation::In(period) => (period.from, period.before),
            other => panic!("{other:?}"),
        };
        // Today is 2026-11-23 there; 10 days old or more is the 13th or before.
        assert_eq!(period("age=>10d"), (None, start("2026-11-14")));
        assert_eq!(period("age=<10d"), (start("2026-11-14"), start("2026-11-24")));
        assert_eq!(period("age=5d..10d"), (start("2026-11-14"), start("2026-11-19")));
        assert_eq!(period("age=future"), (start("2026-11-24"), None));
        // 12 months are 365.04 days, so 366 whole days.
        assert_eq!(period("age=>12mo"), (None, start("2025-11-23")));
        assert_eq!(parse("age=NONE").filter.activation, Activation::Unknown);
    }

    #[test]
    fn values_are_decoded_and_every_q_counts() {
        let url = "q=Lab+01%20PC&q=-os:linux&os=-&os_version=Windows%2011&status=late,MISSING";
        let filter = parse(url).filter;
        assert_eq!(filter.search, Search::parse("lab 01 pc -os:linux", &asked()).unwrap());
        assert_eq!(
            (filter.os, filter.os_version),
            (vec![String::new()], vec!["Windows 11".into()])
        );
        assert_eq!(filter.status.unwrap().any_of, [Ok(Status::Late), Ok(Status::Missing)]);
    }
}
