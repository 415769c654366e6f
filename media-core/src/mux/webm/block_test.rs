//! Blocks as literal bytes, laid out by hand from RFC 9559 sections 5.1.3 and 10.

use super::*;
use crate::mux::webm::hex::bytes;

fn block(number: u8, time: i64, key: bool, data: &'static [u8], group: Option<Group>) -> Block {
    Block { number, time, key, data: Bytes::from_static(data), group: group.map(Box::new) }
}

fn written(block: Block, cluster: i64) -> Vec<u8> {
    let (len, payload) = (block.len(), block.payload_len());
    let mut pieces = Pieces::default();
    block.write(cluster, &mut pieces);
    let rope = pieces.take();
    assert_eq!(rope.len(), len, "length as measured");
    let heads = rope.pieces().iter().step_by(2).map(|piece| piece.len() as u64).sum::<u64>();
    assert_eq!(heads, len - payload);
    rope.to_bytes().to_vec()
}

#[test]
fn a_key_picture_alone() {
    assert_eq!(written(block(1, 1000, true, b"ab", None), 1000), bytes("a3 86 81 0000 80 'ab'"));
}

#[test]
fn a_block_before_its_cluster() {
    assert_eq!(written(block(126, 999, false, b"ab", None), 1000), bytes("a3 86 fe ffff 00 'ab'"));
    assert_eq!(written(block(1, 32_767, false, b"", None), 0), bytes("a3 84 81 7fff 00"));
    assert_eq!(written(block(1, 0, false, b"", None), 32_768), bytes("a3 84 81 8000 00"));
}

#[test]
fn a_size_of_127_takes_two_bytes() {
    static DATA: [u8; 123] = [7; 123];
    assert_eq!(written(block(1, 0, true, &DATA[..122], None), 0)[..6], bytes("a3 fe 81 0000 80"));
    assert_eq!(written(block(1, 0, true, &DATA, None), 0)[..7], bytes("a3 407f 81 0000 80"));
}

#[test]
fn what_only_a_group_can_say() {
    let group =
        || Group { duration: Some(20), reference: -33, discard_padding: Some(6_500_000), alpha: None };
    let key = bytes("a0 91 a1 86 82 0005 00 'ab' 9b 81 14 75a2 83 632ea0");
    assert_eq!(written(block(2, 5, true, b"ab", Some(group())), 0), key);
    let other = bytes("a0 94 a1 86 82 0005 00 'ab' 9b 81 14 fb 81 df 75a2 83 632ea0");
    assert_eq!(written(block(2, 5, false, b"ab", Some(group())), 0), other);
}

#[test]
fn alpha_is_an_addition_of_its_own_memory() {
    let alpha = Bytes::from_static(b"alpha");
    let group = Group { alpha: Some(alpha.clone()), ..Group::default() };
    let mut pieces = Pieces::default();
    block(1, 0, true, b"ab", Some(group)).write(0, &mut pieces);
    let rope = pieces.take();
    assert_eq!(rope.pieces()[3].as_ptr(), alpha.as_ptr());
    let expected = bytes("a0 97 a1 86 81 0000 00 'ab' 75a1 8c a6 8a ee 81 01 a5 85 'alpha'");
    assert_eq!(rope.to_bytes(), expected);
    let group = Group { alpha: Some(alpha), ..Group::default() };
    assert_eq!(written(block(1, 0, true, b"ab", Some(group)), 0), expected);
}
