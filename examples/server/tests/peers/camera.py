#!/usr/bin/python3
"""An RTSP camera for tests, on GStreamer's RTSP server. Loopback only; ends by itself.

    camera.py [--port 0] [--seconds 120] [--user U --password P --auth basic|digest] MOUNT...

prints `ready PORT` once it listens. A MOUNT is a path with what it shows, written like a query, values percent-encoded:

    cam?file=/clips/a.mp4&audio=aac       an MP4 file in real time, from its start for each viewer (without `audio`: pictures only)
    cam?file=/clips/b.mp4&video=h265      H.264 unless told otherwise; video=none for sound only
    cam?file=/clips/c.mp4&sets=sdp        parameter sets in the SDP only, not in band
    cam?file=/clips/a.mp4&transport=udp   refuses the other transport (tcp or udp)
    cam?live=slices                       a picture encoded while you watch, in two slices
    cam?live=clock                        the time of day as a barcode (see barcode.py), encoded while you watch; all viewers share it
    cam?live=jpeg                         a codec that nothing here takes on
"""

import argparse
import sys
from urllib.parse import parse_qsl

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

VIDEO = {"h264": "h264parse config-interval={sets} ! rtph264pay config-interval={sets}",
         "h265": "h265parse config-interval={sets} ! rtph265pay config-interval={sets}"}
AUDIO = {"aac": "aacparse ! rtpmp4gpay", "opus": "opusparse ! rtpopuspay"}
TRANSPORT = {"tcp": GstRtsp.RTSPLowerTrans.TCP, "udp": GstRtsp.RTSPLowerTrans.UDP}
AUTH = {"basic": GstRtsp.RTSPAuthMethod.BASIC, "digest": GstRtsp.RTSPAuthMethod.DIGEST}

LIVE = {
    "slices": "videotestsrc is-live=true pattern=ball ! video/x-raw,width=640,height=360,framerate=25/1"
              " ! x264enc tune=zerolatency speed-preset=ultrafast sliced-threads=true threads=2 key-int-max=25 bitrate=800"
              " ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 config-interval=-1",
    "clock": "appsrc name=clock is-live=true format=time do-timestamp=true"
             " caps=video/x-raw,format=I420,width=640,height=360,framerate=25/1"
             " ! x264enc tune=zerolatency speed-preset=ultrafast threads=1 key-int-max=25 bitrate=1000"
             " ! h264parse config-interval=-1 ! rtph264pay name=pay0 pt=96 config-interval=-1",
    "jpeg": "videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=10/1 ! jpegenc ! rtpjpegpay name=pay0 pt=26",
}


def pipeline(options):
    """The description of what a mount plays, in the notation of gst-launch."""
    if "live" in options:
        return f"( {LIVE[options['live']]} )"
    sets = 0 if options.get("sets") == "sdp" else -1
    payloaders = []
    if options.get("video") != "none":
        payloaders.append(("d.video_0", VIDEO[options.get("video", "h264")].format(sets=sets)))
    if "audio" in options:
        payloaders.append(("d.audio_0", AUDIO[options["audio"]]))
    streams = [f"{pad} ! queue max-size-time=3000000000 max-size-bytes=0 max-size-buffers=0 ! {chain} name=pay{n} pt={96 + n}"
               for n, (pad, chain) in enumerate(payloaders)]
    return f"( filesrc location=\"{options['file']}\" ! qtdemux name=d {' '.join(streams)} )"


def factory(options):
    made = GstRtspServer.RTSPMediaFactory()
    made.set_launch(pipeline(options))
    made.set_shared("live" in options)
    made.set_latency(0)
    if "transport" in options:
        made.set_protocols(TRANSPORT[options["transport"]])
    if options.get("live") == "clock":
        import barcode
        made.connect("media-configure", lambda _, media: barcode.feed(media.get_element().get_by_name_recurse_up("clock")))
    return made


def guard(server, user, password, method):
    """Lets in whoever knows the password, by the method named only."""
    auth, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth.set_supported_methods(AUTH[method])
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    auth.add_digest(user, password, token)
    server.set_auth(auth)


def permit(made):
    rights = GstRtspServer.RTSPPermissions()
    rights.add_permission_for_role("viewer", "media.factory.access", True)
    rights.add_permission_for_role("viewer", "media.factory.construct", True)
    made.set_permissions(rights)


def main():
    arguments = argparse.ArgumentParser(description="RTSP camera for tests")
    arguments.add_argument("--port", type=int, default=0)
    arguments.add_argument("--seconds", type=int, default=120)
    arguments.add_argument("--user")
    arguments.add_argument("--password", default="")
    arguments.add_argument("--auth", choices=AUTH, default="basic")
    arguments.add_argument("mounts", nargs="+", metavar="MOUNT")
    given = arguments.parse_args()

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(given.port))
    if given.user:
        guard(server, given.user, given.password, given.auth)
    for mount in given.mounts:
        path, _, query = mount.partition("?")
        made = factory(dict(parse_qsl(query, strict_parsing=True)))
        if given.user:
            permit(made)
        server.get_mount_points().add_factory(f"/{path}", made)
    if server.attach(None) == 0:
        sys.exit(f"cannot listen on port {given.port}")

    loop = GLib.MainLoop()
    GLib.timeout_add_seconds(given.seconds, loop.quit)
    print("ready", server.get_bound_port(), flush=True)
    loop.run()


main()
