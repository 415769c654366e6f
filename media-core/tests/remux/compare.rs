//! What comes back beside what was written.

use media_core::codec::{Config, aac, opus};
use media_core::packet::Packet;
use media_core::time::{TimeBase, Timestamp};
use media_core::track::{Kind, Track};

use crate::sources::File;
use crate::tools::Read;

/// What a container keeps of times.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Times {
    /// All of them, in ticks of the track, and durations.
    Exact,
    /// PTS, to the nearest of such ticks and one of the track that is read.
    Shown(TimeBase),
    /// PTS and DTS in 90 kHz modulo 2^33; each to the nearest tick, and sound one more: it goes on by samples from the last stamp.
    Wrapping,
}

/// What differs, the first of each kind; `id` is the number that the track at an index has in the container.
pub(crate) fn differences(file: &File, read: &Read, id: impl Fn(usize) -> u32, times: Times) -> Vec<String> {
    let mut found = Vec::new();
    if read.tracks.len() != file.tracks.len() {
        found.push(format!("{} tracks of {}", read.tracks.len(), file.tracks.len()));
    }
    for (index, track) in file.tracks.iter().enumerate() {
        let Some(other) = read.tracks.iter().find(|other| other.id.get() == id(index)) else {
            found.push(format!("no track {index}"));
            continue;
        };
        let of = |what: String| format!("track {index} {:?} {what}", track.codec.format());
        if !is_same_codec(track, other, times) {
            found.push(of(format!("configuration {:?} for {:?}", other.codec, track.codec)));
        }
        let is_turned = track.rotation != other.rotation && !matches!(times, Times::Wrapping);
        if is_turned || track.language != other.language {
            let said = |track: &Track| format!("{:?} {:?}", track.rotation, track.language);
            found.push(of(format!("description {} for {}", said(other), said(track))));
        }
        // A transport stream says it of Opus only. A sample at most is rounded.
        let is_told = !matches!(times, Times::Wrapping) || matches!(track.codec, Config::Opus(_));
        let priming = |track: &Track| track.time_base.to_nanos(track.priming.into());
        if is_told && priming(track).abs_diff(priming(other)) > 11_000 {
            found.push(of(format!("priming {} for {}", other.priming, track.priming)));
        }
        found.extend(packets((track, &file.of(track)), (other, &read.of(other)), times).map(of));
    }
    found
}

/// Whether a decoder is told the same, as far as the container tells it.
fn is_same_codec(track: &Track, other: &Track, times: Times) -> bool {
    let base = TimeBase::hz(opus::SAMPLE_RATE);
    let skip = Timestamp::new(track.priming.into()).rescale(track.time_base, base).ticks() as u16;
    match (&track.codec, &other.codec, times) {
        // The priming of the track is its pre-skip.
        (Config::Opus(own), back, Times::Shown(_)) => *back == Config::Opus(own.clone().with_pre_skip(skip)),
        // The descriptor has the layout of channels; gain and the rate of the source nobody tells.
        (Config::Opus(own), Config::Opus(back), Times::Wrapping) => {
            (own.channels(), back.pre_skip()) == (back.channels(), skip)
        }
        // An ADTS header has the core alone: HE-AAC and the absence of it go unsaid.
        (Config::Aac(own), Config::Aac(back), Times::Wrapping) => {
            let core = |config: &aac::Config| (config.core_sample_rate(), config.samples_per_frame());
            core(back) == core(own) || own.sample_rate() == 2 * back.sample_rate()
        }
        // `hvcC` may have SEI messages besides; they are in the stream then.
        (Config::H265(_), Config::H265(_), Times::Wrapping) => {
            let told = |track: &Track| (track.codec.codecs(), track.codec.size(), track.codec.colour());
            told(track) == told(other)
        }
        (own, back, _) => own == back,
    }
}

/// Whether what comes back is what was there. In a byte stream, no NAL unit ends with zero bytes (H.264 B.1.1), and SEI messages of `hvcC`
/// stand before a key picture.
fn is_same_payload(track: &Track, own: &Packet, back: &Packet, times: Times) -> bool {
    if own.data == back.data || !matches!(times, Times::Wrapping) {
        return own.data == back.data;
    }
    let (own_nals, back_nals) = (nals(&own.data), nals(&back.data));
    match track.codec {
        Config::H265(_) if own.key.is_sync() => back_nals.ends_with(&own_nals),
        Config::H264(_) | Config::H265(_) => back_nals == own_nals,
        _ => false,
    }
}

