"""`parkledger ledger` with options that cannot be: one line, and no directory is made."""

from pathlib import Path

import pytest

from tests.command_line import Runner


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("--listen", "127.0.0.1:0"), "--listen 127.0.0.1:0: others must know the port"),
        (("--listen", "0.0.0.0:7001"), "--listen 0.0.0.0:7001: others could not find this replica"),
        (("--listen", "[::]:7001", "--peers", "b=10.0.0.2:7001"), "--peers a=HOST:7001"),
        (("--peers", "a=127.0.0.1:7009"), "--listen says 127.0.0.1:7001: give the same port"),
        (("--peer-port", "7001"), "--peer-port 7001 is the port of --listen 127.0.0.1:7001"),
        (("--append-port", "7001"), "--append-port 7001 is the port of --listen 127.0.0.1:7001"),
        (("--append-port", "9", "--peer-port", "9"), "--append-port 9 is --peer-port, too"),
        (("--peers", "b=1.2.3.4:1", "--join", "h:1"), "--join h:1 and --peers: a replica begins"),
        (("--heartbeat-ticks", "30"), "--heartbeat-ticks 30 must be below --election-ticks 22"),
        (("--keep-history", "1e300"), "1e+300 is not in the range 0<x<=36500"),
    ],
)
def test_options_that_cannot_be(
    arguments: tuple[str, ...], line: str, run: Runner, tmp_path: Path
) -> None:
    outcome = run("ledger", "--replica-id", "a", "--data", tmp_path / "a", *arguments)
    assert (outcome.code, outcome.out) == (2, [])
    assert line in outcome.err
    assert outcome.err.count("\n") == 1
    assert not (tmp_path / "a").exists()
