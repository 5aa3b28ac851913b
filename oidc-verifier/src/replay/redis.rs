//! A replay guard over a Redis that several processes share.

use std::fmt;
use std::time::Duration;

use oidc_core::{NumericDate, base64url};
use redis::aio::ConnectionLike;
use redis::{Cmd, Value};

use super::{AsyncReplayGuard, Presented, ReplayUnavailable, StoreError, TokenUse};

/// An [`AsyncReplayGuard`] for a service of several processes, with `SET … NX EX` on one Redis.
///
/// `C` is a connection of the crate `redis`, cloned for each call: a
/// [`MultiplexedConnection`](redis::aio::MultiplexedConnection), or better a `ConnectionManager`,
/// which connects again when the server comes back. How to connect, with which TLS and
/// timeouts, is the caller's; half a second for an answer is the connection's default. A blocking
/// caller waits with its runtime's `block_on`.
///
/// ```no_run
/// use oidc_verifier::replay::RedisReplayGuard;
///
/// # async fn start() -> Result<(), Box<dyn std::error::Error>> {
/// let client = redis::Client::open("redis://replay.internal:6379")?;
/// let guard = RedisReplayGuard::new(client.get_connection_manager().await?)
///     .with_prefix("registry:replay:");
/// // later: decision.admit_async(&guard, now).await?
/// # Ok(())
/// # }
/// ```
///
/// # Security
///
/// It is as good as the server's memory. A server that evicts keys (`maxmemory-policy` other than
/// `noeviction`), that starts empty again, or whose replica takes over without the last writes,
/// forgets tokens that can still be used. A server that is not reached, that is full, or that
/// answers anything but what `SET NX` answers makes the token's fate unknown:
/// [`ReplayUnavailable::Store`].
///
/// What it stores is a prefix and a SHA-256: neither claims nor tokens.
pub struct RedisReplayGuard<C> {
    connection: C,
    prefix: Box<str>,
}

impl RedisReplayGuard<()> {
    /// What stands before each key unless another prefix is chosen.
    pub const DEFAULT_PREFIX: &'static str = "oidc-replay:";

    /// For how long a key outlives [`TokenUse::until`]: several hosts read clocks of their own, and
    /// the server counts on another.
    pub const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);
}

impl<C> RedisReplayGuard<C> {
    /// A guard over this connection.
    pub fn new(connection: C) -> Self {
        Self {
            connection,
            prefix: RedisReplayGuard::DEFAULT_PREFIX.into(),
        }
    }

    /// The same with another prefix. All processes of one service have the same; services that each
    /// admit a token once have different ones.
    #[must_use]
    pub fn with_prefix(mut self, prefix: impl Into<Box<str>>) -> Self {
        self.prefix = prefix.into();
        self
    }

    fn command(&self, token: &TokenUse, now: NumericDate) -> Result<Cmd, ReplayUnavailable> {
        let left = u64::try_from(token.until().seconds_since(now)).unwrap_or(0);
        if left == 0 {
            return Err(ReplayUnavailable::Forgotten);
        }
        // A length of time and no date: the server's clock may be another.
        let seconds = left.saturating_add(RedisReplayGuard::CLOCK_TOLERANCE.as_secs());
        let mut key = self.prefix.to_string();
        base64url::encode_into(token.id(), &mut key);
        let mut command = redis::cmd("SET");
        command.arg(key).arg("").arg("NX").arg("EX").arg(seconds);
        Ok(command)
    }
}

impl<C> AsyncReplayGuard for RedisReplayGuard<C>
where
    C: ConnectionLike + Clone + Send + Sync,
{
    async fn record_async(
        &self,
        token: &TokenUse,
        now: NumericDate,
    ) -> Result<Presented, ReplayUnavailable> {
        let command = self.command(token, now)?;
        let mut connection = self.connection.clone();
        match command.query_async(&mut connection).await {
            Ok(Value::Okay) => Ok(Presented::First),
            Ok(Value::Nil) => Ok(Presented::Again),
            Ok(_) => Err(store("server does not answer as SET NX does")),
            Err(error) => Err(store(error)),
        }
    }
}

