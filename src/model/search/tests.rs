use chrono::{DateTime, TimeDelta};
use chrono_tz::Tz;
use proptest::prelude::*;

use super::*;
use crate::model::{HumanFields, Machine, MachineId, Report, StatusRules};

fn asked() -> Asked {
    let now = DateTime::parse_from_rfc3339("2026-11-23T16:00:00Z").unwrap().to_utc();
    Asked { now, zone: Tz::America__Cuiaba, rules: StatusRules::default() }
}

/// A machine that was last heard of 8 days ago.
fn machine() -> Machine {
    let now = asked().now;
    let report = Report {
        id: MachineId::stored(&values::id_of_mac("00:1b:21:aa:bb:cc").unwrap()),
        hostname: "LAB-01-pc07".into(),
        ip: "10.1.7.7".into(),
        os: "Windows".into(),
        os_version: Some("Windows 11 Pro Educação".into()),
        cpu_percent: 1.0,
        memory_total_mb: 7856,
        memory_used_mb: None,
        interval_s: None,
        human: HumanFields {
            computer_model: Some("Dell \"7090\", mini=x".into()),
            computer_activation: Some(now - TimeDelta::days(2000)),
            activation_days: None,
        },
        received_at: now - TimeDelta::days(100),
    };
    let seen = Report { received_at: now - TimeDelta::days(8), ..report.clone() };
    Machine::first_seen(report).reported(seen)
}

/// One that people entered by hand and that nothing is known of.
fn bare() -> Machine {
    let report = Report {
        id: MachineId::stored("A:b"),
        hostname: "pc 2".into(),
        ip: "0.0.0.0".into(),
        os: "".into(),
        os_version: None,
        cpu_percent: 0.0,
        memory_total_mb: 0,
        memory_used_mb: None,
        interval_s: None,
        human: HumanFields::default(),
        received_at: asked().now - TimeDelta::minutes(1),
    };
    Machine::first_seen(report)
}

fn finds(search: &str, machine: &Machine) -> bool {
    Search::parse(search, &asked()).unwrap_or_else(|e| panic!("{search}: {e}")).finds(machine)
}

