"""A progress bar over bytes, on standard error, where somebody looks at it."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def bar(label: str, *, hidden: bool = False) -> Iterator[Callable[[int, int], None]]:
    """Give what is to be told (bytes so far, bytes in all), again and again."""
    with click.progressbar(
        length=1,
        label=label,
        file=sys.stderr,
        show_percent=True,
        hidden=hidden or not sys.stderr.isatty(),
    ) as shown:

        def tell(done: int, size: int) -> None:
            shown.length = max(1, size)
            shown.update(done - shown.pos)

        yield tell
