use super::*;

/// "Opus in MPEG-TS": prefix, flags, the length of the packet in steps of 255, and the samples to drop.
#[test]
fn control_headers_of_opus() {
    let header = |len, trim| {
        let mut out = Vec::new();
        opus_control(len, trim, |bytes| out.extend_from_slice(bytes));
        out
    };
    assert_eq!(header(3, 0), [0x7f, 0xe0, 3]);
    assert_eq!(header(254, 0), [0x7f, 0xe0, 254]);
    assert_eq!(header(255, 0), [0x7f, 0xe0, 255, 0]);
    assert_eq!(header(511, 312), [0x7f, 0xf0, 255, 255, 1, 0x01, 0x38]);
}
