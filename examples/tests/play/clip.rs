//! What is played: made by ffmpeg, once.

use std::path::PathBuf;
use std::process::Command;

use crate::browser::folder;

/// Twelve seconds (or a minute) of a test picture, 25 a second, with a key frame each second, and a tone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clip {
    /// H.264 with B-frames of 320x180, and AAC.
    H264Aac,
    /// H.264 in the order it is shown in, baseline profile, of 320x180, and AAC.
    BaselineAac,
    /// H.264 of high profile, of 480x270, and AAC.
    HighAac,
    /// The AAC of it.
    SoundOfH264Aac,
    /// VP9 of 480x270, and Opus.
    Vp9Opus,
    /// A minute of the same.
    LongVp9Opus,
}

impl Clip {
    /// The file.
    pub(crate) fn make(self) -> PathBuf {
        let folder = folder().join("play");
        std::fs::create_dir_all(&folder).expect("a folder below the build folder");
        let (name, size, coding) = match self {
            Self::H264Aac | Self::SoundOfH264Aac => {
                ("h264-aac.mp4", "320x180", "-c:v libx264 -preset veryfast -bf 2 -c:a aac")
            }
            Self::BaselineAac => {
                ("baseline-aac.mp4", "320x180", "-c:v libx264 -preset veryfast -profile:v baseline -c:a aac")
            }
            Self::HighAac => {
                let coding = "-c:v libx264 -preset veryfast -profile:v high -bf 0 -c:a aac -ar 44100";
                ("high-aac.mp4", "480x270", coding)
            }
            Self::Vp9Opus => ("vp9-opus.webm", "480x270", VP9_OPUS),
            Self::LongVp9Opus => ("long-vp9-opus.webm", "480x270", VP9_OPUS),
        };
        let seconds = if self == Self::LongVp9Opus { "60" } else { "12" };
        let file = folder.join(name);
        if !file.is_file() {
            // Tests that make the same at once do not get into each other's way.
            let partial = folder.join(format!("partial-{:?}-{name}", std::thread::current().id()));
            let mut command = Command::new("ffmpeg");
            command.args(["-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i"]);
            command.arg(format!("testsrc2=size={size}:rate=25"));
            command.args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]);
            command
                .args(["-t", seconds, "-pix_fmt", "yuv420p", "-g", "25", "-ac", "2"])
                .args(coding.split(' '))
                .arg(&partial);
            assert!(command.status().expect("ffmpeg starts").success());
            std::fs::rename(&partial, &file).expect("a file of ours");
        }
        file
    }

    /// Its picture.
    pub(crate) const fn size(self) -> Option<(u32, u32)> {
        match self {
            Self::H264Aac | Self::BaselineAac => Some((320, 180)),
            Self::Vp9Opus | Self::LongVp9Opus | Self::HighAac => Some((480, 270)),
            Self::SoundOfH264Aac => None,
        }
    }

    /// As the packager takes it.
    pub(crate) fn argument(self) -> String {
        let take = if self.size().is_none() { ":sound" } else { "" };
        format!("{}{take}", self.make().display())
    }
}

const VP9_OPUS: &str = "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus";
