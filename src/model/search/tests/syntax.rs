use proptest::prelude::*;

use super::super::term::Subject;
use super::super::*;
use super::{CUSTOM, asked, finds, machine};
use crate::model::Machine;

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
        assert_eq!(
            (query.terms.len(), &query.terms[0].subject),
            (1, &Subject::Everything),
            "{word}"
        );
        assert_eq!(query.to_string(), word);
    }
}

#[test]
fn what_the_document_shows_is_understood() {
    let document = document();
    for field in FIELDS {
        let name = format!("{}:", field.name);
        assert!(document.contains(&name), "{name} is not in the document");
        for (search, _) in field.examples {
            assert!(document.contains(search));
            assert!(search.contains(&format!("{}:", field.name)) || search.contains("is:"));
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
        ("Custom.Rack:=\"a b\" no:custom.rack", "custom.rack:=\"a b\" no:custom.rack"),
        ("custom.Räck:1", ""),
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
    let mut names: Vec<_> = FIELDS.iter().map(name).collect();
    names.extend(CUSTOM.iter().map(|field| format!("custom.{}:", field.key)));
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
