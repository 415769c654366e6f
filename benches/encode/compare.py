#!/usr/bin/python3
"""Reelmill's encoders and decoder beside the programs `x264`, `vpxenc`, `vpxdec` and `ffmpeg` on the same pictures in the same run: processor
time of whole processes, one encoder thread or two decoder threads each. Prints Markdown tables; takes about three minutes.

    compare.py [--frames 120] [--rounds 3] [CLIP]

The fastest of the rounds counts, which are interleaved; pictures are read from and streams written to memory where there is such a folder.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
X264 = ["ultrafast", "superfast", "veryfast", "medium"]
VP9 = ["9", "8", "6"]
VP8 = ["-8", "-4"]


def pictures(clip, frames, folder):
    """1280x720 at 25 fps as Y4M; of a test source unless a clip is given."""
    y4m = Path(folder, "pictures.y4m")
    source = ["-i", clip] if clip else ["-f", "lavfi", "-i", "mandelbrot=size=1280x720:rate=25:end_scale=0.02"]
    quiet = ["ffmpeg", "-v", "error", "-nostdin", "-y"]
    subprocess.run([*quiet, *source, "-vf", "fps=25,scale=1280:720", "-frames:v", str(frames), "-pix_fmt", "yuv420p", str(y4m)], check=True)
    return str(y4m)


def processor_seconds(command):
    with open(os.devnull, "w") as nowhere:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=nowhere, stderr=subprocess.PIPE)
        said = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{' '.join(command)}:\n{said.decode(errors='replace')}")
    return usage.ru_utime + usage.ru_stime


def rivals(codec, speed, source, out):
    """The same job for others: by name, a command, or none where the program cannot."""
    ffmpeg = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "1", "-i", source]
    if codec == "x264":
        return {
            "program": ["x264", "--quiet", "--no-progress", "--threads", "1", "--preset", speed, "--crf", "23", "-o", out + ".264", source],
            "ffmpeg": [*ffmpeg, "-c:v", "libx264", "-threads", "1", "-preset", speed, "-crf", "23", "-f", "h264", out],
        }
    rate = ["--end-usage=cbr", "--target-bitrate=1500", "--buf-sz=600", "--buf-initial-sz=400", "--buf-optimal-sz=500"]
    library = ["-c:v", "libvpx" if codec == "vp8" else "libvpx-vp9", "-threads", "1", "-deadline", "realtime", "-cpu-used", speed]
    ratios = ["-b:v", "1500k", "-minrate", "1500k", "-maxrate", "1500k", "-bufsize", "900k", "-lag-in-frames", "0"]
    program = ["vpxenc", f"--codec={codec}", "--rt", f"--cpu-used={speed}", *rate, "--lag-in-frames=0", "--threads=1", "--kf-max-dist=250", "--ivf",
               "-q", "-o", out, source]
    # libavcodec 59 takes speeds of VP9 up to 8.
    able = codec == "vp8" or int(speed) <= 8
    return {"program": program, "ffmpeg": [*ffmpeg, *library, *ratios, "-f", "ivf", out] if able else None}


def fastest(commands, rounds):
    best = {}
    for _ in range(rounds):
        for name, command in commands.items():
            if command:
                best[name] = min(best.get(name, 1e9), processor_seconds(command))
    return best


def measure_decoder(binaries, source, given, folder):
    coded, out = str(Path(folder, "coded.ivf")), str(Path(folder, "out.y4m"))
    processor_seconds(["vpxenc", "--codec=vp9", "--rt", "--cpu-used=8", "--end-usage=cbr", "--target-bitrate=2500", "--lag-in-frames=0",
                       "--ivf", "-q", "-o", coded, source])
    best = fastest({
        "reelmill": [str(binaries / "decode-vp9-to-y4m"), coded, out],
        "vpxdec": ["vpxdec", "--threads=2", "-o", out, coded],
        "ffmpeg": ["ffmpeg", "-v", "error", "-nostdin", "-y", "-threads", "2", "-c:v", "libvpx-vp9", "-i", coded, "-f", "yuv4mpegpipe", out],
    }, given.rounds)
    print("\nVP9 at 2.5 Mb/s to a Y4M file, likewise.\n")
    print("| | reelmill | `vpxdec` | ratio | `ffmpeg` with libvpx | ratio |\n|---|---|---|---|---|---|")
    cells = [f"{1000 * best['reelmill'] / given.frames:.2f}"]
    for name in ["vpxdec", "ffmpeg"]:
        cells += [f"{1000 * best[name] / given.frames:.2f}", f"{best['reelmill'] / best[name]:.2f}"]
    print(f"| decode | {' | '.join(cells)} |", flush=True)


def measure(binary, source, given, folder):
    print(f"{given.frames} pictures of 1280x720, one thread, processor milliseconds a picture; the fastest of {given.rounds} runs of each.\n")
    print("| | reelmill | `x264`, `vpxenc` | ratio | `ffmpeg` | ratio |\n|---|---|---|---|---|---|")
    jobs = [("x264", speed) for speed in X264] + [("vp9", speed) for speed in VP9] + [("vp8", speed) for speed in VP8]
    for codec, speed in jobs:
        out = str(Path(folder, "out"))
        commands = {"reelmill": [str(binary), codec, speed, source, out], **rivals(codec, speed, source, out)}
        best = fastest(commands, given.rounds)
        ours = best["reelmill"]
        cells = [f"{codec} {speed}", f"{1000 * ours / given.frames:.2f}"]
        for name in ["program", "ffmpeg"]:
            cells += [f"{1000 * best[name] / given.frames:.2f}", f"{ours / best[name]:.2f}"] if name in best else ["refuses", ""]
        print(f"| {' | '.join(cells)} |", flush=True)


def main():
    arguments = argparse.ArgumentParser(description="Reelmill's encoders beside x264, vpxenc and ffmpeg")
    arguments.add_argument("clip", nargs="?")
    arguments.add_argument("--frames", type=int, default=120)
    arguments.add_argument("--rounds", type=int, default=3)
    given = arguments.parse_args()
    metadata = subprocess.run(["cargo", "metadata", "--format-version", "1", "--no-deps"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    binaries = Path(json.loads(metadata.stdout)["target_directory"]) / "release"
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = tempfile.mkdtemp(prefix="reelmill-", dir=memory)
    try:
        source = pictures(given.clip, given.frames, folder)
        measure(binaries / "encode-y4m", source, given, folder)
        measure_decoder(binaries, source, given, folder)
    finally:
        shutil.rmtree(folder)


main()
