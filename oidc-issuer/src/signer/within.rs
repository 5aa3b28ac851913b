//! Waiting for one thing until another happens.

use core::future::poll_fn;
use core::pin::pin;
use core::task::Poll;

/// What `work` comes to, unless `deadline` comes first. Work that is done is looked at first.
pub(super) async fn within<W, D>(work: W, deadline: D) -> Option<W::Output>
where
    W: Future,
    D: Future<Output = ()>,
{
    let mut work = pin!(work);
    let mut deadline = pin!(deadline);
    poll_fn(|context| {
        if let Poll::Ready(output) = work.as_mut().poll(context) {
            return Poll::Ready(Some(output));
        }
        deadline.as_mut().poll(context).map(|()| None)
    })
    .await
}
