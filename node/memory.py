"""Keeps large buffers at hand, for what makes and drops the same ones again and again."""

import ctypes

# Of glibc's malloc.h.
_M_TRIM_THRESHOLD = -1
_M_MMAP_THRESHOLD = -3
_LARGEST = 32 << 20  # that glibc takes


def keep_large_buffers(kept: int = 32 << 20) -> None:
    """Let the C library keep what is freed, up to so many bytes in each of its heaps.

    By itself it gives back what lies free above some multiple of the largest buffer that it has
    seen, so that a picture's pages come anew from the kernel, zeroed, with every frame: a tenth of
    what a frame costs (docs/MEASUREMENTS.md). Does nothing where the C library is not GNU's.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return
    mallopt(_M_MMAP_THRESHOLD, _LARGEST)
    mallopt(_M_TRIM_THRESHOLD, kept)
