//! Program association and program map, ISO/IEC 13818-1 2.4.4, and the descriptors in them, 2.6.

use super::packet::{self, PACKET};
use super::program::{Coding, Stream};
use super::{Config, Pid};
use crate::bits::crc32_mpeg2;
use crate::codec::mp3;

/// The packets of both tables, counters to be filled in.
#[derive(Clone, Debug)]
pub(super) struct Tables {
    pub(super) pat: Vec<[u8; PACKET]>,
    pub(super) pmt: Vec<[u8; PACKET]>,
}

impl Tables {
    /// Of a program whose clock is on `clock`; `version` is that of the program map, 5 bits.
    pub(super) fn new(config: &Config, streams: &[Stream], clock: Pid, version: u8) -> Self {
        let pmt = program_map(config, streams, clock, version);
        Self {
            pat: packet::of_section(Pid::PAT, &association(config)),
            pmt: packet::of_section(config.pmt_pid, &pmt),
        }
    }

    /// Packets of both.
    pub(super) const fn len(&self) -> usize {
        self.pat.len() + self.pmt.len()
    }
}

/// What never changes has version 0.
fn association(config: &Config) -> Vec<u8> {
    let program = config.program_number.get().to_be_bytes();
    section(
        PAT,
        config.transport_stream_id,
        0,
        &[program, reserved(0b111, 13, config.pmt_pid.get())].concat(),
    )
}

fn program_map(config: &Config, streams: &[Stream], clock: Pid, version: u8) -> Vec<u8> {
    let has_id3 = streams.iter().any(|stream| matches!(stream.coding, Coding::Id3));
    let info = if has_id3 { metadata_pointer(config) } else { Vec::new() };
    let mut body = reserved(0b111, 13, clock.get()).to_vec();
    body.extend(reserved(0xf, 12, info.len() as u16));
    body.extend(info);
    for stream in streams {
        let info = stream_info(stream);
        body.push(stream_type(&stream.coding));
        body.extend(reserved(0b111, 13, stream.pid.get()));
        body.extend(reserved(0xf, 12, info.len() as u16));
        body.extend(info);
    }
    section(PMT, config.program_number.get(), version, &body)
}

/// A section of the long form, 2.4.4.1, the only one of its table and in force.
fn section(table: u8, extension: u16, version: u8, body: &[u8]) -> Vec<u8> {
    // Counted are 5 bytes before the body and the CRC.
    let mut section = vec![table];
    section.extend(reserved(0b1011, 12, 5 + body.len() as u16 + 4));
    section.extend(extension.to_be_bytes());
    section.extend([0xc1 | (version & 0x1f) << 1, 0, 0]);
    section.extend(body);
    section.extend(crc32_mpeg2(&section).to_be_bytes());
    section
}

/// A number of `bits` bits behind fixed ones.
const fn reserved(fixed: u16, bits: u32, value: u16) -> [u8; 2] {
    (fixed << bits | value).to_be_bytes()
}

/// Table 2-34.
const fn stream_type(coding: &Coding) -> u8 {
    match coding {
        Coding::H264 => 0x1b,
        Coding::H265 => 0x24,
        Coding::Aac(_) => 0x0f,
        Coding::Latm(_) => 0x11,
        // PES packets of private data: the registration says whose.
        Coding::Opus { .. } => 0x06,
        // Without a number for "MPEG-2.5", which decoders take from the frames.
        Coding::Mp3(config) if matches!(config.version(), mp3::Version::Mpeg1) => 0x03,
        Coding::Mp3(_) => 0x04,
        // User private, with the meaning that ATSC A/53 and Apple give them; every player knows these. DVB would have private data and
        // descriptors 0x6a and 0x7a instead, which Apple's players and browsers' do not read.
        Coding::Ac3(_) => 0x81,
        Coding::Eac3(_) => 0x87,
        Coding::Id3 => 0x15,
    }
}

fn stream_info(stream: &Stream) -> Vec<u8> {
    let mut info = match stream.coding {
        Coding::H264 | Coding::Aac(_) | Coding::Latm(_) | Coding::Mp3(_) => Vec::new(),
        Coding::H265 => registration(b"HEVC"),
        Coding::Opus { channels } => [registration(b"Opus"), opus(channels)].concat(),
        // ATSC A/52 annexes A and G; what makes the numbers above unambiguous.
        Coding::Ac3(_) => registration(b"AC-3"),
        Coding::Eac3(_) => registration(b"EAC3"),
        Coding::Id3 => metadata(),
    };
    if let Some([a, b, c]) = stream.language {
        // ISO_639_language_descriptor, 2.6.18, of no particular audio type.
        info.extend([0x0a, 4, a, b, c, 0]);
    }
    info
}

/// `registration_descriptor`, 2.6.8.
fn registration(format: &[u8; 4]) -> Vec<u8> {
    [&[0x05, 4], &format[..]].concat()
}

/// The `DVB_extension_descriptor` with tag 0x80 in which "Opus in MPEG-TS" tells `channel_config_code`: for one to eight channels in the usual
/// order their number.
fn opus(channels: u8) -> Vec<u8> {
    vec![0x7f, 2, 0x80, channels]
}

/// `metadata_pointer_descriptor`, 2.6.58, as "Timed Metadata for HTTP Live Streaming" fills it in: ID3 in this program.
fn metadata_pointer(config: &Config) -> Vec<u8> {
    let [high, low] = config.program_number.get().to_be_bytes();
    [&[0x25, 15], &ID3_FORMAT[..], &[ID3_SERVICE, 0x1f, high, low]].concat()
}

/// `metadata_descriptor`, 2.6.60: ID3 without decoder configuration.
fn metadata() -> Vec<u8> {
    [&[0x26, 13], &ID3_FORMAT[..], &[ID3_SERVICE, 0x0f]].concat()
}

/// Application format and format, both "see the identifier".
const ID3_FORMAT: [u8; 11] = *b"\xff\xffID3 \xffID3 ";

/// `metadata_service_id`, which only has to be the same in both descriptors.
const ID3_SERVICE: u8 = 0;

/// `table_id`.
const PAT: u8 = 0;
const PMT: u8 = 2;

#[cfg(test)]
#[path = "psi_test.rs"]
mod tests;
