//! diridp's configuration: every option with its default.

use std::path::{Path, PathBuf};
use std::time::Duration;

use oidc_core::{Algorithm, IssuerIdentifier};
use serde::de::{Deserialize, Deserializer, Error as _};
use serde_json::Value;

use super::claims::TokenClaims;
use super::config_error::{ConfigError, ConfigFault};
use super::path::TokenPath;
use super::slug;
use crate::document::{DocumentFault, Place, Tree};
use crate::token::TokenSpec;

/// What diridp is to do.
#[derive(Clone, Debug)]
pub struct Config {
    state_dir: PathBuf,
    providers: Vec<Provider>,
}

/// An issuer with its keys and its tokens.
#[derive(Clone, Debug)]
pub struct Provider {
    name: String,
    issuer: IssuerIdentifier,
    webroot: PathBuf,
    jwks_path: String,
    jwks_uri: String,
    keys: Vec<KeyConfig>,
    tokens: Vec<TokenConfig>,
}

/// A chain of keys.
#[derive(Clone, Debug)]
pub struct KeyConfig {
    name: String,
    algorithm: Algorithm,
    bits: usize,
    dir: PathBuf,
    lifespan: Duration,
    publish_margin: Duration,
}

/// A token, or one for each directory.
#[derive(Clone, Debug)]
pub struct TokenConfig {
    path: TokenPath,
    key: usize,
    lifespan: Duration,
    refresh: Duration,
    nbf_margin: Duration,
    claims: TokenClaims,
}

impl Config {
    /// Where everything is kept unless another place is named.
    pub const DEFAULT_STATE_DIR: &'static str = "/var/lib/diridp";

    /// Reads a configuration written as JSON. As YAML it is read by whatever crate the caller has,
    /// through `Deserialize`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] says where in the document, and what is wrong there.
    pub fn from_json(json: &[u8]) -> Result<Config, ConfigError> {
        let tree = serde_json::from_slice(json).map_err(|error| {
            let fault = ConfigFault::Format(error.to_string());
            error_at(&Place::Root, fault)
        })?;
        config(&tree)
    }

    /// Where everything is kept that has no place of its own.
    pub fn state_dir(&self) -> &Path {
        &self.state_dir
    }

    /// The issuers.
    pub fn providers(&self) -> &[Provider] {
        &self.providers
    }
}

impl<'de> Deserialize<'de> for Config {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        config(&Tree::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl Provider {
    /// Its name: a part of the paths of its files.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The `iss` of its tokens.
    pub const fn issuer(&self) -> &IssuerIdentifier {
        &self.issuer
    }

    /// The folder that the web server serves.
    pub fn webroot(&self) -> &Path {
        &self.webroot
    }

    /// The path of the JWK Set in it.
    pub fn jwks_path(&self) -> &str {
        &self.jwks_path
    }

    /// The URL of the JWK Set.
    pub fn jwks_uri(&self) -> &str {
        &self.jwks_uri
    }

    /// Its chains of keys.
    pub fn keys(&self) -> &[KeyConfig] {
        &self.keys
    }

    /// Its tokens.
    pub fn tokens(&self) -> &[TokenConfig] {
        &self.tokens
    }

    /// The keys that sign this token.
    pub fn key_of(&self, token: &TokenConfig) -> Option<&KeyConfig> {
        self.keys.get(token.key)
    }

    /// The longest lifespan of the tokens that these keys sign, or that of a token by default.
    pub fn longest_token(&self, key: &KeyConfig) -> Duration {
        let signed =
            |token: &&TokenConfig| self.key_of(token).is_some_and(|own| own.name == key.name);
        let tokens = self.tokens.iter().filter(signed);
        let longest = tokens.map(|token| token.lifespan).max();
        longest.unwrap_or(TokenClaims::DEFAULT_LIFESPAN)
    }
}

impl KeyConfig {
    /// Its name among those of the provider.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The algorithm.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The bits of an RSA key.
    pub const fn bits(&self) -> usize {
        self.bits
    }

    /// The folder of its files.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// How long one key signs.
    pub const fn lifespan(&self) -> Duration {
        self.lifespan
    }

    /// How long it is published before that, and at least after it.
    pub const fn publish_margin(&self) -> Duration {
        self.publish_margin
    }
}

impl TokenConfig {
    /// Where it goes.
    pub const fn path(&self) -> &TokenPath {
        &self.path
    }

    /// From `iat` to `exp`.
    pub const fn lifespan(&self) -> Duration {
        self.lifespan
    }

    /// After how long it is made anew.
    pub const fn refresh(&self) -> Duration {
        self.refresh
    }

    /// The token for the directory of this name; for a path without a parameter, `None`.
    ///
    /// # Errors
    ///
    /// [`ClaimsError`](super::ClaimsError) for a name that is no claim.
    pub fn token_spec(&self, directory: Option<&str>) -> Result<TokenSpec, super::ClaimsError> {
        let claims = match (self.path.parameter(), directory) {
            (Some(parameter), Some(directory)) => self
                .claims
                .clone()
                .with_path_parameter(parameter, directory)?,
            (Some(_), None) | (None, _) => self.claims.clone(),
        };
        Ok(claims
            .token_spec()?
            .with_lifetime(self.lifespan)?
            .with_not_before_backdate(self.nbf_margin)?)
    }
}

fn error_at(at: &Place<'_>, fault: ConfigFault) -> ConfigError {
    let at = at.to_pointer();
    ConfigError { at, fault }
}

fn required<'t>(
    tree: Option<&'t Tree>,
    at: &Place<'_>,
    member: &'static str,
) -> Result<&'t Tree, ConfigError> {
    tree.ok_or_else(|| at.error(DocumentFault::MissingMember { member }).into())
}

