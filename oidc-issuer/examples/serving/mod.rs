//! An HTTP server that strangers do not wear out: so many connections at once, and each has to say what
//! it wants, and to take its answer, within some time. `axum::serve` keeps one that does neither for
//! ever, and when the last file descriptor is gone the program cannot write its state either.
//!
//! No example of its own: the programs that serve include it.

mod reader;

use std::convert::Infallible;
use std::future::pending;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use axum::response::IntoResponse as _;
use http::header::HOST;
use http::{Request, StatusCode, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};
use tower::ServiceExt as _;

use self::reader::Taken;

/// The longest head of a request, in bytes: room for a URL of the longest kind, 65,534 bytes, and as much
/// beside it. All connections together hold 64 MiB of them, and not 200 as the HTTP library would let them.
const MAX_HEAD_BYTES: usize = 128 * 1024;

/// What a stranger may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Connections at the same time; more wait to be accepted. Half of the files that a process may
    /// have open where nobody has set it otherwise.
    pub(crate) connections: usize,
    /// How long the head of a request may take to come, the time before its first byte included.
    pub(crate) head_within: Duration,
    /// How long the other side may take nothing of an answer.
    pub(crate) taken_within: Duration,
    /// How long requests that have begun may take at the end.
    pub(crate) last_answers: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 512,
            head_within: Duration::from_secs(10),
            taken_within: Duration::from_secs(10),
            last_answers: Duration::from_secs(5),
        }
    }
}

/// Serves until `end`, and then what has begun. Who asks is in the request, as [`ConnectInfo`].
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    end: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(limits.connections));
    let connections = GracefulShutdown::new();
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_within)
        .max_buf_size(MAX_HEAD_BYTES);
    let mut end = pin!(end);
    loop {
        let (place, stream, peer) = tokio::select! {
            accepted = accept(&listener, &places) => accepted,
            () = &mut end => break,
        };
        // An answer is small: it does not wait for another.
        let _ = stream.set_nodelay(true);
        let router = router.clone();
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(ConnectInfo(peer));
            let router = router.clone();
            async move {
                if names_its_host(&request) {
                    router.oneshot(request).await
                } else {
                    Ok::<_, Infallible>(StatusCode::BAD_REQUEST.into_response())
                }
            }
        });
        let stream = TokioIo::new(Taken::new(stream, limits.taken_within));
        let connection = http.serve_connection(stream, service);
        let connection = connections.watch(connection);
        tokio::spawn(async move {
            // However it ended, whoever was there knows.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    // Whoever keeps a connection open does not keep the program.
    let _ = timeout(limits.last_answers, connections.shutdown()).await;
}

/// A request of HTTP/1.1 says which host it is for, and none says two: RFC 9112 section 3.2, which the
/// HTTP library leaves to whoever uses it.
fn names_its_host(request: &Request<Incoming>) -> bool {
    let mut hosts = request.headers().get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (Some(_), None) => true,
        (None, _) => request.version() < Version::HTTP_11,
        (Some(_), Some(_)) => false,
    }
}

