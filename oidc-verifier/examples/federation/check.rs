//! Explains a token that the user brings.
#![expect(
    clippy::disallowed_methods,
    reason = "an example is at the edge: it reads files and the clock"
)]

use std::error::Error;
use std::process::ExitCode;
use std::time::SystemTime;

use oidc_verifier::dangerous::Unverified;
use oidc_verifier::{
    IssuerIdentifier, JwkSet, NumericDate, Ready, Verified, Verifier, VerifierBuilder, VerifyError,
};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

const HELP: &str = "\
Usage: federation [--token FILE] --jwks FILE --issuer URL --audience NAME [--now SECONDS]

Verifies a token and explains the outcome. Without options it runs the demonstration.

  --token FILE     the token; standard input if it is left out
  --jwks FILE      the issuer's JWK Set
  --issuer URL     the issuer that is trusted, exactly as the token's `iss` must be
  --audience NAME  the name of the relying party in `aud`; may be given several times
  --now SECONDS    the time to verify at, since 1970; the clock's if it is left out

Exit code: 0 verified, 1 refused, 2 anything else.";

#[derive(Default)]
struct Options {
    token: Option<String>,
    jwks: Option<String>,
    issuer: Option<String>,
    audiences: Vec<String>,
    now: Option<i64>,
}

pub(crate) fn run(arguments: impl Iterator<Item = String>) -> ExitCode {
    explain(arguments).unwrap_or_else(|error| {
        eprintln!("error: {error}\n\n{HELP}");
        ExitCode::from(2)
    })
}

fn explain(arguments: impl Iterator<Item = String>) -> Result<ExitCode, Box<dyn Error>> {
    let Some(options) = parse(arguments)? else {
        say!("{HELP}");
        return Ok(ExitCode::SUCCESS);
    };
    let issuer = options.issuer.ok_or("`--issuer` is missing")?;
    let issuer = IssuerIdentifier::parse(&issuer).or_else(|error| {
        IssuerIdentifier::loopback(&issuer).map_err(|_| format!("`--issuer`: {error}"))
    })?;
    let jwks = options.jwks.ok_or("`--jwks` is missing")?;
    let jwks = std::fs::read(&jwks).map_err(|error| format!("`{jwks}`: {error}"))?;
    let set = JwkSet::parse(&jwks)?;
    for skipped in set.skipped() {
        say!(
            "note: key {} of the set is not used: {}",
            skipped.index(),
            skipped.reason()
        );
    }
    let token = match options.token {
        Some(file) => {
            std::fs::read_to_string(&file).map_err(|error| format!("`{file}`: {error}"))?
        }
        None => std::io::read_to_string(std::io::stdin())?,
    };
    let now = match options.now {
        Some(seconds) => NumericDate::from_seconds(seconds)?,
        None => NumericDate::try_from(SystemTime::now())?,
    };

    let mut audiences = options.audiences.into_iter();
    let first = audiences.next().ok_or("`--audience` is missing")?;
    let builder = Verifier::builder().issuer(issuer.clone()).audience(first);
    let builder = audiences.fold(builder, VerifierBuilder::<Ready>::audience);
    let verifier = builder.keys(set).build()?;
    // A file ends with a line break; the verifier itself trims nothing.
    let token = token.trim_end().as_bytes();
    match verifier.verify(token, now) {
        Ok(token) => {
            print_verified(&token);
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            print_refused(&error, token, &issuer);
            Ok(ExitCode::from(1))
        }
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Option<Options>, Box<dyn Error>> {
    let mut options = Options::default();
    while let Some(option) = arguments.next() {
        if option == "--help" {
            return Ok(None);
        }
        let value = arguments
            .next()
            .ok_or_else(|| format!("`{option}` needs a value"))?;
        match option.as_str() {
            "--token" => options.token = Some(value),
            "--jwks" => options.jwks = Some(value),
            "--issuer" => options.issuer = Some(value),
            "--audience" => options.audiences.push(value),
            "--now" => options.now = Some(value.parse()?),
            _ => return Err(format!("there is no option `{option}`").into()),
        }
    }
    Ok(Some(options))
}

fn print_verified(verified: &Verified<'_>) {
    say!("VERIFIED");
    say!("  issuer     {}", verified.issuer());
    say!("  subject    {}", verified.subject());
    say!("  expires    {}", date(verified.expires_at()));
    say!("  algorithm  {}", verified.algorithm());
    say!(
        "  key        {}",
        verified.key_id().unwrap_or("(the token names none)")
    );
    say!("  claims     {}", verified.claims_json());
}

/// As people read it.
fn date(at: NumericDate) -> String {
    let calendar = OffsetDateTime::from(at).format(&Rfc3339);
    calendar.unwrap_or_else(|_| at.to_string())
}

fn print_refused(error: &VerifyError, token: &[u8], issuer: &IssuerIdentifier) {
    say!("REFUSED  {}", error.code());
    say!("  {error}");
    let mut source = error.source();
    while let Some(cause) = source {
        say!("  {cause}");
        source = cause.source();
    }
    if let Some(hint) = hint(error, token, issuer) {
        say!("  hint: {hint}");
    }
}

/// What the person at the terminal can do.
fn hint(error: &VerifyError, token: &[u8], issuer: &IssuerIdentifier) -> Option<&'static str> {
    let names_issuer = || Unverified::read(token).ok()?.issuer_among([issuer]);
    match error.code() {
        "key_unknown" if names_issuer().is_some() => {
            Some("the key set may be old: fetch it again from the issuer's `jwks_uri`")
        }
        "key_unknown" => Some("the token does not name this issuer in `iss`"),
        "issuer_untrusted" => {
            Some("`iss` must equal `--issuer` byte for byte, slashes at the end included")
        }
        "aud_foreign" => {
            Some("ask for a token for this audience, or name the token's with `--audience`")
        }
        "not_yet_valid" | "iat_future" => Some("compare the clocks of both machines"),
        "expired" => Some("get a fresh token, or compare the clocks of both machines"),
        "signature" => Some("the token was changed, or the key set is another issuer's"),
        _ => None,
    }
}