fn config(document: &Tree) -> Result<Config, ConfigError> {
    let root = Place::Root;
    let [state_dir, providers] = document.members(&root, ["state_dir", "providers"])?;
    let state_dir = match state_dir {
        Some(tree) => folder(tree, &root.member("state_dir"))?,
        None => PathBuf::from(Config::DEFAULT_STATE_DIR),
    };
    let at = root.member("providers");
    let mut all: Vec<Provider> = Vec::new();
    each(
        required(providers, &root, "providers")?,
        &at,
        |name, tree, at| {
            let provider = provider(name, tree, at, &state_dir)?;
            if all.iter().any(|other| other.name == provider.name) {
                return Err(error_at(at, ConfigFault::DuplicateName));
            }
            let taken = || all.iter().flat_map(Provider::tokens);
            for (index, token) in provider.tokens.iter().enumerate() {
                let mut others = taken().chain(provider.tokens.iter().take(index));
                if others.any(|other| other.path.meets(&token.path)) {
                    let (at, fault) = (at.member("tokens"), ConfigFault::PathTaken);
                    return Err(error_at(&at.index(index).member("path"), fault));
                }
            }
            all.push(provider);
            Ok(())
        },
    )?;
    Ok(Config {
        state_dir,
        providers: all,
    })
}

