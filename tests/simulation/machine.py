"""The state machine that replicas run: it executes each client's command once, however often it
is proposed (chapter 6.3, client sessions), and goes into snapshots whole."""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Self

from central.raft import Entry


@dataclass
class Machine:
    """`executed`: command -> index at which it took effect. `digest` runs over all entries."""

    applied: int = 0
    digest: str = ""
    executed: dict[str, int] = field(default_factory=dict)

    def apply(self, entry: Entry) -> None:
        """Take the next committed entry."""
        content = f"{self.digest} {entry.index} {entry.term} {entry.data!r}"
        if entry.configuration is not None:
            # In order, for that of a set depends on the hash seed.
            content += f" {sorted(entry.configuration.voters)}"
        self.digest = hashlib.sha256(content.encode()).hexdigest()
        self.applied = entry.index
        if entry.data:
            self.executed.setdefault(command_of(entry.data), entry.index)

    def copy(self) -> "Machine":
        """Return a state that goes on by itself."""
        return Machine(self.applied, self.digest, dict(self.executed))

    def to_bytes(self, salt: str) -> bytes:
        """Return a snapshot. Like two copies of a database, two of one state differ in bytes."""
        return json.dumps([salt, self.applied, self.digest, self.executed]).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a snapshot."""
        _, applied, digest, executed = json.loads(data)
        return cls(applied, digest, executed)


def command_of(data: bytes) -> str:
    """Return what makes a command one and the same: its number, not its padding."""
    return data.partition(b":")[0].decode()
