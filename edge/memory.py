"""Keeps a small computer's memory small."""

import ctypes

_M_MMAP_THRESHOLD = -3  # of glibc's malloc.h
_LARGE = 1 << 20


def return_large_buffers() -> None:
    """Let the C library give back every buffer of a megabyte or more as soon as it is freed.

    By itself it learns from the first picture to keep all later ones. At a picture a second the
    price, fresh pages, does not show; the gain is a few pictures' worth of memory. Does nothing
    where the C library is not GNU's.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    mallopt(_M_MMAP_THRESHOLD, _LARGE)
