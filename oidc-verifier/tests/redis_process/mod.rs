//! A Redis server for one test: on a Unix socket in a folder of its own, without persistence.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "these helpers run in tests only"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, FromRedisValue, RedisResult};

/// It ends, and its folder goes, when it is dropped.
pub(crate) struct RedisServer {
    process: Child,
    folder: PathBuf,
}

impl RedisServer {
    pub(crate) fn start() -> RedisServer {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let name = format!("oidc-replay-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).expect("a folder for the server");
        let process = run(&folder);
        RedisServer { process, folder }
    }

    /// Ends the server at once, and all that it remembers.
    pub(crate) fn stop(&mut self) {
        self.process.kill().expect("the server runs");
        self.process.wait().expect("the server ends");
    }

    pub(crate) fn start_again(&mut self) {
        self.process = run(&self.folder);
    }

    /// Sends the process a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([format!("-{name}"), self.process.id().to_string()])
            .status();
        assert!(status.expect("there is `kill`").success());
    }

    /// A connection that comes back when the server does, as a service would have it.
    pub(crate) async fn connect(&self) -> ConnectionManager {
        let config = ConnectionManagerConfig::new()
            .set_response_timeout(Some(Duration::from_millis(500)))
            .set_connection_timeout(Some(Duration::from_millis(500)))
            .set_number_of_retries(1)
            .set_max_delay(Duration::from_millis(100));
        let client = self.client();
        let manager = client.get_connection_manager_with_config(config).await;
        manager.expect("the server is ready")
    }

    /// What the server answers to one command.
    pub(crate) async fn query<T: FromRedisValue>(&self, words: &[&str]) -> RedisResult<T> {
        let mut connection = self.client().get_multiplexed_async_connection().await?;
        let mut command = redis::Cmd::new();
        command.arg(words);
        command.query_async(&mut connection).await
    }

    fn client(&self) -> Client {
        let socket = self.folder.join("redis.sock");
        Client::open(format!("redis+unix://{}", socket.display())).unwrap()
    }
}

/// Starts a server and waits until it says that it is ready.
fn run(folder: &PathBuf) -> Child {
    let mut process = Command::new("redis-server")
        .current_dir(folder)
        .args(["--port", "0", "--unixsocket", "redis.sock"])
        .args(["--save", "", "--appendonly", "no", "--daemonize", "no"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("this test needs `redis-server` (Debian has a package of that name): {error}")
        });
    let log = process.stdout.take().unwrap();
    let mut lines = BufReader::new(log).lines().map_while(Result::ok);
    let ready = lines.find(|line| line.contains("eady to accept connections"));
    assert!(ready.is_some(), "redis-server does not get ready");
    // Whatever else it says is read and dropped, so that it never waits for a reader.
    std::thread::spawn(move || lines.for_each(drop));
    process
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // Both fail only where there is nothing left to end or remove.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