/// The next connection, when there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> (OwnedSemaphorePermit, TcpStream, SocketAddr) {
    let Ok(place) = Arc::clone(places).acquire_owned().await else {
        // Nobody closes it.
        return pending().await;
    };
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => return (place, stream, peer),
            // That one is gone; the next is not to blame.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::ConnectionAborted
                        | ErrorKind::ConnectionRefused
                        | ErrorKind::ConnectionReset
                ) => {}
            // Nothing is left of something on this machine: it comes back when others are done.
            Err(_) => sleep(Duration::from_secs(1)).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::net::SocketAddr;
    use std::time::Duration;

    use axum::Router;
    use axum::extract::ConnectInfo;
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::oneshot;
    use tokio::time::timeout;

    use super::{Limits, MAX_HEAD_BYTES, serve};

    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: h\r\n\r\n";
    const MOMENT: Duration = Duration::from_millis(50);
    /// Longer than this machine takes to ask, however busy it is.
    const SOON: Duration = Duration::from_secs(1);

    /// A server that says who asks; its address.
    async fn start(limits: Limits, end: impl Future<Output = ()> + Send + 'static) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let who = |ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.to_string() };
        let router = Router::new().route("/", get(who));
        tokio::spawn(serve(listener, router, limits, end));
        address
    }

    /// Asks, and is told its own address.
    async fn ask(stream: &mut TcpStream) {
        stream.write_all(REQUEST).await.unwrap();
        let mut answer = [0; 1_000];
        let length = stream.read(&mut answer).await.unwrap();
        let answer = std::str::from_utf8(&answer[..length]).unwrap();
        let me = stream.local_addr().unwrap().to_string();
        assert!(
            answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(&me),
            "{answer}"
        );
    }

    #[tokio::test]
    async fn who_does_not_say_what_it_wants_is_not_waited_for() {
        let limits = Limits {
            head_within: SOON,
            ..Limits::default()
        };
        let address = start(limits, pending()).await;
        for said in [&b""[..], b"G", &REQUEST[..REQUEST.len() - 1]] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(said).await.unwrap();
            assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "{said:?}");
        }
        // Between two requests too.
        let mut stream = TcpStream::connect(address).await.unwrap();
        ask(&mut stream).await;
        ask(&mut stream).await;
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn a_request_says_once_which_host_it_is_for() {
        let address = start(Limits::default(), pending()).await;
        for (request, status) in [
            ("GET / HTTP/1.1\r\nhost: h\r\n\r\n", "200 OK"),
            ("GET / HTTP/1.1\r\nhost:\r\n\r\n", "200 OK"),
            ("GET / HTTP/1.1\r\n\r\n", "400 Bad Request"),
            ("GET http://h/ HTTP/1.1\r\n\r\n", "400 Bad Request"),
            (
                "GET / HTTP/1.1\r\nhost: h\r\nhost: h\r\n\r\n",
                "400 Bad Request",
            ),
            ("GET / HTTP/1.0\r\n\r\n", "200 OK"),
            (
                "GET / HTTP/1.0\r\nhost: h\r\nhost: i\r\n\r\n",
                "400 Bad Request",
            ),
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = [0; 1_000];
            let length = stream.read(&mut answer).await.unwrap();
            let answer = std::str::from_utf8(&answer[..length]).unwrap();
            let line = answer.lines().next().unwrap();
            assert_eq!(line.split_once(' ').unwrap().1, status, "{request}");
        }
    }

    #[tokio::test]
    async fn a_head_has_an_end() {
        let address = start(Limits::default(), pending()).await;
        let begin = "GET / HTTP/1.1\r\nhost: h\r\nx: ";
        let head = |length: usize, end: &str| {
            let value = "x".repeat(length - begin.len() - end.len());
            format!("{begin}{value}{end}")
        };
        for (request, status) in [
            (head(MAX_HEAD_BYTES - 1, "\r\n\r\n"), "HTTP/1.1 200 "),
            // All of it is read, so that the answer is not lost with what is not.
            (head(MAX_HEAD_BYTES, ""), "HTTP/1.1 431 "),
        ] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = [0; 1_000];
            let length = stream.read(&mut answer).await.unwrap();
            let answer = std::str::from_utf8(&answer[..length]).unwrap();
            assert!(answer.starts_with(status), "{answer}");
        }
    }

    #[tokio::test]
    async fn a_connection_too_many_waits_for_a_place() {
        let limits = Limits {
            connections: 2,
            ..Limits::default()
        };
        let address = start(limits, pending()).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        ask(&mut first).await;
        ask(&mut second).await;
        let mut third = TcpStream::connect(address).await.unwrap();
        assert!(timeout(MOMENT, ask(&mut third)).await.is_err());
        drop(first);
        assert!(third.read(&mut [0; 1_000]).await.unwrap() > 0);
        ask(&mut second).await;
    }

    /// The buffers of both sides are some megabytes: after that the server cannot write.
    #[tokio::test]
    async fn who_reads_no_answer_has_no_place_for_ever() {
        let limits = Limits {
            connections: 1,
            taken_within: MOMENT,
            ..Limits::default()
        };
        let address = start(limits, pending()).await;
        let mut deaf = TcpStream::connect(address).await.unwrap();
        let requests = REQUEST.repeat(1_000);
        let asking = async { while deaf.write_all(&requests).await.is_ok() {} };
        timeout(Duration::from_secs(60), asking).await.unwrap();
        let mut next = TcpStream::connect(address).await.unwrap();
        ask(&mut next).await;
    }

    #[tokio::test]
    async fn an_idle_connection_does_not_keep_the_program() {
        let (end, ended) = oneshot::channel::<()>();
        let address = start(Limits::default(), async { drop(ended.await) }).await;
        let mut idle = TcpStream::connect(address).await.unwrap();
        ask(&mut idle).await;
        drop(end);
        assert_eq!(idle.read(&mut [0]).await.unwrap(), 0);
        assert!(TcpStream::connect(address).await.is_err());
    }
}
