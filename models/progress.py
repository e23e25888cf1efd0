"""The progress bar of commands that read many pictures."""

from rich.console import Console
from rich.progress import Progress


def progress_bar() -> Progress:
    """Return a bar on standard error that vanishes at the end; none at all where no terminal is.

    Into a file a vanished bar leaves an empty line, before what the command has to say.
    """
    console = Console(stderr=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)
