"""The `parkledger` command: one group whose sub-commands are imported only when they run.

Lazy loading is what keeps a camera node small: `parkledger camera` must import neither
onnxruntime nor anything of `central` (a test checks it in a process of its own).
"""

import errno
import importlib
import os
import sys
from typing import Any, NoReturn

import click

from node.errors import ParkledgerError, UsageError

# name -> (module, attribute, one line of help). The help stands here too, so that
# `parkledger --help` need not import nine packages to print nine lines.
COMMANDS: dict[str, tuple[str, str, str]] = {
    "camera": ("edge.cli", "camera", "Run a camera node: a video source, streamed to a processor."),
    "processor": (
        "central.processor.cli",
        "processor",
        "Run a processor: frames in, detections committed to the ledger.",
    ),
    "replay": (
        "central.processor.replay_cli",
        "replay",
        "Decide a processor's recordings again, to the same detections.",
    ),
    "ledger": ("central.ledger.commands.ledger", "ledger", "Run one replica of the ledger."),
    "apply": ("central.operator.cli", "apply", "Commit lots, cameras and regions from TOML files."),
    "layout": (
        "central.operator.layout_cli",
        "layout",
        "Write a lot's committed layout to a TOML file.",
    ),
    "convert": ("central.layout.cli", "convert", "Turn a frames JSON into a layout, video, truth."),
    "preview": ("central.layout.cli", "preview", "Draw a layout's regions over a picture."),
    "status": ("central.operator.status_cli", "status", "Show replicas, nodes and free counts."),
    "watch": (
        "central.operator.cli",
        "watch",
        "Follow occupancy changes as they commit.",
    ),
    "history": (
        "central.operator.history_cli",
        "history",
        "Show what changed in a lot, or how it stood at a time.",
    ),
    "stays": (
        "central.operator.stays_cli",
        "stays",
        "Show how long spots were taken, over-stays and turnover.",
    ),
    "verify": (
        "central.ledger.commands.verify",
        "verify",
        "Check that nothing in the ledger was altered.",
    ),
    "members": (
        "central.operator.members_cli",
        "members",
        "List, add, promote or remove the ledger's replicas.",
    ),
    "transfer": ("central.operator.members_cli", "transfer", "Make another replica the primary."),
    "backup": (
        "central.ledger.commands.backup",
        "backup",
        "Copy a running ledger into a file.",
    ),
    "restore": (
        "central.ledger.commands.restore",
        "restore",
        "Make a new cluster of a backup.",
    ),
    "recover": (
        "central.ledger.commands.recover",
        "recover",
        "Make a group of one replica's data after the others are lost.",
    ),
    "web": ("central.web.cli", "web", "Serve the API, live events and pages over HTTP."),
    "mqtt": (
        "central.web.outbound.mqtt_cli",
        "mqtt",
        "Publish lots and spots to an MQTT broker, for Home Assistant.",
    ),
    "webhook": (
        "central.web.outbound.webhook_cli",
        "webhook",
        "Post a lot's counts to another system when they change.",
    ),
    "demo": ("central.demo.cli", "demo", "Run a whole Parkledger on this machine and watch it."),
    "evaluate": ("models.cli", "evaluate", "Measure the spot classifier on labelled frames."),
    "convert-labels": (
        "models.foreign.cli",
        "convert_labels",
        "Turn PKLot's, CNRPark's or COCO labels into a frames JSON.",
    ),
}

# The packages a role needs beyond the base installation, by the extra that brings them.
EXTRA_OF_PACKAGE = {
    "onnxruntime": "all",
    "rich": "all",
    "fastapi": "web",
    "pydantic": "web",
    "starlette": "web",
    "uvicorn": "web",
    "paho": "mqtt",
    "pyarrow": "parquet",
    "onnx": "train",
    "torch": "train",
}
# Where a role has an extra of its own, that one brings all that it needs.
EXTRA_OF_COMMAND = {"mqtt": "mqtt", "web": "web", "webhook": "web"}


class LazyGroup(click.Group):
    """A click group that imports a sub-command's module when it is asked for, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module_name, attribute, _ = COMMANDS[cmd_name]
        try:
            command = getattr(importlib.import_module(module_name), attribute)
        except ModuleNotFoundError as error:
            extra = EXTRA_OF_PACKAGE.get((error.name or "").partition(".")[0])
            if extra is None:
                raise
            extra = EXTRA_OF_COMMAND.get(cmd_name, extra)
            raise click.ClickException(
                f"'{cmd_name}' needs the package '{error.name}': pip install 'parkledger[{extra}]'"
            ) from error
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_line) for name, (_, _, help_line) in COMMANDS.items()])


_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@click.group(
    cls=LazyGroup,
    context_settings={"auto_envvar_prefix": "PARKLEDGER", "help_option_names": ["-h", "--help"]},
)
@click.version_option(package_name="parkledger", prog_name="parkledger")
def group() -> None:
    """Parking availability that people can trust.

    Every option can also be given as an environment variable, named in its help:
    PARKLEDGER_<COMMAND>_<OPTION>.
    """


def fail(message: str, *, exit_code: int) -> NoReturn:
    """Print one line to standard error and leave."""
    click.echo(f"parkledger: {' '.join(message.split())}", err=True)
    sys.exit(exit_code)


def main(arguments: list[str] | None = None, **extra: Any) -> None:
    """Entry point: exit code 0 done, 1 could not be done, 2 wrongly asked, 130 interrupted."""
    try:
        result = group.main(args=arguments, standalone_mode=False, **extra)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message(), err=True)
        sys.exit(2)
    except click.UsageError as error:
        context = f" (see '{error.ctx.command_path} --help')" if error.ctx else ""
        fail(f"{error.format_message()}{context}", exit_code=2)
    except click.ClickException as error:
        fail(error.format_message(), exit_code=error.exit_code)
    except click.Abort:
        fail("interrupted", exit_code=130)
    except UsageError as error:
        fail(str(error), exit_code=2)
    except ParkledgerError as error:
        fail(str(error), exit_code=1)
    except OSError as error:
        # Files are written by those who name them in their errors: what is left is the output.
        if error.errno not in _NO_ROOM or error.filename is not None:
            raise
        # What the failed write left behind is written again when Python ends, else.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        fail(f"the output cannot be written ({error.strerror}); free its disk", exit_code=1)
    sys.exit(result if isinstance(result, int) else 0)
