"""Numbers that a command takes."""

import click
import pytest
from click.testing import CliRunner

from node.finite import FiniteRange


@click.command()
@click.option("--seconds", type=FiniteRange(0, min_open=True), default=1.0)
def wait(seconds: float) -> None:
    click.echo(seconds)


def test_a_number_in_the_range_is_taken() -> None:
    assert CliRunner().invoke(wait, ["--seconds", "2.5"]).output == "2.5\n"


@pytest.mark.parametrize("wrong", ["nan", "inf", "-inf", "0", "two"])
def test_what_cannot_be_compared_is_refused_by_name(wrong: str) -> None:
    found = CliRunner().invoke(wait, ["--seconds", wrong])
    assert found.exit_code == 2
    assert "--seconds" in found.output
    assert wrong in found.output or "0" in found.output
