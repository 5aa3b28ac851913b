//! Randomness: passed in where it can be, the crypto library's own where it must be.

use crate::backend;

/// A source of unpredictable bytes.
///
/// It is an argument wherever this crate needs bytes that nobody can guess, such as
/// [`JwtId::random`](crate::JwtId::random). [`SystemRandom`] is the source to use; another one is
/// for tests, where the same bytes should come out each time.
///
/// Key generation and signature nonces do not go through this trait: see [`SystemRandom`].
pub trait SecureRandom {
    /// Fills `dest` to the last byte.
    ///
    /// # Errors
    ///
    /// [`RandomError`] when the source has failed. Then `dest` holds nothing to be used.
    fn fill(&self, dest: &mut [u8]) -> Result<(), RandomError>;
}

/// The source of randomness failed. Deliberately says no more.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("no random bytes")]
#[non_exhaustive]
pub struct RandomError;

impl RandomError {
    /// The error a [`SecureRandom`] of your own reports.
    pub const fn new() -> Self {
        Self
    }

    /// The stable code, `no_random_bytes`.
    pub const fn code(&self) -> &'static str {
        "no_random_bytes"
    }
}

impl Default for RandomError {
    fn default() -> Self {
        Self::new()
    }
}

/// The random generator of the crypto library, seeded by the operating system.
///
/// [`SigningKey::generate`](crate::SigningKey::generate) takes this type and not any
/// [`SecureRandom`]: both backends seal their generator trait, so that no caller can slip in a
/// weak one. For the same reason the nonces of ECDSA and the salts of RSASSA-PSS always come
/// from the backend's own generator and cannot be passed in: a nonce that repeats or can be
/// guessed gives the private key away.
#[derive(Debug)]
pub struct SystemRandom(backend::Random);

impl SystemRandom {
    /// The generator. It holds no state of its own, so any number of them is fine.
    pub fn new() -> Self {
        Self(backend::Random::new())
    }

    pub(crate) fn backend(&self) -> &backend::Random {
        &self.0
    }
}

impl Default for SystemRandom {
    fn default() -> Self {
        Self::new()
    }
}

impl SecureRandom for SystemRandom {
    fn fill(&self, dest: &mut [u8]) -> Result<(), RandomError> {
        backend::fill(&self.0, dest).map_err(|backend::Failed| RandomError)
    }
}

#[cfg(test)]
mod tests {
    use super::{SecureRandom, SystemRandom};

    #[test]
    fn every_byte_is_filled_and_two_draws_differ() {
        let random = SystemRandom::new();
        let mut first = [0; 64];
        let mut second = [0; 64];
        random.fill(&mut first).unwrap();
        random.fill(&mut second).unwrap();
        assert_ne!(first, second);
        // 64 random bytes of which 32 in a row are zero: not once in the life of the universe.
        assert!(first.windows(32).all(|window| window != [0; 32]));
    }
}
