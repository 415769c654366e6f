//! Containers read back: real files as other tools read them, what our muxers write, and what is broken.

mod broken;
mod census;
#[path = "../webm/elements.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests of WebM")]
mod elements;
mod golden;
#[path = "../mpegts/made_up.rs"]
#[allow(dead_code, reason = "shared with the tests of transport streams")]
mod made_up;
mod matrix;
#[path = "../decode/md5.rs"]
#[allow(unreachable_pub, reason = "shared with the tests of decoding")]
mod md5;
mod mp4_apart;
mod mp4_broken;
mod mp4_files;
mod mp4_golden;
mod mp4_hostile;
mod mp4_hybrid;
mod mp4_made;
mod mp4_payloads;
mod mp4_round_trip;
mod mp4_seek;
mod mp4_writer;
mod packed;
mod probe;
mod read;
#[path = "../webm/script.rs"]
#[allow(dead_code, reason = "shared with the tests of WebM")]
mod script;
mod tools;
mod ts_files;
mod ts_round_trip;
mod ts_seek;
mod webm_files;
mod webm_forms;
mod webm_made;
mod webm_round_trip;
mod webm_seek;
