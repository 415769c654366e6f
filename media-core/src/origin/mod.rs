//! What an HTTP server answers for one live stream: playlists, headers, segments and parts by their names, as logic only.
//!
//! An [`Origin`] is pushed what the segmenter gives out and asked for what clients ask for. It has the answer, or tells [what it waits
//! for](Answer::Wait) and until when: whoever has the sockets tries again whenever something was pushed, and at the deadline.
//!
//! * **Blocking reload**, RFC 8216bis 6.2.5.2: `_HLS_msn` and `_HLS_part` are answered when the list has come there, never before; after three
//!   target durations with [`Answer::Unavailable`]. What is further ahead than a player can know of is a [bad request](BadRequest).
//! * **Delta updates**, 6.2.5.1: `_HLS_skip`.
//! * **Hints**, 6.2.6: the part that comes next can be asked for before it is there.
//! * **Plain players** ask without directives and get the same bytes.
//! * **Ranges** of segments (RFC 9110 section 14), of those that are still growing too: the answer then ends with the last part there is, and
//!   does not know the length.
//! * **Segments that are still growing** are answered part by part to who wants [all](Ready::more) of them, as low-latency DASH does. Where the
//!   lists have parts, the manifest is one [for low latency](crate::playlist::dash::low_latency).
//!
//! Bytes are held as [ropes](Rope): a segment and its parts share their memory, and what is answered shares it with both.
//!
//! ```
//! use media_core::origin::{Answer, Origin, Request};
//! use media_core::playlist::{Config, Names};
//! use media_core::segment;
//! use media_core::time::Moment;
//!
//! let names = Names::new("5f2a").expect("plain letters and digits");
//! let origin = Origin::new(Config::new(&segment::Config::new(2_000_000_000)), names);
//! // for each output of the segmenter: origin.push(&output, wall), then wake who waits
//! let now = Moment::from_nanos(0);
//! let Answer::Wait(wait) = origin.request(&Request::new("index.m3u8"), now) else { panic!("no segment yet") };
//! assert_eq!(wait.deadline, now.after(12_000_000_000));
//! assert!(matches!(origin.retry(&wait, wait.deadline), Answer::Unavailable));
//! ```

mod answer;
mod reload;
mod request;
mod store;
mod texts;

use bytes::Bytes;

pub use self::answer::{Answer, Cache, ContentRange, Ready, Until, Wait};
pub use self::request::{BadRequest, Request};
use self::request::{Directives, Range, Reload, Wanted};
use self::store::{Held, Store};
use self::texts::Texts;
use crate::mux::Rope;
use crate::playlist::dash::Latency;
use crate::playlist::hls::{Media, Report, Skip};
use crate::playlist::{self, DateRange, DateRangeError, Delivery, Last, Name, Names, Window};
use crate::segment;
use crate::time::{Moment, WallTime};
use crate::track::TrackId;

/// The lists and the bytes of one stream.
///
/// [`request`](Self::request) needs no exclusive access: many clients can be answered at once. A list is written when the first of them asks for
/// it.
#[derive(Debug)]
pub struct Origin {
    window: Window,
    names: Names,
    store: Store,
    texts: Texts,
    /// Playlists of other streams that rendition reports tell of.
    others: Vec<(String, Last)>,
}

impl Origin {
    /// An origin that has nothing yet.
    pub fn new(config: playlist::Config, names: Names) -> Self {
        Self {
            window: Window::new(config),
            names,
            store: Store::default(),
            texts: Texts::default(),
            others: Vec::new(),
        }
    }

    /// Takes what the segmenter gave out, as [`Window::push`], and lets go of what no player should ask for any more. Whoever waits should be
    /// answered again.
    pub fn push(&mut self, output: &segment::Output, now: WallTime) {
        let (revision, parts) = (self.window.revision(), self.window.part_count());
        self.window.push(output, now);
        match output {
            segment::Output::Init(init) => self.store.init(init, &self.window, &self.names),
            segment::Output::Part(part) if self.window.part_count() > parts => {
                self.store.part(part, parts, &self.window, &self.names);
            }
            segment::Output::Cut(cut) => self.store.cut(cut, &self.window, &self.names),
            segment::Output::Part(_) | segment::Output::NeedKey(_) => {}
        }
        while let Some(expired) = self.window.poll() {
            self.store.expire(expired);
        }
        if self.window.revision() != revision {
            self.texts.know(self.window.known_tracks().iter().map(|track| track.id));
            self.texts.changed(matches!(output, segment::Output::Part(_)));
        }
    }

