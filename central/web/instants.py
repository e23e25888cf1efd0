"""PURE: instants on this API's wire: RFC 3339, UTC, with the offset written out."""

from datetime import UTC, datetime, timedelta

from central.web.problems import Problem

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def text_of(instant_us: int) -> str:
    """Return microseconds since 1970 UTC as 2026-11-22T14:03:22.120000+00:00."""
    return (_EPOCH + timedelta(microseconds=instant_us)).isoformat(timespec="microseconds")


def instant_of(name: str, text: str) -> int:
    """Return what a request says as microseconds since 1970 UTC; raises Problem (422).

    Without an offset nobody knows which hour is meant, so there must be one.
    """
    # A '+' that was not escaped in a query arrives as a space.
    written = text.strip()
    if len(written) > 6 and written[-6] == " ":
        written = f"{written[:-6]}+{written[-5:]}"
    try:
        at = datetime.fromisoformat(written)
        if at.tzinfo is None:
            raise ValueError("no offset")
        instant = (at - _EPOCH) // _MICROSECOND
    except (ValueError, OverflowError) as error:
        raise Problem.of(
            422,
            "bad-time",
            f"{name} '{text[:60]}': write a time with its offset, such as "
            "2026-11-22T14:00:00Z or 2026-11-22T15:00:00%2B01:00",
        ) from error
    if instant <= 0:
        raise Problem.of(422, "bad-time", f"{name} '{text[:60]}': give a time after 1970")
    return instant