/// The NAL units without zero bytes at their end and without delimiters, which are written anew.
fn nals(mut data: &[u8]) -> Vec<&[u8]> {
    let mut nals = Vec::new();
    while let Some((len, rest)) = data.split_first_chunk::<4>() {
        let (nal, rest) = rest.split_at(u32::from_be_bytes(*len) as usize);
        let end = nal.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        nals.push(&nal[..end]);
        data = rest;
    }
    nals
}

/// Whether sound is stamped where its samples are: each packet where the one before it ended, as it decodes.
fn is_by_samples(track: &Track, packets: &[&Packet]) -> bool {
    let (Some(rate), Config::Aac(config)) = (track.codec.sample_rate(), &track.codec) else { return true };
    let nanos = |at: Timestamp| track.time_base.to_nanos(at.ticks());
    let length = i64::from(config.samples_per_frame()) * 1_000_000_000 / i64::from(rate);
    packets.windows(2).all(|pair| (nanos(pair[1].dts) - nanos(pair[0].dts) - length).abs() < 1000)
}

type Of<'a> = (&'a Track, &'a [&'a Packet]);

fn packets((track, ours): Of<'_>, (other, theirs): Of<'_>, times: Times) -> impl Iterator<Item = String> {
    let mut found = Vec::new();
    if ours.len() != theirs.len() {
        found.push(format!("count {} for {}", theirs.len(), ours.len()));
        return found.into_iter();
    }
    let mut first = |what: &str, same: &dyn Fn(usize) -> bool| {
        let wrong: Vec<usize> = (0..ours.len()).filter(|at| !same(*at)).collect();
        if let Some(at) = wrong.first() {
            let said = |packet: &Packet, track: &Track| {
                let base = (track.time_base.num(), track.time_base.den());
                (packet.pts.ticks(), packet.dts.ticks(), packet.duration, packet.key, packet.data.len(), base)
            };
            let (back, was) = (said(theirs[*at], other), said(ours[*at], track));
            found.push(format!(
                "{what} of {}, first #{at} of {}: {back:?} for {was:?}",
                wrong.len(),
                ours.len()
            ));
        }
    };
    first("payload", &|at| is_same_payload(track, ours[at], theirs[at], times));
    first("key", &|at| ours[at].key == theirs[at].key);
    let stamps = |at: usize| [(ours[at].pts, theirs[at].pts), (ours[at].dts, theirs[at].dts)];
    let nanos = |(own, back): (Timestamp, Timestamp)| {
        other.time_base.to_nanos(back.ticks()) - track.time_base.to_nanos(own.ticks())
    };
    // Demuxers put sound where its samples are, where stamps are no further than 2 ms from there.
    let loose = if is_by_samples(track, ours) { 0 } else { 2_000_000 };
    match times {
        Times::Exact => {
            first("time", &|at| {
                track.time_base == other.time_base && stamps(at).iter().all(|(own, back)| own == back)
            });
            let lasts = |at: usize| match ours.get(at + 1) {
                Some(next) => Some((next.dts.ticks() - ours[at].dts.ticks()) as u32),
                None => ours[at].duration.or(theirs[at].duration),
            };
            first("duration", &|at| theirs[at].duration == lasts(at));
        }
        Times::Shown(tick) => {
            let most = tick.to_nanos(1) / 2 + other.time_base.to_nanos(1) + 1 + loose;
            first("time", &|at| nanos(stamps(at)[0]).abs() <= most);
        }
        Times::Wrapping => {
            let wrap = TimeBase::VIDEO.to_nanos(1 << 33);
            let tick = TimeBase::VIDEO.to_nanos(1);
            let most = if track.kind() == Kind::Video { tick / 2 } else { tick * 2 } + 1 + loose;
            let apart = |pair| {
                let apart = nanos(pair).rem_euclid(wrap);
                apart.min(wrap - apart)
            };
            first("time", &|at| stamps(at).into_iter().all(|pair| apart(pair) <= most));
        }
    }
    found.into_iter()
}