    /// Announces a date range, as [`Window::announce`].
    ///
    /// # Errors
    /// As that.
    pub fn announce(&mut self, range: DateRange, now: WallTime) -> Result<(), DateRangeError> {
        self.window.announce(range, now)?;
        self.texts.changed(true);
        Ok(())
    }

    /// Tells where the playlists of other streams have come to that the same multivariant playlist names: their addresses relative to this
    /// stream's, and the ends of their lists. Replaces what was told before.
    pub fn report(&mut self, others: Vec<(String, Last)>) {
        if self.others != others {
            self.others = others;
            self.texts.changed(true);
        }
    }

    /// The stream is over, as [`Window::finish`].
    pub fn finish(&mut self, now: WallTime) {
        self.window.finish(now);
        self.texts.changed(false);
    }

    /// What is listed.
    pub const fn window(&self) -> &Window {
        &self.window
    }

    /// What files are called.
    pub const fn names(&self) -> &Names {
        &self.names
    }

    /// Bytes of media held. Those of a part are its segment's.
    pub fn bytes(&self) -> u64 {
        self.store.bytes()
    }

    /// The answer to a request that came `now`.
    pub fn request(&self, request: &Request<'_>, now: Moment) -> Answer {
        match self.wanted(request) {
            Ok(Some(wanted)) => {
                let deadline = now.after(3 * i64::from(self.window.config().target_duration.max(1)) * SECOND);
                self.answer(wanted, deadline)
            }
            Ok(None) => Answer::NotFound,
            Err(reason) => Answer::BadRequest(reason),
        }
    }

    /// The answer to a request that waits: after something was pushed, or at its deadline.
    pub fn retry(&self, wait: &Wait, now: Moment) -> Answer {
        match self.answer(wait.wanted.clone(), wait.deadline) {
            Answer::Wait(wait) if now >= wait.deadline => Answer::Unavailable,
            answer => answer,
        }
    }

    fn wanted(&self, request: &Request<'_>) -> Result<Option<Wanted>, BadRequest> {
        let Some(name) = self.names.parse(request.path) else { return Ok(None) };
        Ok(Some(match name {
            Name::Multivariant => Wanted::Multivariant,
            Name::Manifest => Wanted::Manifest,
            Name::Iframes { track } => Wanted::Iframes { track },
            Name::Media { track } => Wanted::Media { track, directives: self.directives(request.query)? },
            Name::Init { .. } => Wanted::File { path: request.path.to_owned(), range: request.range() },
            Name::Segment { track, number, generation } => {
                let Some(path) = self.segment_path(request.path, (track, number), generation) else {
                    return Ok(None);
                };
                Wanted::Segment { track, number, generation, path, range: request.range(), sent: 0 }
            }
            Name::Part { track, number } => {
                Wanted::Part { track, number, path: request.path.to_owned(), range: request.range() }
            }
        }))
    }

    /// What the store calls a segment; `None` where the generation it is asked for as never was.
    fn segment_path(&self, path: &str, (track, number): (TrackId, u64), of: Option<u32>) -> Option<String> {
        let Some(generation) = of else { return Some(path.to_owned()) };
        let suffix = self.window.suffix(generation, track)?;
        let is_so = self.names.file_of(track, generation, number, suffix) == path;
        is_so.then(|| self.names.file(track, number, suffix))
    }

    /// The directives that count for this stream: of one whose lists do not say so, none.
    fn directives(&self, query: Option<&str>) -> Result<Directives, BadRequest> {
        match self.window.config().delivery {
            Delivery::Files => Ok(Directives::default()),
            Delivery::Directives | Delivery::LowLatency(_) => Directives::read(query.unwrap_or_default()),
        }
    }

