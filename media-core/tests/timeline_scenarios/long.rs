//! Two days of a camera.

use crate::bench::*;
use media_core::timeline::Output;

/// 48 hours of 2 pictures and 5 packets of sound a second; the sound's clock is 100 ppm fast, both wrap, reports come every 10 s.
///
/// The offset of picture and sound, of which the camera itself is the witness, stays within 5 ms; durations add up exactly because
/// they are differences of positions.
#[test]
fn two_days_with_wraps_and_drift() {
    const HOURS: i64 = 48;
    let mut bench = Bench::new([video(h264(None)), opus()]).forgetful();
    let sound = |ms: i64| 4_000_000_000 + (ms * 48 * 1_000_100) / 1_000_000;
    let picture = |ms: i64| 4_200_000_000 + ms * 90;
    let (mut pictures, mut worst) = (0, 0);
    let mut sum = 0;
    let mut before = None;
    for ms in (0..HOURS * 3_600_000).step_by(100) {
        bench.now = ms * MS;
        let mut outputs = Vec::new();
        if ms % 500 == 0 {
            outputs.extend(bench.picture(picture(ms) % (1 << 32), ms % 4000 == 0));
        }
        if ms % 200 == 0 {
            outputs.extend(bench.push(AUDIO, sound(ms) % (1 << 32), None, frame(9600)));
        }
        if ms % 10_000 == 300 {
            bench.report(VIDEO, picture(ms), ms * MS);
            bench.report(AUDIO, sound(ms), ms * MS);
        }
        for output in &outputs {
            match output {
                Output::Packet(packet) if packet.track == id(AUDIO) => {
                    let dts = packet.dts.ticks();
                    sum += dts - before.replace(dts).unwrap_or(dts);
                    worst = worst.max((dts * 1000 / 48 - (ORIGIN / 1000 + ms * 1000)).abs());
                }
                Output::Packet(packet) => {
                    pictures += 1;
                    assert_eq!(packet.pts.ticks(), line(ms * 90));
                }
                Output::Tracks(_) => assert_eq!(ms, 0),
                Output::Discontinuity => panic!("a discontinuity at {ms} ms"),
            }
        }
    }
    assert_eq!(pictures, HOURS * 7200);
    assert!(worst <= 5000, "{worst} us");
    assert_eq!(before.unwrap(), 480_000 + sum);
    assert!(bench.counted(VIDEO).is_empty(), "{:?}", bench.counted(VIDEO));
    assert_eq!(bench.counted(AUDIO).iter().map(|&(cause, _)| cause).collect::<Vec<_>>(), ["slewed"]);
}
