r"""Plays a scenario file: a script of steps on a few replicas, and what is expected of them.

A line is a step; `#` begins a comment, and a file must open with one: the bug that it guards. Mail
lies until the file delivers it, and writes are on disk at once, unless it says otherwise.

    set WHAT N                       a setting of Config, for replicas started later; or piece_bytes
    group a b c [learners d]         start a new group
    join d                           start a replica with an empty disk
    disk a [term 3] [vote b] [log 1 1 2] [applied 1]
                                     start a from such a disk; its entries are called INDEX@TERM
    tick a b N | tick all N          time passes, and nothing arrives
    run N                            time passes for all, and all mail arrives
    timeout a                        a's election time-out is over
    elect a [with b c]               the same, all others have heard no leader for long, and the
                                     votes of a (and b and c) are delivered, and no others
    propose a x y  |  read a 7       read number 7 of a
    transfer a b
    change a VOTER... [learners LEARNER...]
    compact a N                      a snapshot of all it applied; its log starts after entry N
    deliver PATTERN, PATTERN...      and what comes of it, until no such mail is left
    deliver one PATTERN              the first such message only
    drop | duplicate | hold PATTERN, PATTERN...  |  release
    cut a b  |  cut a->b             a link, or one way of it
    part a b                         cut these off from all others
    heal
    slow a  |  write a  |  fast a    writes wait from now on; end those that wait; wait no more
    busy a  |  idle a                what it asks for is not looked at until it is idle
    crash a b  |  restart a [applied N]  |  wipe a
    lose a term N  |  lose a vote  |  lose a log N      on disk; entries up to N are left
    recover a VOTER...               what an operator does when the others are gone for good
    expect leader a | nobody | somebody
    expect [no] mail PATTERN
    expect a,b role | term | vote | follows | log | start | commit | applied | voters | learners
               | reads | disk-log | disk-term | disk-vote VALUE...

All words of a pattern are in the message as wording.describe has it: `AppendEntries a->b +3@2`, or
`a->` and `->b` for anyone at the other end; `all` is all mail. What delivers nothing is an error.
`STEP => refused: TEXT` expects the step to be refused with that text. Whatever a file expects, the
stage watches state-machine safety, election safety, and that no read is stale.
"""

from pathlib import Path

from central.raft import ChangeRefused, NotLeader, Overloaded
from tests.scenarios.expectations import LOOKS, Unexpected, compare
from tests.scenarios.stage import Stage
from tests.scenarios.steps import STEPS
from tests.scenarios.wording import describe

REFUSALS = (ValueError, NotLeader, Overloaded, ChangeRefused)
TRACE_LINES = 200


class Failed(AssertionError):
    """A scenario did not go as it should; the text tells file, line, what is, and the trace."""


def play(path: Path) -> None:
    """Play a file to its end; raises Failed."""
    stage = Stage()
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or not lines[0].startswith("# "):
        raise Failed(f"{path.name}:1: opens with no comment that names the bug it guards")
    for number, line in enumerate(lines, start=1):
        text = (" " + line).partition(" #")[0].strip()
        if not text:
            continue
        stage.trace.append(f"{number}: {text}")
        try:
            _do(stage, text)
        except Exception as wrong:  # whatever it is, a person wants to know where
            what = str(wrong) if isinstance(wrong, Unexpected | AssertionError) else repr(wrong)
            raise Failed(f"{path.name}:{number}: {text}\n{what}\n\n{_report(stage)}") from wrong


def _do(stage: Stage, text: str) -> None:
    text, _, refusal = (part.strip() for part in text.partition("=> refused:"))
    word, *arguments = text.split()
    step = STEPS.get(word)
    if step is None:
        raise Unexpected(f"unknown word '{word}': the words are {', '.join(STEPS)}")
    if not refusal:
        step(stage, arguments)
        stage.settle()
        return
    try:
        step(stage, arguments)
    except REFUSALS as refused:
        compare(f"refused: ...{refusal}...", str(refused), holds=refusal in str(refused))
    else:
        raise Unexpected(f"expected: refused: {refusal}\n      is: it was done")


def _report(stage: Stage) -> str:
    now = [f"    {name}: {_one_line(stage, name)}" for name in stage.rafts]
    mail = [f"    {describe(each)}" for each in stage.mail]
    trace = stage.trace[-TRACE_LINES:]
    return "\n".join(["trace:", *trace, "replicas:", *now, "mail:", *mail])


def _one_line(stage: Stage, name: str) -> str:
    shown = ("role", "term", "vote", "start", "log", "commit", "voters", "learners", "applied")
    return ", ".join(f"{what} {LOOKS[what](stage, name)}" for what in shown)
