"""An RTSP server from Debian's packages, fed with JPEGs on standard input.

Run by the system's own Python, which has its bindings. JPEGs find their own beginning, so that a
viewer may come and go at any time. Prints its port. RTSP_USER and RTSP_PASSWORD in the environment
are then asked for, by Digest (RFC 2617) and nothing else.
"""

import os
import sys

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import (  # type: ignore[import-not-found]  # noqa: E402
    GLib,
    Gst,
    GstRtsp,
    GstRtspServer,
)

PIPELINE = (
    "( fdsrc fd=0 do-timestamp=true ! image/jpeg,framerate=10/1 ! jpegparse ! jpegdec "
    "! videoconvert ! video/x-raw,format=I420 "
    "! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=10 pass=quant quantizer=22 "
    "! rtph264pay name=pay0 pt=96 config-interval=1 )"
)


def ask_for(user: str, password: str) -> None:
    """Let nobody else see the stream."""
    token = GstRtspServer.RTSPToken()
    token.set_string(GstRtspServer.RTSP_TOKEN_MEDIA_FACTORY_ROLE, "viewer")
    permissions = GstRtspServer.RTSPPermissions()
    for right in (
        GstRtspServer.RTSP_PERM_MEDIA_FACTORY_ACCESS,
        GstRtspServer.RTSP_PERM_MEDIA_FACTORY_CONSTRUCT,
    ):
        permissions.add_permission_for_role("viewer", right, True)
    factory.set_permissions(permissions)
    auth = GstRtspServer.RTSPAuth()
    auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    auth.add_digest(user, password, token)
    server.set_auth(auth)


Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[1] if len(sys.argv) > 1 else "0")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(PIPELINE)
factory.set_shared(True)
server.get_mount_points().add_factory("/live", factory)
if "RTSP_USER" in os.environ:
    ask_for(os.environ["RTSP_USER"], os.environ["RTSP_PASSWORD"])
server.attach(None)
print(server.get_bound_port(), flush=True)
sys.stdout.close()
GLib.MainLoop().run()
