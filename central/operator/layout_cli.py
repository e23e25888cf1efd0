"""`parkledger layout`: click, then the question, then the file."""

import asyncio
import os
import sys
import time
from pathlib import Path

import click

from central.layout.toml import format_layout
from central.ledger.interface import Ledger, LedgerRefused
from central.ledger.records import LotState
from central.operator.applying import contents
from central.operator.connecting import connected
from central.operator.instants import instant_of, text_of, zone_of
from central.operator.options import answer_timeout_option, ledger_option
from node import files
from node.address import Address
from node.errors import OperationError, UsageError
from node.identifiers import IdType
from node.options import replace_option


@click.command()
@click.argument("lot", type=IdType("lot"))
@ledger_option
@click.option(
    "-o",
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    show_default="standard output",
    show_envvar=True,
    help="File to write.",
)
@replace_option("Replace the file if it is there; comments and rows in it are lost.")
@click.option(
    "--as-of",
    show_default="now",
    show_envvar=True,
    help="The layout that stood at this time: 2026-11-22T14:00, or an age such as 6h.",
)
@click.option(
    "--zone",
    default="UTC",
    show_default=True,
    show_envvar=True,
    help="Time zone of --as-of: an IANA name, or local for this machine's.",
)
@answer_timeout_option
def layout(
    lot: str,
    ledger: tuple[Address, ...],
    out: Path | None,
    replace: bool,
    as_of: str | None,
    zone: str,
    timeout: float,
) -> None:
    """Write the committed layout of a LOT as TOML, as `parkledger apply` reads it.

    For a layout that was drawn in the browser, or moved by a camera that was realigned. Every
    region is written by itself, also where the layout that was applied had rows; a reference
    stands in the file itself.

    \b
      parkledger layout north -o north.toml
      parkledger layout north --as-of 2d -o before.toml        # to go back: apply that
    """
    if out is not None and not replace:
        _check_new(out)
    wanted = zone_of(zone)
    instant_us: int | None = None
    if as_of is not None:
        now_us = time.time_ns() // 1000
        instant_us = instant_of("--as-of", as_of, zone=wanted, now_us=now_us)
        if instant_us > now_us:
            raise UsageError(f"--as-of {as_of} is in the future: give a time that is over")

    async def ask() -> str:
        async with connected(ledger) as client:
            return await committed(client, lot, as_of_us=instant_us, timeout=timeout)

    text = asyncio.run(ask())
    if out is None:
        try:
            click.echo(text, nl=False)
        except BrokenPipeError:
            # `parkledger layout north | head`: leave quietly, and keep Python's flush quiet.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    write_whole(out, text)
    click.echo(f"{out}: {text.splitlines()[0].removeprefix('# ')}")


async def committed(ledger: Ledger, lot_id: str, *, as_of_us: int | None, timeout: float) -> str:
    """Return the TOML of the layout that a lot has, or had; its first line says which it is.

    Raises UsageError for a lot or an instant that the ledger does not know, LedgerUnavailable.
    """
    try:
        state = await ledger.get((lot_id,), with_layouts=True, as_of_us=as_of_us, timeout=timeout)
    except LedgerRefused as refusal:
        raise UsageError(f"{refusal}") from refusal
    lot = state.lot(lot_id)
    if lot is None or lot.layout is None:
        raise OperationError(f"the ledger answered without a layout of lot '{lot_id}'")
    return f"# {_title(lot, as_of_us)}\n{format_layout(lot.layout)}"


def _title(lot: LotState, as_of_us: int | None) -> str:
    then = "" if as_of_us is None else f" as it stood at {text_of(as_of_us, zone=zone_of('UTC'))}"
    assert lot.layout is not None
    return f"{lot.lot_id}: version {lot.layout_version}{then}, {contents(lot.layout)}"


def _check_new(out: Path) -> None:
    if out.exists():
        raise UsageError(f"{out}: is there already; give another name, or --replace")


def write_whole(out: Path, text: str) -> None:
    """Write a file whole, or leave what was there; raises UsageError."""
    try:
        files.write_whole(out, text.encode())
    except OSError as error:
        raise UsageError(f"{out}: cannot be written ({error.strerror}); check it") from None
