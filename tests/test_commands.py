"""Taste, enforced: every command and every option of the command line is explained alike.

After sqlite-utils, whose tests check that each command is documented and has help.
"""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from node.cli import COMMANDS, group, main

ROOT = Path(__file__).resolve().parents[1]


def command(name: str) -> click.Command:
    """Return a command by its name, a sub-command by both: 'members add'."""
    found: click.Command = group
    for part in name.split():
        assert isinstance(found, click.Group)
        inner = found.get_command(click.Context(found), part)
        assert inner is not None
        found = inner
    return found


def with_sub_commands(name: str) -> list[str]:
    found = command(name)
    inner = found.commands if isinstance(found, click.Group) else {}
    return [name, *(f"{name} {sub}" for sub in inner)]


EVERY_COMMAND = [name for first in COMMANDS for name in with_sub_commands(first)]


def options(name: str) -> list[click.Option]:
    return [param for param in command(name).params if isinstance(param, click.Option)]


def refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command that must refuse with exit code 2; return its one line."""
    with pytest.raises(SystemExit) as left:
        main(arguments, prog_name="parkledger")
    assert left.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    return lines[0]


def wrong_value(option: click.Option) -> str | None:
    """Return a value that the option's type must refuse, None where any text will do."""
    if option.is_flag or isinstance(option.type, click.Path | click.types.StringParamType):
        return None
    if isinstance(option.type, click.types.IntParamType | click.types.FloatParamType):
        return "x"
    return "no good!" if option.type.name.endswith("id") else "nonsense:nonsense"


EVERY_OPTION = [
    pytest.param(name, option, id=f"{name} {option.opts[0]}")
    for name in EVERY_COMMAND
    for option in options(name)
]


TYPED_OPTIONS = [
    pytest.param(name, option.opts[0], wrong, id=f"{name} {option.opts[0]}")
    for name in EVERY_COMMAND
    for option in options(name)
    if (wrong := wrong_value(option)) is not None
]


@pytest.mark.parametrize("name", EVERY_COMMAND)
def test_a_command_says_what_it_does(name: str) -> None:
    help_text = command(name).help
    assert help_text
    assert help_text.splitlines()[0].rstrip().endswith((".", ":")), "a whole sentence comes first"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_has_whole_sentences(name: str) -> None:
    assert COMMANDS[name][2].endswith(".")


@pytest.mark.parametrize("name", EVERY_COMMAND)
def test_its_help_can_be_printed(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main([*name.split(), "--help"], prog_name="parkledger")
    assert left.value.code == 0
    assert f"parkledger {name}" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "option"), EVERY_OPTION)
def test_an_option_has_help_a_default_and_a_variable(name: str, option: click.Option) -> None:
    assert option.help
    sentence = option.help.partition("[default:")[0].rstrip()
    assert sentence.endswith((".", "…")), "help is whole sentences"
    assert option.show_envvar, "say show_envvar=True"
    shown = option.required or option.show_default or "[default:" in option.help
    assert shown, "say show_default=True, or in words what holds without the option"


@pytest.mark.parametrize(("name", "option"), EVERY_OPTION)
def test_its_variable_is_named_after_the_option(name: str, option: click.Option) -> None:
    long = next(spelling for spelling in option.opts if spelling.startswith("--"))
    expected = f"PARKLEDGER_{name}_{long.removeprefix('--')}".upper()
    expected = expected.replace("-", "_").replace(" ", "_")
    context = click.Context(
        command(name),
        info_name=name,
        auto_envvar_prefix=f"PARKLEDGER_{name.upper()}".replace(" ", "_"),
    )
    record = option.get_help_record(context)
    assert record is not None
    assert f"env var: {expected}" in record[1]


@pytest.mark.parametrize("name", EVERY_COMMAND)
def test_an_unknown_option_is_one_line_and_exit_code_2(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "--no-such-option" in refused([*name.split(), "--no-such-option"], capsys)


@pytest.mark.parametrize(("name", "option", "wrong"), TYPED_OPTIONS)
def test_a_wrong_value_is_one_line_and_exit_code_2(
    name: str, option: str, wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused([*name.split(), option, wrong], capsys)
    assert option.lstrip("-") in line or wrong in line


def test_no_command_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(["--help"])
    assert left.value.code == 0
    listed = capsys.readouterr().out
    assert all(f"  {name} " in listed for name in COMMANDS)


def test_an_unknown_command_is_one_line_and_exit_code_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert refused(["parc"], capsys) == (
        "parkledger: No such command 'parc'. (see 'parkledger --help')"
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_the_readme_shows_the_command(name: str) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"parkledger {name}" in text or f"make {name}" in text


@pytest.mark.parametrize(
    "arguments",
    [
        ["camera", "--processor"],
        ["status", "--ledger"],
        ["mqtt", "--broker"],
        ["ledger", "--join"],
        ["members", "add", "d"],
    ],
    ids=" ".join,
)
def test_nobody_is_reached_at_port_0(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused([*arguments, "127.0.0.1:0"], capsys)
    assert "address '127.0.0.1:0': nobody can be reached at port 0" in line


WITHOUT_EXTRAS = """
import sys
from node.cli import COMMANDS, EXTRA_OF_PACKAGE, group
import click
sys.modules.update(dict.fromkeys(EXTRA_OF_PACKAGE))  # as if none of them were installed
for name in COMMANDS:
    try:
        group.get_command(click.Context(group), name)
    except click.ClickException as error:
        print(name, error.format_message().rpartition("'parkledger[")[2].rstrip("]'"))
    else:
        print(name, "-")
"""


def test_what_a_machine_without_extras_runs_and_which_extra_the_rest_asks_for() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_EXTRAS], capture_output=True, text=True, check=True, cwd=ROOT
    )
    extras = dict(line.split() for line in ran.stdout.splitlines())
    asking = {name: extra for name, extra in extras.items() if extra != "-"}
    assert asking == {
        "processor": "all",
        "replay": "all",
        "status": "all",
        "web": "web",
        "mqtt": "mqtt",
        "webhook": "web",
        "demo": "all",
        "evaluate": "all",
        "convert-labels": "all",
    }


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("environment", [None, {}])
def test_an_output_that_has_no_room_is_said_in_one_line(
    environment: dict[str, str] | None,
) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "node", "--help"],
            cwd=ROOT,
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.stderr == (
        "parkledger: the output cannot be written (No space left on device); free its disk\n"
    )
    assert ended.returncode == 1
