"""What is asked of the system for a TCP connection."""

import asyncio
import socket

SILENT_MS = 3_000
"""Milliseconds after which a machine that acknowledges nothing is taken for gone."""


def notice_silence(transport: asyncio.BaseTransport) -> None:
    """Let the system end a connection whose other machine is gone without a word."""
    connection = transport.get_extra_info("socket")
    if connection is None or connection.family not in (socket.AF_INET, socket.AF_INET6):
        return
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_USER_TIMEOUT", SILENT_MS),
        ("TCP_KEEPIDLE", 1),
        ("TCP_KEEPINTVL", 1),
        ("TCP_KEEPCNT", SILENT_MS // 1000),
    ):
        option = getattr(socket, name, None)  # some are Linux's alone
        if option is not None:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
