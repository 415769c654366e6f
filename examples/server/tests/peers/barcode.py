"""The time of day drawn into a picture, and read back from it: how latency is measured from the camera's eye to the playlist.

A picture is 640x360, I420. Its top 32 lines are two rows of 40 blocks of 16x16 pixels: 40 bits of the milliseconds since 1970, highest
first, white for one; below them the complement, by which a reader knows that it read a barcode. Under it a grey ramp moves, so that
there is something to code.
"""

import threading
import time

WIDTH, HEIGHT, RATE, BITS, BLOCK = 640, 360, 25, 40, 16
WHITE, BLACK = 235, 16
MASK = (1 << BITS) - 1
_RAMP = bytes(BLACK + (x * 3 + x * x // 7) % (WHITE - BLACK) for x in range(2 * WIDTH))
_CHROMA = bytes([128]) * (WIDTH * HEIGHT // 2)


def draw(milliseconds, number):
    """Picture `number`, taken at `milliseconds`."""
    bits = [milliseconds >> (BITS - 1 - n) & 1 for n in range(BITS)]
    code = b"".join(bytes([WHITE if bit else BLACK]) * BLOCK for bit in bits) * BLOCK
    complement = b"".join(bytes([BLACK if bit else WHITE]) * BLOCK for bit in bits) * BLOCK
    ramp = b"".join(_RAMP[(number * 4 + line) % WIDTH:][:WIDTH] for line in range(HEIGHT - 2 * BLOCK))
    return code + complement + ramp + _CHROMA


def read(luma):
    """The milliseconds in the top 32 lines of a picture's luma; None where no barcode is."""
    value = 0
    for n in range(BITS):
        column = n * BLOCK + BLOCK // 2
        upper, lower = luma[WIDTH * (BLOCK // 2) + column], luma[WIDTH * (BLOCK + BLOCK // 2) + column]
        if abs(upper - lower) < 60:
            return None
        value = value << 1 | (upper > lower)
    return value


def now():
    """The time of day as `draw` wants it and `read` gives it."""
    return time.time_ns() // 1_000_000 & MASK


def feed(appsrc):
    """Draws into a GStreamer appsrc in real time until it takes no more."""
    threading.Thread(target=_feed, args=(appsrc,), daemon=True).start()


def _feed(appsrc):
    from gi.repository import Gst

    began, number = time.monotonic(), 0
    while True:
        time.sleep(max(0.0, began + number / RATE - time.monotonic()))
        buffer = Gst.Buffer.new_wrapped(draw(now(), number))
        buffer.duration = Gst.SECOND // RATE
        if appsrc.emit("push-buffer", buffer) not in (Gst.FlowReturn.OK, Gst.FlowReturn.FLUSHING):
            return
        number += 1
