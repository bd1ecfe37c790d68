//! What clients are told when something goes wrong: always JSON, always `error`, never an
//! internal.

use http::header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Method, StatusCode};
use poem::Response;
use poem::error::ResponseError;
use poem_openapi::Object;
use poem_openapi::registry::{MetaMediaType, MetaResponse, MetaResponses, Registry};
use poem_openapi::types::{Example, ToJSON as _, Type as _};
use serde::Serialize;

use super::headers::JSON;
use super::incident::incident;
use crate::inventory::{DuplicateError, EditError, FieldError, ViewError};
use crate::model::clean;
use crate::model::search::Token;
use crate::store::StoreError;
use crate::wire::{BadBody, BadQuestion, ImportProblem};

/// Seconds after which a client that found the server busy should ask again.
const RETRY_AFTER_S: u32 = 5;
/// Most characters of a search that an error repeats.
const TOKEN_CHARS: usize = 100;

/// Why a request was not done.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
#[oai(example)]
pub(super) struct ErrorBody {
    /// What is wrong and, where the client can mend it, how.
    pub(super) error: String,
    /// The status code, on 404 and 405 of unknown routes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) code: Option<u16>,
    /// Names the failure in the server's log, on 5xx.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) id: Option<String>,
    /// The number of the machine's last signed report, on 409 of one that comes too late.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) last_seq: Option<u64>,
    /// The part of `q` that is wrong, on 400 of a search.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) token: Option<ErrorToken>,
    /// What is wrong with the lines of a file, on 400 of an import.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) problems: Option<Vec<ImportProblem>>,
    /// How much more is wrong with them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(skip_serializing_if_is_none)]
    pub(super) more_problems: Option<usize>,
}

/// A part of a search.
#[derive(Debug, Clone, PartialEq, Serialize, Object)]
pub(super) struct ErrorToken {
    /// How many characters (Unicode scalar values) of `q` come before it.
    pub(super) offset: usize,
    /// How many characters it has.
    pub(super) length: usize,
    /// The characters.
    pub(super) text: String,
}

impl ErrorBody {
    /// What a client sent is repeated without anything that could do harm where it is shown.
    fn new(error: impl Into<String>) -> Self {
        Self {
            error: clean(&error.into(), usize::MAX).into(),
            code: None,
            id: None,
            last_seq: None,
            token: None,
            problems: None,
            more_problems: None,
        }
    }
}

impl Example for ErrorBody {
    fn example() -> Self {
        Self::new("Missing required fields: ['ip']")
    }
}

/// Why a request was not done, with the status that says so.
#[derive(Debug, Clone)]
pub(super) struct ApiError {
    status: StatusCode,
    body: Box<ErrorBody>,
    close: bool,
    allow: Option<HeaderValue>,
    retry_after_s: Option<u32>,
}

