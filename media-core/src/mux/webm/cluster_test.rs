//! Clusters as literal bytes, laid out by hand from RFC 9559 section 5.1.3 and RFC 8794 section 6.2.

use bytes::Bytes;

use super::*;
use crate::mux::webm::hex::bytes;

fn block(time: i64, key: bool) -> Block {
    Block { number: 1, time, key, data: Bytes::from_static(b"ab"), group: None }
}

fn written(cluster: &mut Cluster) -> Bytes {
    let (len, mut pieces) = (cluster.element_len(), Pieces::default());
    cluster.write(&mut pieces);
    let rope = pieces.take();
    assert_eq!(rope.len(), len, "length as measured");
    rope.to_bytes()
}

#[test]
fn blocks_count_from_the_earliest() {
    let mut cluster = Cluster::default();
    for (time, key) in [(300, true), (340, false), (280, false)] {
        cluster.push(block(time, key));
    }
    assert_eq!((cluster.span_with(300), cluster.span_with(1280), cluster.span_with(0)), (60, 1000, 340));
    assert_eq!(cluster.first_block(), 4);
    let expected = bytes(
        "1f43b675 9c e7 82 0118
           a3 86 81 0014 80 'ab'
           a3 86 81 003c 00 'ab'
           a3 86 81 0000 00 'ab'",
    );
    assert_eq!(written(&mut cluster), expected);
    assert!(cluster.is_empty());
    cluster.push(block(0, true));
    assert_eq!(written(&mut cluster), bytes("1f43b675 8b e7 81 00 a3 86 81 0000 80 'ab'"));
}

#[test]
fn nothing_is_written_of_nothing() {
    let mut pieces = Pieces::default();
    Cluster::default().write(&mut pieces);
    assert!(pieces.take().is_empty());
}

#[test]
fn a_cluster_that_lasts_until_the_next() {
    let mut pieces = Pieces::default();
    begin_unsized(1 << 40, &mut pieces);
    block(1 << 40, true).write(1 << 40, &mut pieces);
    let expected = bytes("1f43b675 01ffffffffffffff e7 86 010000000000 a3 86 81 0000 80 'ab'");
    assert_eq!(pieces.take().to_bytes(), expected);
}

#[test]
fn one_allocation_serves_many_clusters() {
    let (mut cluster, mut pieces) = (Cluster::default(), Pieces::default());
    let (mut end_of_last, mut moves) = (None, 0);
    for time in 0..100 {
        cluster.push(block(time, true));
        cluster.write(&mut pieces);
        let rope = pieces.take();
        let head = &rope.pieces()[0];
        moves += usize::from(end_of_last != Some(head.as_ptr()));
        end_of_last = Some(head.as_ptr_range().end);
    }
    assert_eq!(moves, 1);
}
