"""PURE: greatest stays as people write them: 45s, 90m, 2h, 1d."""

import re

_FORM = re.compile(r"([1-9][0-9]{0,9})\s*([smhd])")
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}  # the largest first


def parse_stay(text: str) -> int | None:
    """Return the seconds that a text states, or None if it states none."""
    found = _FORM.fullmatch(text.strip())
    return int(found[1]) * _SECONDS[found[2]] if found else None


def format_stay(seconds: int) -> str:
    """Return seconds (> 0) in the largest unit that holds them whole."""
    unit, length = next((u, length) for u, length in _SECONDS.items() if seconds % length == 0)
    return f"{seconds // length}{unit}"