/// Each entry of a map, with its name, or of a list.
fn each(
    tree: &Tree,
    at: &Place<'_>,
    mut take: impl FnMut(Option<&str>, &Tree, &Place<'_>) -> Result<(), ConfigError>,
) -> Result<(), ConfigError> {
    if let Tree::Map(_) = tree {
        for (name, tree) in tree.object(at)? {
            take(Some(name), tree, &at.member(name))?;
        }
    } else {
        for (index, tree) in tree.list(at)?.iter().enumerate() {
            take(None, tree, &at.index(index))?;
        }
    }
    Ok(())
}

fn provider(
    name: Option<&str>,
    tree: &Tree,
    at: &Place<'_>,
    state_dir: &Path,
) -> Result<Provider, ConfigError> {
    let names = [
        "issuer",
        "webroot",
        "jwks_path",
        "jwks_uri",
        "claims",
        "keys",
        "tokens",
    ];
    let [issuer, webroot, jwks_path, jwks_uri, claims, keys, tokens] = tree.members(at, names)?;
    let issuer_at = at.member("issuer");
    let issuer = required(issuer, at, "issuer")?.text(&issuer_at)?;
    let name = name.map_or_else(|| slug::of(issuer), str::to_owned);
    if !is_file_name(&name) {
        return Err(error_at(at, ConfigFault::Name));
    }
    let issuer = IssuerIdentifier::parse(issuer)
        .or_else(|error| IssuerIdentifier::loopback(issuer).map_err(|_| error))
        .map_err(|error| error_at(&issuer_at, ConfigFault::Issuer(error)))?;
    let folder_of_provider = state_dir.join(&name);
    let webroot = match webroot {
        Some(tree) => folder(tree, &at.member("webroot"))?,
        None => folder_of_provider.join("webroot"),
    };
    let path_at = at.member("jwks_path");
    let jwks_path = match jwks_path {
        Some(tree) => tree.text(&path_at)?,
        None => "/jwks.json",
    };
    if TokenPath::parse(jwks_path).map_or(true, |path| path.parameter().is_some()) {
        return Err(error_at(&path_at, ConfigFault::TokenPath));
    }
    if jwks_path == "/.well-known/openid-configuration" {
        return Err(error_at(&path_at, ConfigFault::DiscoveryPath));
    }
    let jwks_uri = match jwks_uri {
        Some(tree) => tree.text(&at.member("jwks_uri"))?.to_owned(),
        None => format!("{}{jwks_path}", issuer.as_str()),
    };
    let claims_at = at.member("claims");
    let claims = TokenClaims::new()
        .with_provider_claims(json(claims, &claims_at)?)
        .map_err(|error| error_at(&claims_at, ConfigFault::Claims(error)))?;

    let keys_at = at.member("keys");
    let mut all_keys: Vec<KeyConfig> = Vec::new();
    if let Some(keys) = keys {
        each(keys, &keys_at, |name, tree, at| {
            let key = key(name, tree, at, &folder_of_provider)?;
            if all_keys.iter().any(|other| other.name == key.name) {
                return Err(error_at(at, ConfigFault::DuplicateName));
            }
            all_keys.push(key);
            Ok(())
        })?;
    }
    let tokens_at = at.member("tokens");
    let mut all_tokens = Vec::new();
    for (index, tree) in tokens
        .map_or(Ok(&[][..]), |tokens| tokens.list(&tokens_at))?
        .iter()
        .enumerate()
    {
        all_tokens.push(token(tree, &tokens_at.index(index), &all_keys, &claims)?);
    }
    Ok(Provider {
        name,
        issuer,
        webroot,
        jwks_path: jwks_path.to_owned(),
        jwks_uri,
        keys: all_keys,
        tokens: all_tokens,
    })
}

fn key(
    name: Option<&str>,
    tree: &Tree,
    at: &Place<'_>,
    folder_of_provider: &Path,
) -> Result<KeyConfig, ConfigError> {
    let names = [
        "alg",
        "crv",
        "key_size",
        "dir",
        "lifespan",
        "publish_margin",
    ];
    let [alg, crv, key_size, dir, lifespan, publish_margin] = tree.members(at, names)?;
    let alg_at = at.member("alg");
    let alg = required(alg, at, "alg")?.text(&alg_at)?;
    let algorithm = match alg {
        "RS256" => Algorithm::Rs256,
        "RS384" => Algorithm::Rs384,
        "RS512" => Algorithm::Rs512,
        "PS256" => Algorithm::Ps256,
        "PS384" => Algorithm::Ps384,
        "PS512" => Algorithm::Ps512,
        "ES256" => Algorithm::Es256,
        "ES384" => Algorithm::Es384,
        "EdDSA" => Algorithm::EdDsa,
        _ => return Err(error_at(&alg_at, ConfigFault::Algorithm)),
    };
    let crv_at = at.member("crv");
    match (algorithm, crv) {
        (Algorithm::EdDsa, Some(tree)) if tree.text(&crv_at)? == "Ed25519" => {}
        (Algorithm::EdDsa, _) => return Err(error_at(&crv_at, ConfigFault::Curve)),
        (_, Some(_)) => return Err(crv_at.error(DocumentFault::UnknownMember).into()),
        (_, None) => {}
    }
    let size_at = at.member("key_size");
    let bits = match key_size {
        Some(_) if !algorithm.is_rsa() => {
            return Err(size_at.error(DocumentFault::UnknownMember).into());
        }
        Some(tree) => match tree.unsigned(&size_at)? {
            2048 => 2048,
            3072 => 3072,
            4096 => 4096,
            _ => return Err(error_at(&size_at, ConfigFault::KeySize)),
        },
        None => 2048,
    };
    let name = name.unwrap_or(alg).to_owned();
    if !is_file_name(&name) {
        return Err(error_at(at, ConfigFault::Name));
    }
    let lifespan = seconds(
        lifespan,
        &at.member("lifespan"),
        86_400,
        1,
        MAX_KEY_LIFESPAN,
    )?;
    let longest = lifespan.saturating_sub(1);
    let margin_at = at.member("publish_margin");
    let quarter = lifespan.div_euclid(4);
    let publish_margin = seconds(publish_margin, &margin_at, quarter, 0, longest)?;
    let dir = match dir {
        Some(tree) => folder(tree, &at.member("dir"))?,
        None => folder_of_provider.join("keys").join(&name),
    };
    Ok(KeyConfig {
        name,
        algorithm,
        bits,
        dir,
        lifespan: Duration::from_secs(lifespan),
        publish_margin: Duration::from_secs(publish_margin),
    })
}

fn token(
    tree: &Tree,
    at: &Place<'_>,
    keys: &[KeyConfig],
    provider_claims: &TokenClaims,
) -> Result<TokenConfig, ConfigError> {
    let names = [
        "path",
        "key_name",
        "lifespan",
        "refresh",
        "nbf_margin",
        "claims",
    ];
    let [path, key_name, lifespan, refresh, nbf_margin, claims] = tree.members(at, names)?;
    let path_at = at.member("path");
    let path = TokenPath::parse(required(path, at, "path")?.text(&path_at)?)
        .map_err(|fault| error_at(&path_at, fault))?;
    let name_at = at.member("key_name");
    let key = match (key_name, keys) {
        (_, []) => return Err(error_at(at, ConfigFault::NoKey)),
        (None, [_]) => 0,
        (None, _) => return Err(error_at(&name_at, ConfigFault::KeyNameMissing)),
        (Some(tree), keys) => {
            let name = tree.text(&name_at)?;
            let found = keys.iter().position(|key| key.name == name);
            found.ok_or_else(|| error_at(&name_at, ConfigFault::KeyName))?
        }
    };
    let key_lifespan = keys.get(key).map_or(0, |key| key.lifespan.as_secs());
    let longest = key_lifespan.min(TokenSpec::MAX_LIFETIME.as_secs());
    let default = TokenClaims::DEFAULT_LIFESPAN.as_secs();
    let lifespan = seconds(lifespan, &at.member("lifespan"), default, 1, longest)?;
    let three_quarters = lifespan.saturating_mul(3).div_euclid(4).max(1);
    let refresh = seconds(refresh, &at.member("refresh"), three_quarters, 1, lifespan)?;
    let margin_at = at.member("nbf_margin");
    let default = TokenClaims::DEFAULT_NBF_MARGIN.as_secs();
    let longest = TokenSpec::MAX_NOT_BEFORE_BACKDATE.as_secs();
    let nbf_margin = seconds(nbf_margin, &margin_at, default, 0, longest)?;
    let claims_at = at.member("claims");
    let claims = provider_claims
        .clone()
        .with_token_claims(json(claims, &claims_at)?)
        .map_err(|error| error_at(&claims_at, ConfigFault::Claims(error)))?;
    let token = TokenConfig {
        path,
        key,
        lifespan: Duration::from_secs(lifespan),
        refresh: Duration::from_secs(refresh),
        nbf_margin: Duration::from_secs(nbf_margin),
        claims,
    };
    // Whatever directory there will be: are the other claims those of a token?
    let directory = token.path.parameter().map(|_| "directory");
    match token.token_spec(directory) {
        Ok(_) => Ok(token),
        Err(error) => Err(error_at(at, ConfigFault::Claims(error))),
    }
}

/// A key is replaced at least once in 400 days.
const MAX_KEY_LIFESPAN: u64 = 400 * 24 * 60 * 60;

fn seconds(
    tree: Option<&Tree>,
    at: &Place<'_>,
    default: u64,
    min: u64,
    max: u64,
) -> Result<u64, ConfigError> {
    let seconds = tree.map_or(Ok(default), |tree| tree.unsigned(at))?;
    if (min..=max).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(error_at(at, ConfigFault::Seconds { min, max }))
    }
}

fn folder(tree: &Tree, at: &Place<'_>) -> Result<PathBuf, ConfigError> {
    let text = tree.text(at)?;
    let path = Path::new(text);
    let goes_up = path
        .components()
        .any(|part| part == std::path::Component::ParentDir);
    if !path.is_absolute() || goes_up || text.contains('\0') {
        return Err(error_at(at, ConfigFault::TokenPath));
    }
    Ok(path.to_owned())
}

/// The claims of the configuration as JSON; none are an empty object.
fn json(tree: Option<&Tree>, at: &Place<'_>) -> Result<Value, ConfigError> {
    let Some(tree) = tree else {
        return Ok(Value::Object(serde_json::Map::new()));
    };
    let mut text = String::new();
    tree.write_json(at, &mut text)?;
    serde_json::from_str(&text)
        .map_err(|error| error_at(at, ConfigFault::Format(error.to_string())))
}

/// The longest name that becomes part of a path.
const MAX_NAME_BYTES: usize = 128;

fn is_file_name(name: &str) -> bool {
    let plain = |char: char| char.is_alphanumeric() || matches!(char, '.' | '_' | '-');
    (1..=MAX_NAME_BYTES).contains(&name.len()) && !name.starts_with('.') && name.chars().all(plain)
}