    /// The answer to who wants a segment that was told of before the configuration changed, or the stream ended: it has no media. Players take
    /// that better than none, which dash.js and shaka-player complain of and ask for over and over.
    fn superseded(&self, wanted: &Wanted) -> Option<Answer> {
        let Wanted::Segment { track, number, generation: Some(of), .. } = wanted else { return None };
        let instead = self.window.generation_of(*number)?;
        let is_over = self.window.is_finished() && self.window.numbers().next_back() < Some(*number);
        if instead == *of && !is_over {
            return None;
        }
        let suffix = self.window.suffix(*of, *track).filter(|_| instead >= *of);
        let known = self.window.known_tracks().iter().find(|known| known.id == *track);
        let Some((suffix, known)) = suffix.zip(known) else { return Some(Answer::NotFound) };
        let name = self.names.file_of(*track, *of, *number, suffix);
        Some(Answer::Ready(store::nothing(&name, suffix, known.kind())))
    }

    fn answer(&self, wanted: Wanted, deadline: Moment) -> Answer {
        if let Some(answer) = self.superseded(&wanted) {
            return answer;
        }
        let until = match &wanted {
            Wanted::Multivariant | Wanted::Manifest | Wanted::Iframes { .. } if !self.has_begun() => {
                Until::Beginning
            }
            Wanted::Multivariant => return self.multivariant(),
            Wanted::Manifest => return self.manifest(),
            Wanted::Iframes { track } => return self.iframes(*track),
            Wanted::Media { track, directives } => match self.media(*track, *directives) {
                Ok(answer) => return answer,
                Err(until) => until,
            },
            Wanted::File { path, range } => match self.store.get(path) {
                Some(held) => return held.answer(path, range),
                None => return Answer::NotFound,
            },
            Wanted::Segment { track, number, generation, path, range, sent } => {
                let held = self.store.get(path);
                match held {
                    Some(held) => match segment(path, held, *range, *sent) {
                        Some(Answer::Ready(ready))
                            if matches!(held, Held::Growing { .. }) && ready.range.is_none() =>
                        {
                            return self.streamed(ready, wanted, deadline);
                        }
                        Some(answer) => return answer,
                        None => {}
                    },
                    None if self.hints_segment(*track, *number, generation.is_some()) => {}
                    None => return Answer::NotFound,
                }
                Until::Bytes { msn: *number, after: held.map_or(0, |held| held.body().len()) }
            }
            Wanted::Part { track, number, path, range } => match self.store.get(path) {
                Some(held) => return held.answer(path, range),
                None if self.hints_part(*track, *number, path) => Until::PartNumber { number: *number },
                None => return Answer::NotFound,
            },
        };
        Answer::Wait(Wait { until, deadline, wanted })
    }

    /// The beginning of a body, of which the rest is still to come.
    fn streamed(&self, ready: Ready, mut wanted: Wanted, deadline: Moment) -> Answer {
        let Wanted::Segment { number, sent, .. } = &mut wanted else { return Answer::Ready(ready) };
        *sent += ready.body.len();
        let until = Until::Bytes { msn: *number, after: *sent };
        Answer::Ready(Ready { more: Some(Wait { until, deadline, wanted }), ..ready })
    }

    fn has_begun(&self) -> bool {
        self.window.is_finished() || self.window.numbers().next().is_some()
    }

    fn multivariant(&self) -> Answer {
        let text = self.texts.multivariant(|| playlist::hls::multivariant(&self.window, &self.names));
        self.list(text, M3U8, "index.m3u8", self.texts.whole())
    }

    /// Asked for when somebody looks for a place: written each time.
    fn iframes(&self, track: TrackId) -> Answer {
        let text = playlist::hls::iframe_playlist(&self.window, track, &self.names);
        let text = text.map(|text| Rope::from(Bytes::from(text)));
        self.list(text, M3U8, &self.names.iframes(track), self.texts.whole())
    }

