"""The command `python -m benchmarks`."""

import importlib
import sys

import click

from benchmarks import BENCHMARKS
from node.cli import fail
from node.errors import OperationError, ParkledgerError, UsageError


class Benchmarks(click.Group):
    """Sub-commands by name, imported when asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(BENCHMARKS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in BENCHMARKS:
            return None
        try:
            module = importlib.import_module(BENCHMARKS[cmd_name][0])
        except ModuleNotFoundError as error:
            if error.name not in ("playwright", "psutil", "rich"):
                raise
            raise OperationError(
                f"'{cmd_name}' needs the package '{error.name}': "
                "pip install 'parkledger[all,bench]'"
            ) from error
        command = module.benchmark
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Benchmarks"):
            formatter.write_dl([(name, help_line) for name, (_, help_line) in BENCHMARKS.items()])


@click.group(
    cls=Benchmarks,
    context_settings={
        "auto_envvar_prefix": "PARKLEDGER_BENCHMARK",
        "help_option_names": ["-h", "--help"],
    },
)
def group() -> None:
    """Measure Parkledger on this machine.

    Exit code 0: every goal was met; 1: one was missed, or it could not be measured.
    """


def main(arguments: list[str] | None = None) -> None:
    """Entry point, with the same errors and exit codes as `parkledger`."""
    try:
        met = group.main(args=arguments, prog_name="python -m benchmarks", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message())
        sys.exit(0)
    except click.UsageError as error:
        fail(error.format_message(), exit_code=2)
    except click.Abort:
        fail("interrupted", exit_code=130)
    except UsageError as error:
        fail(str(error), exit_code=2)
    except ParkledgerError as error:
        fail(str(error), exit_code=1)
    sys.exit(1 if met is False else 0)


if __name__ == "__main__":
    main()
