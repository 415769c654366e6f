//! What a viewer reads from an HLS media playlist.

/// The segments a media playlist lists.
#[derive(Debug, Default)]
pub struct Playlist {
    pub media_sequence: u64,
    pub discontinuity_sequence: u64,
    pub target_duration: u32,
    pub segments: Vec<Segment>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Segment {
    pub uri: String,
    /// The init segment in force.
    pub map: String,
    /// Whether it follows a discontinuity.
    pub discontinuity: bool,
    pub milliseconds: u64,
}

impl Playlist {
    /// Reads what RFC 8216 sections 4.3.2 and 4.3.3 define; tags of no interest here are passed over.
    pub fn parse(text: &str) -> Self {
        assert!(text.starts_with("#EXTM3U\n"), "not a playlist: {text:?}");
        let mut playlist = Self::default();
        let (mut map, mut discontinuity, mut milliseconds) = (String::new(), false, 0);
        for line in text.lines().filter(|line| !line.is_empty()) {
            let (tag, value) = line.split_once(':').unwrap_or((line, ""));
            match tag {
                "#EXT-X-MEDIA-SEQUENCE" => playlist.media_sequence = value.parse().expect("a number"),
                "#EXT-X-DISCONTINUITY-SEQUENCE" => {
                    playlist.discontinuity_sequence = value.parse().expect("a number")
                }
                "#EXT-X-TARGETDURATION" => playlist.target_duration = value.parse().expect("a number"),
                "#EXT-X-MAP" => value.split('"').nth(1).expect("a quoted URI").clone_into(&mut map),
                "#EXT-X-DISCONTINUITY" => discontinuity = true,
                "#EXTINF" => {
                    let seconds: f64 = value.trim_end_matches(',').parse().expect("a decimal");
                    milliseconds = (seconds * 1000.0).round() as u64;
                }
                _ if line.starts_with('#') => {}
                _ => {
                    let uri = line.to_owned();
                    playlist.segments.push(Segment { uri, map: map.clone(), discontinuity, milliseconds });
                    discontinuity = false;
                }
            }
        }
        playlist
    }

    /// Number of the segment after the last one.
    pub fn end(&self) -> u64 {
        self.media_sequence + self.segments.len() as u64
    }

    /// Discontinuities since the stream began, those that slid out of the window included.
    pub fn discontinuities(&self) -> u64 {
        self.discontinuity_sequence
            + self.segments.iter().filter(|segment| segment.discontinuity).count() as u64
    }
}

/// The media playlists a multivariant playlist names: those of the variants, then those of the renditions.
pub fn media_playlists(multivariant: &str) -> Vec<String> {
    let variants = multivariant.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let renditions = multivariant.lines().filter_map(|line| line.strip_prefix("#EXT-X-MEDIA:"));
    let renditions = renditions.filter_map(|line| line.split("URI=\"").nth(1)?.split('"').next());
    variants.chain(renditions).map(str::to_owned).collect()
}
