"""Planted bugs as data, and a copy of the core with one of them in it."""

import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CORE = Path("central/raft")
BUGS = Path(__file__).parent / "bugs"


class DoesNotApply(Exception):
    """A planted bug does not fit the source any more: derive it anew from the code as it is."""


@dataclass(frozen=True)
class Bug:
    """One bug: in `file` of central/raft, the only occurrence of `old` becomes `new`.

    `bug` says in a sentence what goes wrong, `source` which section of the dissertation rules it
    out or which implementation had it.
    """

    name: str
    bug: str
    source: str
    file: str
    old: str
    new: str

    def in_source(self) -> str:
        """Return the file's text with the bug; raises DoesNotApply."""
        text = (ROOT / CORE / self.file).read_text(encoding="utf-8")
        found = text.count(self.old)
        if found != 1:
            raise DoesNotApply(
                f"bug {self.name}: its old text occurs {found} times in {CORE / self.file}, not "
                "once: derive it anew from the code as it is"
            )
        return text.replace(self.old, self.new)


def known_bugs() -> list[Bug]:
    """Return every bug of bugs/*.toml, in the order of files and within them."""
    return [
        Bug(**fields)
        for path in sorted(BUGS.glob("*.toml"))
        for fields in tomllib.loads(path.read_text(encoding="utf-8"))["bug"]
    ]


def copy_core(into: Path, bug: Bug | None) -> None:
    """Copy the core to `into`/central/raft, with a bug or as it is; raises DoesNotApply."""
    shutil.copytree(ROOT / CORE, into / CORE, ignore=shutil.ignore_patterns("__pycache__"))
    package = CORE.parent / "__init__.py"
    shutil.copy(ROOT / package, into / package)
    if bug is not None:
        (into / CORE / bug.file).write_text(bug.in_source(), encoding="utf-8")
