//! What playlists and manifests say of pictures: their size, their rate, their range of brightness.

use super::text::{put_number, put_padded};
use crate::codec::Colour;
use crate::track::{Kind, Track};

/// RESOLUTION, RFC 8216bis 4.4.6.2: the largest of all that a variant has.
pub(super) fn put_size<'a>(out: &mut String, tracks: impl Iterator<Item = &'a Track>) {
    let sizes = tracks.filter_map(|track| track.codec.display_size());
    let area = |(width, height): &(u32, u32)| u64::from(*width) * u64::from(*height);
    let Some((width, height)) = sizes.max_by_key(area) else { return };
    out.push_str(",RESOLUTION=");
    put_number(out, u64::from(width));
    out.push('x');
    put_number(out, u64::from(height));
}

/// FRAME-RATE with three decimals, RFC 8216bis 4.4.6.2: the most that there are in a second.
pub(super) fn put_rate<'a>(out: &mut String, tracks: impl Iterator<Item = &'a Track>) {
    let rates = tracks.filter_map(|track| track.codec.frame_rate()).filter(|(_, den)| *den != 0);
    let thousandths = |(num, den)| (u64::from(num) * 1000 + u64::from(den) / 2) / u64::from(den);
    let Some(thousandths) = rates.map(thousandths).max() else { return };
    out.push_str(",FRAME-RATE=");
    put_number(out, thousandths / 1000);
    out.push('.');
    put_padded(out, thousandths % 1000, 3);
}

/// VIDEO-RANGE by the transfer function, RFC 8216bis 4.4.6.2. Where no variant is of high dynamic range, none has to say so.
pub(super) fn put_range<'a>(out: &mut String, mut tracks: impl Iterator<Item = &'a Track>) {
    out.push_str(",VIDEO-RANGE=");
    out.push_str(match tracks.find(|track| is_hdr(track)).map(transfer) {
        Some(PQ) => "PQ",
        Some(_) => "HLG",
        None => "SDR",
    });
}

/// Whether pictures are of high dynamic range.
pub(super) fn is_hdr(track: &Track) -> bool {
    track.kind() == Kind::Video && matches!(transfer(track), PQ | HLG)
}

/// Sample values of high dynamic range would look wrong to who does not know them: EssentialProperty descriptors with code points of
/// ISO/IEC 23091-2, none for other pictures.
pub(super) fn colour_properties(track: &Track) -> impl Iterator<Item = (&'static str, u8)> {
    let colour = track.codec.colour().filter(|_| is_hdr(track));
    colour.into_iter().flat_map(|colour| {
        [
            ("urn:mpeg:mpegB:cicp:ColourPrimaries", colour.primaries),
            ("urn:mpeg:mpegB:cicp:TransferCharacteristics", colour.transfer),
            ("urn:mpeg:mpegB:cicp:MatrixCoefficients", colour.matrix),
        ]
    })
}

fn transfer(track: &Track) -> u8 {
    track.codec.colour().unwrap_or(Colour::UNSPECIFIED).transfer
}

/// Transfer functions of ISO/IEC 23091-2.
const PQ: u8 = 16;
const HLG: u8 = 18;
