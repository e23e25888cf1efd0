"""`python -m benchmarks`: the list, and wrong ways to ask."""

import pytest

from benchmarks import BENCHMARKS
from benchmarks.__main__ import main


def test_without_a_name_it_lists_them(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 0
    listed = capsys.readouterr().out
    assert all(f"  {name}  " in listed for name in BENCHMARKS)


@pytest.mark.parametrize("name", BENCHMARKS)
def test_each_has_help_and_the_two_files(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([name, "--help"])
    assert left.value.code == 0
    shown = capsys.readouterr().out
    assert f"PARKLEDGER_BENCHMARK_{name.upper()}_JSON" in "".join(shown.split())
    assert "--plot FILE.png" in shown


@pytest.mark.parametrize("arguments", [["nothing"], ["demo", "--seconds", "1"], ["demo", "-x"]])
def test_wrong_values(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1
