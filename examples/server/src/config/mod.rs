//! What the server is told: `reelmill.yml`, then the environment (`MTX_…`), then flags, each overriding the one before.
//!
//! The keys are those of `mediamtx.yml` for what both servers do, so an existing file can be pointed at; `dash` and the source
//! `pattern` are additions. A key this server does not know is a warning that names it, because the file may be shared with a server
//! that does; a value of the wrong kind is an [`Error`] that names the key, what was found and what was expected.

mod read;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path as FilePath, PathBuf};
use std::time::Duration;

use serde_json::{Map, Value};
use url::Url;

use self::read::Section;

/// All that can be configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) log_level: LogLevel,
    /// One JSON object per line instead of text.
    pub(crate) log_structured: bool,
    /// How long a camera may be silent, or take to answer, before it is given up and connected to anew.
    pub(crate) read_timeout: Duration,
    pub(crate) hls_address: SocketAddr,
    pub(crate) hls_variant: Variant,
    /// Segments listed in a playlist.
    pub(crate) hls_segment_count: usize,
    /// A segment ends at the first key frame after this long.
    pub(crate) hls_segment_duration: Duration,
    /// About how long a part of a segment is, where there are parts.
    pub(crate) hls_part_duration: Duration,
    /// Origins that may read the streams from their own pages; `*` is any.
    pub(crate) hls_allow_origins: Vec<String>,
    /// Where `/metrics` is served on its own; it is on `hls_address` in any case.
    pub(crate) metrics_address: Option<SocketAddr>,
    pub(crate) paths: BTreeMap<String, Path>,
}

/// One stream: where it comes from and how it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) source: Source,
    pub(crate) rtsp_transport: Transport,
    /// Whether `index.mpd` is served beside `index.m3u8`.
    pub(crate) dash: bool,
}

/// Where a stream comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The built-in test camera.
    Pattern,
    /// A camera that is pulled from.
    Rtsp(Camera),
    /// Something that can never work. It is kept as a path that says so: one mistyped camera must not keep the others dark.
    Unusable { found: String, reason: String },
}

/// An RTSP address with the credentials taken out of it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Camera {
    /// Without user name and password.
    pub(crate) url: Url,
    pub(crate) credentials: Option<(String, String)>,
}

impl std::fmt::Debug for Camera {
    /// Leaves the password out: debug output ends in logs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Camera").field("url", &self.url.as_str()).finish_non_exhaustive()
    }
}

/// How RTP comes from a camera.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Transport {
    /// TCP, and UDP when the camera refuses TCP.
    #[default]
    Automatic,
    /// Interleaved in the RTSP connection.
    Tcp,
    /// Datagrams.
    Udp,
}

/// What segments are, and how players get to know of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Variant {
    /// fMP4 segments; players ask every so often.
    #[default]
    Fmp4,
    /// The same, and parts of them long before they are whole; players are answered when there is something new.
    LowLatency,
    /// Transport streams of all tracks, not for DASH. Players are answered when there is something new.
    MpegTs,
}

/// What is logged: everything at this level and more urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("cannot read {path:?}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("{path:?} is not valid YAML: {reason}")]
    Yaml { path: PathBuf, reason: String },
    #[error("{key}: found {found}, expected {expected}")]
    Value { key: String, found: String, expected: String },
}

/// A configuration and what was odd about it.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) config: Config,
    /// One sentence each, for the log once there is one.
    pub(crate) warnings: Vec<String>,
}

/// Reads `file` (or nothing) and lays `environment` (`MTX_…` pairs; others are ignored) over it.
pub(crate) fn load(
    file: Option<&FilePath>,
    environment: impl IntoIterator<Item = (String, String)>,
) -> Result<Loaded, Error> {
    let mut tree = match file {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .map_err(|source| Error::File { path: path.to_owned(), source })?;
            parse_yaml(path, &text)?
        }
        None => Map::new(),
    };
    let mut warnings = Vec::new();
    for (name, value) in environment {
        if let Some(name) = name.strip_prefix("MTX_")
            && !overlay(&mut tree, name, &value)
        {
            warnings.push(format!("the environment variable MTX_{name} names no known key and is ignored"));
        }
    }
    let mut root = Section::new("", tree, &mut warnings);
    let config = Config::read(&mut root)?;
    root.warn_of_the_rest();
    Ok(Loaded { config, warnings })
}

fn parse_yaml(path: &FilePath, text: &str) -> Result<Map<String, Value>, Error> {
    let yaml = |reason: String| Error::Yaml { path: path.to_owned(), reason };
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(Map::new());
    }
    match serde_saphyr::from_str::<Value>(text).map_err(|error| yaml(error.to_string()))? {
        Value::Object(map) => Ok(map),
        Value::Null => Ok(Map::new()),
        _ => Err(yaml("the file is not a mapping of keys to values".to_owned())),
    }
}

