//! The server under test, in a process of its own on a port the system chose.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use super::http::{self, Answer};
use super::playlist::{self, Playlist};
use super::{output, wait_for};

/// A running server; it is killed when dropped.
pub struct Server {
    process: Child,
    address: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Server {
    /// Starts it with these paths, each a name and the keys below it (`source: …`). All segments of a scenario stay listed, so that a late
    /// reader sees the stream from its start.
    pub fn start(paths: &[(&str, &str)]) -> Self {
        Self::start_with("hlsSegmentCount: 1000", paths)
    }

    /// Starts it with more keys of the configuration file.
    pub fn start_with(keys: &str, paths: &[(&str, &str)]) -> Self {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let file = output().join(format!("reelmill-{}-{number}.yml", std::process::id()));
        let mut text = format!("hlsAddress: 127.0.0.1:0\n{keys}\npaths:\n");
        for (name, keys) in paths {
            text += &format!("  {name}:\n");
            text.extend(keys.lines().map(|key| format!("    {}\n", key.trim())));
        }
        std::fs::write(&file, text).expect("the output folder is writable");
        let server = Self::launch(Command::new(env!("CARGO_BIN_EXE_reelmill")).arg(&file));
        std::fs::remove_file(&file).expect("we wrote it");
        server
    }

    /// Starts the command, which must be the server, and waits until it says where it listens.
    pub fn launch(command: &mut Command) -> Self {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let log = Arc::new(Mutex::new(String::new()));
        collect(process.stdout.take().expect("it is piped"), &log);
        collect(process.stderr.take().expect("it is piped"), &log);
        let address = wait_for("the server's address", || {
            if let Some(status) = process.try_wait().expect("it is our child") {
                panic!("the server ended ({status}):\n{}", log.lock().expect("no writer panics"));
            }
            address_in(&log.lock().expect("no writer panics"))
        });
        Self { process, address, log }
    }

    /// The address of something it serves.
    pub fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.address)
    }

    /// GETs `target`, which begins with a slash.
    pub fn get(&self, target: &str) -> Answer {
        http::get(self.address, target)
            .unwrap_or_else(|error| panic!("GET {target}: {error}\n{}", self.log()))
    }

    /// The number of its process.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// What it has logged so far.
    pub fn log(&self) -> String {
        self.log.lock().expect("no writer panics").clone()
    }

    /// What the API tells of a path.
    pub fn state(&self, path: &str) -> serde_json::Value {
        let answer = self.get(&format!("/v3/paths/get/{path}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        serde_json::from_slice(&answer.body).expect("the API answers in JSON")
    }

    /// Waits until the path's state has all of `words` in it, and the log too.
    pub fn wait_for_state(&self, path: &str, words: &[&str]) {
        let has_all = |text: &str| words.iter().all(|word| text.contains(word));
        wait_for(&format!("{path} to be {words:?}; it is {}", self.state(path)), || {
            (has_all(&self.state(path).to_string()) && has_all(&self.log())).then_some(())
        });
    }

    /// The media playlists of a path by now: pictures first.
    pub fn playlists(&self, path: &str) -> Option<Vec<Playlist>> {
        let multivariant = self.get(&format!("/{path}/index.m3u8"));
        if multivariant.status != 200 {
            return None;
        }
        let names = playlist::media_playlists(&multivariant.text());
        let answers = names.iter().map(|name| self.get(&format!("/{path}/{name}")));
        answers.map(|answer| (answer.status == 200).then(|| Playlist::parse(&answer.text()))).collect()
    }

    /// Waits until a path lists at least `segments` segments since it began; its playlist of pictures.
    pub fn wait_for_segments(&self, path: &str, segments: u64) -> Playlist {
        let what = format!("{segments} segments of {path}\n");
        wait_for(&what, || {
            self.playlists(path)?.into_iter().next().filter(|playlist| playlist.end() >= segments)
        })
    }

    /// Asks it to end, as an init system does, and waits until it has.
    pub fn terminate(mut self) -> ExitStatus {
        let status = Command::new("kill")
            .args(["-TERM", &self.process.id().to_string()])
            .status()
            .expect("kill is there");
        assert!(status.success());
        wait_for("the server to end", || self.process.try_wait().expect("it is our child"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when it has ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
        if std::thread::panicking() {
            eprintln!("the server's log:\n{}", self.log());
        }
    }
}

/// Keeps what a stream of the server says, line by line.
fn collect(stream: impl Read + Send + 'static, log: &Arc<Mutex<String>>) {
    let log = Arc::clone(log);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            let mut log = log.lock().expect("no writer panics");
            log.push_str(&line);
            log.push('\n');
        }
    });
}

/// The first loopback address with a port that the log names.
fn address_in(log: &str) -> Option<SocketAddr> {
    let begin = log.find("http://127.0.0.1:")? + "http://".len();
    let end = log[begin..]
        .find(|character: char| !character.is_ascii_digit() && !".:".contains(character))?
        + begin;
    log[begin..end].parse().ok()
}
