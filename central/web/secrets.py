"""Secrets come from files: the command line and the environment can be read by others."""

from pathlib import Path

from node.errors import UsageError


def secret_of(option: str, file: Path | None, *, at_least: int = 1) -> str:
    """Return the first line of a file, empty without one; raises UsageError naming the option."""
    if file is None:
        return ""
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise UsageError(
            f"{option} {file}: cannot be read ({error.strerror}); check the path"
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"{option} {file}: is no text; give a file with one line") from None
    secret = lines[0].strip() if lines else ""
    if len(secret) < at_least:
        raise UsageError(
            f"{option} {file}: its first line must have {at_least} or more characters, such as "
            "'openssl rand -hex 16' gives"
        )
    return secret