#[test]
fn searches_find_what_they_say() {
    let machine = machine();
    let id = machine.id.as_str().to_owned();
    for (search, expected) in [
        ("", true),
        ("  \t ", true),
        ("lab PC07", true),
        ("lab nothing", false),
        // Words go on meaning what they meant: commas, equal signs, quotes and dashes inside too.
        ("01-pc", true),
        ("7090\",", true),
        ("mini=x", true),
        ("windows,linux", false),
        ("educacao", true),
        ("EDUCAÇÃO", true),
        ("10.1.7", true),
        (&id[..12], true),
        (&id[..13], false),
        // Phrases.
        ("\"windows 11\"", true),
        ("\"11 windows\"", false),
        ("\"\\\"7090\\\", mini\"", true),
        ("\"lab-01-pc07\n10.1\"", false),
        // Negation.
        ("-linux", true),
        ("-lab", false),
        ("-\"windows 11\"", false),
        ("lab -os:linux", true),
        ("-", true),
        ("--x", true),
        // Texts.
        ("hostname:01", true),
        ("HOST:lab", true),
        ("hostname:windows", false),
        ("hostname:=lab-01-PC07", true),
        ("hostname:=lab-01", false),
        ("hostname:=x,=lab-01-pc07", true),
        ("hostname:\"lab-01\",x", true),
        ("os:win", true),
        ("os:dows", false),
        ("os:=win", false),
        ("os:linux,windows", true),
        ("os:linux,darwin", false),
        ("-os:linux,windows", false),
        ("version:\"11 pro\"", true),
        ("os_version:11", true),
        ("model:dell", true),
        ("model:\"7090\\\", mini\"", true),
        ("model:\"=x\"", true),
        ("model:\"\"", false),
        ("-model:\"\"", true),
        ("has:model", true),
        ("no:model", false),
        ("no:version,model", false),
        ("has:ip,os", true),
        // Ids and addresses of network cards.
        (&format!("id:{}", id[..20].to_uppercase()), true),
        (&format!("id:={}", &id[..20]), false),
        (&format!("id:={id}"), true),
        ("id:zz", false),
        ("mac:00:1b:21:aa:bb:cc", true),
        ("mac:00-1B-21-AA-BB-CC", true),
        ("mac:001b.21aa.bbcc", true),
        ("mac:001b21aabbcc", true),
        ("mac:001b21aabbcd", false),
        ("00:1b:21:aa:bb:cc", true),
        ("00:1b:21:aa:bb:cd", false),
        ("-00:1b:21:aa:bb:cc", false),
        // Networks.
        ("ip:10.1.7.7", true),
        ("ip:10.1.0.0/16", true),
        ("ip:10.1.7.9/24", true),
        ("ip:10.2.0.0/16", false),
        ("ip:10", true),
        ("ip:10.1", true),
        ("ip:10.1.", true),
        ("ip:10.1.70", false),
        ("ip:10.10", false),
        ("ip:10.1.7.7..10.1.7.9", true),
        ("ip:10.1.7.8..10.1.7.9", false),
        ("ip:10.2.0.0/16,10.1.7.1..10.1.7.7", true),
        ("ip:fe80::/10", false),
        ("ip:fe80::1..fe80::9", false),
        ("ip:::ffff:10.1.7.7", true),
        // Memory: 7856 MiB are 7.67 GiB.
        ("memory:<8g", true),
        ("memory:<7g", false),
        ("memory:>7g", true),
        ("memory:>=7856m", true),
        ("memory:>7856m", false),
        ("memory:<=7856MiB", true),
        ("memory:<7856m", false),
        ("memory:8g", true),
        ("memory:=8g", false),
        ("memory:=7856m", true),
        ("memory:7856m", true),
        ("memory:7857m", false),
        ("memory:4gb..8gb", true),
        ("memory:7856m..", true),
        ("memory:..7856m", true),
        ("memory:8g..", false),
        ("ram:16g", false),
        ("memory:7.67g..7.68g", true),
        ("memory:0.007t..0.1t", true),
        ("memory:<4g,>7g", true),
        // Times.
        ("seen:>7d", true),
        ("seen:>9d", false),
        ("seen:<9d", true),
        ("seen:7d..9d", true),
        ("seen:2026-11-15", true),
        ("seen:2026-11", true),
        ("seen:15/11/2026", true),
        ("seen:2026-11-16..", false),
        ("seen:>2026-11-15", false),
        ("seen:>=2026-11-15", true),
        ("seen:<2026-11-15", false),
        ("seen:<=2026-11-15", true),
        ("created:>60d", true),
        ("created:2026-08..2026-09", true),
        ("created:2025,2026", true),
        ("age:>60mo", true),
        ("age:<60mo", false),
        ("age:5y..10y", true),
        ("age:none", false),
        ("age:future,none", false),
        ("activated:2021", true),
        ("activated:<2021", false),
        ("activated:2019..2021", true),
        ("has:age", true),
        ("no:activated", false),
        ("has:memory", true),
        // States.
        ("is:missing", true),
        ("is:online", false),
        ("status:online,MISSING", true),
        ("-is:manual", true),
    ] {
        assert_eq!(finds(search, &machine), expected, "{search}");
    }
}

#[test]
fn what_is_not_known_is_found_by_its_absence_alone() {
    for (search, expected) in [
        ("model:\"\"", true),
        ("model:=\"\"", true),
        ("no:model", true),
        ("-has:model", true),
        ("-model:dell", true),
        ("no:version", true),
        ("os:\"\"", true),
        ("no:hostname", false),
        ("memory:<8g", false),
        ("-memory:<8g", true),
        ("no:memory", true),
        ("age:none", true),
        ("age:<1y", false),
        ("no:age", true),
        ("activated:<2020", false),
        ("is:manual", true),
        ("is:online,late,offline,missing", false),
        ("ip:0.0.0.0", true),
        ("hostname:\"pc 2\"", true),
        ("id:a:B", true),
        ("\"a:b\"", true),
    ] {
        assert_eq!(finds(search, &bare()), expected, "{search}");
    }
}

#[test]
fn addresses_and_links_are_words_as_they_were() {
    for word in [
        "00:1b:21:aa:bb:cc",
        "aa:bb:cc:dd:ee:ff",
        "aa:bb",
        "fe80::1",
        "fe80::1%eth0",
        "::1",
        "::ffff:10.0.0.1",
        "2001:db8::/32",
        "dead:beef::",
        "http://server:8040/report",
        "HTTPS://x",
        "10:30",
        ":x",
        "pc.lab:80",
        "5\"",
        "a,b",
        "=x",
        ">7",
    ] {
        let query = Query::parse(word).unwrap_or_else(|error| panic!("{word}: {error}"));
        assert_eq!((query.terms.len(), query.terms[0].field.is_none()), (1, true), "{word}");
        assert_eq!(query.to_string(), word);
    }
}

