//! `reelmill`: cameras in, HLS and DASH out.
//!
//! The folders follow the way of the data: [`source`] (RTSP cameras, the test camera) hands units to a [`stream`], which cuts segments,
//! from where [`http`] serves them. [`config`] says which streams there are, [`server`] brings all of it to life and ends it;
//! sources run on the threads of [`receivers`].

mod clock;
mod config;
mod http;
mod receivers;
mod server;
mod source;
mod stream;
#[cfg(test)]
mod test_media;

use std::hash::{BuildHasher, RandomState};
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use tokio::runtime::{Builder, Handle};

use self::config::{Config, Loaded, LogLevel, Path, Source, Transport};
use self::receivers::Receivers;
use self::server::Server;

/// Serves cameras to browsers: RTSP in, HLS and DASH out.
///
/// Without a configuration, the built-in test camera is at /demo.
#[derive(Debug, Parser)]
#[command(name = "reelmill", version)]
struct Arguments {
    /// Configuration file; reelmill.yml in this directory when there is one
    config: Option<PathBuf>,
    /// A camera to serve, as in `rtsp://user:password@host:554/path`, or `pattern` for the test camera
    #[arg(long, value_name = "URL")]
    source: Option<String>,
    /// What the path of --source is called
    #[arg(long, value_name = "NAME", default_value = "cam", requires = "source")]
    path: String,
    /// How RTP comes from the camera of --source: automatic, tcp or udp
    #[arg(long, value_name = "TRANSPORT", requires = "source")]
    rtsp_transport: Option<Transport>,
    /// Where to serve HLS, DASH and pages
    #[arg(long, value_name = "IP:PORT")]
    hls_address: Option<SocketAddr>,
    /// error, warn, info or debug
    #[arg(long, value_name = "LEVEL")]
    log_level: Option<LogLevel>,
    /// Log JSON objects, one a line
    #[arg(long)]
    log_structured: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let loaded = match configure(&arguments) {
        Ok(loaded) => loaded,
        Err(error) => {
            let cause =
                std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            eprintln!("reelmill: {error}{cause}");
            return ExitCode::from(2);
        }
    };
    start_log(&loaded.config);
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    let runtimes = Builder::new_multi_thread().enable_all().build();
    let runtimes = runtimes.and_then(|serving| Ok((serving, Receivers::start(loaded.config.paths.len())?)));
    let (serving, receivers) = match runtimes {
        Ok(runtimes) => runtimes,
        Err(error) => {
            tracing::error!(%error, "the threads do not start");
            return ExitCode::FAILURE;
        }
    };
    let served = serving.spawn(serve(loaded.config, receivers.handles()));
    receivers.run(served).unwrap_or(ExitCode::FAILURE)
}

async fn serve(config: Config, receivers: Vec<Handle>) -> ExitCode {
    let server = match Server::start(&config, &receivers).await {
        Ok(server) => server,
        Err(error) => {
            tracing::error!(%error, "the server does not start");
            return ExitCode::FAILURE;
        }
    };
    tracing::info!("listening on http://{}", server::reachable(server.address()));
    if let Some(address) = server.metrics_address() {
        tracing::info!("metrics on http://{}/metrics", server::reachable(address));
    }
    wait_for_signal().await;
    tracing::info!("stopping");
    server.stop().await;
    ExitCode::SUCCESS
}

fn configure(arguments: &Arguments) -> Result<Loaded, config::Error> {
    let usual = PathBuf::from("reelmill.yml");
    let file = arguments.config.clone().or_else(|| usual.is_file().then_some(usual));
    let mut loaded = config::load(file.as_deref(), std::env::vars())?;
    let config = &mut loaded.config;
    if let Some(source) = &arguments.source {
        config::check_path_name("--path", &arguments.path)?;
        let mut path = Path::new(Source::parse(source));
        path.rtsp_transport = arguments.rtsp_transport.unwrap_or_default();
        config.paths.insert(arguments.path.clone(), path);
    }
    config.hls_address = arguments.hls_address.unwrap_or(config.hls_address);
    config.log_level = arguments.log_level.unwrap_or(config.log_level);
    config.log_structured |= arguments.log_structured;
    if config.paths.is_empty() {
        config.paths.insert("demo".to_owned(), Path::new(Source::Pattern));
    }
    Ok(loaded)
}

/// Logs to standard error. The RTSP library's remarks on cameras' habits are of interest only to someone who debugs one.
fn start_log(config: &Config) {
    let filter = match config.log_level {
        LogLevel::Error => "error,retina=off",
        LogLevel::Warn => "warn,retina=off",
        LogLevel::Info => "info,retina=off",
        LogLevel::Debug => "debug,hyper=info,retina=warn",
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    if config.log_structured {
        log.json().flatten_event(true).init();
    } else {
        log.init();
    }
}

async fn wait_for_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}

/// A number that nobody can guess but that protects nothing: the standard library seeds its hash maps from the system.
fn random() -> u64 {
    RandomState::new().hash_one(std::time::Instant::now())
}
