//! Backups.

use std::io::{self, Seek as _};
use std::sync::Arc;

use http::StatusCode;
use poem::Body;
use poem::web::Data;
use poem_openapi::payload::Binary;
use poem_openapi::{ApiResponse, OpenApi};
use tokio_util::io::ReaderStream;

use super::Tag;
use crate::http::context::Context;
use crate::http::error::{ApiError, BackupError};
use crate::http::guard::Visitor;

/// Bytes read at once.
const PIECE_BYTES: usize = 64 << 10;

pub(in crate::http) struct BackupApi;

#[derive(ApiResponse)]
enum BackupReply {
    /// A file that `tatuscan restore` takes, and that a server can be started on
    #[oai(status = 200)]
    File(
        Binary<Body>,
        /// A name for the file.
        #[oai(header = "Content-Disposition")]
        String,
        /// Its length in bytes.
        #[oai(header = "Content-Length")]
        u64,
        /// `no-store`: hashes of passwords are in it.
        #[oai(header = "Cache-Control")]
        String,
    ),
}

#[OpenApi(tag = "Tag::Health")]
impl BackupApi {
    /// Take a backup
    ///
    /// Everything that is kept, as it was at one moment while this was asked: machines, people,
    /// tokens, machines' keys, removed machines, the audit log. Sessions and setup links are not in
    /// it. The server goes on meanwhile.
    #[oai(path = "/api/backup", method = "get", operation_id = "takeBackup")]
    async fn take(
        &self,
        context: Data<&Arc<Context>>,
        visitor: Data<&Arc<Visitor>>,
    ) -> Result<BackupReply, BackupError> {
        let by = &visitor.identity;
        context.inventory.note_backup(by).await;
        let path = context.settings.work_dir.join("tatuscan-download.redb");
        let taken = context.inventory.back_up(&path, by.at).await?;
        let bytes = taken.bytes;
        // From here on it has no name: nothing is left behind, whatever happens.
        let file = taken.file.into_unnamed().and_then(rewound).map_err(|error| {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            ApiError::internal(status, "The backup cannot be read", &error.to_string())
        })?;
        let stream = ReaderStream::with_capacity(tokio::fs::File::from_std(file), PIECE_BYTES);
        let name = by.at.format("attachment; filename=\"tatuscan-%Y%m%dT%H%M%SZ.redb\"");
        let body = Binary(Body::from_bytes_stream(stream));
        Ok(BackupReply::File(body, name.to_string(), bytes, "no-store".into()))
    }
}

fn rewound(mut file: std::fs::File) -> io::Result<std::fs::File> {
    file.rewind()?;
    Ok(file)
}
