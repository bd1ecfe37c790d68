//! Answers made smaller for clients that can take them so.

use std::collections::HashMap;
use std::io;
use std::sync::{LazyLock, Mutex, PoisonError};

use async_compression::Level;
use async_compression::tokio::bufread::{BrotliEncoder, GzipEncoder, ZstdEncoder};
use bytes::Bytes;
use futures_util::TryStreamExt as _;
use http::HeaderMap;
use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, VARY,
};
use http_body_util::BodyExt as _;
use http_body_util::combinators::BoxBody;
use hyper::body::Body as _;
use poem::{Body, Response};
use tokio::io::{AsyncBufRead, AsyncReadExt as _};
use tokio_util::io::{ReaderStream, StreamReader};

/// Answers below this are sent as they are.
const WORTH_BYTES: u64 = 1 << 10;
/// Answers up to this are compressed before the first byte goes out, so that they have a length.
const WHOLE_BYTES: u64 = 1 << 20;

/// A way to compress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Encoding {
    Zstd,
    Brotli,
    Gzip,
}

impl Encoding {
    /// All of them, best first.
    const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    fn name(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The same, for what is compressed once and sent for ever.
    const SMALLEST: [Self; 3] = [Self::Brotli, Self::Zstd, Self::Gzip];

    /// The best one that the client accepts, if any.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
        Self::first_accepted(Self::ALL, headers)
    }

    fn first_accepted(wanted: [Self; 3], headers: &HeaderMap) -> Option<Self> {
        let lists = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
        let accepted: Vec<_> = lists
            .flat_map(|list| list.split(','))
            .map(|item| item.split_once(';').unwrap_or((item, "")))
            .filter(|(_, weight)| !is_zero(weight))
            .map(|(name, _)| name.trim())
            .collect();
        wanted
            .into_iter()
            .find(|encoding| accepted.iter().any(|name| name.eq_ignore_ascii_case(encoding.name())))
    }

    fn reader(self, plain: impl AsyncBufRead + Send + 'static) -> Body {
        let level = Level::Precise(4);
        match self {
            Self::Zstd => {
                let level = Level::Precise(3);
                body(ReaderStream::new(ZstdEncoder::with_quality(plain, level)))
            }
            Self::Brotli => body(ReaderStream::new(BrotliEncoder::with_quality(plain, level))),
            Self::Gzip => body(ReaderStream::new(GzipEncoder::with_quality(plain, level))),
        }
    }

    async fn whole(self, plain: &[u8]) -> io::Result<Vec<u8>> {
        let level = if matches!(self, Self::Zstd) { 3 } else { 4 };
        self.at(Level::Precise(level), plain).await
    }

    async fn at(self, level: Level, plain: &[u8]) -> io::Result<Vec<u8>> {
        let mut small = Vec::with_capacity(plain.len() / 4);
        match self {
            Self::Zstd => ZstdEncoder::with_quality(plain, level).read_to_end(&mut small).await?,
            Self::Brotli => {
                BrotliEncoder::with_quality(plain, level).read_to_end(&mut small).await?
            }
            Self::Gzip => GzipEncoder::with_quality(plain, level).read_to_end(&mut small).await?,
        };
        Ok(small)
    }
}

fn body<S>(stream: S) -> Body
where
    S: futures_util::Stream<Item = io::Result<Bytes>> + Send + 'static,
{
    Body::from_bytes_stream(stream)
}

/// `;q=0` and its longer spellings: the client refuses this one.
fn is_zero(weight: &str) -> bool {
    let value = weight.trim().strip_prefix("q=").or_else(|| weight.trim().strip_prefix("Q="));
    value.is_some_and(|value| value.trim().parse() == Ok(0.0_f32))
}

/// Compresses an answer when it is text, large enough, and the client can take it.
pub(super) async fn compress(mut response: Response, encoding: Option<Encoding>) -> Response {
    if response.headers().contains_key(CONTENT_ENCODING) || !is_text(response.headers()) {
        return response;
    }
    response.headers_mut().append(VARY, HeaderValue::from_static("Accept-Encoding"));
    let Some(encoding) = encoding else { return response };
    let plain: BoxBody<Bytes, io::Error> = response.take_body().into();
    let small = match plain.size_hint().exact() {
        Some(bytes) if bytes < WORTH_BYTES => {
            response.set_body(Body::from(plain));
            return response;
        }
        Some(bytes) if bytes <= WHOLE_BYTES => match compressed(plain, encoding).await {
            Ok(small) => Body::from(small),
            Err(error) => {
                tracing::error!(%error, "cannot compress an answer");
                Body::empty()
            }
        },
        _ => {
            let stream = Body::from(plain).into_bytes_stream().map_err(io::Error::other);
            encoding.reader(StreamReader::new(stream))
        }
    };
    response.set_body(small);
    let headers = response.headers_mut();
    headers.remove(CONTENT_LENGTH);
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
    response
}

async fn compressed(plain: BoxBody<Bytes, io::Error>, encoding: Encoding) -> io::Result<Vec<u8>> {
    encoding.whole(&plain.collect().await?.to_bytes()).await
}

/// Files whose names stand for what is in them, each as small as it gets: made when the first
/// client asks, and kept.
static KEPT: LazyLock<Mutex<HashMap<(String, Encoding), Bytes>>> = LazyLock::new(Mutex::default);
/// They are made once: even little is worth it.
const KEPT_WORTH_BYTES: u64 = 1 << 8;
/// Beyond this the last few bytes take seconds.
const THOROUGH_BYTES: usize = 1 << 19;

/// Compresses the answer that holds the file of a name, as [`compress`] does.
pub(super) async fn compress_for_good(
    name: &str,
    mut response: Response,
    client: &HeaderMap,
) -> Response {
    let Some(encoding) = Encoding::first_accepted(Encoding::SMALLEST, client) else {
        return response;
    };
    let plain: BoxBody<Bytes, io::Error> = response.take_body().into();
    let bytes = plain.size_hint().exact().unwrap_or_default();
    if bytes < KEPT_WORTH_BYTES || !is_text(response.headers()) {
        response.set_body(Body::from(plain));
        return response;
    }
    let key = (name.to_owned(), encoding);
    let kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
    let small = if let Some(small) = kept {
        small
    } else {
        let plain = plain.collect().await.map(http_body_util::Collected::to_bytes);
        let plain = plain.unwrap_or_default();
        let Some(small) = smallest(plain.clone(), encoding).await else {
            response.set_body(plain);
            return response;
        };
        KEPT.lock().unwrap_or_else(PoisonError::into_inner).insert(key, small.clone());
        small
    };
    response.set_body(small);
    let headers = response.headers_mut();
    headers.append(VARY, HeaderValue::from_static("Accept-Encoding"));
    headers.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
    response
}

/// It takes its time, away from the threads that answer.
async fn smallest(plain: Bytes, encoding: Encoding) -> Option<Bytes> {
    let level = if plain.len() > THOROUGH_BYTES { Level::Precise(9) } else { Level::Best };
    let here = tokio::runtime::Handle::current();
    let made = tokio::task::spawn_blocking(move || here.block_on(encoding.at(level, &plain)));
    Some(Bytes::from(made.await.ok()?.ok()?))
}

fn is_text(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|text| {
        let essence = text.split(';').next().unwrap_or_default().trim();
        essence.starts_with("text/")
            || matches!(
                essence,
                "application/json"
                    | "application/x-ndjson"
                    | "application/javascript"
                    | "image/svg+xml"
                    | "application/manifest+json"
            )
    })
}
