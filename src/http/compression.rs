//! Answers made smaller for clients that can take them so.

use std::io;

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

    /// The best one that the client accepts, if any.
    pub(super) fn accepted(headers: &HeaderMap) -> Option<Self> {
        let lists = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
        let accepted: Vec<_> = lists
            .flat_map(|list| list.split(','))
            .map(|item| item.split_once(';').unwrap_or((item, "")))
            .filter(|(_, weight)| !is_zero(weight))
            .map(|(name, _)| name.trim())
            .collect();
        Self::ALL
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
        let level = Level::Precise(4);
        let mut small = Vec::with_capacity(plain.len() / 4);
        match self {
            Self::Zstd => {
                let level = Level::Precise(3);
                ZstdEncoder::with_quality(plain, level).read_to_end(&mut small).await?
            }
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

fn is_text(headers: &HeaderMap) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    content_type.is_some_and(|text| {
        let essence = text.split(';').next().unwrap_or_default().trim();
        essence.starts_with("text/")
            || matches!(
                essence,
                "application/json"
                    | "application/javascript"
                    | "image/svg+xml"
                    | "application/manifest+json"
            )
    })
}