#[test]
fn an_error_says_what_is_wrong_and_where() {
    for (search, message, offset, token) in [
        ("lab foo:bar", "'foo' is no field to search in, as hostname, os,", 4, "foo"),
        ("-foo:bar", "'foo' is no field", 1, "foo"),
        ("ação:x", "'ação' is no field", 0, "ação"),
        ("lab:", "'lab' is no field", 0, "lab"),
        ("é memory:8", "memory is '8', but takes an amount with a unit", 9, "8"),
        ("memory:<8g,>x", "memory is '>x', but takes", 11, ">x"),
        ("memory:-1g", "memory is '-1g', but takes", 7, "-1g"),
        ("memory:..", "memory is '..', but takes", 7, ".."),
        ("memory:nang", "memory is 'nang', but takes", 7, "nang"),
        ("memory:\"\"", "memory is '', but takes", 7, "\"\""),
        ("ip:10.1.0.0/40", "ip is '10.1.0.0/40', but takes an address", 3, "10.1.0.0/40"),
        ("ip:300", "ip is '300'", 3, "300"),
        ("ip:+1", "ip is '+1'", 3, "+1"),
        ("ip:10.0.0.1..::1", "ip is '10.0.0.1..::1'", 3, "10.0.0.1..::1"),
        ("ip:10..", "ip is '10..'", 3, "10.."),
        ("mac:001b21", "mac is '001b21', but takes a whole MAC address", 4, "001b21"),
        ("seen:7d", "seen is '7d', but takes how long ago", 5, "7d"),
        ("seen:>7", "seen is '>7'", 5, ">7"),
        ("created:2026-13", "created is '2026-13'", 8, "2026-13"),
        ("created:31/02/2026", "created is '31/02/2026'", 8, "31/02/2026"),
        ("created:1d..2026", "created is '1d..2026'", 8, "1d..2026"),
        ("age:old", "age is 'old', but takes an age such as", 4, "old"),
        ("activated:>60mo", "activated is '>60mo', but takes a date", 10, ">60mo"),
        ("is:asleep", "status is 'asleep', but takes online, late", 3, "asleep"),
        ("has:nose", "has is 'nose', but takes the name of a field that may be", 4, "nose"),
        (
            "no:seen",
            "no is 'seen', but takes the name of a field that may be unknown: hostname",
            3,
            "seen",
        ),
        ("id:\"\"", "id is '', but takes how the id begins", 3, "\"\""),
        ("lab os:", "os needs a value right after the colon; it takes how the", 4, "os:"),
        ("os: windows", "os needs a value right after the colon", 0, "os:"),
        ("os:a,", "os needs a value right after the comma", 0, "os:a,"),
        ("os:a,,b", "os needs a value right after the comma", 0, "os:a,"),
        ("os:=", "os needs a value", 0, "os:="),
        ("lab \"01", "The quote that begins here is not closed", 4, "\"01"),
        ("hostname:\"a\\\"", "The quote that begins here is not closed", 9, "\"a\\\""),
        ("\"a\"b", "A space is missing after the closing quote", 3, "b"),
        ("\"a\",b", "A space is missing after the closing quote", 3, ","),
        ("os:\"a\"b", "A space is missing after the closing quote", 6, "b"),
        ("\"\"", "There is nothing between the quotes", 0, "\"\""),
        ("-\"\"", "There is nothing between the quotes", 1, "\"\""),
    ] {
        let error = Search::parse(search, &asked()).expect_err(search);
        assert!(error.message.starts_with(message), "{search}: {error}");
        let length = token.chars().count();
        assert_eq!(error.token, Token { offset, length, text: token.into() }, "{search}");
    }
    let error = Search::parse("foo:b\u{202e}\u{7}ar", &asked()).unwrap_err();
    assert!(error.message.ends_with("put it in quotes: \"foo:bar\""), "{error}");
}

#[test]
fn a_search_is_not_longer_than_anyone_writes() {
    let most = ["x"; 200].join(" ");
    assert!(Search::parse(&most, &asked()).is_ok());
    let error = Search::parse(&format!("{most} os:a,b"), &asked()).unwrap_err();
    assert_eq!(error.token, Token { offset: 400, length: 6, text: "os:a,b".into() });
}