impl ApiError {
    pub(super) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        let body = Box::new(ErrorBody::new(error));
        Self { status, body, close: false, allow: None, retry_after_s: None }
    }

    /// The body is larger than `limit` bytes; the rest of it is not read.
    pub(super) fn too_large(limit: usize) -> Self {
        let text = format!("The body is larger than {} KiB", limit >> 10);
        Self { close: true, ..Self::new(StatusCode::PAYLOAD_TOO_LARGE, text) }
    }

    /// The client took too long.
    pub(super) fn too_slow() -> Self {
        let text = "The request took too long";
        Self { close: true, ..Self::new(StatusCode::REQUEST_TIMEOUT, text) }
    }

    /// A credential is needed, or was not one.
    pub(super) fn unauthorized(error: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, error)
    }

    /// The client asks too often.
    pub(super) fn too_many(error: impl Into<String>, retry_after_s: u32) -> Self {
        let refused = Self::new(StatusCode::TOO_MANY_REQUESTS, error);
        Self { retry_after_s: Some(retry_after_s), ..refused }
    }

    /// A signed report's number is not above the last one, or too far above it.
    pub(super) fn stale(last_seq: u64) -> Self {
        let text = "A report with this seq or a later one was taken already, or seq is too far \
                    ahead; go on right after last_seq";
        let mut stale = Self::new(StatusCode::CONFLICT, text);
        stale.body.last_seq = Some(last_seq);
        stale
    }

    /// A file has lines that are wrong; `more` of them are not listed.
    pub(super) fn bad_lines(problems: Vec<ImportProblem>, more: usize) -> Self {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        let others = problems.len() + more;
        let others = match others.saturating_sub(1) {
            0 => String::new(),
            others => format!(" ({others} more in problems)"),
        };
        let text = format!("Nothing was changed: {first}{others}");
        let mut wrong = Self::new(StatusCode::BAD_REQUEST, text);
        wrong.body.problems = Some(problems);
        wrong.body.more_problems = Some(more);
        wrong
    }

    /// The client speaks HTTP where HTTPS is spoken.
    pub(super) fn plain() -> Self {
        let text = "This port speaks HTTPS. Write https:// instead of http:// in the address";
        Self { close: true, ..Self::new(StatusCode::BAD_REQUEST, text) }
    }

    pub(super) fn unknown_machine(id: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("Inventory not found: {id}"))
    }

    /// No route has this path. The text is the original's.
    pub(super) fn unknown_path() -> Self {
        let text = "The requested URL was not found on the server. If you entered the URL \
                    manually please check your spelling and try again.";
        Self::with_code(StatusCode::NOT_FOUND, text)
    }

    /// The route has no such method. The text is the original's.
    pub(super) fn unknown_method(allowed: &[Method]) -> Self {
        let text = "The method is not allowed for the requested URL.";
        let allow = allow_header(allowed);
        Self { allow: Some(allow), ..Self::with_code(StatusCode::METHOD_NOT_ALLOWED, text) }
    }

    /// Something broke here. The cause goes to the log, under an id that the client gets.
    pub(super) fn internal(status: StatusCode, error: &str, cause: &str) -> Self {
        let mut failed = Self::new(status, error);
        failed.body.id = Some(incident(status, cause));
        failed
    }

    fn with_code(status: StatusCode, error: &str) -> Self {
        let mut coded = Self::new(status, error);
        coded.body.code = Some(status.as_u16());
        coded
    }

    pub(super) fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body).unwrap_or_default();
        let mut response = Response::builder().status(self.status).body(body);
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(JSON));
        if self.close {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, allow);
        }
        let is_busy = self.status == StatusCode::SERVICE_UNAVAILABLE;
        if let Some(seconds) = self.retry_after_s.or(is_busy.then_some(RETRY_AFTER_S)) {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            // Not Basic: browsers would ask for a password of their own.
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.body.error)
    }
}

impl std::error::Error for ApiError {}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let cause = error.to_string();
        match error {
            StoreError::NotFound => Self::new(StatusCode::NOT_FOUND, "Inventory not found"),
            StoreError::Conflict(why) => Self::new(StatusCode::CONFLICT, why),
            StoreError::Unavailable(_) => {
                let text = "The inventory cannot be written at the moment; try again";
                Self::internal(StatusCode::SERVICE_UNAVAILABLE, text, &cause)
            }
            StoreError::Full => {
                let text = "There is no space left for the inventory; free some on the server";
                Self::internal(StatusCode::INSUFFICIENT_STORAGE, text, &cause)
            }
            StoreError::Backend(_) => {
                let text = "The inventory failed; the server's log says why";
                Self::internal(StatusCode::INTERNAL_SERVER_ERROR, text, &cause)
            }
        }
    }
}

impl From<EditError> for ApiError {
    fn from(error: EditError) -> Self {
        let text = error.to_string();
        match error {
            EditError::Unknown(id) => Self::unknown_machine(id),
            EditError::TooManyTags { .. }
            | EditError::TooMany(_)
            | EditError::TooManyImported(_) => Self::new(StatusCode::BAD_REQUEST, text),
            EditError::FieldChanged(_) => Self::new(StatusCode::CONFLICT, text),
            EditError::Store(error) => error.into(),
        }
    }
}

