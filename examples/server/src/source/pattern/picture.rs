//! What the test camera sees: colour bars, a ramp, a ball that bounces, the number of the frame and the time of day.

use media_core::frame::{FrameRef, PixelFormat};

/// Width and height.
pub(super) const SIZE: (u32, u32) = (640, 360);

/// A picture in 4:2:0 that is drawn anew for every frame.
pub(super) struct Canvas {
    /// What never changes.
    background: Vec<u8>,
    planes: Vec<u8>,
}

/// Luma and both chroma, BT.601 limited range.
type Colour = [u8; 3];

impl Canvas {
    pub(super) fn new() -> Self {
        let mut canvas = Self { background: Vec::new(), planes: vec![0; WIDTH * HEIGHT * 3 / 2] };
        for (n, colour) in BARS.into_iter().enumerate() {
            canvas.fill(n * BAR, 0, BAR, BARS_END, colour);
        }
        for column in 0..WIDTH {
            let luma = (16 + column * 219 / (WIDTH - 1)) as u8; // 16 to 235
            canvas.fill(column, BARS_END, 1, RAMP_END - BARS_END, [luma, 128, 128]);
        }
        canvas.fill(0, RAMP_END, WIDTH, HEIGHT - RAMP_END, BLACK);
        canvas.write("REELMILL", 24, 304, 5, WHITE);
        canvas.background.clone_from(&canvas.planes);
        canvas
    }

    /// Draws frame `number` with `time`, which is written as `2026-11-21T09:30:00.123Z`.
    pub(super) fn draw(&mut self, number: u32, time: &str) {
        self.planes.copy_from_slice(&self.background);
        let time_of_day = time.get(11..22).unwrap_or_default();
        self.write(time_of_day, 296, 292, 5, WHITE);
        self.write(&format!("{number:08}"), 296, 334, 2, GREY);
        self.write("UTC", 590, 334, 2, GREY);
        self.ball(number as usize);
    }

    pub(super) fn frame(&self) -> FrameRef<'_> {
        FrameRef::tight(PixelFormat::I420, SIZE, &self.planes).expect("the planes have this size")
    }

    /// Crosses the picture in about four seconds and bounces as it goes.
    fn ball(&mut self, number: usize) {
        let x = RADIUS + triangle(number * 6, WIDTH - 2 * RADIUS);
        let height = triangle(number * 9, BARS_END - 2 * RADIUS);
        let y = BARS_END - RADIUS - height;
        for row in (0..2 * RADIUS).step_by(2) {
            let off = row.abs_diff(RADIUS);
            let half = (RADIUS * RADIUS - off * off).isqrt() & !1;
            self.fill(x - half, y - RADIUS + row, 2 * half, 2, WHITE);
        }
    }

    /// A rectangle. Chroma has half the resolution, so odd edges are rounded down there.
    fn fill(&mut self, x: usize, y: usize, width: usize, height: usize, [luma, blue, red]: Colour) {
        let (right, bottom) = ((x + width).min(WIDTH), (y + height).min(HEIGHT));
        for row in y..bottom {
            self.planes[row * WIDTH + x..row * WIDTH + right].fill(luma);
        }
        let chroma = WIDTH / 2;
        for (plane, value) in [(WIDTH * HEIGHT, blue), (WIDTH * HEIGHT * 5 / 4, red)] {
            for row in y / 2..bottom / 2 {
                let start = plane + row * chroma;
                self.planes[start + x / 2..start + right.div_ceil(2)].fill(value);
            }
        }
    }

    /// Text in letters of five by seven squares of `scale` pixels. What has no glyph is a space.
    fn write(&mut self, text: &str, x: usize, y: usize, scale: usize, colour: Colour) {
        for (n, letter) in text.chars().enumerate() {
            let Some((_, rows)) = GLYPHS.iter().find(|(glyph, _)| *glyph == letter) else { continue };
            for (row, bits) in rows.iter().enumerate() {
                for column in (0..5).filter(|column| bits >> (4 - column) & 1 == 1) {
                    self.fill(x + (n * 6 + column) * scale, y + row * scale, scale, scale, colour);
                }
            }
        }
    }
}

