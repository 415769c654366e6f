//! Packets as literal bytes, laid out by hand from ISO/IEC 13818-1 2.4.3.2 to 2.4.3.5.

use super::*;

fn pid(pid: u16) -> Pid {
    Pid::new(pid).expect("a PID of streams")
}

fn head(adaptation: Adaptation) -> Head {
    Head { pid: pid(0x101), start: true, counter: 9, adaptation }
}

fn written(head: Head, payload: usize) -> Vec<u8> {
    let mut out = BytesMut::new();
    head.write(payload, &mut out);
    assert_eq!(out.len() + payload, PACKET);
    out.to_vec()
}

const RANDOM_ACCESS: Adaptation = Adaptation { discontinuity: false, random_access: true, pcr: None };

#[test]
fn a_full_packet_has_no_field() {
    assert_eq!(written(head(Adaptation::default()), 184), [0x47, 0x41, 0x01, 0x19]);
    let follows = Head { start: false, pid: pid(0x1ffe), counter: 0x1f, ..head(Adaptation::default()) };
    assert_eq!(written(follows, 184), [0x47, 0x1f, 0xfe, 0x1f]);
}

#[test]
fn one_spare_byte_is_a_field_of_length_zero() {
    assert_eq!(written(head(Adaptation::default()), 183), [0x47, 0x41, 0x01, 0x39, 0x00]);
}

#[test]
fn two_spare_bytes_are_a_field_without_stuffing() {
    assert_eq!(written(head(Adaptation::default()), 182), [0x47, 0x41, 0x01, 0x39, 0x01, 0x00]);
    assert_eq!(written(head(RANDOM_ACCESS), 182), [0x47, 0x41, 0x01, 0x39, 0x01, 0x40]);
}

#[test]
fn the_rest_is_stuffed_with_ones() {
    assert_eq!(written(head(Adaptation::default()), 180), [0x47, 0x41, 0x01, 0x39, 0x03, 0x00, 0xff, 0xff]);
    let last = written(head(RANDOM_ACCESS), 1);
    assert_eq!(last[..6], [0x47, 0x41, 0x01, 0x39, 182, 0x40]);
    assert!(last[6..].iter().all(|byte| *byte == 0xff));
}

#[test]
fn a_clock_reference_takes_six_bytes() {
    let adaptation = Adaptation { discontinuity: true, random_access: true, pcr: Some(Pcr::at(300)) };
    let expected = [0x47, 0x41, 0x01, 0x39, 0x07, 0xd0, 0x00, 0x00, 0x00, 0x00, 0xfe, 0x00];
    assert_eq!(written(head(adaptation), 176), expected);
    let stuffed = written(head(Adaptation::clock(Pcr::at(0))), 175);
    assert_eq!(stuffed, [0x47, 0x41, 0x01, 0x39, 0x08, 0x10, 0, 0, 0, 0, 0x7e, 0x00, 0xff]);
}

#[test]
fn a_packet_of_a_clock_reference_alone_has_no_payload() {
    let alone = written(Head { start: false, ..head(Adaptation::clock(Pcr::at(299))) }, 0);
    assert_eq!(alone[..12], [0x47, 0x01, 0x01, 0x29, 183, 0x10, 0, 0, 0, 0, 0x7f, 0x2b]);
    assert!(alone[12..].iter().all(|byte| *byte == 0xff));
}

#[test]
fn a_long_section_goes_on_in_the_next_packet() {
    let section: Vec<u8> = (0..200).collect();
    let packets = of_section(pid(0x1000), &section);
    assert_eq!(packets.len(), 2);
    assert_eq!(packets[0][..6], [0x47, 0x50, 0x00, 0x10, 0x00, 0]);
    assert_eq!(packets[0][187], 182);
    assert_eq!(packets[1][..5], [0x47, 0x10, 0x00, 0x10, 183]);
    assert_eq!(packets[1][20..22], [199, 0xff]);
    assert_eq!(of_section(pid(0x1000), &section[..183]).len(), 1);
    assert_eq!(of_section(pid(0x1000), &section[..184]).len(), 2);
}
