//! A connection to a database of any kind.

use async_trait::async_trait;
use sqlx::SqlStr;

use super::value::{Row, Value};

/// How long a statement may take, in milliseconds, as the server is told.
pub(super) const STATEMENT_MS: u64 = 10_000;
/// How long a server keeps a transaction whose owner says nothing: a process that hangs must not
/// hold up the others.
pub(super) const IDLE_TRANSACTION_MS: u64 = 10_000;
/// Statements kept prepared on each connection.
pub(super) const PREPARED: usize = 96;

/// What is done with each row of an answer.
pub(super) type Visit<'a> = &'a mut (dyn FnMut(Row) + Send);

/// A connection. After an error that is not the statement's own it is of no more use.
#[async_trait]
pub(super) trait Link: Send {
    /// Runs a statement with values for its placeholders, and answers MySQL's `LAST_INSERT_ID`.
    async fn run(&mut self, sql: SqlStr, values: Vec<Value>) -> Result<u64, sqlx::Error>;

    /// Runs a question and visits each row of the answer.
    async fn each(
        &mut self,
        sql: SqlStr,
        values: Vec<Value>,
        visit: Visit<'_>,
    ) -> Result<(), sqlx::Error>;

    /// Runs statements that have no placeholders and no answer.
    async fn script(&mut self, sql: SqlStr) -> Result<(), sqlx::Error>;

    /// Says goodbye, so that nothing is left to be cleaned up.
    async fn close(self: Box<Self>);
}

/// Implements [`Link`] over a connection of one kind. The value of a column is read by the function
/// `decode` of the module that uses this.
macro_rules! impl_link {
    ($link:ident, $database:ty) => {
        #[async_trait::async_trait]
        impl super::link::Link for $link {
            async fn run(
                &mut self,
                sql: sqlx::SqlStr,
                values: Vec<super::value::Value>,
            ) -> Result<u64, sqlx::Error> {
                let query = bound(sqlx::query::<$database>(sql), values);
                Ok(last_id(&query.execute(&mut self.0).await?))
            }

            async fn each(
                &mut self,
                sql: sqlx::SqlStr,
                values: Vec<super::value::Value>,
                visit: super::link::Visit<'_>,
            ) -> Result<(), sqlx::Error> {
                use futures_util::TryStreamExt as _;
                use sqlx::Row as _;
                let query = bound(sqlx::query::<$database>(sql), values);
                let mut rows = query.fetch(&mut self.0);
                while let Some(row) = rows.try_next().await? {
                    visit(
                        (0..row.len())
                            .map(|column| decode(&row, column))
                            .collect::<Result<_, _>>()?,
                    );
                }
                Ok(())
            }

            async fn script(&mut self, sql: sqlx::SqlStr) -> Result<(), sqlx::Error> {
                sqlx::raw_sql(sql).execute(&mut self.0).await?;
                Ok(())
            }

            async fn close(self: Box<Self>) {
                // Nobody is left to tell.
                let _ = sqlx::Connection::close(self.0).await;
            }
        }

        fn bound(
            query: sqlx::query::Query<'_, $database, <$database as sqlx::Database>::Arguments>,
            values: Vec<super::value::Value>,
        ) -> sqlx::query::Query<'_, $database, <$database as sqlx::Database>::Arguments> {
            values.into_iter().fold(query, bind)
        }
    };
}

pub(super) use impl_link;
