//! Examples of everything here, for the API's document.

use poem_openapi::types::Example;

use super::{
    AuditEntry, AuditList, Enrolment, EnrolmentReply, KeyApproval, KeyList, Login, Mode, NewToken,
    NewUser, OpenSession, PasswordChange, Principal, RefusedList, RefusedSource, RemovedList,
    RemovedMachine, Role, Scope, Session, SessionList, Setup, SetupLink, Token, TokenList,
    TokenMade, User, UserEdit, UserList, WaitingKey,
};
use crate::wire::Timestamp;

macro_rules! examples {
    ($($name:ident => $example:expr;)+) => {$(
        impl Example for $name {
            fn example() -> Self {
                $example
            }
        }
    )+};
}

fn at() -> Timestamp {
    let at = chrono::DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(1_795_000_000);
    Timestamp::new(at, chrono_tz::America::Cuiaba)
}

const KEY: &str = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

examples! {
    Session => {
        let user = Principal { name: "ana".into(), role: Some(Role::Admin), scope: None };
        Self {
            user: Some(user),
            may_read: true,
            claimed: true,
            mode: Mode::Compat,
            encrypted: true,
        }
    };
    Login => Self { name: "ana".into(), password: "three words make one".into() };
    Setup => Self {
        key: "mVv1bq…".into(),
        name: Some("ana".into()),
        password: "three words make one".into(),
    };
    PasswordChange => Self {
        password: "three words make one".into(),
        new_password: "and four make a better one".into(),
    };
    SetupLink => Self { path: "/setup#k=mVv1bq…".into() };
    NewToken => Self {
        name: "scripts".into(),
        scope: Scope::Read,
        days: Some(365),
        max_uses: None,
        tags: None,
    };
    Token => Self {
        id: "5f1c0e9a7b3d".into(),
        name: "scripts".into(),
        scope: Scope::Read,
        created_at: at(),
        created_by: "user ana".into(),
        expires_at: None,
        used_at: None,
        uses: 0,
        max_uses: None,
        tags: Vec::new(),
    };
    TokenMade => Self { token: "tsr_…".into(), item: Token::example() };
    TokenList => Self { items: vec![Token::example()] };
    NewUser => Self {
        name: "bea".into(),
        role: Role::Viewer,
        password: "three words make one".into(),
    };
    UserEdit => Self { role: Some(Role::Admin), password: None };
    User => Self { name: "ana".into(), role: Role::Admin, created_at: at() };
    UserList => Self { items: vec![User::example()] };
    AuditEntry => Self {
        number: 7_340_032,
        at: at(),
        actor: "user ana".into(),
        peer: "10.1.7.7".into(),
        action: "machine.delete".into(),
        subject: "lab-01".into(),
        before: Some("{\"hostname\":\"lab-01-pc07\"}".into()),
        after: None,
    };
    AuditList => Self { items: vec![AuditEntry::example()], next: None };
    Enrolment => Self {
        token: "tse_…".into(),
        machine_id: "lab-01".into(),
        public_key: KEY.into(),
        signature: KEY.repeat(2),
    };
    EnrolmentReply => Self { last_seq: 0 };
    WaitingKey => Self {
        machine_id: "lab-01".into(),
        public_key: KEY.into(),
        waiting_key: KEY.into(),
        asked_at: at(),
        peer: "10.1.7.7".into(),
    };
    OpenSession => Self {
        id: "5f1c0e9a7b3d2c41".into(),
        user: "ana".into(),
        peer: "10.1.7.7".into(),
        created_at: at(),
        used_at: at(),
        current: true,
    };
    SessionList => Self { items: vec![OpenSession::example()] };
    KeyApproval => Self { waiting_key: KEY.into() };
    KeyList => Self { items: vec![WaitingKey::example()], enrolled: 310 };
    RemovedMachine => Self {
        machine_id: "lab-01".into(),
        hostname: "lab-01-pc07".into(),
        removed_at: at(),
        removed_by: "user ana".into(),
    };
    RemovedList => Self { items: vec![RemovedMachine::example()] };
    RefusedSource => Self { network: "203.0.113.0/24".into(), reports: 12, last_at: at() };
    RefusedList => Self { items: vec![RefusedSource::example()] };
}
