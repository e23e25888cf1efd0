"""PURE: instants as people write and read them."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from node.errors import UsageError

_AGE = re.compile(r"(\d+)\s*([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def zone_of(name: str) -> tzinfo | None:
    """Return a time zone by its IANA name; None for `local`, this machine's own."""
    if name == "local":
        return None
    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(
            f"--zone '{name}': give an IANA name such as Europe/Berlin, UTC, or local"
        ) from error


def instant_of(option: str, text: str, *, zone: tzinfo | None, now_us: int) -> int:
    """Return what a person wrote as microseconds since 1970 UTC; raises UsageError.

    A date or a date and time, of `zone` if it says no offset, or an age: 90s, 15m, 6h, 2d.
    """
    try:
        if age := _AGE.fullmatch(text.strip()):
            back = timedelta(**{_UNITS[age[2]]: int(age[1])})
            return _after_1970(option, text, now_us - back // timedelta(microseconds=1))
        written = datetime.fromisoformat(text.strip())
        if written.tzinfo is None:
            written = written.astimezone() if zone is None else written.replace(tzinfo=zone)
        instant = (written - _EPOCH) // timedelta(microseconds=1)
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{option} '{text}': write 2026-11-22T14:00, 2026-11-22, 2026-11-22T14:00+01:00, or an "
            "age: 90s, 15m, 6h, 2d"
        ) from error
    return _after_1970(option, text, instant)


def _after_1970(option: str, text: str, instant_us: int) -> int:
    if instant_us <= 0:
        raise UsageError(f"{option} '{text}' is before 1970: give a later time")
    return instant_us


def text_of(instant_us: int, *, zone: tzinfo | None) -> str:
    """Return an instant to the millisecond: 2026-11-22T14:03:22.120Z, or with the offset."""
    at = (_EPOCH + timedelta(microseconds=instant_us)).astimezone(zone)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
