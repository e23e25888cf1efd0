"""`parkledger apply` and `watch`: click only, then the questions, then the printing."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path
from typing import cast

import click

from central.ledger.interface import Ledger, LedgerError, LedgerRefused, WatchGap
from central.ledger.records import LedgerEvent
from central.operator.applying import (
    check_expected_version,
    commit,
    contents,
    read_layouts,
)
from central.operator.change_lines import json_lines, text_lines
from central.operator.connecting import connected
from central.operator.options import ledger_option
from node.address import Address
from node.errors import OperationError, UsageError
from node.finite import FiniteRange
from node.options import lots_option
from node.shutdown import run_unless_signalled

ASKED_S = 2.0
"""In which the ledger tells how far it is; it is followed without that as well."""


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@ledger_option
@click.option(
    "--expect-version",
    type=click.IntRange(min=0),
    show_envvar=True,
    help="Commit only if this is the lot's version now; 0: the lot is new. One file only.  "
    "[default: replace any version]",
)
@click.option(
    "--timeout",
    type=FiniteRange(min=0, min_open=True),
    default=10.0,
    show_default=True,
    show_envvar=True,
    help="Seconds to wait for each lot's commit.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Check the files and send nothing.",
)
def apply(
    files: tuple[Path, ...],
    ledger: tuple[Address, ...],
    expect_version: int | None,
    timeout: float,
    dry_run: bool,
) -> None:
    """Commit the lots, cameras and regions in layout FILES (TOML, one lot each) to the ledger.

    All files are checked before the first is sent. Processors follow without a restart. Exit
    code 2: a file or option is wrong, nothing was sent; 1: the ledger could not commit.
    """
    layouts = read_layouts(files)
    check_expected_version(layouts, expect_version)
    if dry_run:
        for file in layouts:
            click.echo(f"{file.layout.lot_id}: valid, {contents(file.layout)} (not sent)")
        return

    async def send() -> None:
        async with connected(ledger) as client:
            async for line in commit(
                client, layouts, expected_version=expect_version, timeout=timeout
            ):
                click.echo(line)

    asyncio.run(send())


@click.command()
@ledger_option
@lots_option("Follow this lot only; may be given more than once.")
@click.option(
    "--after",
    type=click.IntRange(min=0),
    show_default="from now on",
    show_envvar=True,
    help="Begin with the first change after this index of the ledger (0: all that is kept).",
)
@click.option(
    "--json",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Print one JSON object a line, with the index to go on from.",
)
def watch(ledger: tuple[Address, ...], lot: tuple[str, ...], after: int | None, json: bool) -> int:
    """Follow changes as they commit, one a line, over fail-overs, until Ctrl-C."""

    async def role() -> int:
        async with connected(ledger) as client:
            return await follow(client, lot_ids=lot, after=after, as_json=json)

    return run_unless_signalled(role) or 0


async def follow(
    ledger: Ledger, *, lot_ids: tuple[str, ...], after: int | None, as_json: bool
) -> int:
    """Print changes for ever; returns 0 once nobody reads standard output any more."""
    index = await _start(ledger, lot_ids) if after is None else after
    if after:
        await _warn_of_the_future(ledger, after)
    began = index
    while True:
        try:
            async with aclosing(_events(ledger, index, lot_ids)) as events:
                async for event in events:
                    index = event.index
                    _print(event, as_json=as_json)
        except BrokenPipeError:
            # `parkledger watch | head`: leave quietly, and keep Python's own flush quiet too.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
        except WatchGap as gap:
            if index == began and after is not None:
                raise OperationError(
                    f"--after {after}: the changes after that index are no longer kept; "
                    "leave --after out to follow from now on"
                ) from gap
            resumed = await _start(ledger, lot_ids)
            click.echo(f"changes {index + 1} to {resumed} were missed: {gap}", err=True)
            index = resumed


async def _warn_of_the_future(ledger: Ledger, after: int) -> None:
    """Say so where nothing will come for a while; one who is away is waited for all the same."""
    with suppress(LedgerError):
        reached = (await ledger.get(timeout=ASKED_S)).index
        if after > reached:
            click.echo(
                f"--after {after}: the ledger is at index {reached}; what it commits up to "
                f"{after} is not shown",
                err=True,
            )


async def _start(ledger: Ledger, lot_ids: tuple[str, ...]) -> int:
    try:
        state = await ledger.get(lot_ids)
    except LedgerRefused as refusal:
        raise UsageError(f"--lot {','.join(lot_ids)}: {refusal}") from refusal
    except LedgerError as error:
        raise OperationError(f"cannot begin to watch: {error}") from error
    return state.index


def _events(
    ledger: Ledger, index: int, lot_ids: tuple[str, ...]
) -> AsyncGenerator[LedgerEvent, None]:
    # Every client's watch is a generator: closing it is what ends the stream.
    return cast(AsyncGenerator[LedgerEvent, None], ledger.watch(index, lot_ids=lot_ids))


def _print(event: LedgerEvent, *, as_json: bool) -> None:
    for line in json_lines(event) if as_json else text_lines(event):
        click.echo(line)  # click flushes: a reader at a pipe sees a change when it happens
