#!/usr/bin/python3
"""Reelmill beside `ffmpeg -c copy -f hls` on the same cameras in the same run: processor time and memory per copied stream, time from start to
the first playable segment, and edge latency. Prints Markdown tables; takes under five minutes.

    compare.py [--streams 8] [--seconds 20] [--rounds 2] [--starts 5] [--only processor|start|edge]

Cameras are GStreamer's RTSP server on loopback, pulled over TCP. Processor time is what the scheduler counted for the server's own
threads, so other load on the machine changes it little; rounds are interleaved. Nobody watches while it is measured.
"""

import argparse
import contextlib
import http.client
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PEERS = ROOT / "examples/server/tests/peers"
sys.path.insert(0, str(PEERS))
import barcode  # noqa: E402

SEGMENT = 2


def target_folder():
    metadata = subprocess.run(["cargo", "metadata", "--format-version", "1", "--no-deps"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return Path(json.loads(metadata.stdout)["target_directory"])


def clip(folder):
    """1280x720, 25 fps, H.264 at 2 Mb/s, a key frame each second, four minutes; made once."""
    whole = folder / "live-720p25-2M.mp4"
    if not whole.exists():
        short = folder / "live-short.mp4"
        quiet = ["ffmpeg", "-v", "error", "-nostdin", "-y"]
        coding = ["-c:v", "libx264", "-preset", "veryfast", "-bf", "0", "-g", "25", "-sc_threshold", "0", "-pix_fmt", "yuv420p",
                  "-b:v", "2M", "-minrate", "2M", "-maxrate", "2M", "-bufsize", "1M", "-x264-params", "nal-hrd=cbr"]
        subprocess.run([*quiet, "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25", "-t", "20", *coding, str(short)], check=True)
        subprocess.run([*quiet, "-stream_loop", "11", "-i", str(short), "-c", "copy", str(whole)], check=True)
        short.unlink()
    return whole


@contextlib.contextmanager
def running(command, **options):
    """A process that is ended with the block."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def camera(*mounts):
    """The address of a camera's mounts."""
    with running([sys.executable, str(PEERS / "camera.py"), "--seconds", "600", *mounts], stdout=subprocess.PIPE, text=True) as process:
        port = process.stdout.readline().split()[1]
        yield f"rtsp://127.0.0.1:{port}"


@contextlib.contextmanager
def reelmill(binary, folder, sources):
    """The server with a path for each source: its process and port."""
    paths = "".join(f"  cam{n}:\n    source: {source}\n    rtspTransport: tcp\n" for n, source in enumerate(sources))
    configuration = Path(folder, "reelmill.yml")
    configuration.write_text(f"hlsAddress: 127.0.0.1:0\nhlsSegmentDuration: {SEGMENT}s\npaths:\n{paths}")
    with running([str(binary), str(configuration)], stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                break
        else:
            sys.exit("the server ended before it listened")
        # Someone must read what it logs, or it waits.
        threading.Thread(target=process.stderr.read, daemon=True).start()
        yield process, int(found[1])


def ffmpeg(source, folder):
    return ["ffmpeg", "-v", "error", "-nostdin", "-y", "-rtsp_transport", "tcp", "-i", source, "-c", "copy", "-f", "hls",
            "-hls_time", str(SEGMENT), "-hls_list_size", "7", "-hls_flags", "delete_segments", "-hls_segment_type", "fmp4",
            f"{folder}/index.m3u8"]


def usage(processes):
    """Processor seconds so far and resident bytes of processes: (seconds, rss, pss)."""
    seconds = rss = pss = 0
    for process in processes:
        proc = Path("/proc", str(process.pid))
        seconds += sum(int((task / "schedstat").read_text().split()[0]) for task in (proc / "task").iterdir()) / 1e9
        memory = dict(re.findall(r"^(\w+):\s+(\d+) kB", (proc / "smaps_rollup").read_text(), re.M))
        rss += int(memory["Rss"]) * 1024
        pss += int(memory["Pss"]) * 1024
    return seconds, rss, pss


def percent_of_a_core(processes, seconds):
    before, _, _ = usage(processes)
    began = time.monotonic()
    time.sleep(seconds)
    after, rss, pss = usage(processes)
    return 100 * (after - before) / (time.monotonic() - began), rss, pss


class Connection:
    """Asks a server again and again without connecting anew."""

    def __init__(self, port):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=30)

    def get(self, target):
        self.http.request("GET", target)
        answer = self.http.getresponse()
        body = answer.read()
        return body if answer.status == 200 else None


def video_playlist(connection, path):
    """The name of the pictures' playlist, once there is a segment in it."""
    while (multivariant := connection.get(f"/{path}/index.m3u8")) is None:
        time.sleep(0.02)
    return next(line for line in multivariant.decode().splitlines() if line and not line.startswith("#"))


def segments_in(text):
    lines = text.decode(errors="replace").splitlines()
    init = re.search(r'#EXT-X-MAP:URI="([^"]+)"', "\n".join(lines))
    return init and init[1], [line for line in lines if line and not line.startswith("#")]


def measure_processor(binary, scratch, given):
    rows = {"reelmill": [], "ffmpeg": []}
    media = clip(target_folder())
    for number in range(given.rounds):
        with camera(f"cam?file={media}") as address:
            with reelmill(binary, scratch, [f"{address}/cam"] * given.streams) as (process, port):
                connection = Connection(port)
                for n in range(given.streams):
                    video_playlist(connection, f"cam{n}")
                rows["reelmill"].append(percent_of_a_core([process], given.seconds))
        with camera(f"cam?file={media}") as address, contextlib.ExitStack() as all_of_them:
            folders = [Path(scratch, f"{number}-{n}") for n in range(given.streams)]
            for folder in folders:
                folder.mkdir()
            processes = [all_of_them.enter_context(running(ffmpeg(f"{address}/cam", folder))) for folder in folders]
            while not all((folder / "index.m3u8").exists() for folder in folders):
                time.sleep(0.1)
            rows["ffmpeg"].append(percent_of_a_core(processes, given.seconds))

    def per_stream(name, field):
        return statistics.median(row[field] for row in rows[name]) / given.streams

    print(f"\n{given.streams} cameras, 1280x720, 25 fps, H.264 2 Mb/s, copied, {SEGMENT} s segments; {given.rounds} x {given.seconds} s. "
          "Reelmill is one process and makes HLS and DASH; ffmpeg is one process a camera and makes HLS.\n")
    print("| per stream | reelmill | ffmpeg | ratio |\n|---|---|---|---|")
    for what, field, scale, unit in [("processor", 0, 1, " % of a core"), ("resident memory", 1, 2**20, " MiB"),
                                     ("proportional memory", 2, 2**20, " MiB")]:
        ours, theirs = per_stream("reelmill", field) / scale, per_stream("ffmpeg", field) / scale
        print(f"| {what} | {ours:.3g}{unit} | {theirs:.3g}{unit} | {ours / theirs:.2f} |")


@contextlib.contextmanager
def clock_camera():
    """A camera that shows the time and stays on, whoever comes and goes."""
    with camera("clock?live=clock") as address:
        source = f"{address}/clock"
        with running(["ffmpeg", "-v", "quiet", "-nostdin", "-rtsp_transport", "tcp", "-i", source, "-c", "copy", "-f", "null", "-"]):
            time.sleep(3)
            yield source


def measure_start(binary, scratch, given):
    ours, theirs = [], []
    with clock_camera() as source:
        for number in range(given.starts):
            # The phase of the camera's key frames, which come each second, is swept rather than left to chance.
            time.sleep(number / given.starts)
            began = time.monotonic()
            with reelmill(binary, scratch, [source]) as (_, port):
                connection = Connection(port)
                name = video_playlist(connection, "cam0")
                init, segments = segments_in(connection.get(f"/cam0/{name}"))
                assert init and segments
                ours.append(time.monotonic() - began)
            folder = Path(scratch, f"start-{number}")
            folder.mkdir()
            began = time.monotonic()
            with running(ffmpeg(source, folder)):
                while not ((folder / "index.m3u8").exists() and segments_in((folder / "index.m3u8").read_bytes())[1]):
                    time.sleep(0.002)
                theirs.append(time.monotonic() - began)
    print(f"\nFrom the start of the process to the first listed segment ({SEGMENT} s), camera on, key frame each second; {given.starts} starts each.\n")
    print("| | reelmill | ffmpeg | ratio |\n|---|---|---|---|")
    for what, of in [("median", statistics.median), ("fastest", min), ("slowest", max)]:
        print(f"| {what} | {of(ours):.2f} s | {of(theirs):.2f} s | {of(ours) / of(theirs):.2f} |")


class Watcher(threading.Thread):
    """Notes when a playlist first lists each segment, and keeps its bytes."""

    def __init__(self, read):
        super().__init__(daemon=True)
        self.read, self.seen, self.stopped = read, {}, False

    def run(self):
        while not self.stopped:
            if text := self.read("playlist"):
                now = barcode.now()
                init, segments = segments_in(text)
                for name in segments:
                    if name not in self.seen and init:
                        media = (self.read(init) or b"") + (self.read(name) or b"")
                        self.seen[name] = (now, media)
            time.sleep(0.002)

    def latencies(self):
        """Milliseconds from the capture of each segment's last picture to its being listed; the first ones, listed at once, left out."""
        found = []
        for listed, media in list(self.seen.values())[2:]:
            if pictures := barcodes(media):
                found.append(listed - pictures[-1])
        return found


def barcodes(media):
    lines = 2 * barcode.BLOCK
    decode = ["ffmpeg", "-v", "quiet", "-i", "pipe:0", "-vf", f"crop={barcode.WIDTH}:{lines}:0:0", "-pix_fmt", "gray",
              "-fps_mode", "passthrough", "-f", "rawvideo", "-"]
    luma = subprocess.run(decode, input=media, stdout=subprocess.PIPE, check=False).stdout
    size = barcode.WIDTH * lines
    times = [barcode.read(luma[at:at + size]) for at in range(0, len(luma) - size + 1, size)]
    return [time for time in times if time is not None]


def measure_edge(binary, scratch, given):
    with clock_camera() as source, contextlib.ExitStack() as both:
        _, port = both.enter_context(reelmill(binary, scratch, [source]))
        folder = Path(scratch, "edge")
        folder.mkdir()
        both.enter_context(running(ffmpeg(source, folder)))
        connection = Connection(port)
        name = video_playlist(connection, "cam0")

        def from_file(what):
            with contextlib.suppress(OSError):
                return (folder / ("index.m3u8" if what == "playlist" else what)).read_bytes()

        ours = Watcher(lambda what: connection.get(f"/cam0/{name if what == 'playlist' else what}"))
        theirs = Watcher(from_file)
        watchers = [ours, theirs]
        for watcher in watchers:
            watcher.start()
        time.sleep(SEGMENT * 12)
        for watcher in watchers:
            watcher.stopped = True
            watcher.join()
    ours, theirs = (watcher.latencies() for watcher in watchers)
    print(f"\nEdge latency: a playlist lists a segment, minus the capture of its last picture (a clock in the picture). 640x360, 25 fps, "
          f"{SEGMENT} s segments, both at once on one camera; {len(ours)} and {len(theirs)} segments. The next key frame, which ends a "
          "segment, comes 40 ms after its last picture.\n")
    print("| | reelmill | ffmpeg | ratio |\n|---|---|---|---|")
    for what, of in [("median", statistics.median), ("least", min), ("most", max)]:
        print(f"| {what} | {of(ours):.0f} ms | {of(theirs):.0f} ms | {of(ours) / of(theirs):.2f} |")


MEASUREMENTS = {"processor": measure_processor, "start": measure_start, "edge": measure_edge}


def main():
    arguments = argparse.ArgumentParser(description="Reelmill beside ffmpeg on the same cameras")
    arguments.add_argument("--streams", type=int, default=8)
    arguments.add_argument("--seconds", type=int, default=20)
    arguments.add_argument("--rounds", type=int, default=2)
    arguments.add_argument("--starts", type=int, default=5)
    arguments.add_argument("--only", choices=MEASUREMENTS)
    given = arguments.parse_args()
    binary = target_folder() / "release" / "reelmill"
    # ffmpeg writes its segments to memory where there is such a folder, so that disks do not count.
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    scratch = tempfile.mkdtemp(prefix="reelmill-", dir=memory)
    try:
        for name, measure in MEASUREMENTS.items():
            if given.only in (None, name):
                measure(binary, scratch, given)
                sys.stdout.flush()
    finally:
        shutil.rmtree(scratch)


main()