fn store(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ReplayUnavailable {
    ReplayUnavailable::Store(StoreError::new(error))
}

impl<C> fmt::Debug for RedisReplayGuard<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisReplayGuard")
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Future, ready};
    use std::pin::pin;
    use std::sync::{Arc, Mutex};
    use std::task::{Context, Poll, Waker};

    use redis::{Pipeline, RedisError, RedisFuture, RedisResult};

    use super::*;

    /// A server that says one thing, and remembers what it was asked.
    #[derive(Clone)]
    struct Server {
        says: RedisResult<Value>,
        asked: Arc<Mutex<Vec<String>>>,
    }

    impl ConnectionLike for Server {
        fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
            let bytes = command.get_packed_command();
            self.asked
                .lock()
                .unwrap()
                .push(String::from_utf8(bytes).unwrap());
            Box::pin(ready(self.says.clone()))
        }

        fn req_packed_commands<'a>(
            &'a mut self,
            _: &'a Pipeline,
            _: usize,
            _: usize,
        ) -> RedisFuture<'a, Vec<Value>> {
            panic!("a guard sends one command");
        }

        fn get_db(&self) -> i64 {
            0
        }
    }

    /// The guard's answer, and all that it sent.
    fn ask(
        says: RedisResult<Value>,
        until: i64,
        now: i64,
    ) -> (Result<Presented, ReplayUnavailable>, Vec<String>) {
        let asked = Arc::default();
        let server = Server {
            says,
            asked: Arc::clone(&asked),
        };
        let guard = RedisReplayGuard::new(server).with_prefix("p:");
        let at = |seconds| NumericDate::from_seconds(seconds).unwrap();
        let token = TokenUse::new([0; 32], at(until));
        let answer = pin!(guard.record_async(&token, at(now)));
        let Poll::Ready(answer) = answer.poll(&mut Context::from_waker(Waker::noop())) else {
            panic!("the server answers at once");
        };
        let asked = asked.lock().unwrap().clone();
        (answer, asked)
    }

    #[test]
    fn one_command_remembers_and_asks() {
        let (answer, asked) = ask(Ok(Value::Okay), 1_100, 1_000);
        assert_eq!(answer.unwrap(), Presented::First);
        let key = format!("p:{}", "A".repeat(43));
        let command = ["SET", &key, "", "NX", "EX", "160"];
        let packed = command
            .map(|word| format!("${}\r\n{word}\r\n", word.len()))
            .concat();
        assert_eq!(asked, [format!("*6\r\n{packed}")]);
        let (answer, _) = ask(Ok(Value::Nil), 1_100, 1_000);
        assert_eq!(answer.unwrap(), Presented::Again);
    }

    #[test]
    fn whatever_else_the_server_says_is_no_answer() {
        for value in [
            Value::Int(1),
            Value::Int(0),
            Value::SimpleString("QUEUED".to_owned()),
            Value::BulkString(b"OK".to_vec()),
            Value::Array(Vec::new()),
            Value::Boolean(true),
        ] {
            let (answer, _) = ask(Ok(value), 1_100, 1_000);
            assert_eq!(answer.unwrap_err().code(), "replay_store");
        }
        let error = RedisError::from((redis::ErrorKind::Client, "out of order"));
        let (answer, _) = ask(Err(error), 1_100, 1_000);
        assert_eq!(answer.unwrap_err().code(), "replay_store");
    }

    /// `SET … EX` with a time that has passed stores nothing and answers `OK`: whatever Redis says,
    /// a token past its time is not admitted.
    #[test]
    fn a_token_past_its_time_is_not_asked_about() {
        for (now, sent) in [(1_099, 1), (1_100, 0), (1_101, 0), (253_402_300_799, 0)] {
            let (answer, asked) = ask(Ok(Value::Okay), 1_100, now);
            assert_eq!(asked.len(), sent, "{now}");
            if sent == 0 {
                assert_eq!(answer.unwrap_err().code(), "replay_forgotten", "{now}");
            }
        }
    }
}