    fn manifest(&self) -> Answer {
        let text = self.texts.manifest(|| match &self.window.config().delivery {
            Delivery::Files | Delivery::Directives => playlist::dash::mpd(&self.window, &self.names),
            Delivery::LowLatency(low) => {
                playlist::dash::low_latency(&self.window, &self.names, &Latency::new(low))
            }
        });
        self.list(text, MPD, "index.mpd", self.texts.whole())
    }

    fn media(&self, track: TrackId, directives: Directives) -> Result<Answer, Until> {
        if !self.window.known_tracks().iter().any(|known| known.id == track) {
            // Before the beginning nobody knows which there will be.
            return if self.has_begun() { Ok(Answer::NotFound) } else { Err(Until::Beginning) };
        }
        if !self.has_begun() {
            return Err(Until::Beginning);
        }
        match self.has_come(directives.reload) {
            Ok(true) => {}
            Ok(false) => return Err(directives.reload.until()),
            Err(reason) => return Ok(Answer::BadRequest(reason)),
        }
        let others: Vec<_> = self.others.iter().map(|(uri, last)| Report { uri, last: *last }).collect();
        let text = self.texts.media(track, directives.skip, || {
            let media = Media::new(&self.window, track, &self.names);
            Media { skip: directives.skip, others: &others, ..media }.text()
        });
        let name = format!("{}{}", track.get(), letter(directives.skip));
        let answer = self.list(text, M3U8, &name, self.texts.any());
        Ok(match (answer, directives.reload) {
            // Asked for by number, it will never be asked for again by who has it.
            (Answer::Ready(ready), Reload::Segment { .. } | Reload::Part { .. })
                if !self.window.is_finished() =>
            {
                let seconds = self.window.config().target_duration.max(1);
                Answer::Ready(Ready { cache: Cache::For { seconds }, ..ready })
            }
            (answer, _) => answer,
        })
    }

    fn list(&self, text: Option<Rope>, media_type: &'static str, name: &str, version: u64) -> Answer {
        let Some(body) = text else { return Answer::NotFound };
        let etag = format!("\"{}-{name}-{version}\"", self.names.prefix());
        Answer::Ready(Ready { body, media_type, etag, cache: Cache::Revalidate, range: None, more: None })
    }

    /// Whether a part is the one that comes next, by its very name.
    fn hints_part(&self, track: TrackId, number: u64, path: &str) -> bool {
        self.hints(track)
            && number == self.window.part_count()
            && self
                .window
                .newest_suffix(track)
                .map(|suffix| self.names.part(track, number, suffix))
                .as_deref()
                == Some(path)
    }

    /// Whether a segment's bytes come next; or those after that, where a manifest has `told` of them already.
    fn hints_segment(&self, track: TrackId, number: u64, told: bool) -> bool {
        let last = self.window.numbers().next_back();
        let next = self.window.open_number().or(last.map(|last| last.saturating_add(1)));
        let ahead = next.and_then(|next| number.checked_sub(next));
        self.hints(track) && ahead.is_some_and(|ahead| ahead == 0 || told && ahead == 1)
    }

    /// Whether more of a track is announced before it is there.
    fn hints(&self, track: TrackId) -> bool {
        let low = matches!(self.window.config().delivery, Delivery::LowLatency(_));
        low && !self.window.is_finished() && self.window.listed_tracks().any(|listed| listed.id == track)
    }
}

/// What is there of a segment that is wanted; `None` when that is nothing yet.
fn segment(path: &str, held: &Held, range: Range, sent: u64) -> Option<Answer> {
    match (held, range) {
        (_, Range::All) => store::rest(path, held, sent).map(Answer::Ready),
        (Held::Growing { body, media_type }, range) => {
            store::growing(path, body, media_type, &range).map(Answer::Ready)
        }
        (held, range) => Some(held.answer(path, &range)),
    }
}

/// What tells the forms of a list from each other in their tags.
const fn letter(skip: Skip) -> &'static str {
    match skip {
        Skip::Nothing => "",
        Skip::Segments => "s",
        Skip::DateRanges => "d",
    }
}

const M3U8: &str = "application/vnd.apple.mpegurl";
const MPD: &str = "application/dash+xml";
/// Nanoseconds.
const SECOND: i64 = 1_000_000_000;
