"""The words of scenario files that do something (interpreter.py explains them)."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from central.raft import (
    Configuration,
    Entry,
    HardState,
    Message,
    RequestVote,
    Role,
    Snapshot,
    VoteReply,
    forced,
)
from tests.scenarios.expectations import Unexpected, expect, patterns
from tests.scenarios.stage import Disk, Stage
from tests.scenarios.wording import is_meant

Arguments = Sequence[str]


def _parts(arguments: Arguments, *keys: str) -> dict[str, list[str]]:
    """Return the values that follow each key; those before any key under ''."""
    found: dict[str, list[str]] = {"": []}
    key = ""
    for argument in arguments:
        if argument in keys:
            key = argument
            found[key] = []
        else:
            found[key].append(argument)
    return found


def _configuration(arguments: Arguments) -> Configuration:
    found = _parts(arguments, "learners")
    return Configuration(frozenset(found[""]), frozenset(found.get("learners", ())))


def _set(stage: Stage, arguments: Arguments) -> None:
    name, value = arguments[0], int(arguments[1])
    if name == "piece_bytes":
        stage.piece_bytes = value
    else:
        stage.settings = replace(stage.settings, **{name: value})  # type: ignore[arg-type]


def _group(stage: Stage, arguments: Arguments) -> None:
    configuration = _configuration(arguments)
    for name in sorted(configuration.members):
        stage.disks[name] = Disk(start=Snapshot(0, 0, configuration))
        stage.start(name)


def _join(stage: Stage, arguments: Arguments) -> None:
    stage.disks[arguments[0]] = Disk()
    stage.start(arguments[0])


def _disk(stage: Stage, arguments: Arguments) -> None:
    name, *rest = arguments
    found = _parts(rest, "term", "vote", "log", "applied")
    disk = stage.disks[name]
    log = enumerate(map(int, found.get("log", ())), start=1)
    disk.entries = [Entry(index, term, b"%d@%d" % (index, term)) for index, term in log]
    term, vote = found.get("term", ["0"])[0], found.get("vote", [None])[0]
    disk.hard_state = HardState(int(term), vote)
    stage.applied_before(name, int(found.get("applied", ["0"])[0]))
    stage.start(name)


def _tick(stage: Stage, arguments: Arguments) -> None:
    *names, ticks = arguments
    stage.tick(list(stage.rafts) if names == ["all"] else names, int(ticks))


def _time_out(stage: Stage, arguments: Arguments) -> None:
    (name,) = arguments
    state = stage.rafts[name]._state
    stage.tick([name], max(1, state.election_deadline - state.ticks_since_leader))


def _elect(stage: Stage, arguments: Arguments) -> None:
    found = _parts(arguments, "with")
    (name,) = found[""]
    heard = {name, *found.get("with", stage.rafts)}
    for raft in stage.rafts.values():
        if raft.role is not Role.LEADER:  # section 4.2.3: who hears a leader does not vote
            raft._state.ticks_since_heard = stage.settings.election_ticks
    _time_out(stage, [name])
    stage.deliver(
        lambda each: (
            isinstance(each, RequestVote | VoteReply) and {each.sender, each.receiver} <= heard
        )
    )
    stage.mail = [each for each in stage.mail if not isinstance(each, RequestVote | VoteReply)]


def _read(stage: Stage, arguments: Arguments) -> None:
    if not stage.ask(arguments[0], int(arguments[1])):
        raise ValueError("it cannot tell yet what is committed")


def _deliver(stage: Stage, arguments: Arguments) -> None:
    once = arguments[:1] == ["one"]
    wanted = patterns(stage, arguments[1:] if once else arguments)
    if not stage.deliver(lambda each: is_meant(each, wanted), once=once):
        raise Unexpected("there is no such mail")


def _meant(stage: Stage, arguments: Arguments) -> list[Message]:
    wanted = patterns(stage, arguments)
    meant = [each for each in stage.mail if is_meant(each, wanted)]
    if not meant:
        raise Unexpected("there is no such mail")
    return meant


def _duplicate(stage: Stage, arguments: Arguments) -> None:
    stage.mail += _meant(stage, arguments)


def _drop(stage: Stage, arguments: Arguments) -> None:
    dropped = _meant(stage, arguments)
    stage.mail = [each for each in stage.mail if each not in dropped]


def _hold(stage: Stage, arguments: Arguments) -> None:
    stage.held += _meant(stage, arguments)
    _drop(stage, arguments)


def _release(stage: Stage, arguments: Arguments) -> None:
    stage.mail += stage.held
    stage.held = []


def _cut(stage: Stage, arguments: Arguments) -> None:
    if len(arguments) == 1:
        one, _, other = arguments[0].partition("->")
        stage.cut.add((one, other))
    else:
        one, other = arguments
        stage.cut |= {(one, other), (other, one)}


def _part(stage: Stage, arguments: Arguments) -> None:
    for one in arguments:
        for other in stage.disks.keys() - set(arguments):
            _cut(stage, [one, other])


def _fast(stage: Stage, arguments: Arguments) -> None:
    stage.slow.discard(arguments[0])
    stage.finish_writes(arguments[0])


def _crash(stage: Stage, arguments: Arguments) -> None:
    for name in arguments:
        stage.crash(name)


def _restart(stage: Stage, arguments: Arguments) -> None:
    name, *rest = arguments
    if rest:
        stage.applied_before(name, int(rest[1]))
    stage.start(name)


def _lose(stage: Stage, arguments: Arguments) -> None:
    name, what, *value = arguments
    disk = stage.disks[name]
    if what == "log":
        disk.entries = [each for each in disk.entries if each.index <= int(value[0])]
    else:
        term = int(value[0]) if what == "term" else disk.hard_state.term
        disk.hard_state = HardState(term, None)


def _compact(stage: Stage, arguments: Arguments) -> None:
    stage.keep_snapshot(arguments[0])
    stage.rafts[arguments[0]].compact(int(arguments[1]))


def _recover(stage: Stage, arguments: Arguments) -> None:
    name, *voters = arguments
    raft, disk = stage.rafts[name], stage.disks[name]
    last = raft.snapshot_at(raft.last_index)
    stage.crash(name)
    disk.write(forced(disk.hard_state, last, _configuration(voters)))
    stage.start(name)


STEPS: dict[str, Callable[[Stage, Arguments], object]] = {
    "set": _set,
    "group": _group,
    "join": _join,
    "disk": _disk,
    "tick": _tick,
    "run": lambda stage, given: stage.run(int(given[0])),
    "timeout": _time_out,
    "elect": _elect,
    "propose": lambda stage, given: stage.rafts[given[0]].propose(
        [each.encode() for each in given[1:]]
    ),
    "read": _read,
    "transfer": lambda stage, given: stage.rafts[given[0]].transfer_leadership(given[1]),
    "change": lambda stage, given: stage.rafts[given[0]].change_configuration(
        _configuration(given[1:])
    ),
    "deliver": _deliver,
    "drop": _drop,
    "duplicate": _duplicate,
    "hold": _hold,
    "release": _release,
    "cut": _cut,
    "part": _part,
    "heal": lambda stage, _: stage.cut.clear(),
    "slow": lambda stage, given: stage.slow.update(given),
    "write": lambda stage, given: stage.finish_writes(given[0]),
    "fast": _fast,
    "busy": lambda stage, given: stage.busy.update(given),
    "idle": lambda stage, given: stage.busy.difference_update(given),
    "crash": _crash,
    "restart": _restart,
    "wipe": lambda stage, given: stage.disks.update({given[0]: Disk()}),
    "lose": _lose,
    "compact": _compact,
    "recover": _recover,
    "expect": expect,
}
