//! A response body that hands a rope's pieces to the connection as they are.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use media_core::mux::Rope;

/// The pieces still to be sent. No byte is copied on the way to the socket.
#[derive(Debug)]
pub(super) struct RopeBody {
    pieces: VecDeque<Bytes>,
    left: u64,
}

impl From<Rope> for RopeBody {
    fn from(rope: Rope) -> Self {
        Self { left: rope.len(), pieces: rope.into_iter().collect() }
    }
}

impl Body for RopeBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let piece = self.pieces.pop_front();
        self.left -= piece.as_ref().map_or(0, |piece| piece.len() as u64);
        Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
