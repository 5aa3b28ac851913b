//! What the operator reads, on standard error. Requests never wait for whoever reads it.

use std::convert::Infallible;
use std::fmt::Display;
use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::Duration;

/// Hands lines to a thread that writes them. When it cannot follow, lines are left out and counted.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    lines: SyncSender<String>,
    left_out: Arc<AtomicU64>,
}

/// What is not written yet.
#[derive(Debug)]
pub(crate) struct Rest {
    last: Sender<String>,
    written: Receiver<Infallible>,
}

impl Rest {
    /// Waits until it is, once nobody has the log any more; not for long, as nobody may be reading. Why
    /// the program ends is said last, behind all that waits, however much that is: by itself the
    /// program would wait for whoever reads.
    pub(crate) fn end(self, outcome: Result<(), impl Display>) -> ExitCode {
        let Rest { last, written } = self;
        let code = match outcome {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                let _ = last.send(one_line(failure));
                ExitCode::FAILURE
            }
        };
        drop(last);
        let _ = written.recv_timeout(Duration::from_secs(1));
        code
    }
}

/// Some seconds of a busy service.
const MAX_WAITING_LINES: usize = 4_096;

/// The longest line, in bytes: longer than any explanation of a token of some size. All that wait are
/// 32 MiB, whatever strangers send while nobody reads.
pub(crate) const MAX_LINE_BYTES: usize = 8_192;

impl Log {
    pub(crate) fn to(writer: impl Write + Send + 'static) -> (Log, Rest) {
        let (lines, waiting) = sync_channel(MAX_WAITING_LINES);
        let (last, ending) = channel();
        let (done, written) = channel();
        let left_out = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&left_out);
        thread::spawn(move || {
            write_lines(writer, &waiting, &counted, &ending);
            drop::<Sender<Infallible>>(done);
        });
        (Log { lines, left_out }, Rest { last, written })
    }

    /// One line is one message, whatever is in it. The end of a long one is left out.
    pub(crate) fn line(&self, message: impl Display) {
        if self.lines.try_send(one_line(message)).is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn one_line(message: impl Display) -> String {
    let mut message = message.to_string().replace(char::is_control, " ");
    if message.len() > MAX_LINE_BYTES {
        let mut ends = message.char_indices().map(|(at, _)| at).rev();
        let end = ends.find(|at| *at <= MAX_LINE_BYTES);
        message.truncate(end.unwrap_or_default());
        message.push_str(" (cut)");
        message.shrink_to_fit();
    }
    message
}

fn write_lines(
    mut to: impl Write,
    waiting: &Receiver<String>,
    left_out: &AtomicU64,
    last: &Receiver<String>,
) {
    // Nobody to read it ends nothing.
    while let Ok(line) = waiting.recv() {
        let _ = writeln!(to, "{line}");
        match left_out.swap(0, Ordering::Relaxed) {
            0 => {}
            lines => {
                let _ = writeln!(to, "{lines} lines were left out here: they came too fast");
            }
        }
    }
    while let Ok(line) = last.recv() {
        let _ = writeln!(to, "{line}");
    }
}
