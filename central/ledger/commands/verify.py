"""`parkledger verify`: click only; what is checked stands in verify.py and verify_ledger.py."""

import asyncio
from pathlib import Path

import click

from central.ledger.proof import FORMAT, Head, proof_from_json
from node.address import ADDRESSES, Address
from node.errors import OperationError, UsageError
from node.options import timeout_option


class HeadType(click.ParamType[Head]):
    """INDEX:HEAD, as `parkledger verify` prints it."""

    name = "index:head"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Head:
        if isinstance(value, Head):
            return value
        index, _, digits = str(value).partition(":")
        try:
            head = Head(int(index), bytes.fromhex(digits), FORMAT, "")
        except ValueError:
            head = Head(0, b"", FORMAT, "")
        if head.index < 1 or len(head.digest) != 32:
            self.fail(
                f"head '{value}': write INDEX:HEAD, the index and 64 hex digits, as 'parkledger "
                "verify' prints them",
                param,
                ctx,
            )
        return head


@click.command()
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    show_default="none",
    show_envvar=True,
    help="Data directory of a stopped replica, or a copy of its state.db; it is only read.",
)
@click.option(
    "--ledger",
    type=ADDRESSES,
    show_default="none",
    show_envvar=True,
    help="Replicas to ask, one or more; all others are found through them and must answer.",
)
@click.option(
    "--proof",
    type=click.Path(path_type=Path),
    show_default="none",
    show_envvar=True,
    help="What 'parkledger history --proof' printed; needs no ledger.",
)
@click.option(
    "--against",
    type=HeadType(),
    show_default="none",
    show_envvar=True,
    help="A head that was noted earlier, or elsewhere: what is verified must lead to it.",
)
@timeout_option("Seconds to wait for each answer of a replica.")
def verify(
    data: Path | None,
    ledger: tuple[Address, ...] | None,
    proof: Path | None,
    against: Head | None,
    timeout: float,
) -> None:
    """Check that nothing in the ledger was altered; name the first index that does not fit.

    Everything is computed again from the data: each entry that the log still holds, the history
    that each entry made, and the heads over them. Exit code 1: something does not fit. Note the
    head that is printed: later everything up to its index can be checked against it.

    \b
      parkledger verify --data /var/lib/parkledger
      parkledger verify --ledger 10.0.0.1:7001
      parkledger history north --proof 1207 > entry.json
      parkledger verify --proof entry.json --against 5120:9f8c…
    """
    if sum(given is not None for given in (data, ledger, proof)) != 1:
        raise UsageError("verify what? Give one of --data, --ledger and --proof")
    if data is not None:
        _verify_data(data, against)
    elif ledger is not None:
        asyncio.run(_verify_ledger(ledger, against, timeout))
    elif proof is not None:
        _verify_proof(proof, against)


def _verify_data(data: Path, against: Head | None) -> None:
    from central.ledger.upkeep.verify import verify_data

    found = verify_data(data, against=against)
    first = found.dropped + 1
    click.echo(f"{data}: index {first} to {found.index} fits, {found.changes} changes of occupancy")
    if found.dropped:
        click.echo(f"history up to index {found.dropped} was dropped; what stood then is proved")
    if found.held is not None:
        first, last = found.held
        click.echo(f"log: entries {first} to {last} are what was applied")
    if found.unapplied:
        click.echo(f"log: {found.unapplied} entries are not applied yet, and not in the chain")
    _print_head(Head(found.index, found.head, FORMAT, ""))


async def _verify_ledger(
    addresses: tuple[Address, ...], against: Head | None, timeout: float
) -> None:
    from central.ledger.client import LedgerClient
    from central.ledger.upkeep.verify_ledger import verify_ledger

    client = LedgerClient(addresses)
    try:
        found = await verify_ledger(
            client, [str(address) for address in addresses], against=against, timeout=timeout
        )
    finally:
        await client.close()
    names = ", ".join(sorted(head.replica_id for head in found.heads))
    head = found.heads[0]
    click.echo(f"replicas {names}: all history up to index {head.index} fits and is the same")
    if found.dropped:
        meanwhile = ", some of it while it was read" if found.meanwhile else ""
        click.echo(f"history up to index {found.dropped} was dropped{meanwhile}")
    _print_head(head)


def _verify_proof(file: Path, against: Head | None) -> None:
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"--proof {file} cannot be read ({error.strerror}); check the path"
        ) from error
    except UnicodeDecodeError as error:
        raise UsageError(
            f"--proof {file} is no text: give what 'parkledger history --proof' printed"
        ) from error
    proof = proof_from_json(text, source=f"--proof {file}")
    if proof.head.format != FORMAT:
        raise UsageError(
            f"--proof {file} is of format {proof.head.format}, this program knows {FORMAT}"
        )
    if not proof.holds:
        raise OperationError(f"{file}: index {proof.link.index} does not fit the head {proof.head}")
    if against is not None and against.index != proof.head.index:
        raise UsageError(
            f"--against {against}: the proof is for the head at index {proof.head.index}; get one "
            f"with 'parkledger history --proof {proof.link.index} --proof-at {against.index}'"
        )
    if against is not None and against.digest != proof.head.digest:
        raise OperationError(f"{file}: the proof is for the head {proof.head}, not {against}")
    click.echo(f"{file}: index {proof.link.index} fits: {proof.link.rows}")
    _print_head(proof.head)
    if against is None:
        click.echo("compare this head with one that you trust, or give that with --against")


def _print_head(head: Head) -> None:
    click.echo(f"head {head}")
