//! Logging in and out.

use std::sync::Arc;

use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue, SET_COOKIE};
use poem::web::Data;
use poem::{IntoResponse, Response};
use poem_openapi::registry::{MetaResponses, Registry};
use poem_openapi::types::Type as _;
use poem_openapi::{ApiResponse, OpenApi};

use super::Tag;
use crate::access::{LoggedIn, LoginError, Mode, UserError};
use crate::http::context::Context;
use crate::http::error::{ApiError, LoginFailure, SessionError};
use crate::http::guard::Visitor;
use crate::http::headers::{BROWSER, SESSION};
use crate::http::payload::{JsonBody, JsonBytes, documented};
use crate::model::access::{Caller, Identity, Role};
use crate::wire::access::{self as wire, Login, PasswordChange, Principal, Session, Setup, parse};

/// How long a browser keeps the cookie: as long as a session lasts at most.
const COOKIE_S: u32 = 7 * 24 * 3600;
/// How long a browser keeps the one that it is known by.
const BROWSER_COOKIE_S: u32 = 365 * 24 * 3600;

pub(in crate::http) struct SessionApi;

/// Who asks, and what the browser's cookie is from now on.
pub(super) struct SessionReply {
    session: Session,
    is_https: bool,
    cookies: Cookies,
}

/// Cookies that a browser is told to change.
#[derive(Default)]
struct Cookies {
    /// The session's; empty to remove it.
    session: Option<String>,
    /// By which the browser is known at the next login.
    browser: Option<String>,
}

impl Cookies {
    /// Those of somebody who was just logged in.
    fn of(logged_in: &LoggedIn) -> Self {
        let session = Some(logged_in.session.expose().to_owned());
        let browser = logged_in.browser.as_ref().map(|secret| secret.expose().to_owned());
        Self { session, browser }
    }
}

impl IntoResponse for SessionReply {
    fn into_response(self) -> Response {
        let mut response = JsonBody(self.session).into_response();
        let headers = response.headers_mut();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let session = self.cookies.session.map(|value| (SESSION, COOKIE_S, value));
        let browser = self.cookies.browser.map(|value| (BROWSER, BROWSER_COOKIE_S, value));
        for (name, longest, value) in session.into_iter().chain(browser) {
            let name = name.named(self.is_https);
            let seconds = if value.is_empty() { 0 } else { longest };
            let secure = if self.is_https { "; Secure" } else { "" };
            let cookie = format!(
                "{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
            );
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                headers.append(SET_COOKIE, cookie);
            }
        }
        response
    }
}

impl ApiResponse for SessionReply {
    fn meta() -> MetaResponses {
        MetaResponses { responses: vec![documented::<Session>()] }
    }

    fn register(registry: &mut Registry) {
        Session::register(registry);
    }
}

#[OpenApi(tag = "Tag::Access")]
impl SessionApi {
    /// Who asks
    ///
    /// Always answered: `user` is null for nobody.
    #[oai(path = "/api/session", method = "get", operation_id = "getSession")]
    async fn show(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
    ) -> Result<SessionReply, SessionError> {
        Ok(reply(&context, &visitor, principal(&visitor.identity.caller), Cookies::default())
            .await?)
    }

    /// Log in
    ///
    /// The answer sets the cookie of a session, which ends after 12 hours without use.
    #[oai(path = "/api/session", method = "post", operation_id = "logIn")]
    async fn log_in(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        body: JsonBytes<Login>,
    ) -> Result<SessionReply, LoginFailure> {
        let login: Login = parse(&body.read().await?)?;
        let by = visitor.identity.clone();
        let browser = visitor.browser.as_deref();
        let begun = context.access.log_in(&login.name, &login.password, browser, by).await;
        let begun = begun.map_err(login_error)?;
        let (name, role) = (begun.user.name.clone(), Some(begun.user.role.into()));
        let principal = Principal { name, role, scope: None };
        Ok(reply(&context, &visitor, Some(principal), Cookies::of(&begun)).await?)
    }

    /// Log out
    ///
    /// Ends all sessions of the person.
    #[oai(path = "/api/session", method = "delete", operation_id = "logOut")]
    async fn log_out(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
    ) -> Result<SessionReply, LoginFailure> {
        if let Caller::Person { session, .. } = &visitor.identity.caller {
            context.access.log_out(*session).await?;
        }
        let cookies = Cookies { session: Some(String::new()), browser: None };
        Ok(reply(&context, &visitor, None, cookies).await?)
    }

