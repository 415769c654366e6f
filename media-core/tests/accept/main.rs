//! What we write is read by others: Shaka Packager and a current ffmpeg take it as their input without a word, and find in it what was put there.
//!
//! `script/bootstrap` puts both programs below the build folder.

mod ffmpeg;
mod forms;
#[path = "../decode/md5.rs"]
#[allow(unreachable_pub, reason = "shared with the tests of decoders")]
mod md5;
mod packager;
mod peers;
#[allow(dead_code, reason = "shared with the tests of demuxers")]
#[path = "../demux/probe.rs"]
mod probe;
#[allow(dead_code, reason = "shared with the tests that remux")]
#[path = "../remux/sources.rs"]
mod sources;
#[allow(dead_code, reason = "shared with the tests of demuxers")]
#[path = "../demux/tools.rs"]
mod tools;
#[path = "../remux/write.rs"]
mod write;