/// Up to `top`, down to zero and up again.
fn triangle(n: usize, top: usize) -> usize {
    let n = n % (2 * top);
    if n <= top { n } else { 2 * top - n }
}

const WIDTH: usize = SIZE.0 as usize;
const HEIGHT: usize = SIZE.1 as usize;
const BAR: usize = WIDTH / 8;
const BARS_END: usize = 244;
const RAMP_END: usize = 276;
const RADIUS: usize = 24;

/// The bars of EBU Tech 3299 at 75 %.
const BARS: [Colour; 8] = [
    [180, 128, 128],
    [162, 44, 142],
    [131, 156, 44],
    [112, 72, 58],
    [84, 184, 198],
    [65, 100, 212],
    [35, 212, 114],
    [16, 128, 128],
];
const WHITE: Colour = [235, 128, 128];
const GREY: Colour = [150, 128, 128];
const BLACK: Colour = [16, 128, 128];

#[rustfmt::skip]
const GLYPHS: &[(char, [u8; 7])] = &[
    ('0', [0b01110, 0b10001, 0b10011, 0b10101, 0b11001, 0b10001, 0b01110]),
    ('1', [0b00100, 0b01100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110]),
    ('2', [0b01110, 0b10001, 0b00001, 0b00110, 0b01000, 0b10000, 0b11111]),
    ('3', [0b11111, 0b00010, 0b00100, 0b00010, 0b00001, 0b10001, 0b01110]),
    ('4', [0b00010, 0b00110, 0b01010, 0b10010, 0b11111, 0b00010, 0b00010]),
    ('5', [0b11111, 0b10000, 0b11110, 0b00001, 0b00001, 0b10001, 0b01110]),
    ('6', [0b00110, 0b01000, 0b10000, 0b11110, 0b10001, 0b10001, 0b01110]),
    ('7', [0b11111, 0b00001, 0b00010, 0b00100, 0b01000, 0b01000, 0b01000]),
    ('8', [0b01110, 0b10001, 0b10001, 0b01110, 0b10001, 0b10001, 0b01110]),
    ('9', [0b01110, 0b10001, 0b10001, 0b01111, 0b00001, 0b00010, 0b01100]),
    (':', [0b00000, 0b00100, 0b00100, 0b00000, 0b00100, 0b00100, 0b00000]),
    ('.', [0b00000, 0b00000, 0b00000, 0b00000, 0b00000, 0b01100, 0b01100]),
    ('C', [0b01110, 0b10001, 0b10000, 0b10000, 0b10000, 0b10001, 0b01110]),
    ('E', [0b11111, 0b10000, 0b10000, 0b11110, 0b10000, 0b10000, 0b11111]),
    ('I', [0b01110, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b01110]),
    ('L', [0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b10000, 0b11111]),
    ('M', [0b10001, 0b11011, 0b10101, 0b10101, 0b10001, 0b10001, 0b10001]),
    ('R', [0b11110, 0b10001, 0b10001, 0b11110, 0b10100, 0b10010, 0b10001]),
    ('T', [0b11111, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100, 0b00100]),
    ('U', [0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_frame_is_another_picture_and_fits() {
        let mut canvas = Canvas::new();
        let mut last = Vec::new();
        for number in 0..1000 {
            canvas.draw(number, "2026-11-21T09:30:00.000Z");
            assert_ne!(canvas.planes, last);
            last.clone_from(&canvas.planes);
        }
    }

    #[test]
    fn bars_have_their_colours() {
        let canvas = Canvas::new();
        for (n, [luma, blue, red]) in BARS.into_iter().enumerate() {
            let x = n * BAR + BAR / 2;
            let chroma = WIDTH * HEIGHT + 5 * WIDTH / 2 + x / 2;
            assert_eq!(
                [
                    canvas.planes[10 * WIDTH + x],
                    canvas.planes[chroma],
                    canvas.planes[chroma + WIDTH * HEIGHT / 4]
                ],
                [luma, blue, red]
            );
        }
    }
}
