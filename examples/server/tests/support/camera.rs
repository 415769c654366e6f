//! A camera: GStreamer's RTSP server in a process of its own, `tests/peers/camera.py`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::own_folder;

/// The system's Python, because GStreamer's bindings belong to it and not to one from elsewhere.
pub const PYTHON: &str = "/usr/bin/python3";

/// A running camera; it ends when dropped.
pub struct Camera {
    process: Child,
    arguments: Vec<String>,
    port: u16,
}

impl Camera {
    /// A camera with these mounts, in the notation of `camera.py`.
    pub fn start(mounts: &[&str]) -> Self {
        Self::launch(mounts.iter().map(|mount| (*mount).to_owned()).collect(), 0)
    }

    /// A camera that wants a password, asked for by `method` (`basic` or `digest`).
    pub fn guarded(mounts: &[&str], method: &str, user: &str, password: &str) -> Self {
        let guard = ["--user", user, "--password", password, "--auth", method];
        Self::launch(guard.iter().chain(mounts).map(|argument| (*argument).to_owned()).collect(), 0)
    }

    fn launch(arguments: Vec<String>, port: u16) -> Self {
        let mut process = Command::new(PYTHON)
            .arg(own_folder().join("tests/peers/camera.py"))
            .args(["--seconds", "180", "--port", &port.to_string()])
            .args(&arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python starts");
        let mut line = String::new();
        let mut stdout = BufReader::new(process.stdout.take().expect("it is piped"));
        stdout.read_line(&mut line).expect("the camera speaks UTF-8");
        let port = line.trim().strip_prefix("ready ").and_then(|port| port.parse().ok());
        let port = port.unwrap_or_else(|| panic!("the camera said {line:?}, expected its port"));
        Self { process, arguments, port }
    }

    /// The address of a mount.
    pub fn url(&self, mount: &str) -> String {
        format!("rtsp://127.0.0.1:{}/{mount}", self.port)
    }

    /// The address of a mount with name and password in it.
    pub fn url_with(&self, mount: &str, user: &str, password: &str) -> String {
        format!("rtsp://{user}:{password}@127.0.0.1:{}/{mount}", self.port)
    }

    /// Takes the camera away as a power cut would: no farewell.
    pub fn kill(&mut self) {
        // Both fail only when it has ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// The same camera at the same address again.
    pub fn restart(&mut self) {
        self.kill();
        *self = Self::launch(std::mem::take(&mut self.arguments), self.port);
    }
}

impl Drop for Camera {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A mount that plays `file`; `options` as in `camera.py`, for example `audio=aac`.
pub fn playing(path: &str, file: &Path, options: &[&str]) -> String {
    let encoded: String = file.to_str().expect("our paths are UTF-8").bytes().map(percent_encode).collect();
    format!("{path}?file={encoded}{}", options.iter().map(|option| format!("&{option}")).collect::<String>())
}

fn percent_encode(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    }
}
