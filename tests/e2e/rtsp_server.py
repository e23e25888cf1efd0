"""An RTSP server from Debian's packages, fed with JPEGs on standard input.

Run by the system's own Python, which has its bindings. JPEGs find their own beginning, so that a
viewer may come and go at any time. Prints its port.
"""

import sys

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found]  # noqa: E402

PIPELINE = (
    "( fdsrc fd=0 do-timestamp=true ! image/jpeg,framerate=10/1 ! jpegparse ! jpegdec "
    "! videoconvert ! video/x-raw,format=I420 "
    "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 pass=quant quantizer=22 "
    "! rtph264pay name=pay0 pt=96 config-interval=1 )"
)

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1] if len(sys.argv) > 1 else "0")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(PIPELINE)
factory.set_shared(True)
server.get_mount_points().add_factory("/live", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
sys.stdout.close()
GLib.MainLoop().run()
