//! The tokens that are handed out: made, recognised, and hashed to be remembered.

use std::fmt;

use oidc_issuer::{RandomError, SecureRandom};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// A token of a service account's identity: `dp.said.` and 43 letters and digits, which are as hard to
/// guess as a key of 256 bits.
pub(crate) struct AccessToken(String);

const PREFIX: &str = "dp.said.";

/// The least with 62 ^ n > 2 ^ 256.
const RANDOM_CHARACTERS: usize = 43;

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

impl AccessToken {
    pub(crate) fn generate(random: &impl SecureRandom) -> Result<AccessToken, RandomError> {
        let mut text = String::from(PREFIX);
        let end = PREFIX.len().saturating_add(RANDOM_CHARACTERS);
        while text.len() < end {
            let mut bytes = [0; RANDOM_CHARACTERS];
            random.fill(&mut bytes)?;
            let letters = bytes.iter().filter_map(|byte| letter(*byte));
            text.extend(letters.take(end.saturating_sub(text.len())));
        }
        Ok(AccessToken(text))
    }

    /// `None` for a text that is no such token, whether or not it was ever handed out.
    pub(crate) fn parse(text: &str) -> Option<AccessToken> {
        let random = text.strip_prefix(PREFIX)?;
        let is_one = random.len() == RANDOM_CHARACTERS
            && random.bytes().all(|byte| byte.is_ascii_alphanumeric());
        is_one.then(|| AccessToken(text.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(&self.0).into())
    }
}

/// Two values of six bits stand for no letter: if they did, some letters would come more often.
fn letter(byte: u8) -> Option<char> {
    let index = usize::from(byte & 0b0011_1111);
    ALPHABET.get(index).copied().map(char::from)
}

impl fmt::Debug for AccessToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").finish_non_exhaustive()
    }
}

/// What is remembered of a token: its SHA-256. Of 256 random bits no salt and no slow hash is needed.
#[derive(Clone, Copy)]
pub(crate) struct TokenHash([u8; 32]);

impl TokenHash {
    /// The first half, by which a row is found. How long a database takes to find it tells at most
    /// about a hash, and nobody finds a token for a hash.
    pub(crate) fn place(&self) -> [u8; 16] {
        let mut place = [0; 16];
        for (to, from) in place.iter_mut().zip(self.0) {
            *to = from;
        }
        place
    }

    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether this hash was stored, in a time that does not depend on where they differ.
    pub(crate) fn is(&self, stored: &[u8]) -> bool {
        self.0.as_slice().ct_eq(stored).into()
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenHash").finish_non_exhaustive()
    }
}
