//! New keys.

use oidc_core::Algorithm;
use zeroize::Zeroizing;

use super::der;
use super::error::{KeyKind, Limit, Operation, SigningKeyError};
use super::parts::{Assembled, Parts};
use crate::backend::{self, PairError};
use crate::random::{SecureRandom, SystemRandom};

/// The modulus of RSA keys unless another is asked for: what every relying party takes.
pub(super) const DEFAULT_RSA_BITS: usize = 2048;

pub(super) fn key(
    algorithm: Algorithm,
    random: &SystemRandom,
) -> Result<Assembled, SigningKeyError> {
    if let Some(curve) = algorithm.ecdsa_curve() {
        let pkcs8 =
            backend::generate_ecdsa(curve, random.backend()).map_err(failed(algorithm, None))?;
        der::pkcs8(&pkcs8)?.assemble(algorithm)
    } else if algorithm.is_ed25519() {
        let mut seed = Zeroizing::new([0; 32]);
        random
            .fill(&mut *seed)
            .map_err(|_| SigningKeyError::Generation)?;
        Parts::Ed25519 {
            seed: &*seed,
            public: None,
        }
        .assemble(algorithm)
    } else {
        rsa(algorithm, DEFAULT_RSA_BITS)
    }
}

pub(super) fn rsa(algorithm: Algorithm, bits: usize) -> Result<Assembled, SigningKeyError> {
    if !algorithm.is_rsa() {
        return Err(SigningKeyError::AlgorithmMismatch {
            algorithm,
            kind: KeyKind::Rsa,
        });
    }
    let limit = Some(Limit::ModulusBits(bits));
    let pkcs8 = backend::generate_rsa(bits).map_err(failed(algorithm, limit))?;
    der::pkcs8(&pkcs8)?.assemble(algorithm)
}

fn failed(algorithm: Algorithm, limit: Option<Limit>) -> impl Fn(PairError) -> SigningKeyError {
    move |error| match error {
        PairError::Unsupported => {
            let (backend, operation) = (backend::NAME, Operation::Generate);
            SigningKeyError::Unsupported {
                algorithm,
                backend,
                operation,
                limit,
            }
        }
        PairError::Inconsistent | PairError::Rejected => SigningKeyError::Generation,
    }
}
