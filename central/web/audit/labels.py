"""Labels on disk: one line of JSON each, appended and fsynced. No picture is kept."""

import json
import os
from pathlib import Path

from central.ledger.records import Occupancy
from central.web.audit.tally import Label
from node.errors import UsageError


class LabelFile:
    """Owns one file of labels; reads it once, then appends. Not for several processes."""

    def __init__(self, path: Path) -> None:
        """Raises UsageError if the file cannot be read or written, or holds something else."""
        self._path = path
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        except OSError as error:
            raise UsageError(
                f"--labels {path}: cannot be opened ({error.strerror}); "
                "name a file that can be written"
            ) from None
        self._file = os.fdopen(descriptor, "a+", encoding="utf-8")
        self._file.seek(0)
        try:
            self.labels = [self._parse(line, at) for at, line in enumerate(self._file, 1)]
        except UnicodeDecodeError:
            raise UsageError(
                f"--labels {path}: holds no text, so no labels; name another file"
            ) from None

    def add(self, label: Label) -> None:
        """Append a label; raises OSError, keeping nothing, if it cannot be written."""
        self._file.write(json.dumps(_fields(label)) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        self.labels.append(label)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def _parse(self, line: str, at: int) -> Label:
        try:
            fields = json.loads(line)
            return Label(**{**fields, "said": Occupancy[fields["said"].upper()]})
        except (ValueError, KeyError, TypeError, AttributeError):
            raise UsageError(
                f"--labels {self._path}: line {at} is no label; name another file, or mend the line"
            ) from None


def _fields(label: Label) -> dict[str, object]:
    return {**vars(label), "said": label.said.name.lower()}
