use super::*;

/// First slice of an IDR picture, another slice of it, and of a P picture (H.264 7.3.1, 7.3.3).
const IDR: &[u8] = &[0x65, 0x88];
const IDR_MORE: &[u8] = &[0x65, 0x04];
const P: &[u8] = &[0x41, 0x9a];
const P_MORE: &[u8] = &[0x41, 0x05];
const SPS: &[u8] = &[0x67, 0x42];
const PPS: &[u8] = &[0x68, 0xce];

fn packet(timestamp: u32, marker: bool, payload: &[u8]) -> Packet {
    Packet { timestamp, marker, missing: 0, payload: Bytes::copy_from_slice(payload) }
}

fn units(pictures: &mut Pictures) -> Vec<(u32, Vec<Vec<u8>>)> {
    std::iter::from_fn(|| pictures.poll())
        .map(|unit| {
            let mut rest = &unit.data[..];
            let mut nals = Vec::new();
            while let Some((length, after)) = rest.split_first_chunk::<4>() {
                let (nal, after) = after.split_at(u32::from_be_bytes(*length) as usize);
                nals.push(nal.to_vec());
                rest = after;
            }
            (unit.timestamp, nals)
        })
        .collect()
}

/// A stream whose marker has been found to be right.
fn trusting() -> Pictures {
    let mut pictures = Pictures::new(Codec::H264);
    for n in 0..=WATCHED {
        pictures.push(packet(n, true, P));
    }
    units(&mut pictures);
    assert_eq!(pictures.marker, Marker::Trusted);
    pictures
}

#[test]
fn a_trusted_marker_ends_a_picture_at_once() {
    let mut pictures = trusting();
    pictures.push(packet(1000, false, IDR));
    assert_eq!(units(&mut pictures), []);
    pictures.push(packet(1000, true, IDR_MORE));
    assert_eq!(units(&mut pictures), [(1000, vec![IDR.to_vec(), IDR_MORE.to_vec()])]);
}

#[test]
fn slices_that_each_carry_the_marker_are_one_picture_from_the_first_on() {
    let mut pictures = Pictures::new(Codec::H264);
    for timestamp in [0, 3600, 7200] {
        pictures.push(packet(timestamp, true, P));
        pictures.push(packet(timestamp, true, P_MORE));
    }
    pictures.push(packet(10_800, true, P));
    let whole = |timestamp| (timestamp, vec![P.to_vec(), P_MORE.to_vec()]);
    assert_eq!(units(&mut pictures), [whole(0), whole(3600), whole(7200)]);
    assert_eq!(pictures.marker, Marker::Held);
    assert_eq!(pictures.losses, Losses::default());
}

#[test]
fn a_marker_that_turns_out_wrong_is_not_trusted_again() {
    let mut pictures = trusting();
    pictures.push(packet(1000, true, IDR));
    pictures.push(packet(1000, true, IDR_MORE));
    assert_eq!(units(&mut pictures), [(1000, vec![IDR.to_vec()])]);
    assert_eq!(pictures.losses.late_slices, 1);
    pictures.push(packet(2000, true, IDR));
    pictures.push(packet(2000, true, IDR_MORE));
    pictures.push(packet(3000, true, P));
    assert_eq!(units(&mut pictures), [(2000, vec![IDR.to_vec(), IDR_MORE.to_vec()])]);
}

#[test]
fn parameter_sets_sent_ahead_go_with_the_next_picture() {
    let mut pictures = trusting();
    pictures.push(packet(1000, true, SPS));
    pictures.push(packet(1000, true, PPS));
    pictures.push(packet(1040, true, IDR));
    assert_eq!(units(&mut pictures), [(1040, vec![SPS.to_vec(), PPS.to_vec(), IDR.to_vec()])]);
}

#[test]
fn pictures_that_share_a_timestamp_stay_apart() {
    let mut pictures = trusting();
    pictures.push(packet(1000, true, P));
    pictures.push(packet(1000, true, P));
    assert_eq!(units(&mut pictures), [(1000, vec![P.to_vec()]), (1000, vec![P.to_vec()])]);
}

#[test]
fn a_lost_marker_is_made_up_for_by_the_next_timestamp() {
    let mut pictures = trusting();
    pictures.push(packet(1000, false, P));
    pictures.push(packet(2000, true, P));
    assert_eq!(units(&mut pictures), [(1000, vec![P.to_vec()]), (2000, vec![P.to_vec()])]);
}

#[test]
fn a_picture_that_lost_a_part_is_dropped_and_counted() {
    let mut pictures = trusting();
    pictures.push(packet(1000, false, &[0x7c, 0x85, 0x88]));
    let mut rest = packet(1000, true, &[0x7c, 0x45, 1]);
    rest.missing = 1;
    pictures.push(rest);
    pictures.push(packet(2000, true, P));
    assert_eq!(units(&mut pictures), [(2000, vec![P.to_vec()])]);
    assert_eq!((pictures.losses.packets, pictures.losses.damaged), (1, 1));
}

#[test]
fn a_loss_between_pictures_costs_only_the_one_without_its_top() {
    let mut pictures = trusting();
    pictures.push(packet(1000, true, P));
    let mut bottom = packet(2000, true, P_MORE);
    bottom.missing = 3;
    pictures.push(bottom);
    let mut whole = packet(3000, true, P);
    whole.missing = 2;
    pictures.push(whole);
    assert_eq!(units(&mut pictures), [(1000, vec![P.to_vec()]), (3000, vec![P.to_vec()])]);
}

#[test]
fn an_endless_picture_is_given_up() {
    let mut pictures = Pictures::new(Codec::H264);
    let slice = vec![0x41; 60_000];
    for _ in 0..1000 {
        pictures.push(packet(0, false, &slice));
        assert!(pictures.building.bytes <= MAX_PICTURE);
    }
    pictures.push(packet(1, true, P));
    assert_eq!(units(&mut pictures), []);
    assert_eq!(pictures.losses.damaged, 1);
}
