//! `mpeg2ts` reads what we write: the same PES packets as our own reader found.

use mpeg2ts::pes::{PesPacketReader, ReadPesPacket};
use mpeg2ts::ts::TsPacketReader;

use crate::transport::{Pes, Transport};

pub(crate) fn check(bytes: &[u8], transport: &Transport) {
    let mut reader = PesPacketReader::new(TsPacketReader::new(bytes));
    let mut read = Vec::new();
    while let Some(packet) = reader.read_pes_packet().expect("packets as mpeg2ts knows them") {
        let pts = packet.header.pts.expect("a PTS").as_u64();
        let dts = packet.header.dts.map_or(pts, |dts| dts.as_u64());
        read.push((packet.header.stream_id.as_u8(), pts, dts, packet.data));
    }
    let mut own: Vec<&Pes> = transport.streams.values().flat_map(|stream| &stream.pes).collect();
    assert_eq!(read.len(), own.len());
    // Packets come out as they end, which is not the order they begin in.
    own.sort_by_key(|pes| (pes.stream_id, pes.packet));
    read.sort_by_key(|(stream_id, ..)| *stream_id);
    for (pes, (stream_id, pts, dts, data)) in own.into_iter().zip(read) {
        assert_eq!((stream_id, pts, dts), (pes.stream_id, pes.pts, pes.dts));
        assert!(data == pes.data);
    }
}
