use super::super::*;
use super::asked;

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
        ("mac:001g21", "mac is '001g21', but takes a MAC address, or a part", 4, "001g21"),
        ("mac:\"\"", "mac is ''", 4, "\"\""),
        ("mac:00:1b:21:aa:bb:cc:dd", "mac is", 4, "00:1b:21:aa:bb:cc:dd"),
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
        ("proof:none", "proof is 'none', but takes legacy, token or signature", 6, "none"),
        ("lifecycle:sold", "lifecycle is 'sold', but takes active, stock,", 10, "sold"),
        ("purchased:3y", "purchased is '3y', but takes how long ago", 10, "3y"),
        ("warranty:soon", "warranty is 'soon', but takes how much is left", 9, "soon"),
        ("activation_days:inf", "activation_days is 'inf', but takes a number", 16, "inf"),
        ("x -custom.nose:1", "There is no field custom.nose, but custom.rack,", 3, "custom.nose"),
        ("custom.watts:1w", "custom.watts is '1w', but takes a number such", 13, "1w"),
        ("custom.leased:x", "custom.leased is 'x', but takes yes or no", 14, "x"),
        ("custom.state:nov", "custom.state is 'nov', but takes Novo, Seminovo", 13, "nov"),
        ("custom.checked:>1d", "custom.checked is '>1d', but takes a date", 15, ">1d"),
        ("custom.:x", "'custom.' is no field to search in", 0, "custom."),
        ("Custom.Räck:x", "'Custom.Räck' is no field", 0, "Custom.Räck"),
        ("custom.rack:", "custom.rack needs a value right after the colon", 0, "custom.rack:"),
        ("has:custom.nose", "has is 'custom.nose', but takes", 4, "custom.nose"),
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
    let nobody = Asked { fields: &[], ..asked() };
    let error = Search::parse("custom.rack:7", &nobody).unwrap_err();
    assert_eq!(error.message, "There is no field custom.rack: no admin has defined any");
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
