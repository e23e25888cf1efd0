"""`python -m benchmarks ledger`, run for a moment on real processes."""

import json
import shutil
from pathlib import Path

import click
import pytest

from benchmarks.__main__ import main
from benchmarks.ledger.cli import benchmark

BRIEFLY = ["--rounds", "1", "--seconds", "0.2"]


def measured(tmp_path: Path, *arguments: str) -> dict[str, dict[str, float | None]]:
    file = tmp_path / "ledger.json"
    chosen = [*arguments, "--directory", str(tmp_path), "--json", str(file)]
    benchmark.main([*BRIEFLY, *chosen], standalone_mode=False)
    assert list(tmp_path.iterdir()) == [file]  # nothing is left behind
    return {row["name"]: row for row in json.loads(file.read_text())["rows"]}


def test_without_etcd_it_says_how_to_get_it_and_measures_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    rows = measured(tmp_path, "--rows", "reads", "--rows", "coalesced", "--rows", "cpu")
    assert "apt-get install etcd-server" in capsys.readouterr().err
    row = rows["linearizable reads, 64 in flight: read-index"]
    assert row["ours"]
    assert row["peer"] is None
    assert not any("coalesced" in name for name in rows)
    used = [rows[f"CPU, 1 writer: {part}"]["ours"] for part in ("client", "primary", "each backup")]
    assert all(used)


@pytest.mark.skipif(shutil.which("etcd") is None, reason="etcd is not on the PATH")
def test_beside_etcd(tmp_path: Path) -> None:
    arguments = ["--rows", "cameras", "--rows", "volume", "--rows", "kills", "--rows", "coalesced"]
    small = ["--cameras", "2", "--kills", "1", "--entries", "300"]
    rows = measured(tmp_path, *arguments, *small)
    beside = [row for name, row in rows.items() if not name.startswith(("load", "4 KiB"))]
    assert len(beside) == 1 + 4 + 4 + 4
    assert all(row["ours"] for row in beside)
    assert sum(row["ratio"] is not None for row in beside) == 1 + 4 + 2 + 4


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--rows", "nothing"], "'nothing' is not one of"),
        (["--rounds", "0"], "--rounds"),
        (["--directory", "/no/such/place"], "/no/such/place"),
    ],
)
def test_wrong_values(arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["ledger", *arguments])
    assert left.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert named in line


def test_the_help_has_an_example_and_a_default_for_each_option() -> None:
    context = click.Context(benchmark)
    assert "python -m benchmarks ledger --rows" in benchmark.get_help(context)
    options = [p for p in benchmark.params if isinstance(p, click.Option)]
    assert all(option.show_default and option.show_envvar for option in options)
