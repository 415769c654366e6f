//! Real files, written anew into each container that can hold them: what comes back is what was there.

mod compare;
mod foreign;
mod matroska;
#[path = "../decode/md5.rs"]
#[allow(unreachable_pub, reason = "shared with the decoders' tests")]
mod md5;
mod mp4;
#[path = "../demux/probe.rs"]
#[allow(dead_code, reason = "shared with the tests of demuxers")]
mod probe;
#[allow(dead_code, reason = "shared with the tests of other readers")]
mod sources;
#[path = "../demux/tools.rs"]
#[allow(dead_code, reason = "shared with the tests of demuxers")]
mod tools;
mod ts;
mod write;
