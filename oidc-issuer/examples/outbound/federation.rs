//! An account's outbound federation: the switch, and tokens while it is on.

use std::error::Error;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use oidc_core::{IssuerIdentifier, NumericDate};
use oidc_issuer::fs::Files;
use oidc_issuer::profile::aws_outbound::{Account, Caller, OutboundError, WebIdentityTokenRequest};
use oidc_issuer::{Issuer, JwtId, Token};

use crate::config::{AccountConfig, Switch};
use crate::state::Record;

/// What requests use of an account. The keys behind it are the driver's.
#[derive(Debug)]
pub(crate) struct Federation {
    issuer: IssuerIdentifier,
    account: RwLock<Account>,
    /// Replaced after each pass of the driver.
    signer: RwLock<Option<Arc<Issuer>>>,
    /// Held while the switch is used, so that no two write at once.
    record: Mutex<(Record, PathBuf)>,
    files: Files,
}

/// Why a switch was not used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SwitchError {
    #[error(transparent)]
    Refused(#[from] OutboundError),
    /// Nothing was acknowledged; on the disk it may be either.
    #[error("the switch was not written")]
    Write(#[source] Box<dyn Error>),
}

impl Federation {
    pub(crate) fn new(
        issuer: IssuerIdentifier,
        config: &AccountConfig,
        record: Record,
        path: PathBuf,
        files: Files,
    ) -> Result<Federation, Box<dyn Error>> {
        let mut account = Account::new(&config.id)?;
        let switch = record.outbound_federation;
        if switch.unwrap_or(config.outbound_federation) == Switch::Disabled {
            account.disable()?;
        }
        Ok(Federation {
            issuer,
            account: RwLock::new(account),
            signer: RwLock::new(None),
            record: Mutex::new((record, path)),
            files,
        })
    }

    pub(crate) fn issuer(&self) -> &IssuerIdentifier {
        &self.issuer
    }

    /// Switches it on or off. The new state is on the disk before anybody hears of it.
    pub(crate) fn switch(&self, to: Switch) -> Result<(), SwitchError> {
        let mut record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        let mut account = self.account().clone();
        match to {
            Switch::Disabled => account.disable()?,
            Switch::Enabled => account.enable()?,
        }
        let (before, path) = &*record;
        let after = Record {
            outbound_federation: Some(to),
            ..before.clone()
        };
        after.write(&self.files, path).map_err(SwitchError::Write)?;
        record.0 = after;
        *self.account.write().unwrap_or_else(PoisonError::into_inner) = account;
        Ok(())
    }

    /// The issuer while the switch is on.
    pub(crate) fn info(&self) -> Result<&IssuerIdentifier, OutboundError> {
        if self.account().is_enabled() {
            Ok(&self.issuer)
        } else {
            Err(OutboundError::FeatureDisabled)
        }
    }

    /// A token; `None` while there are no keys to sign with.
    pub(crate) fn token(
        &self,
        caller: &Caller,
        request: &WebIdentityTokenRequest,
        jwt_id: JwtId,
        now: NumericDate,
    ) -> Result<Option<Token>, OutboundError> {
        let spec = self.account().token_spec(caller, request, jwt_id, now)?;
        match self.signer() {
            Some(signer) => Ok(Some(signer.issue(&spec, now)?)),
            None => Ok(None),
        }
    }

    /// The keys that are active now.
    pub(crate) fn signer(&self) -> Option<Arc<Issuer>> {
        let signer = self.signer.read();
        signer.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn install(&self, signer: Issuer) {
        let mut place = self.signer.write().unwrap_or_else(PoisonError::into_inner);
        *place = Some(Arc::new(signer));
    }

    fn account(&self) -> std::sync::RwLockReadGuard<'_, Account> {
        self.account.read().unwrap_or_else(PoisonError::into_inner)
    }
}
