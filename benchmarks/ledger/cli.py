"""The command `python -m benchmarks ledger`."""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import click

from benchmarks.ledger import appends, cameras, coalesced, cpu, kills, reads, volume
from benchmarks.ledger.records import WRITERS
from benchmarks.ledger.setting import Setting, check_disk, sync_us
from benchmarks.machine import this_machine
from benchmarks.options import report_options
from benchmarks.report import Report, Row
from node.event_loops import quick_loop
from node.finite import FiniteRange

GROUPS: dict[str, Callable[[Setting], Awaitable[list[Row]]]] = {
    "appends": appends.measure,
    "coalesced": coalesced.measure,
    "cpu": cpu.measure,
    "cameras": cameras.measure,
    "reads": reads.measure,
    "kills": kills.measure,
    "volume": volume.measure,
}
"""Name in --rows -> what measures them, in the order of the table."""

NO_ETCD = (
    "etcd is not on the PATH: ours is measured alone. On Debian: apt-get install etcd-server, "
    "then systemctl disable --now etcd"
)


@click.command()
@click.option(
    "--rows",
    "groups",
    type=click.Choice(list(GROUPS)),
    multiple=True,
    show_default="all",
    show_envvar=True,
    help="Measure these only; may be given more than once.",
)
@click.option(
    "--rounds",
    type=click.IntRange(1, 100),
    default=3,
    show_default=True,
    show_envvar=True,
    help="How often ours and etcd take turns; medians count.",
)
@click.option(
    "--seconds",
    type=FiniteRange(0.2, 600),
    default=3.0,
    show_default=True,
    show_envvar=True,
    help="Length of each turn.",
)
@click.option(
    "--cameras",
    type=click.IntRange(1, WRITERS),
    default=50,
    show_default=True,
    show_envvar=True,
    help="Camera processes.",
)
@click.option(
    "--camera-rate",
    type=FiniteRange(0.1, 1000),
    default=50.0,
    show_default=True,
    show_envvar=True,
    help="Records a second that each of them would write.",
)
@click.option(
    "--kills",
    type=click.IntRange(0, 1000),
    default=20,
    show_default=True,
    show_envvar=True,
    help="How often each primary is killed.",
)
@click.option(
    "--entries",
    type=click.IntRange(min=100),
    default=100_000,
    show_default=True,
    show_envvar=True,
    help="Records that the rows of disk, memory and restart are measured with.",
)
@click.option(
    "--directory",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(tempfile.gettempdir()),
    show_default="the system's temporary directory",
    show_envvar=True,
    help="Where data directories are made and removed again; on the disk that is to be measured.",
)
@report_options
def benchmark(
    groups: Sequence[str],
    rounds: int,
    seconds: float,
    cameras: int,
    camera_rate: float,
    kills: int,
    entries: int,
    directory: Path,
) -> Report:
    """Measure the ledger beside etcd: three processes each, one machine, real fsync.

    \b
    Example:
      python -m benchmarks ledger --rows appends --rows reads --json ledger.json
    """
    check_disk(directory)
    etcd = shutil.which("etcd")
    if etcd is None:
        _tell(NO_ETCD)
    with tempfile.TemporaryDirectory(prefix="parkledger-", dir=directory) as place:
        setting = Setting(
            directory=Path(place),
            etcd=etcd,
            rounds=rounds,
            seconds=seconds,
            cameras=cameras,
            camera_rate=camera_rate,
            kills=kills,
            entries=entries,
            tell=_tell,
        )
        # As a processor does, which is who appends; etcd's clients are in the same loop.
        with asyncio.Runner(loop_factory=quick_loop()) as runner:
            rows = runner.run(
                _measure(setting, [name for name in GROUPS if name in (groups or GROUPS)])
            )
    return Report(machine=this_machine(), rows=tuple(rows))


async def _measure(setting: Setting, groups: Sequence[str]) -> list[Row]:
    rows = [
        Row("4 KiB written and synced, before", "us", sync_us(setting.directory)),
        Row("load of the machine, before", "processes", os.getloadavg()[0]),
    ]
    for group in groups:
        rows += await GROUPS[group](setting)
    return [*rows, Row("load of the machine, after", "processes", os.getloadavg()[0])]


def _tell(line: str) -> None:
    click.echo(line, err=True)
