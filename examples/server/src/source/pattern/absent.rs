//! The test camera of a build without encoders, which is none.

use std::time::Duration;

use crate::stream::{Live, State};

/// Says so.
pub(crate) async fn run(_: Duration, live: &mut Live) {
    let reason = "there is no test camera: this build has neither the feature x264 nor vpx".to_owned();
    tracing::error!(path = live.name(), reason, "no stream");
    live.set_state(State::Unusable { reason });
}
