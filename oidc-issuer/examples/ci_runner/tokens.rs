//! The tokens of a job.

use std::path::PathBuf;

use oidc_core::NumericDate;
use oidc_issuer::profile::circleci::{Job, JobError, SubjectFormat};
use oidc_issuer::store::{StateStore as _, StoreError};
use oidc_issuer::{
    Clocks, DocumentsError, IssueError, Issuer, Rotation, RotationState, StateError, Token,
};

use crate::report::chain;
use crate::request::Request;
use crate::state_folder::{SiteError, StateFolder};

/// Makes the tokens of one job.
///
/// It reads the state anew for each of them: a key signs that was seen published and has not been
/// revoked since.
#[derive(Debug)]
pub(crate) struct Mint {
    folder: StateFolder,
    job: Job,
}

/// What a job begins with.
#[derive(Debug)]
pub(crate) struct JobTokens {
    pub(crate) v1: Token,
    pub(crate) v2: Token,
    /// The keys were not kept up, and are trusted for less than was asked for.
    pub(crate) end_early: bool,
}

impl Mint {
    pub(crate) fn new(folder: StateFolder, job: Job) -> Mint {
        Mint { folder, job }
    }

    /// The tokens that a job begins with, with both forms of the subject.
    pub(crate) fn job_tokens(
        &self,
        request: &Request,
        now: Clocks,
    ) -> Result<JobTokens, MintError> {
        let issuer = self.issuer(request, now)?;
        let (v1, asked) = self.issue(&issuer, request, SubjectFormat::V1, now)?;
        let (v2, _) = self.issue(&issuer, request, SubjectFormat::V2, now)?;
        Ok(JobTokens {
            end_early: v1.expires_at() < asked,
            v1,
            v2,
        })
    }

    /// One more token, with the subject that says the most.
    pub(crate) fn token(&self, request: &Request, now: Clocks) -> Result<Token, MintError> {
        let issuer = self.issuer(request, now)?;
        let (token, _) = self.issue(&issuer, request, SubjectFormat::V2, now)?;
        Ok(token)
    }

    /// The token, and the time that was asked for as its end.
    fn issue(
        &self,
        issuer: &Issuer,
        request: &Request,
        format: SubjectFormat,
        now: Clocks,
    ) -> Result<(Token, NumericDate), MintError> {
        let spec = self.job.token_spec(&request.of_format(format)?)?;
        let asked = now.wall.saturating_add(spec.lifetime());
        Ok((issuer.issue(&spec, now.wall)?, asked))
    }

    /// The issuer by the state of this moment: a reader of it, which changes nothing.
    fn issuer(&self, request: &Request, now: Clocks) -> Result<Issuer, MintError> {
        let never_served = || MintError::NeverServed {
            folder: self.folder.path().to_owned(),
        };
        let site = self.folder.read()?.ok_or_else(never_served)?;
        let organization = self.job.organization();
        let below = site.organization(organization);
        let id = below.ok_or_else(|| MintError::UnknownOrganization {
            organization: organization.to_owned(),
        })?;
        let id = if request.root_issuer { site.root() } else { id };

        let stored = self.folder.state_file().map_err(StoreError::new)?.load()?;
        let stored = stored.ok_or_else(never_served)?;
        let state = RotationState::from_json(&stored.state)?;
        let mut rotation = Rotation::new(site.rotation()?);
        rotation.handle_loaded(Some((state, stored.version)), now);

        let keys = self.folder.private_keys().map_err(StoreError::new)?;
        let issuer = Issuer::of_rotation_as(id, &rotation, &keys, now, None)?;
        match issuer.unusable().first() {
            None => Ok(issuer),
            Some((kid, error)) => Err(MintError::Key {
                kid: kid.clone(),
                why: chain(error),
            }),
        }
    }
}

/// Why there is no token.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MintError {
    #[error("`serve` has never come to its work with the state in {}: start it first", folder.display())]
    NeverServed { folder: PathBuf },
    #[error(
        "nothing is served for the organisation {organization}: `serve --organization` adds it"
    )]
    UnknownOrganization { organization: String },
    #[error("what is served")]
    Site(#[from] SiteError),
    #[error("the state")]
    Store(#[from] StoreError),
    #[error("the state")]
    State(#[from] StateError),
    #[error("the documents")]
    Documents(#[from] DocumentsError),
    #[error("the private half of the key {kid}: {why}")]
    Key { kid: String, why: String },
    #[error(transparent)]
    Job(#[from] JobError),
    #[error(transparent)]
    Issue(#[from] IssueError),
}

impl MintError {
    /// The code of what was asked for wrongly, and `None` where the runner is to blame.
    pub(crate) fn code_of_request(&self) -> Option<&'static str> {
        match self {
            MintError::Job(error) => Some(error.code()),
            MintError::Issue(
                error @ (IssueError::Lifetime { .. }
                | IssueError::PayloadTooLong { .. }
                | IssueError::TooLong { .. }),
            ) => Some(error.code()),
            MintError::NeverServed { .. }
            | MintError::UnknownOrganization { .. }
            | MintError::Site(_)
            | MintError::Store(_)
            | MintError::State(_)
            | MintError::Documents(_)
            | MintError::Key { .. }
            | MintError::Issue(_) => None,
        }
    }
}
