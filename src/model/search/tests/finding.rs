use chrono::TimeDelta;

use super::{asked, bare, finds, machine};
use crate::model::HardwareFields;

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
        // Of a hash nobody sees a part.
        ("mac:00:1b:21", false),
        ("no:mac", true),
        ("no:serial,agent", true),
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
fn what_people_keep_is_found() {
    let machine = machine();
    for (search, expected) in [
        // Words, in every text; also in those of several lines.
        ("laboratorio norte ana 10422 noisy", true),
        ("\"fan check in\"", true),
        ("alvaro 12.5 2026-03-01", true),
        ("stock", false),
        // The whole of one tag.
        ("tag:laboratorio", true),
        ("tag:lab", false),
        ("tags:x,\"To Do\"", true),
        ("tag:\"laboratorio to do\"", false),
        ("tag:\"\"", false),
        ("-tag:server", true),
        ("site:norte building:b room:=12", true),
        ("site:=norte", false),
        ("building:norte", false),
        ("owner:souza", true),
        ("asset:104", true),
        ("asset_number:=104", false),
        ("notes:\"noisy fan\"", true),
        ("has:tag,notes", true),
        ("no:room", false),
        ("lifecycle:Stock", true),
        ("lifecycle:active,retired", false),
        ("proof:Legacy", true),
        ("proof:token,signature", false),
        // Bought 5 years, 6 months and 20 days before 2026-11-23.
        ("purchased:>5y", true),
        ("purchased:>6y", false),
        ("purchased:<6y", true),
        ("purchased:2029d..2031d", true),
        ("purchased:2030d..2031d", true),
        ("purchased:2029d..2030d", false),
        ("purchased:2021", true),
        ("purchased:>2021-05", false),
        ("purchased:03/05/2021", true),
        // The last day of the warranty is 38 days away.
        ("warranty:<39d", true),
        ("warranty:<38d", false),
        ("warranty:>38d", true),
        ("warranty:>39d", false),
        ("warranty:1mo..2mo", true),
        ("warranty:expired", false),
        ("-warranty:expired", true),
        ("warranty:2026-12", true),
        ("warranty:<2026-12-31", false),
        ("has:warranty,purchased", true),
        ("activation_days:>1000", true),
        ("activation_days:1999", true),
        ("activation_days:<1999", false),
        ("activation_days:1000..1999", true),
        ("custom.rack:r-7", true),
        ("CUSTOM.RACK:=r-7", false),
        ("custom.rack:=\"r-7 alvaro\"", true),
        ("custom.rack:\"\"", false),
        ("custom.watts:12.5", true),
        ("custom.watts:>12,<1", true),
        ("custom.watts:13..", false),
        ("custom.checked:2026-03", true),
        ("custom.checked:<2026-03-01", false),
        ("custom.leased:yes", true),
        ("custom.leased:no", false),
        ("custom.state:novo", true),
        ("custom.state:seminovo,pessimo", false),
        ("has:Custom.Rack no:custom.watts", false),
    ] {
        assert_eq!(finds(search, &machine), expected, "{search}");
    }
    let today = asked().now.with_timezone(&asked().zone).date_naive();
    for (days, last_day, expired) in [(-1, false, true), (0, true, false), (1, false, false)] {
        let mut machine = machine.clone();
        let ends = Some(today + TimeDelta::days(days));
        machine.human.asset = machine.human.asset.with(|kept| kept.warranty_end_date = ends);
        assert_eq!(finds("warranty:<1d", &machine), last_day, "{days}");
        assert_eq!(finds("warranty:expired", &machine), expired, "{days}");
    }
}

#[test]
fn what_nobody_keeps_is_found_by_its_absence_alone() {
    for (search, expected) in [
        ("tag:\"\" no:tag no:site no:notes no:asset", true),
        ("no:purchased no:warranty no:activation_days", true),
        ("lifecycle:active", true),
        // No agent is behind it.
        ("proof:legacy,token,signature", false),
        ("purchased:>1d", false),
        ("warranty:expired", false),
        ("warranty:<10y", false),
        ("activation_days:<9", false),
        ("custom.rack:\"\" custom.state:\"\"", true),
        ("custom.watts:<100", false),
        ("custom.leased:no", false),
        ("no:custom.leased", true),
        ("-custom.rack:x", true),
    ] {
        assert_eq!(finds(search, &bare()), expected, "{search}");
    }
}

#[test]
fn what_agents_find_out_is_found() {
    let mut machine = machine();
    machine.hardware = HardwareFields {
        manufacturer: Some("LENOVO".into()),
        model: Some("20XW".into()),
        serial: Some("PF-3ABC12".into()),
        uuid: Some("4c4c4544-0042-3510-8052-b4c04f4a3132".into()),
        macs: vec!["00:1b:21:dd:ee:ff".into(), "a4:bb:6d:01:02:03".into()],
        logged_in: vec!["João".into()],
        last_user: Some("bea".into()),
        agent_version: Some("0.2.10".into()),
        sections: Vec::new(),
    }
    .into();
    for (search, expected) in [
        ("serial:3abc", true),
        ("serial:=pf-3abc12", true),
        ("serial:=3abc", false),
        ("pf-3abc12", true),
        ("uuid:4C4C4544", true),
        ("uuid:=4c4c4544", false),
        ("manufacturer:leno", true),
        ("maker:=lenovo", true),
        ("user:joao", true),
        ("user:=bea", true),
        ("user:ana", false),
        ("joao", true),
        ("agent:0.2", true),
        ("agent:=0.2.10", true),
        ("agent:2.10", false),
        ("has:agent", true),
        ("no:serial", false),
        // Any notation, whole or a part; the beginning is that of a byte.
        ("mac:00:1b:21:dd:ee:ff", true),
        ("mac:A4-BB-6D-01-02-03", true),
        ("mac:a4bb.6d01.0203", true),
        ("mac:bb:6d:01", true),
        ("mac:BB6D", true),
        ("mac:bb6d0", true),
        ("mac:b6d0", false),
        ("mac:6d:02", false),
        ("has:mac", true),
        ("00-1B-21-DD-EE-FF", true),
        ("a4bb6d010203", true),
        ("a4bb6d010204", false),
        ("00:1b:21:dd", true),
        // The address that its id was made from, which it does not send.
        ("mac:00:1b:21:aa:bb:cc", true),
        // What people say of the model wins; with nothing of them it is what the firmware says.
        ("model:20xw", false),
        ("model:7090", true),
    ] {
        assert_eq!(finds(search, &machine), expected, "{search}");
    }
    machine.human.computer_model = None;
    assert!(finds("model:=20xw", &machine) && finds("20xw", &machine));
}