impl From<FieldError> for ApiError {
    fn from(error: FieldError) -> Self {
        let text = error.to_string();
        match error {
            FieldError::Unknown(_) => Self::new(StatusCode::NOT_FOUND, text),
            FieldError::Exists(_)
            | FieldError::TooMany
            | FieldError::NoChoice(..)
            | FieldError::InUse { .. } => Self::new(StatusCode::CONFLICT, text),
            FieldError::Store(error) => error.into(),
        }
    }
}

impl From<ViewError> for ApiError {
    fn from(error: ViewError) -> Self {
        let text = error.to_string();
        match error {
            ViewError::Unknown(_) => Self::new(StatusCode::NOT_FOUND, text),
            ViewError::Exists(_) | ViewError::TooMany => Self::new(StatusCode::CONFLICT, text),
            ViewError::NotAdmin | ViewError::NoPerson => Self::new(StatusCode::FORBIDDEN, text),
            ViewError::Store(error) => error.into(),
        }
    }
}

impl From<DuplicateError> for ApiError {
    fn from(error: DuplicateError) -> Self {
        let text = error.to_string();
        match error {
            DuplicateError::Unknown(id) => Self::unknown_machine(id),
            DuplicateError::NotMerged(_) | DuplicateError::UnknownStatement(_) => {
                Self::new(StatusCode::NOT_FOUND, text)
            }
            DuplicateError::Twice(_)
            | DuplicateError::TooFew
            | DuplicateError::TooMany(_)
            | DuplicateError::TooManyDistinct(_) => Self::new(StatusCode::BAD_REQUEST, text),
            DuplicateError::IsThere(_) | DuplicateError::TooManyStatements => {
                Self::new(StatusCode::CONFLICT, text)
            }
            DuplicateError::Store(error) => error.into(),
        }
    }
}

impl From<BadBody> for ApiError {
    fn from(bad: BadBody) -> Self {
        Self::new(StatusCode::BAD_REQUEST, bad.0)
    }
}

impl From<BadQuestion> for ApiError {
    fn from(bad: BadQuestion) -> Self {
        let mut wrong = Self::new(StatusCode::BAD_REQUEST, bad.error);
        wrong.body.token = bad.token.map(|Token { offset, length, text }| {
            // What was sent may be long, and hostile where it is shown.
            ErrorToken { offset, length, text: clean(&text, TOKEN_CHARS).into() }
        });
        wrong
    }
}

/// Puts any error that a route gave up with into the common form.
pub(super) fn envelope(error: poem::Error, allowed: &[Method]) -> Response {
    if error.is_from_response() || error.is::<ApiError>() {
        return match error.downcast::<ApiError>() {
            Ok(known) => known.into_response(),
            Err(error) => error.into_response(),
        };
    }
    match error.status() {
        StatusCode::NOT_FOUND => ApiError::unknown_path(),
        StatusCode::METHOD_NOT_ALLOWED if allowed.is_empty() => ApiError::unknown_path(),
        StatusCode::METHOD_NOT_ALLOWED => ApiError::unknown_method(allowed),
        status if status.is_client_error() => ApiError::new(status, error.to_string()),
        status => ApiError::internal(status, "The server failed", &error.to_string()),
    }
    .into_response()
}

/// `Allow`, with the methods that every route answers.
pub(super) fn allow_header(allowed: &[Method]) -> HeaderValue {
    let names: Vec<_> = allowed.iter().map(Method::as_str).collect();
    HeaderValue::from_str(&names.join(", ")).unwrap_or_else(|_| HeaderValue::from_static("GET"))
}

