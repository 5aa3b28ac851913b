//! A job as a process: what is in its environment, its socket, its signals, and how it ends.

use std::error::Error;
use std::ffi::OsString;
use std::fs::{DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _, chown};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command};

use axum::Router;
use oidc_issuer::{SecureRandom as _, SystemRandom};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::arguments::User;
use crate::tokens::JobTokens;

/// The token whose subject is `org/…/project/…/user/…`.
const TOKEN: &str = "CIRCLE_OIDC_TOKEN";
/// The one that also says where the code comes from.
const TOKEN_V2: &str = "CIRCLE_OIDC_TOKEN_V2";
/// The path of the socket that more tokens are asked for at.
pub(crate) const SOCKET: &str = "CIRCLE_OIDC_SOCKET";

/// What is added to the environment of a job. It has no `Debug`: tokens are not shown.
pub(crate) struct Environment {
    tokens: JobTokens,
}

impl Environment {
    /// # Errors
    ///
    /// When one of the variables is set already: whoever did that expects to find it there.
    pub(crate) fn of(
        tokens: JobTokens,
        is_set: impl Fn(&str) -> bool,
    ) -> Result<Environment, String> {
        match [TOKEN, TOKEN_V2, SOCKET]
            .into_iter()
            .find(|name| is_set(name))
        {
            None => Ok(Environment { tokens }),
            Some(name) => Err(format!("{name} is set already, and is not written over")),
        }
    }
}

/// Runs the command to its end, and gives the code to exit with: its own, or 128 and the number of the
/// signal that ended it.
///
/// # Errors
///
/// [`NotStarted`], and what kept its socket from being there.
pub(crate) async fn run(
    command: &[OsString],
    environment: Environment,
    user: Option<User>,
    service: Router,
) -> Result<u8, Box<dyn Error>> {
    let socket = Socket::open()?;
    let listener = UnixListener::bind(&socket.path)
        .map_err(|error| format!("the socket {}: {error}", socket.path.display()))?;
    socket.admit(user)?;
    let serving = tokio::spawn(async move { axum::serve(listener, service).await });
    // Before the job is there: no signal is lost.
    let mut signals = signals()?;
    let mut child = start(command, environment, &socket, user)?;
    let group = Pid::from_child(&child);
    let mut ended = tokio::task::spawn_blocking(move || wait(group));
    loop {
        tokio::select! {
            ended = &mut ended => break ended??,
            Some(signal) = signals.recv() => {
                // It may have ended in the meantime.
                let _ = kill_process_group(group, signal);
            }
        }
    }
    // What the command has left in its group ends too: it has tokens. Until here nobody else can have
    // the number of the group.
    let _ = kill_process_group(group, Signal::KILL);
    let status = child.wait()?;
    serving.abort();
    let signalled = || Some(status.signal()?.saturating_add(128));
    let code = status.code().or_else(signalled);
    Ok(code
        .and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX))
}

/// Starts the command. From here on its tokens are in its environment, and not here any more.
fn start(
    command: &[OsString],
    Environment { tokens }: Environment,
    socket: &Socket,
    user: Option<User>,
) -> Result<Child, Box<dyn Error>> {
    let (program, arguments) = command.split_first().ok_or("no command")?;
    let mut process = Command::new(program);
    process
        .args(arguments)
        .env(TOKEN, tokens.v1.as_str())
        .env(TOKEN_V2, tokens.v2.as_str())
        .env(SOCKET, &socket.path)
        // A group of its own, so that a signal reaches all of the job and nothing else.
        .process_group(0);
    if let Some(User { uid, gid }) = user {
        process.uid(uid).gid(gid);
    }
    let started = process.spawn().map_err(|error| NotStarted {
        program: program.display().to_string(),
        error,
    });
    Ok(started?)
}

/// The command is not to be found, or not to be run.
#[derive(Debug, thiserror::Error)]
#[error("{program}: {error}")]
pub(crate) struct NotStarted {
    program: String,
    error: io::Error,
}

impl NotStarted {
    /// As shells have it.
    pub(crate) fn exit_code(&self) -> u8 {
        if self.error.kind() == io::ErrorKind::NotFound {
            127
        } else {
            126
        }
    }
}

/// Waits for the end of the command, and leaves its status and its number where they are.
fn wait(command: Pid) -> io::Result<()> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    rustix::io::retry_on_intr(|| waitid(WaitId::Pid(command), options))?;
    Ok(())
}

/// The signals that are passed on.
fn signals() -> io::Result<mpsc::Receiver<Signal>> {
    let (sender, receiver) = mpsc::channel(8);
    for (kind, name) in [
        (SignalKind::hangup(), Signal::HUP),
        (SignalKind::interrupt(), Signal::INT),
        (SignalKind::quit(), Signal::QUIT),
        (SignalKind::terminate(), Signal::TERM),
        (SignalKind::user_defined1(), Signal::USR1),
        (SignalKind::user_defined2(), Signal::USR2),
    ] {
        let (mut stream, sender) = (signal(kind)?, sender.clone());
        tokio::spawn(async move {
            while stream.recv().await.is_some() && sender.send(name).await.is_ok() {}
        });
    }
    Ok(receiver)
}

/// A socket in a folder of the runner's own; both are gone at the end.
///
/// The folder never becomes the job's: whoever can put another file where the socket is, between two
/// calls that name it, has the runner give away that file.
struct Socket {
    folder: PathBuf,
    path: PathBuf,
}

impl Socket {
    /// The folder, which nobody else enters yet.
    fn open() -> Result<Socket, Box<dyn Error>> {
        let mut random = [0; 16];
        SystemRandom::new().fill(&mut random)?;
        let name = format!("ci_runner-{:032x}", u128::from_be_bytes(random));
        let folder = std::env::temp_dir().join(name);
        DirBuilder::new().mode(0o700).create(&folder)?;
        Ok(Socket {
            path: folder.join("oidc.sock"),
            folder,
        })
    }

    /// Lets the job in, when the socket is there: it is its user's alone, and the folder is entered
    /// by its group.
    fn admit(&self, user: Option<User>) -> io::Result<()> {
        std::fs::set_permissions(&self.path, Permissions::from_mode(0o600))?;
        if let Some(User { uid, gid }) = user {
            chown(&self.path, Some(uid), Some(gid))?;
            chown(&self.folder, None, Some(gid))?;
            std::fs::set_permissions(&self.folder, Permissions::from_mode(0o710))?;
        }
        Ok(())
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
