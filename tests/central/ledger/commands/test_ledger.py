"""`parkledger ledger` with options that cannot be: one line, and no directory is made."""

import socket
from pathlib import Path

import pytest

from tests.central.ledger.cluster import free_ports
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


@pytest.mark.parametrize("option", ["--peer-port", "--append-port"])
def test_a_port_of_its_own_that_is_taken_is_named(option: str, run: Runner, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        listen = ("--listen", f"127.0.0.1:{free_ports(1)[0]}")
        data = ("--data", tmp_path / "a")
        outcome = run("ledger", "--replica-id", "a", *listen, *data, option, port)
    assert (outcome.code, outcome.out) == (1, [])
    assert f"127.0.0.1:{port}" in outcome.err
    assert f"choose another one with {option}" in outcome.err
    assert not (tmp_path / "a").exists()