/// Declares error types that document which statuses an operation can answer.
macro_rules! documented_errors {
    ($($(#[$doc:meta])* $name:ident: $($status:ident)+;)+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(super) struct $name(ApiError);

        impl<E: Into<ApiError>> From<E> for $name {
            fn from(error: E) -> Self {
                Self(error.into())
            }
        }

        impl From<$name> for poem::Error {
            fn from(error: $name) -> Self {
                error.0.into()
            }
        }

        impl poem_openapi::ApiResponse for $name {
            fn meta() -> MetaResponses {
                MetaResponses { responses: vec![$(documented(StatusCode::$status)),+] }
            }

            fn register(registry: &mut Registry) {
                ErrorBody::register(registry);
            }
        }
    )+};
}

documented_errors! {
    /// Asking whether the server is alive.
    HealthError: REQUEST_TIMEOUT INTERNAL_SERVER_ERROR;
    /// Asking who one is.
    SessionError: UNAUTHORIZED FORBIDDEN REQUEST_TIMEOUT INTERNAL_SERVER_ERROR SERVICE_UNAVAILABLE;
    /// Asking about machines.
    QueryError: BAD_REQUEST UNAUTHORIZED FORBIDDEN REQUEST_TIMEOUT INTERNAL_SERVER_ERROR
        SERVICE_UNAVAILABLE;
    /// Asking for machines as a file.
    ExportError: BAD_REQUEST UNAUTHORIZED FORBIDDEN REQUEST_TIMEOUT INTERNAL_SERVER_ERROR
        SERVICE_UNAVAILABLE INSUFFICIENT_STORAGE;
    /// Importing a file.
    ImportError: BAD_REQUEST UNAUTHORIZED FORBIDDEN REQUEST_TIMEOUT CONFLICT PAYLOAD_TOO_LARGE
        UNSUPPORTED_MEDIA_TYPE INTERNAL_SERVER_ERROR SERVICE_UNAVAILABLE INSUFFICIENT_STORAGE;
    /// Entering a machine by hand.
    EnterError: BAD_REQUEST UNAUTHORIZED FORBIDDEN REQUEST_TIMEOUT CONFLICT PAYLOAD_TOO_LARGE
        UNSUPPORTED_MEDIA_TYPE INTERNAL_SERVER_ERROR SERVICE_UNAVAILABLE INSUFFICIENT_STORAGE;
    /// Reading one machine.
    FindError: UNAUTHORIZED FORBIDDEN NOT_FOUND REQUEST_TIMEOUT INTERNAL_SERVER_ERROR
        SERVICE_UNAVAILABLE;
    /// Recording a report.
    RecordError: BAD_REQUEST UNAUTHORIZED FORBIDDEN REQUEST_TIMEOUT CONFLICT PAYLOAD_TOO_LARGE
        UNSUPPORTED_MEDIA_TYPE TOO_MANY_REQUESTS INTERNAL_SERVER_ERROR SERVICE_UNAVAILABLE
        INSUFFICIENT_STORAGE;
    /// Changing machines.
    ChangeError: BAD_REQUEST UNAUTHORIZED FORBIDDEN NOT_FOUND REQUEST_TIMEOUT CONFLICT
        PAYLOAD_TOO_LARGE UNSUPPORTED_MEDIA_TYPE INTERNAL_SERVER_ERROR SERVICE_UNAVAILABLE
        INSUFFICIENT_STORAGE;
    /// Deleting something, or doing something to what has a name.
    DeleteError: UNAUTHORIZED FORBIDDEN NOT_FOUND REQUEST_TIMEOUT CONFLICT INTERNAL_SERVER_ERROR
        SERVICE_UNAVAILABLE INSUFFICIENT_STORAGE;
    /// Asking for what only admins may see.
    AdminError: BAD_REQUEST UNAUTHORIZED FORBIDDEN REQUEST_TIMEOUT INTERNAL_SERVER_ERROR
        SERVICE_UNAVAILABLE;
    /// Taking a backup.
    BackupError: UNAUTHORIZED FORBIDDEN REQUEST_TIMEOUT INTERNAL_SERVER_ERROR SERVICE_UNAVAILABLE
        INSUFFICIENT_STORAGE;
    /// Making something that only admins may make.
    CreateError: BAD_REQUEST UNAUTHORIZED FORBIDDEN NOT_FOUND REQUEST_TIMEOUT CONFLICT
        PAYLOAD_TOO_LARGE UNSUPPORTED_MEDIA_TYPE INTERNAL_SERVER_ERROR SERVICE_UNAVAILABLE
        INSUFFICIENT_STORAGE;
    /// Logging in, or proving something else.
    LoginFailure: BAD_REQUEST UNAUTHORIZED FORBIDDEN REQUEST_TIMEOUT PAYLOAD_TOO_LARGE
        UNSUPPORTED_MEDIA_TYPE TOO_MANY_REQUESTS INTERNAL_SERVER_ERROR SERVICE_UNAVAILABLE
        INSUFFICIENT_STORAGE;
}

/// An error as a client gets it with a status, for the API's document.
pub(super) fn example_of(method: &str, status: &str) -> serde_json::Value {
    let text = match (status, method) {
        ("400", "get") => {
            "status is 'sleeping', but takes online, late, offline, missing, manual or retired"
        }
        ("400", "patch") => "No valid fields provided for update",
        ("400", _) => "Missing required fields: ['ip']",
        ("401", "post") => "A report from 203.0.113.9 needs a token",
        ("401", _) => "Log in, or send a token: Authorization: Bearer TOKEN",
        ("403", _) => "token scripts (5f1c0e9a7b3d) may not change machines",
        ("409", _) => "There is a user ana already",
        ("429", _) => "Too many wrong passwords; try again in 60 seconds",
        ("404", _) => "Inventory not found: lab-01-pc07",
        ("408", _) => "The request took too long",
        ("413", _) => "The body is larger than 64 KiB",
        ("415", _) => "Content-Type must be application/json",
        ("503", _) => "The inventory cannot be written at the moment; try again",
        ("507", _) => "There is no space left for the inventory; free some on the server",
        _ => "The inventory failed; the server's log says why",
    };
    let id = status.starts_with('5').then(|| "5f1c0e9a7b3d".to_owned());
    ErrorBody { id, ..ErrorBody::new(text) }.to_json().unwrap_or_default()
}

fn documented(status: StatusCode) -> MetaResponse {
    MetaResponse {
        description: match status {
            StatusCode::BAD_REQUEST => "A parameter or the body is wrong; the error names it",
            StatusCode::UNAUTHORIZED => "A credential is needed, or the one shown is none",
            StatusCode::FORBIDDEN => "The credential is for something else",
            StatusCode::CONFLICT => "What is there already contradicts it",
            StatusCode::TOO_MANY_REQUESTS => "Too many of these; see Retry-After",
            StatusCode::NOT_FOUND => "There is none with this id",
            StatusCode::REQUEST_TIMEOUT => "The request took longer than 30 seconds",
            StatusCode::PAYLOAD_TOO_LARGE => "The body is larger than allowed",
            StatusCode::UNSUPPORTED_MEDIA_TYPE => "The body is of another type, or is encoded",
            StatusCode::SERVICE_UNAVAILABLE => {
                "The store is busy or cannot be reached; see Retry-After"
            }
            StatusCode::INSUFFICIENT_STORAGE => "There is no space left on the server",
            _ => "The server failed; `id` finds the reason in its log",
        },
        status: Some(status.as_u16()),
        status_range: None,
        content: vec![MetaMediaType { content_type: JSON, schema: ErrorBody::schema_ref() }],
        headers: vec![],
    }
}

impl ResponseError for ApiError {
    fn status(&self) -> StatusCode {
        self.status
    }

    fn as_response(&self) -> Response {
        self.clone().into_response()
    }
}

#[cfg(test)]
mod tests {
    use super::ApiError;

    #[test]
    fn what_a_client_sent_is_repeated_without_harm() {
        let error = ApiError::unknown_machine("lab-ção/\0\u{1b}[31m\n\u{202e}");
        assert_eq!(error.body.error, "Inventory not found: lab-ção/[31m");
    }
}