#[test]
fn what_the_document_shows_is_understood() {
    let document = document();
    for field in FIELDS {
        assert!(!field.examples.is_empty(), "{}", field.name);
        for (search, _) in field.examples {
            assert!(document.contains(search));
            Search::parse(search, &asked()).unwrap_or_else(|error| panic!("{search}: {error}"));
        }
    }
    for quoted in document.split('`').skip(1).step_by(2).filter(|text| text.contains(':')) {
        let known = Search::parse(quoted, &asked()).is_ok() || quoted.starts_with("http");
        assert!(known, "{quoted}");
    }
}

#[test]
fn every_name_of_a_field_is_its_own() {
    let names = FIELDS.iter().flat_map(|field| field.aliases.iter().chain([&field.name]));
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{names:?}");
}

#[test]
fn a_search_prints_as_one_that_reads_the_same() {
    for (search, printed) in [
        ("  Lab   01 ", "Lab 01"),
        ("HOST:\"lab\" -IS:Online,late", "hostname:lab -status:Online,late"),
        ("\"os:windows\" \"-x\" \"a b\" \"\\\"\"", "\"os:windows\" \"-x\" \"a b\" \"\\\"\""),
        ("model:=\"Dell 7090\",\"=x\",\"a,b\"", "model:=\"Dell 7090\",\"=x\",\"a,b\""),
        ("memory:=8g c:\\x", ""),
        ("\"c:\\x\" \"fe80::1\"", "\"c:\\\\x\" fe80::1"),
        ("no:\"model\" --x - --", "no:model -\"-x\" - --"),
    ] {
        match Query::parse(search) {
            Ok(query) => assert_eq!(query.to_string(), printed, "{search}"),
            Err(_) => assert!(printed.is_empty(), "{search}"),
        }
    }
}

/// Text that is likely to mean something.
fn any_text() -> impl Strategy<Value = String> {
    let name = |field: &Field| format!("{}:", field.name);
    let names: Vec<_> = FIELDS.iter().map(name).collect();
    const OTHER: &[&str] =
        &["\"", "-", "=", ",", " ", "\\", ":", "..", ">", "<", "é", "x", "10", "g", "7d", "2026"];
    let piece = prop_oneof![
        prop::sample::select(names),
        prop::sample::select(OTHER).prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_a_search_or_an_error_that_points_into_it(text in any_text()) {
        let found = Search::parse(&text, &asked()).map(|search| search.finds(&machine()));
        if let Err(SearchError { message, token }) = found {
            prop_assert!(!message.is_empty());
            let at: String = text.chars().skip(token.offset).take(token.length).collect();
            prop_assert_eq!(at, token.text);
        }
    }

    #[test]
    fn printing_and_reading_again_is_stable(text in any_text()) {
        if let Ok(query) = Query::parse(&text) {
            let printed = query.to_string();
            let again = Query::parse(&printed);
            prop_assert_eq!(&query.terms, &again.as_ref().unwrap().terms, "{}", &printed);
            prop_assert_eq!(&printed, &again.unwrap().to_string());
            let (one, two) = (query.search(&asked()), Search::parse(&printed, &asked()));
            prop_assert_eq!(one.is_ok(), two.is_ok());
            if let (Ok(one), Ok(two)) = (one, two) {
                prop_assert_eq!(one, two);
            }
        }
    }

    #[test]
    fn any_words_in_quotes_are_looked_for_as_they_stand(text in "\\PC{1,20}", at in 0_usize..20) {
        let part: String = text.chars().skip(at.min(text.chars().count() - 1)).collect();
        let quoted = format!("\"{}\"", part.replace('\\', "\\\\").replace('"', "\\\""));
        let named = Machine { hostname: text.as_str().into(), ..machine() };
        prop_assert!(finds(&quoted, &named));
        let (of_name, none_of_it) = (format!("hostname:{quoted}"), format!("-{quoted}"));
        prop_assert!(finds(&of_name, &named) && !finds(&none_of_it, &named));
    }

    #[test]
    fn plain_words_find_what_they_found(words in "[a-zA-Z0-9é._/,=+@#]{1,6}( [a-z0-9-]{2,4})?") {
        let machine = machine();
        let everything = [
            machine.hostname.as_str(), &machine.ip, machine.human.computer_model.as_deref().unwrap(),
            &machine.os, &machine.os_version, &machine.id.as_str()[..12],
        ];
        let everything = everything.join("\n").to_lowercase();
        let found = words.to_lowercase().split_whitespace().all(|word| everything.contains(word));
        let is_plain = !words.contains(" -");
        prop_assert!(!found || !is_plain || finds(&words, &machine), "{}", words);
    }
}
