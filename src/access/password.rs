//! Passwords.

use argon2::password_hash::rand_core::{Error as RandomError, RngCore};
use argon2::password_hash::{PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use argon2::{Algorithm, Argon2, Params, Version};
use ring::rand::{SecureRandom as _, SystemRandom};
use tokio::sync::{Semaphore, oneshot};

/// Fewest characters of a password.
const SHORTEST: usize = 12;
/// Most bytes of one: hashing more costs time, and nobody types them.
const LONGEST: usize = 1_024;
/// Hashes at the same time: each takes 19 MiB.
const AT_ONCE: usize = 2;

/// Why a password was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// It is too short.
    #[error("A password has at least 12 characters; a few words do")]
    Short,
    /// It is too long.
    #[error("A password has at most 1024 bytes")]
    Long,
    /// The server could not hash it.
    #[error("The server has no memory to keep it safely; try again")]
    Failed,
}

/// Hashes passwords with argon2id, a few at a time, off the threads that serve.
pub(super) struct Hashing {
    turns: Semaphore,
}

impl Default for Hashing {
    fn default() -> Self {
        Self { turns: Semaphore::new(AT_ONCE) }
    }
}

impl Hashing {
    /// The hash of a new password, in PHC form.
    pub(super) async fn hash(&self, password: &str) -> Result<String, PasswordError> {
        if password.chars().count() < SHORTEST {
            return Err(PasswordError::Short);
        }
        if password.len() > LONGEST {
            return Err(PasswordError::Long);
        }
        let password = password.to_owned();
        let hash = self.off_the_threads(move || hashed(&password)).await;
        if hash.is_empty() { Err(PasswordError::Failed) } else { Ok(hash) }
    }

    /// Whether a password is the one of a hash. Without a hash it takes as long, and is wrong.
    pub(super) async fn verify(&self, password: &str, phc: Option<&str>) -> bool {
        if password.len() > LONGEST {
            return false;
        }
        let (password, phc) = (password.to_owned(), phc.map(str::to_owned));
        self.off_the_threads(move || match phc {
            Some(phc) => PasswordHash::new(&phc)
                .is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok()),
            None => {
                hashed(&password);
                false
            }
        })
        .await
    }

    async fn off_the_threads<T: Default + Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> T {
        let _turn = self.turns.acquire().await;
        let (sender, answer) = oneshot::channel();
        // A thread that ends gives its part of the allocator to the next one; threads of a pool
        // would keep the memory of one hash each.
        let thread = std::thread::Builder::new().name("password".into());
        let started = thread.spawn(move || drop(sender.send(work())));
        // Without an answer it is a wrong password, or no hash at all, which nothing matches.
        match started {
            Ok(_) => answer.await.unwrap_or_default(),
            Err(_) => T::default(),
        }
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(19_456, 2, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hashed(password: &str) -> String {
    let salt = SaltString::generate(&mut Random);
    let hash = argon2().hash_password(password.as_bytes(), &salt);
    hash.map(|hash| hash.to_string()).unwrap_or_default()
}

/// The system's random numbers, as the hash's crate wants them.
struct Random;

impl RngCore for Random {
    fn next_u32(&mut self) -> u32 {
        let mut bytes = [0; 4];
        self.fill_bytes(&mut bytes);
        u32::from_le_bytes(bytes)
    }

    fn next_u64(&mut self) -> u64 {
        let mut bytes = [0; 8];
        self.fill_bytes(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        let filled = SystemRandom::new().fill(bytes);
        assert!(filled.is_ok(), "the system has no random numbers");
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), RandomError> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl argon2::password_hash::rand_core::CryptoRng for Random {}
