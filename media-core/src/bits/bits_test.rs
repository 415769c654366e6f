use proptest::prelude::*;

use super::*;

#[test]
fn exp_golomb_codes_of_the_standard() {
    // H.264 table 9-2: bit strings of codeNum 0 to 9; table 9-3: their signed values.
    let strings = ["1", "010", "011", "00100", "00101", "00110", "00111", "0001000", "0001001", "0001010"];
    let signed = [0, 1, -1, 2, -2, 3, -3, 4, -4, 5];
    for (code, string) in strings.iter().enumerate() {
        let mut writer = BitWriter::default();
        string.chars().for_each(|digit| writer.bit(digit == '1'));
        let data = writer.finish();
        assert_eq!(BitReader::new(&data).ue(), Ok(code as u32));
        assert_eq!(BitReader::new(&data).se(), Ok(signed[code]));
    }
}

#[test]
fn exp_golomb_codes_end_at_32_bits() {
    let longest = [0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff];
    assert_eq!(BitReader::new(&longest).ue(), Ok(u32::MAX - 1));
    assert_eq!(BitReader::new(&longest).se(), Ok(-i32::MAX));
    assert_eq!(BitReader::new(&[0, 0, 0, 0, 0x80, 0, 0, 0, 0]).ue(), Err(Error::ExpGolomb));
    assert_eq!(BitReader::new(&[0, 0]).ue(), Err(Error::End));
    assert_eq!(BitReader::new(&[0x01]).ue(), Err(Error::End));
    assert_eq!(BitReader::new(&[]).ue(), Err(Error::End));
}

#[test]
fn emulation_prevention_bytes_are_skipped() {
    // H.264 7.4.1: 00 00 00, 00 00 01, 00 00 02 and 00 00 03 all travel with a 03 inside.
    let mut reader = BitReader::nal(&[0, 0, 3, 0, 0, 3, 1, 0, 0, 3, 3, 3, 0x80]);
    let read: Vec<u8> = std::iter::from_fn(|| reader.u8().ok()).collect();
    assert_eq!(read, [0, 0, 0, 0, 1, 0, 0, 3, 3, 0x80]);
}

#[test]
fn more_data_ends_at_the_stop_bit() {
    let mut reader = BitReader::nal(&[0b1010_0000, 0b1000_0000]);
    reader.skip(8).unwrap();
    assert!(!reader.more_rbsp_data());
    let mut reader = BitReader::nal(&[0b1010_0000, 0, 0]);
    assert!(reader.more_rbsp_data());
    reader.skip(2).unwrap();
    assert!(!reader.more_rbsp_data());
    assert!(!BitReader::nal(&[0x80, 0, 0, 3, 0, 0, 3]).more_rbsp_data());
    assert!(!BitReader::nal(&[]).more_rbsp_data());
}

#[test]
fn nothing_is_read_past_the_end() {
    let mut reader = Reader::new(&[1, 2, 3]);
    assert_eq!(reader.u32(), Err(Error::End));
    assert_eq!(reader.bytes(usize::MAX), Err(Error::End));
    assert_eq!(reader.u24(), Ok(0x010203));
    assert_eq!(reader.u8(), Err(Error::End));
    assert!(reader.is_empty());
    assert_eq!(BitReader::new(&[0xff]).skip(u32::MAX), Err(Error::End));
    assert_eq!(BitReader::new(&[]).bits(0), Ok(0));
}

#[test]
fn bytes_are_written_big_endian() {
    let mut out = bytes::BytesMut::new();
    put_u8(&mut out, 1);
    put_u16(&mut out, 0x0203);
    put_u24(&mut out, 0xff04_0506);
    put_u32(&mut out, 0x0708_090a);
    put_u64(&mut out, 0x0b0c_0d0e_0f10_1112);
    put_i16(&mut out, -2);
    put_i32(&mut out, -2);
    put_i64(&mut out, -2);
    assert_eq!(out[..18], (1..=18).collect::<Vec<u8>>());
    assert_eq!(
        out[18..],
        [0xff, 0xfe, 0xff, 0xff, 0xff, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe]
    );
}

/// The program association section that ffmpeg 5.1 writes for one program on 0x1000.
#[test]
fn a_section_with_its_crc_has_a_crc_of_zero() {
    let section = b"\x00\xb0\x0d\x00\x01\xc1\x00\x00\x00\x01\xf0\x00\x2a\xb1\x04\xb2";
    assert_eq!(crc32_mpeg2(section), 0);
    assert_eq!(crc32_mpeg2(&section[..12]), 0x2ab1_04b2);
    assert_eq!(crc32_mpeg2(b""), u32::MAX);
}

proptest! {
    #[test]
    fn what_is_written_is_read(values in prop::collection::vec((0..u32::MAX, any::<i32>(), 0..=32_u32), 0..40)) {
        let mut writer = BitWriter::default();
        for &(unsigned, signed, count) in &values {
            writer.ue(unsigned);
            writer.se(signed.max(-i32::MAX));
            writer.bits(unsigned, count);
        }
        let data = writer.finish();
        let mut reader = BitReader::new(&data);
        for &(unsigned, signed, count) in &values {
            prop_assert_eq!(reader.ue(), Ok(unsigned));
            prop_assert_eq!(reader.se(), Ok(signed.max(-i32::MAX)));
            let mask = ((1_u64 << count) - 1) as u32;
            prop_assert_eq!(reader.bits(count), Ok(unsigned & mask));
        }
    }

    #[test]
    fn arbitrary_bits_end(data in prop::collection::vec(prop_oneof![Just(0_u8), Just(3), any::<u8>()], 0..200), nal: bool) {
        let mut reader = if nal { BitReader::nal(&data) } else { BitReader::new(&data) };
        let mut reads = 0;
        while reader.ue().is_ok() {
            reader.more_rbsp_data();
            reads += 1;
        }
        prop_assert!(reads <= data.len() * 8);
    }
}