/// Sets the key that `name` (what follows `MTX_`) spells in capitals; false when there is none such.
///
/// A path's name may itself contain underscores; no path key does, so the last one separates them.
fn overlay(tree: &mut Map<String, Value>, name: &str, value: &str) -> bool {
    let value = Value::String(value.to_owned());
    let known =
        |keys: &[&'static str], name: &str| keys.iter().find(|key| key.eq_ignore_ascii_case(name)).copied();
    if let Some(key) = known(Config::KEYS, name) {
        tree.insert(key.to_owned(), value);
        return true;
    }
    let section = |tree: &mut Map<String, Value>, key: &str, under: &str, value| {
        let Value::Object(map) = tree.entry(key).or_insert_with(|| Value::Object(Map::new())) else {
            return false;
        };
        map.insert(under.to_owned(), value);
        true
    };
    if let Some(key) = name.strip_prefix("PATHDEFAULTS_").and_then(|name| known(Path::KEYS, name)) {
        return section(tree, "pathDefaults", key, value);
    }
    let Some((path, key)) = name.strip_prefix("PATHS_").and_then(|rest| rest.rsplit_once('_')) else {
        return false;
    };
    let Some(key) = known(Path::KEYS, key) else { return false };
    let Value::Object(paths) = tree.entry("paths").or_insert_with(|| Value::Object(Map::new())) else {
        return false;
    };
    let path =
        paths.keys().find(|known| known.eq_ignore_ascii_case(path)).cloned().unwrap_or(path.to_lowercase());
    if paths.get(&path).is_none_or(Value::is_null) {
        paths.insert(path.clone(), Value::Object(Map::new()));
    }
    section(paths, &path, key, value)
}

impl Default for Config {
    fn default() -> Self {
        Self {
            log_level: LogLevel::Info,
            log_structured: false,
            read_timeout: Duration::from_secs(10),
            hls_address: any(8888),
            hls_variant: Variant::Fmp4,
            hls_segment_count: 7,
            hls_segment_duration: Duration::from_secs(1),
            hls_part_duration: Duration::from_millis(200),
            hls_allow_origins: vec!["*".to_owned()],
            metrics_address: None,
            paths: BTreeMap::new(),
        }
    }
}

impl Config {
    /// The keys that hold one value; what the environment may set by name.
    const KEYS: &[&str] = &[
        "logLevel",
        "logStructured",
        "readTimeout",
        "hlsAddress",
        "hlsVariant",
        "hlsSegmentCount",
        "hlsSegmentDuration",
        "hlsPartDuration",
        "hlsAllowOrigin",
        "hlsAllowOrigins",
        "metrics",
        "metricsAddress",
    ];

    fn read(root: &mut Section<'_>) -> Result<Self, Error> {
        let mut config = Self::default();
        if let Some(level) = root.choice("logLevel", LogLevel::NAMES)? {
            config.log_level = level;
        }
        if let Some(structured) = root.boolean("logStructured")? {
            config.log_structured = structured;
        }
        if let Some(timeout) = root.duration("readTimeout", Duration::from_millis(100))? {
            config.read_timeout = timeout;
        }
        if let Some(address) = root.address("hlsAddress")? {
            config.hls_address = address;
        }
        if let Some(variant) = root.choice("hlsVariant", Variant::NAMES)? {
            config.hls_variant = variant;
        }
        if let Some(count) = root.number("hlsSegmentCount", 3, 1000)? {
            config.hls_segment_count = count;
        }
        if let Some(duration) = root.duration("hlsSegmentDuration", Duration::from_millis(200))? {
            config.hls_segment_duration = duration;
        }
        if let Some(duration) = root.duration("hlsPartDuration", Duration::from_millis(50))? {
            config.hls_part_duration = duration;
        }
        if let Some(origin) = root.strings("hlsAllowOrigin")? {
            config.hls_allow_origins = origin;
        }
        if let Some(origins) = root.strings("hlsAllowOrigins")? {
            config.hls_allow_origins = origins;
        }
        let address = root.address("metricsAddress")?.unwrap_or(any(9998));
        config.metrics_address = root.boolean("metrics")?.unwrap_or(false).then_some(address);
        config.read_paths(root)?;
        Ok(config)
    }

    fn read_paths(&mut self, root: &mut Section<'_>) -> Result<(), Error> {
        let defaults = root.section("pathDefaults")?;
        for (name, own) in root.section("paths")? {
            if name == "all_others" || name == "all" || name.starts_with('~') {
                root.warn(format!(
                    "paths.{name}: paths that match many names are not supported, this one is ignored"
                ));
                continue;
            }
            let key = format!("paths.{name}");
            check_path_name(&key, &name)?;
            let mut merged = defaults.clone();
            match own {
                Value::Null => {}
                Value::Object(own) => merged.extend(own),
                other => return Err(read::mismatch(&key, &other, "a mapping of keys to values")),
            }
            let mut section = root.nested(key, merged);
            let path = Path::read(&mut section)?;
            section.warn_of_the_rest();
            self.paths.insert(name, path);
        }
        Ok(())
    }
}

impl Path {
    const KEYS: &[&str] = &["source", "rtspTransport", "dash"];

    /// What a path is unless told otherwise.
    pub(crate) const fn new(source: Source) -> Self {
        Self { source, rtsp_transport: Transport::Automatic, dash: true }
    }

    fn read(section: &mut Section<'_>) -> Result<Self, Error> {
        let source = section.string("source")?.unwrap_or_else(|| "publisher".to_owned());
        let mut path = Self::new(Source::parse(&source));
        if let Some(transport) = section.choice("rtspTransport", Transport::NAMES)? {
            path.rtsp_transport = transport;
        }
        if let Some(dash) = section.boolean("dash")? {
            path.dash = dash;
        }
        Ok(path)
    }
}

impl Source {
    /// Never fails: what cannot be used becomes a source that says why.
    pub(crate) fn parse(found: &str) -> Self {
        let unusable = |reason: String| Self::Unusable { found: hide_password(found), reason };
        match found {
            "pattern" => return Self::Pattern,
            "publisher" => return unusable("publishing to the server is not supported yet".to_owned()),
            _ => {}
        }
        let mut url = match Url::parse(found) {
            Ok(url) => url,
            Err(error) => return unusable(format!("bad URL: {error}")),
        };
        if url.scheme() != "rtsp" {
            return unusable(format!("bad URL: the scheme is {:?}, expected \"rtsp\"", url.scheme()));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return unusable("bad URL: it names no host".to_owned());
        }
        let credentials = (!url.username().is_empty())
            .then(|| (percent_decode(url.username()), percent_decode(url.password().unwrap_or_default())));
        if url.set_username("").is_err() || url.set_password(None).is_err() {
            return unusable("bad URL: it cannot carry a user name".to_owned());
        }
        Self::Rtsp(Camera { url, credentials })
    }
}

impl LogLevel {
    const NAMES: &[(&str, Self)] =
        &[("error", Self::Error), ("warn", Self::Warn), ("info", Self::Info), ("debug", Self::Debug)];
}

impl std::str::FromStr for LogLevel {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        read::choose(Self::NAMES, name).ok_or_else(|| read::one_of(Self::NAMES))
    }
}

