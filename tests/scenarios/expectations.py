"""What a scenario can expect, and how that is read off the stage (interpreter.py explains it)."""

from collections.abc import Callable, Sequence

from central.raft import Raft, Role
from tests.scenarios.stage import Stage
from tests.scenarios.wording import describe, is_meant, is_said, terms, words


class Unexpected(Exception):
    """What was expected, and what is."""


def compare(expected: str, actual: str, *, holds: bool) -> None:
    """Raise Unexpected if an expectation does not hold."""
    if not holds:
        raise Unexpected(f"expected: {expected}\n      is: {actual}")


def patterns(stage: Stage, arguments: Sequence[str]) -> list[list[str]]:
    """Return patterns of messages, which commas part; none for `all`.

    Raises Unexpected for a word that no message can have: it would be in no mail for ever.
    """
    found = [part.split() for part in " ".join(arguments).split(",") if part != "all"]
    for word in (word for pattern in found for word in pattern):
        one, arrow, other = word.partition("->")
        names = {one, other} - {""}
        if not (names <= stage.disks.keys() if arrow else is_said(word)):
            raise Unexpected(f"unknown word '{word}': no message has it")
    return found


def expect(stage: Stage, arguments: Sequence[str]) -> None:
    """Check one expectation; raises Unexpected."""
    what, *rest = arguments
    if what == "leader":
        _expect_leader(stage, rest[0])
    elif what == "mail" or arguments[:2] == ["no", "mail"]:
        _expect_mail(stage, rest if what == "mail" else rest[1:], some=what == "mail")
    else:
        look, *expected = rest
        if look not in LOOKS:
            raise Unexpected(f"unknown word '{look}': one can look at {', '.join(LOOKS)}")
        for name in what.split(","):
            actual = LOOKS[look](stage, name)
            wanted = " ".join(expected)
            compare(f"{name} {look} {wanted}", f"{look} {actual}", holds=wanted == actual)


def _expect_leader(stage: Stage, wanted: str) -> None:
    leading = [(raft.term, name) for name, raft in stage.rafts.items() if raft.role is Role.LEADER]
    leader = max(leading)[1] if leading else "nobody"
    holds = leader != "nobody" if wanted == "somebody" else leader == wanted
    compare(f"leader {wanted}", f"leader {leader}", holds=holds)


def _expect_mail(stage: Stage, pattern: Sequence[str], *, some: bool) -> None:
    wanted = patterns(stage, pattern)
    meant = [describe(each) for each in stage.mail if is_meant(each, wanted)]
    expected = f"{'some' if some else 'no'} mail {' '.join(pattern)}"
    compare(expected, "; ".join(meant) or "none such", holds=bool(meant) is some)


def _log(raft: Raft) -> str:
    log = raft._state.log
    return terms(log.between(log.start.index + 1, log.last_index))


LOOKS: dict[str, Callable[[Stage, str], str]] = {
    "role": lambda stage, name: stage.rafts[name].role.value,
    "term": lambda stage, name: str(stage.rafts[name].term),
    "vote": lambda stage, name: stage.rafts[name]._state.vote or "nobody",
    "follows": lambda stage, name: stage.rafts[name].leader or "nobody",
    "start": lambda stage, name: str(stage.rafts[name].start.index),
    "log": lambda stage, name: _log(stage.rafts[name]),
    "commit": lambda stage, name: str(stage.rafts[name].commit_index),
    "voters": lambda stage, name: words(sorted(stage.rafts[name].configuration.voters)),
    "learners": lambda stage, name: words(sorted(stage.rafts[name].configuration.learners)),
    "applied": lambda stage, name: words(stage.disks[name].state),
    "reads": lambda stage, name: words(stage.reads.get(name, [])),
    "disk-log": lambda stage, name: terms(stage.disks[name].entries),
    "disk-term": lambda stage, name: str(stage.disks[name].hard_state.term),
    "disk-vote": lambda stage, name: stage.disks[name].hard_state.vote or "nobody",
}
