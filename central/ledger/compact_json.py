"""JSON as entries and links hold it: no blanks, UTF-8, to the last byte as Python itself makes it.

orjson takes a fifth of the time where it is installed; what it refuses Python's own decides on.
"""

import json
from typing import Any

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def plain_dumps(value: Any) -> bytes:
    """Return lists, texts and whole numbers as JSON. Raises ValueError or TypeError for others."""
    return _encode(value).encode()


def plain_loads(data: bytes | str) -> Any:
    """Return what was written, with numbers of up to 64 bits. Raises ValueError."""
    return json.loads(data)


try:
    import orjson
except ImportError:  # it belongs to an extra
    dumps, loads = plain_dumps, plain_loads
else:

    def dumps(value: Any) -> bytes:
        """As `plain_dumps`."""
        try:
            return orjson.dumps(value)
        except TypeError:  # a number of more than 64 bits, half a character
            return plain_dumps(value)

    def loads(data: bytes | str) -> Any:
        """As `plain_loads`."""
        try:
            return orjson.loads(data)
        except ValueError:
            return plain_loads(data)
