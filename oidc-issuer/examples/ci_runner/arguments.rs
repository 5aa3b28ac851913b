//! The command line.

use std::ffi::OsString;
use std::fmt::Display;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::request::Request;

pub(crate) const USAGE: &str = "\
usage: ci_runner --state DIR serve [--listen 127.0.0.1:PORT] [--issuer URL] [--organization UUID]…
       ci_runner --state DIR run --job FILE [TOKEN] [--user UID:GID] -- COMMAND [ARGUMENT]…
       ci_runner get [TOKEN]

  serve           publishes the documents of the issuers, and keeps their keys rotating
    --listen      where (127.0.0.1:0: any port, the same again when it is started again)
    --issuer      the root issuer's public URL, if something else ends TLS for it (http://ADDRESS)
    --organization  one more organisation to issue for; those of earlier starts stay
  run             runs a command with the job's tokens in CIRCLE_OIDC_TOKEN and CIRCLE_OIDC_TOKEN_V2
    --job         the description of the job, a JSON document
    --user        the user and the group to run it as, by their numbers
  get             prints one more token; only inside of a job

  TOKEN           what the tokens are like:
    --claims      custom claims, only the audience: '{\"aud\":\"sts.amazonaws.com\"}'
    --ttl         how long they live, as Go writes it: 30m, 1h30m (1h)
    --root-issuer from the root issuer, not from the organisation's";

/// What is asked for.
#[derive(Debug)]
pub(crate) enum Command {
    Help,
    Serve(Serve),
    Run(Run),
    Get(Request),
}

#[derive(Debug)]
pub(crate) struct Serve {
    pub(crate) state: PathBuf,
    pub(crate) listen: SocketAddr,
    pub(crate) issuer: Option<String>,
    pub(crate) organizations: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) state: PathBuf,
    pub(crate) job: PathBuf,
    pub(crate) request: Request,
    pub(crate) user: Option<User>,
    pub(crate) command: Vec<OsString>,
}

/// Whom a job runs as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// Everything that was said, before it is known what goes together.
#[derive(Default)]
struct Said {
    state: Option<PathBuf>,
    word: Option<&'static str>,
    listen: Option<SocketAddr>,
    issuer: Option<String>,
    organizations: Vec<String>,
    job: Option<PathBuf>,
    user: Option<User>,
    claims: Option<String>,
    ttl: Option<String>,
    root_issuer: Option<()>,
    command: Vec<OsString>,
}

impl Command {
    /// # Errors
    ///
    /// What is wrong, for the person who typed it.
    pub(crate) fn parse(arguments: impl Iterator<Item = OsString>) -> Result<Command, String> {
        let mut arguments = arguments.peekable();
        let name = arguments.next().unwrap_or_default();
        let mut said = Said::default();
        // Under the name `circleci` it takes the steps of that program's jobs as they are.
        if Path::new(&name)
            .file_name()
            .is_some_and(|name| name == "circleci")
        {
            for word in ["run", "oidc", "get"] {
                if arguments.next().is_none_or(|given| given != word) {
                    return Err("of `circleci` there is only `circleci run oidc get`".to_owned());
                }
            }
            said.word = Some("get");
        }
        while let Some(argument) = arguments.next() {
            let mut value = || {
                let value = arguments.next();
                value.ok_or_else(|| format!("`{}` needs a value", argument.display()))
            };
            match argument.to_str() {
                Some("--help" | "-h") => return Ok(Command::Help),
                Some("--state") => once(&mut said.state, &argument, value()?.into())?,
                Some("--listen") => {
                    once(&mut said.listen, &argument, parsed(&argument, value()?)?)?;
                }
                Some("--issuer") => once(&mut said.issuer, &argument, text(&argument, value()?)?)?,
                Some("--organization") => said.organizations.push(text(&argument, value()?)?),
                Some("--job") => once(&mut said.job, &argument, value()?.into())?,
                Some("--user") => once(
                    &mut said.user,
                    &argument,
                    user(&text(&argument, value()?)?)?,
                )?,
                Some("--claims") => once(&mut said.claims, &argument, text(&argument, value()?)?)?,
                Some("--ttl") => once(&mut said.ttl, &argument, text(&argument, value()?)?)?,
                Some("--root-issuer") => once(&mut said.root_issuer, &argument, ())?,
                Some("--") => said.command = arguments.by_ref().collect(),
                Some("serve") if said.word.is_none() => said.word = Some("serve"),
                Some("run") if said.word.is_none() => said.word = Some("run"),
                Some("get") if said.word.is_none() => said.word = Some("get"),
                Some(_) | None => return Err(format!("`{}` is no argument", argument.display())),
            }
        }
        said.command()
    }
}

impl Said {
    /// What was said, as one command; what does not belong to it is an error.
    fn command(self) -> Result<Command, String> {
        let word = self.word.ok_or("say `serve`, `run` or `get`")?;
        let (serve, run, get) = (word == "serve", word == "run", word == "get");
        for (given, fits, option) in [
            (self.state.is_some(), serve || run, "--state"),
            (self.listen.is_some(), serve, "--listen"),
            (self.issuer.is_some(), serve, "--issuer"),
            (!self.organizations.is_empty(), serve, "--organization"),
            (self.job.is_some(), run, "--job"),
            (self.user.is_some(), run, "--user"),
            (!self.command.is_empty(), run, "--"),
            (self.claims.is_some(), run || get, "--claims"),
            (self.ttl.is_some(), run || get, "--ttl"),
            (self.root_issuer.is_some(), run || get, "--root-issuer"),
        ] {
            if given && !fits {
                return Err(format!("`{word}` takes no `{option}`"));
            }
        }
        let needed = |option: &str| format!("`{word}` needs `{option}`");
        let mut request = Request::new(self.root_issuer.is_some(), self.ttl);
        if let Some(claims) = &self.claims {
            request = request
                .with_claims_json(claims)
                .map_err(|error| format!("`--claims`: {error}"))?;
        }
        if get {
            return Ok(Command::Get(request));
        }
        let state = self.state.ok_or_else(|| needed("--state DIR"))?;
        if serve {
            return Ok(Command::Serve(Serve {
                state,
                listen: self
                    .listen
                    .unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into()),
                issuer: self.issuer,
                organizations: self.organizations,
            }));
        }
        if self.command.is_empty() {
            return Err(needed("-- COMMAND"));
        }
        Ok(Command::Run(Run {
            state,
            job: self.job.ok_or_else(|| needed("--job FILE"))?,
            request,
            user: self.user,
            command: self.command,
        }))
    }
}

fn once<T>(place: &mut Option<T>, option: &OsString, value: T) -> Result<(), String> {
    match place.replace(value) {
        None => Ok(()),
        Some(_) => Err(format!("`{}` stands twice", option.display())),
    }
}

fn text(option: &OsString, value: OsString) -> Result<String, String> {
    let text = value.into_string();
    text.map_err(|_| format!("the value of `{}` is not UTF-8", option.display()))
}

fn parsed<T>(option: &OsString, value: OsString) -> Result<T, String>
where
    T: std::str::FromStr,
    T::Err: Display,
{
    let parsed = text(option, value)?.parse();
    parsed.map_err(|error| format!("`{}`: {error}", option.display()))
}

fn user(text: &str) -> Result<User, String> {
    let numbers = text.split_once(':').and_then(|(uid, gid)| {
        let (uid, gid) = (uid.parse().ok()?, gid.parse().ok()?);
        Some(User { uid, gid })
    });
    numbers.ok_or_else(|| "`--user` is two numbers, UID:GID".to_owned())
}