impl Variant {
    const NAMES: &[(&str, Self)] =
        &[("fmp4", Self::Fmp4), ("lowLatency", Self::LowLatency), ("mpegts", Self::MpegTs)];

    /// What the configuration calls it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Fmp4 => "fmp4",
            Self::LowLatency => "lowLatency",
            Self::MpegTs => "mpegts",
        }
    }
}

impl Transport {
    const NAMES: &[(&str, Self)] = &[("automatic", Self::Automatic), ("tcp", Self::Tcp), ("udp", Self::Udp)];
}

impl std::str::FromStr for Transport {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        read::choose(Self::NAMES, name).ok_or_else(|| read::one_of(Self::NAMES))
    }
}

/// A path's name stands in URLs as it is, so it is letters, digits and `_ - . ~ /`, with no empty part and none of only dots; the
/// first part is not one of the server's own pages.
pub(crate) fn check_path_name(key: &str, name: &str) -> Result<(), Error> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-.~".contains(c);
    let whole = name.split('/').all(|part| part.chars().all(allowed) && part.chars().any(|c| c != '.'));
    let first = name.split('/').next().unwrap_or_default();
    if whole && !RESERVED.contains(&first) {
        return Ok(());
    }
    let expected = format!(
        "a name of letters, digits and _ - . ~ separated by single slashes, not beginning with {}",
        RESERVED.join(", ")
    );
    Err(Error::Value { key: key.to_owned(), found: format!("{name:?}"), expected })
}

fn hide_password(url: &str) -> String {
    let Some(mut parsed) = Url::parse(url).ok().filter(|parsed| parsed.password().is_some()) else {
        return url.to_owned();
    };
    // What cannot hide its password is not shown at all.
    parsed.set_password(Some("xxx")).map_or_else(|()| "…".to_owned(), |()| parsed.into())
}

/// Undoes `%41`; what is not such an escape stays as it is. Cameras' passwords hold every character there is.
fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%')
            .then(|| after.get(..2))
            .flatten()
            .and_then(|hex| std::str::from_utf8(hex).ok())
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match escaped {
            Some(value) => {
                bytes.push(value);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// All interfaces, as the servers people know do by default.
const fn any(port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port)
}

/// First parts of the server's own addresses.
const RESERVED: &[&str] = &["assets", "healthz", "metrics", "time", "v3"];

#[cfg(test)]
#[path = "config_test.rs"]
mod tests;
