//! Tokens: made, shown once, used, revoked.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::secret::{hash, scope_of};
use super::{Access, Caller, Identity, Secret};
use crate::model::Text;
use crate::model::access::{Kept as _, Scope, Token, hex};
use crate::store::{self, Pace, StoreError, transact};

/// How exactly the last use is kept.
const USED: TimeDelta = TimeDelta::minutes(5);
/// Most characters of a token's name.
const NAME_CHARS: usize = 100;

/// How long a token counts, and what it gives.
#[derive(Debug, Clone, Default)]
pub struct TokenTerms {
    /// Until when it counts; `None` for ever.
    pub expires_at: Option<DateTime<Utc>>,
    /// How many machines may be enrolled with it; `None` for any number.
    pub max_uses: Option<u32>,
    /// Tags that those machines get.
    pub tags: Vec<Text>,
}

impl Access {
    /// Whose a token is; `None` when it is nobody's. `in_path` when it came in the address, where
    /// others may see it: then it is never an admin's.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot say.
    pub async fn caller_of_token(
        &self,
        text: &str,
        in_path: bool,
        now: DateTime<Utc>,
    ) -> Result<Option<Caller>, StoreError> {
        let Some(scope) = scope_of(text) else { return Ok(None) };
        if scope == Scope::Admin && in_path {
            return Ok(None);
        }
        let hash = hash(text);
        if scope == Scope::Admin && self.token_in_file() == Some(hash) {
            return Ok(Some(Caller::TokenFile));
        }
        let token = store::record::<Token>(self.store(), &hex(&hash)).await?;
        let Some(token) = token.filter(|token| !token.is_over(now)) else { return Ok(None) };
        if token.used_at.is_none_or(|used| (now - used).abs() >= USED) {
            self.note_use(&token, now);
        }
        Ok(Some(Caller::Token(token)))
    }

    /// Makes a token. Its text is not kept, and cannot be shown again.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be kept.
    pub async fn create_token(
        &self,
        name: &str,
        scope: Scope,
        terms: TokenTerms,
        by: Identity,
    ) -> Result<(Secret, Token), StoreError> {
        let secret = Secret::token(scope);
        let name = crate::model::clean(name, NAME_CHARS);
        let token = Token {
            hash: secret.hash(),
            name: name.to_string(),
            scope,
            created_at: by.at,
            created_by: by.caller.to_string(),
            expires_at: terms.expires_at,
            used_at: None,
            uses: 0,
            max_uses: terms.max_uses,
            tags: terms.tags,
        };
        let kept = token.clone();
        transact(self.store(), Pace::AtOnce, move |transaction| {
            let after = serde_json::json!({"name": kept.name, "scope": scope.name()});
            transaction.audit(by.did("token.create", kept.label(), None, Some(after.to_string())));
            transaction.put_record(kept.clone());
            Ok(())
        })
        .await?;
        Ok((secret, token))
    }

    /// Every token, the newest first.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot say.
    pub async fn tokens(&self) -> Result<Vec<Arc<Token>>, StoreError> {
        let mut tokens = store::records::<Token>(self.store()).await?;
        tokens.sort_by_key(|token| std::cmp::Reverse(token.created_at));
        Ok(tokens)
    }

    /// Revokes the token with this label. It counts no longer, within a second on every server.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] for an unknown one.
    pub async fn revoke_token(&self, label: &str, by: Identity) -> Result<(), StoreError> {
        let label = label.to_owned();
        transact(self.store(), Pace::AtOnce, move |transaction| {
            let tokens = transaction.records_of::<Token>();
            let token = tokens.iter().find(|token| token.label() == label);
            let token = token.ok_or(StoreError::NotFound)?;
            let before = serde_json::json!({"name": token.name, "scope": token.scope.name()});
            let entry = by.did("token.revoke", &label, Some(before.to_string()), None);
            transaction.remove_record::<Token>(&token.id());
            transaction.audit(entry);
            Ok(())
        })
        .await
    }

    /// Keeps when a token was used last, without anybody waiting for it.
    fn note_use(&self, token: &Token, now: DateTime<Utc>) {
        let (access, id) = (self.clone(), token.id());
        tokio::spawn(async move {
            let noted = transact(access.store(), Pace::Shared, move |transaction| {
                if let Some(token) = transaction.record_of::<Token>(&id) {
                    transaction.put_record(Token { used_at: Some(now), ..(*token).clone() });
                }
                Ok(())
            });
            // The next use tries again.
            drop(noted.await);
        });
    }

    /// What the file with the admin's token holds now.
    fn token_in_file(&self) -> Option<[u8; 32]> {
        let text = std::fs::read_to_string(self.inner.settings.token_file.as_ref()?).ok()?;
        let text = text.trim();
        (scope_of(text) == Some(Scope::Admin)).then(|| hash(text))
    }
}
