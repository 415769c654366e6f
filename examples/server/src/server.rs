//! Brings the streams and the listeners to life, and ends them in order.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::clock::Clock;
use crate::config::{Config, Source, Transport};
use crate::http::{self, App};
use crate::source::{pattern, rtsp};
use crate::stream::{Cutting, Live, Path};

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    metrics_address: Option<SocketAddr>,
    stop: watch::Sender<bool>,
    streams: JoinSet<()>,
    listeners: JoinSet<()>,
}

/// The server cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}: {source}")]
pub(crate) struct Error {
    address: SocketAddr,
    source: std::io::Error,
}

impl Server {
    /// Listens, then starts the streams, each on one of `receivers`: a camera is not bothered by a server that cannot serve.
    pub(crate) async fn start(config: &Config, receivers: &[Handle]) -> Result<Self, Error> {
        let (stop, stopped) = watch::channel(false);
        let paths: BTreeMap<String, Arc<Path>> = config
            .paths
            .iter()
            .map(|(name, path)| (name.clone(), Path::new(name, path.clone(), reader_lasts(config))))
            .map(|(name, path)| (name, Arc::new(path.with_variant(config.hls_variant))))
            .collect();
        let app = App { paths: Arc::new(paths) };
        let mut listeners = JoinSet::new();
        let router = http::router(app.clone(), &config.hls_allow_origins);
        let address = listen(config.hls_address, router, &mut listeners, stopped.clone()).await?;
        let metrics_address = match config.metrics_address {
            Some(address) => {
                Some(listen(address, http::monitoring(app.clone()), &mut listeners, stopped.clone()).await?)
            }
            None => None,
        };
        let mut streams = JoinSet::new();
        let clock = Clock::start();
        let cutting = Cutting {
            target: config.hls_segment_duration,
            listed: config.hls_segment_count,
            part: config.hls_part_duration,
        };
        for (path, receiver) in app.paths.values().zip(receivers.iter().cycle()) {
            let receiver = if bears_naps(path) { receiver } else { &Handle::current() };
            let stream = stream(path.clone(), clock, cutting, config.read_timeout, stopped.clone());
            streams.spawn_on(stream, receiver);
        }
        Ok(Self { address, metrics_address, stop, streams, listeners })
    }

    /// Where streams are served.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where `/metrics` is served on its own.
    pub(crate) const fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Ends the streams, so that cameras are told, then lets the requests under way finish; both within a bound.
    pub(crate) async fn stop(mut self) {
        self.stop.send_replace(true);
        let ended = timeout(STREAMS_END, async { while self.streams.join_next().await.is_some() {} }).await;
        let drained =
            timeout(REQUESTS_END, async { while self.listeners.join_next().await.is_some() {} }).await;
        if ended.is_err() || drained.is_err() {
            tracing::warn!("stopped before everything had ended");
        }
    }
}

/// The address a browser on this machine can use.
pub(crate) const fn reachable(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        return SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), address.port());
    }
    address
}

async fn listen(
    address: SocketAddr,
    router: Router,
    listeners: &mut JoinSet<()>,
    mut stopped: watch::Receiver<bool>,
) -> Result<SocketAddr, Error> {
    let failed = |source| Error { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    // A playlist is one small packet; waiting to fill it up only delays it.
    let listener = listener.tap_io(|connection| _ = connection.set_nodelay(true));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    listeners.spawn(async move {
        let stopped = async move { _ = stopped.wait_for(|stop| *stop).await };
        if let Err(error) = axum::serve(listener, service).with_graceful_shutdown(stopped).await {
            tracing::error!(%error, "a listener failed");
        }
    });
    Ok(bound)
}

/// Whether what the source sends is held for us until it is taken.
fn bears_naps(path: &Path) -> bool {
    path.config().rtsp_transport != Transport::Udp
}

/// One stream, until the server stops.
async fn stream(
    path: Arc<Path>,
    clock: Clock,
    cutting: Cutting,
    read_timeout: Duration,
    mut stopped: watch::Receiver<bool>,
) {
    let mut live = Live::new(path.clone(), clock, cutting);
    let stop = async { _ = stopped.wait_for(|stop| *stop).await };
    match &path.config().source {
        Source::Rtsp(camera) => {
            rtsp::run(camera, path.config().rtsp_transport, read_timeout, &mut live, stop).await;
        }
        Source::Pattern => {
            tokio::select! {
                () = pattern::run(cutting.target, &mut live) => {}
                () = stop => {}
            }
        }
        Source::Unusable { found, reason } => {
            tracing::error!(path = path.name(), source = found, reason, "no stream");
        }
    }
    // Nothing more will come: who waits for it shall not hold up the end.
    path.served.close();
}

/// A player asks at least once in a target duration; a few of those, and it is gone.
fn reader_lasts(config: &Config) -> Duration {
    (config.hls_segment_duration * 4).max(Duration::from_secs(10))
}

/// A camera that does not answer to TEARDOWN is not waited for longer.
const STREAMS_END: Duration = Duration::from_secs(2);

/// A segment under way to a slow reader.
const REQUESTS_END: Duration = Duration::from_secs(5);

#[cfg(all(test, any(feature = "x264", feature = "vpx")))]
#[path = "server_test.rs"]
mod tests;
