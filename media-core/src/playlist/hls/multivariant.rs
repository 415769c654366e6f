//! Multivariant playlists.

use super::iframes;
use crate::codec;
use crate::playlist::language::tag;
use crate::playlist::text::put_number;
use crate::playlist::{Bandwidth, Names, Window, members, pictures};
use crate::track::{Kind, Language, Track};

/// The multivariant playlist of one stream; `None` before the tracks are known.
///
/// BANDWIDTH is the measured peak of the variant, the largest sound beside it included; AVERAGE-BANDWIDTH likewise. Before a track's first
/// segment was measured, both are a guess: 4 Mbit/s for pictures, 192 kbit/s for sound.
pub fn multivariant(window: &Window, names: &Names) -> Option<String> {
    ladder(&[Rung { window, names, folder: "" }])
}

/// One of the streams that show the same in different sizes.
#[derive(Clone, Copy, Debug)]
pub struct Rung<'a> {
    /// What is listed of it.
    pub window: &'a Window,
    /// What its files are called.
    pub names: &'a Names,
    /// Where its playlists lie, seen from the multivariant playlist: empty, or ending in a slash.
    pub folder: &'a str,
}

/// The multivariant playlist of a ladder: a variant per video track of each rung, in the order given. `None` before the tracks of any are
/// known; a rung whose tracks are not known yet is left out.
///
/// Sound that several rungs have in the same format, language and number of channels is the same sound: that of the first is listed.
pub fn ladder(rungs: &[Rung<'_>]) -> Option<String> {
    let rungs: Vec<_> = rungs.iter().filter(|rung| !rung.window.tracks().is_empty()).copied().collect();
    if rungs.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(512);
    out.push_str("#EXTM3U\n#EXT-X-VERSION:");
    // What the media playlists need, so that who cannot play them need not ask for them.
    let mapped = rungs.iter().any(|rung| rung.format().is_some_and(|format| format.has_header()));
    out.push_str(if mapped { "6\n" } else { "3\n" });
    if rungs.iter().all(|rung| rung.window.independent) {
        out.push_str("#EXT-X-INDEPENDENT-SEGMENTS\n");
    }
    let sounds: Vec<_> = rungs.iter().flat_map(|rung| rung.of(Kind::Audio)).collect();
    if rungs.iter().all(|rung| rung.of(Kind::Video).next().is_none()) {
        sounds.iter().for_each(|sound| sound.put_variant(&mut out, None, false));
        return Some(out);
    }
    let groups = Group::all(&sounds);
    groups.iter().for_each(|group| group.put(&mut out));
    let all = || rungs.iter().flat_map(|rung| rung.of(Kind::Video));
    let ranged = all().any(|rendition| pictures::is_hdr(rendition.track));
    for group in groups.iter().map(Some).chain(groups.is_empty().then_some(None)) {
        all().for_each(|rendition| rendition.put_variant(&mut out, group, ranged));
    }
    all().for_each(|rendition| rendition.put_iframes(&mut out, ranged));
    Some(out)
}

impl<'a> Rung<'a> {
    fn format(&self) -> Option<crate::segment::Format> {
        self.window.generations.back().map(|generation| generation.format)
    }

    /// Its playlists of a kind.
    fn of(self, kind: Kind) -> impl Iterator<Item = Rendition<'a>> {
        let listed = self.window.listed_tracks().filter(move |track| track.kind() == kind);
        listed.map(move |track| Rendition { rung: self, track })
    }
}

/// A media playlist of a rung.
#[derive(Clone, Copy, Debug)]
struct Rendition<'a> {
    rung: Rung<'a>,
    track: &'a Track,
}

impl Rendition<'_> {
    fn bandwidth(&self) -> Bandwidth {
        bandwidth(self.rung.window, self.track)
    }

    /// Whether both are the same sound.
    fn sounds_like(&self, other: &Self) -> bool {
        let key = |track: &Track| (track.codec.format(), track.language, track.codec.channels());
        self.rung.folder != other.rung.folder && key(self.track) == key(other.track)
    }

    fn put_uri(&self, out: &mut String) {
        out.push_str(self.rung.folder);
        out.push_str(&self.rung.names.media(self.track));
    }

    /// `ranged` where variants differ in their range of brightness, or have a high one.
    fn put_variant(&self, out: &mut String, group: Option<&Group<'_>>, ranged: bool) {
        let own = self.bandwidth();
        let sound = group.map_or(Bandwidth { peak: 0, average: 0 }, Group::bandwidth);
        out.push_str("#EXT-X-STREAM-INF:BANDWIDTH=");
        put_number(out, own.peak.saturating_add(sound.peak));
        out.push_str(",AVERAGE-BANDWIDTH=");
        put_number(out, own.average.saturating_add(sound.average));
        out.push_str(",CODECS=\"");
        out.push_str(&self.codecs(group));
        out.push('"');
        pictures::put_size(out, std::iter::once(self.track));
        pictures::put_rate(out, std::iter::once(self.track));
        if ranged {
            pictures::put_range(out, std::iter::once(self.track));
        }
        if let Some(group) = group {
            out.push_str(",AUDIO=\"");
            group.put_id(out);
            out.push('"');
        }
        out.push('\n');
        self.put_uri(out);
        out.push('\n');
    }

    /// EXT-X-I-FRAME-STREAM-INF, 4.4.6.3.
    fn put_iframes(&self, out: &mut String, ranged: bool) {
        let Some(own) = iframes::bandwidth(self.rung.window, self.track) else { return };
        out.push_str("#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=");
        put_number(out, own.peak);
        out.push_str(",AVERAGE-BANDWIDTH=");
        put_number(out, own.average);
        out.push_str(",CODECS=\"");
        out.push_str(&self.track.codec.codecs());
        out.push('"');
        pictures::put_size(out, std::iter::once(self.track));
        if ranged {
            pictures::put_range(out, std::iter::once(self.track));
        }
        out.push_str(",URI=\"");
        out.push_str(self.rung.folder);
        out.push_str(&self.rung.names.iframes(self.track.id));
        out.push_str("\"\n");
    }

    /// Every format that is in a segment of the variant, RFC 8216bis 4.4.6.2: of its own file, and of all sound in its group.
    fn codecs(&self, group: Option<&Group<'_>>) -> String {
        let mut all = Vec::new();
        self.put_codecs(&mut all);
        group.into_iter().flat_map(|group| &group.sounds).for_each(|sound| sound.put_codecs(&mut all));
        all.join(",")
    }

    /// Formats in its file that are not named yet, the newest first: before a change, there may have been others.
    fn put_codecs(&self, all: &mut Vec<String>) {
        for generation in self.rung.window.listed_generations().rev() {
            let own = generation.tracks.iter().filter(|track| track.id == self.track.id);
            let shared = generation.format.is_shared();
            let others = generation.tracks.iter().filter(|track| shared && track.id != self.track.id);
            for codecs in own.chain(others).map(|track| track.codec.codecs()) {
                if !all.contains(&codecs) {
                    all.push(codecs);
                }
            }
        }
    }
}