    /// Change one's own password
    ///
    /// Ends all other sessions of the person and begins a new one.
    #[oai(path = "/api/session", method = "patch", operation_id = "changePassword")]
    async fn change_password(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        body: JsonBytes<PasswordChange>,
    ) -> Result<SessionReply, LoginFailure> {
        let Caller::Person { name, .. } = &visitor.identity.caller else {
            return Err(ApiError::unauthorized("Log in first").into());
        };
        let change: PasswordChange = parse(&body.read().await?)?;
        let by = visitor.identity.clone();
        let browser = visitor.browser.as_deref();
        let known = context.access.log_in(name, &change.password, browser, by.clone()).await;
        known.map_err(login_error)?;
        let new_password = Some(change.new_password.as_str());
        context
            .access
            .change_user(name, None, new_password, by.clone())
            .await
            .map_err(user_error)?;
        let begun = context.access.log_in(name, &change.new_password, None, by).await;
        let begun = begun.map_err(login_error)?;
        let principal = principal(&visitor.identity.caller);
        Ok(reply(&context, &visitor, principal, Cookies::of(&begun)).await?)
    }

    /// Make the first admin
    ///
    /// What a setup link leads to. It counts once, and logs the new admin in.
    #[oai(path = "/api/setup", method = "post", operation_id = "setUp")]
    async fn set_up(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
        body: JsonBytes<Setup>,
    ) -> Result<SessionReply, LoginFailure> {
        let setup: Setup = parse(&body.read().await?)?;
        let name = setup.name.as_deref().unwrap_or("admin");
        let by = Identity { caller: Caller::Anonymous, ..visitor.identity.clone() };
        let made = context.access.set_up(&setup.key, name, &setup.password, by).await;
        let Some((secret, user)) = made.map_err(user_error)? else {
            let text = "The setup link was used, is older than 30 minutes, or another one took \
                        its place: `tatuscan setup-link` on the server prints a new one";
            return Err(ApiError::unauthorized(text).into());
        };
        let principal = Principal { name: user.name, role: Some(wire::Role::Admin), scope: None };
        let cookies = Cookies { session: Some(secret.expose().to_owned()), browser: None };
        Ok(reply(&context, &visitor, Some(principal), cookies).await?)
    }
}

async fn reply(
    context: &Context,
    visitor: &Visitor,
    user: Option<Principal>,
    cookies: Cookies,
) -> Result<SessionReply, ApiError> {
    let mode = context.access.mode();
    let may_read = user.as_ref().is_some_and(|user| {
        use wire::Scope::{Admin, Read, Write};
        user.role.is_some() || matches!(user.scope, Some(Read | Write | Admin))
    });
    let session = Session {
        may_read: may_read || visitor.may_look || mode == Mode::Off,
        user,
        claimed: context.access.is_claimed().await?,
        mode: shown(mode),
        encrypted: visitor.is_https,
    };
    Ok(SessionReply { session, is_https: visitor.is_https, cookies })
}

fn principal(caller: &Caller) -> Option<Principal> {
    let (name, role, scope) = match caller {
        Caller::Anonymous | Caller::Machine { .. } => return None,
        Caller::Person { name, role, .. } => (name.clone(), Some((*role).into()), None),
        Caller::Token(token) => (token.name.clone(), None, Some(token.scope.into())),
        Caller::TokenFile => ("admin.token".into(), Some(Role::Admin.into()), None),
    };
    Some(Principal { name, role, scope })
}

fn login_error(error: LoginError) -> ApiError {
    match error {
        LoginError::Wrong => ApiError::unauthorized("The name or the password is wrong"),
        LoginError::TooMany { retry_after_s } => {
            let text = format!("Too many wrong passwords; try again in {retry_after_s} seconds");
            ApiError::too_many(text, retry_after_s)
        }
        LoginError::Store(error) => error.into(),
    }
}

pub(super) fn user_error(error: UserError) -> ApiError {
    let text = error.to_string();
    match error {
        UserError::Name | UserError::Password(_) => ApiError::new(StatusCode::BAD_REQUEST, text),
        UserError::Exists(_) | UserError::LastAdmin(_) => ApiError::new(StatusCode::CONFLICT, text),
        UserError::Unknown(_) => ApiError::new(StatusCode::NOT_FOUND, text),
        UserError::Store(error) => error.into(),
    }
}

/// The rules as the API names them.
pub(super) fn shown(mode: Mode) -> wire::Mode {
    match mode {
        Mode::Compat => wire::Mode::Compat,
        Mode::Strict => wire::Mode::Strict,
        Mode::Off => wire::Mode::Off,
    }
}