/// Sound of one format, and of others what there is in them alone: a player that cannot decode it takes the variants of another group.
#[derive(Debug)]
struct Group<'a> {
    /// Its place among the groups; `None` when it is the only one.
    number: Option<usize>,
    sounds: Vec<Rendition<'a>>,
}

impl<'a> Group<'a> {
    fn all(sounds: &[Rendition<'a>]) -> Vec<Self> {
        let mut groups: Vec<(codec::Format, Vec<Rendition<'a>>)> = Vec::new();
        for sound in sounds {
            let format = sound.track.codec.format();
            match groups.iter_mut().find(|(of, _)| *of == format) {
                Some((_, group)) if group.iter().any(|other| other.sounds_like(sound)) => {}
                Some((_, group)) => group.push(*sound),
                None => groups.push((format, vec![*sound])),
            }
        }
        let mut groups: Vec<_> = groups.into_iter().map(|(_, sounds)| keyed(&sounds)).collect();
        members::complete(&mut groups);
        let several = groups.len() > 1;
        let numbered = groups.into_iter().enumerate().map(|(index, sounds)| Self {
            number: several.then_some(index + 1),
            sounds: sounds.into_iter().map(|(_, sound)| sound).collect(),
        });
        numbered.collect()
    }

    fn put_id(&self, out: &mut String) {
        out.push_str("audio");
        if let Some(number) = self.number {
            put_number(out, number as u64);
        }
    }

    /// The largest of all.
    fn bandwidth(&self) -> Bandwidth {
        let rates = self.sounds.iter().map(Rendition::bandwidth);
        rates.max_by_key(|rate| rate.peak).unwrap_or(Bandwidth { peak: 0, average: 0 })
    }

    fn put(&self, out: &mut String) {
        for (index, sound) in self.sounds.iter().enumerate() {
            out.push_str("#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"");
            self.put_id(out);
            out.push_str("\",NAME=\"");
            self.put_name(out, index, sound.track);
            out.push('"');
            if let Some(language) = sound.track.language {
                out.push_str(",LANGUAGE=\"");
                out.push_str(tag(&language));
                out.push('"');
            }
            let alike = self.sounds[..index].iter().any(|other| other.track.language == sound.track.language);
            out.push_str(match (index, alike) {
                (0, _) => ",DEFAULT=YES,AUTOSELECT=YES",
                (_, false) => ",DEFAULT=NO,AUTOSELECT=YES",
                (_, true) => ",DEFAULT=NO,AUTOSELECT=NO",
            });
            if let Some(channels) = sound.track.codec.channels() {
                out.push_str(",CHANNELS=\"");
                put_number(out, u64::from(channels));
                out.push('"');
            }
            out.push_str(",URI=\"");
            sound.put_uri(out);
            out.push_str("\"\n");
        }
    }

    /// Names differ within a group.
    fn put_name(&self, out: &mut String, index: usize, track: &Track) {
        out.push_str("Audio ");
        put_number(out, index as u64 + 1);
        if let Some(language) = &track.language {
            out.push_str(" (");
            out.push_str(language.as_str());
            out.push(')');
        }
    }
}

/// Sound with what it is known by in every group: its language, and how many of that language stand before it.
fn keyed<'a>(sounds: &[Rendition<'a>]) -> Vec<((Option<Language>, usize), Rendition<'a>)> {
    let before = |index: usize, language| {
        sounds[..index].iter().filter(|other: &&Rendition<'a>| other.track.language == language).count()
    };
    let key = |(index, sound): (usize, &Rendition<'a>)| {
        ((sound.track.language, before(index, sound.track.language)), *sound)
    };
    sounds.iter().enumerate().map(key).collect()
}

/// What a track takes, or a guess.
pub(in crate::playlist) fn bandwidth(window: &Window, track: &Track) -> Bandwidth {
    window.bandwidth(track.id).unwrap_or(match track.kind() {
        Kind::Video => Bandwidth { peak: 4_000_000, average: 4_000_000 },
        Kind::Audio => Bandwidth { peak: 192_000, average: 192_000 },
    })
}
