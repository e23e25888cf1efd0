"""`parkledger processor`: options to settings, then run."""

import asyncio
import re
import socket
from pathlib import Path

import click

from central.ledger.client import LedgerClient
from central.processor.debounce import DebounceSettings
from central.processor.service import Processor
from central.processor.settings import ProcessorSettings
from models.classifier import SpotClassifier
from node import logs
from node.address import ADDRESS, ADDRESSES, Address
from node.errors import UsageError
from node.identifiers import IdType
from node.shutdown import run_until_signalled


def default_processor_id(listen: Address) -> str:
    """Return an id from the machine's name and the port: distinct and stable without a setting."""
    host = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())[:50].lstrip("._-")
    return f"{host or 'processor'}-{listen.port}"


def debounce_settings(
    classifier: SpotClassifier,
    *,
    occupied_above: float | None,
    vacant_below: float | None,
    enter: int,
    leave: int | None,
) -> DebounceSettings:
    """Put the operator's thresholds in place of the model's; raises UsageError."""
    thresholds = classifier.thresholds
    try:
        return DebounceSettings(
            occupied_above=thresholds.occupied_above if occupied_above is None else occupied_above,
            vacant_below=thresholds.vacant_below if vacant_below is None else vacant_below,
            enter_observations=enter,
            leave_observations=enter if leave is None else leave,
        )
    except ValueError as error:
        raise UsageError(f"--occupied-above and --vacant-below: {error}") from error


async def _serve(
    settings: ProcessorSettings,
    classifier: SpotClassifier,
    ledger: tuple[Address, ...],
    stop: asyncio.Event,
) -> int:
    client = LedgerClient(ledger)
    try:
        processor = Processor(settings, classifier=classifier, ledger=client)
        await processor.start()
        await processor.run(stop)
    finally:
        await client.close()
    return 0


@click.command()
@click.option(
    "--listen",
    type=ADDRESS,
    default="127.0.0.1:7100",
    show_default=True,
    show_envvar=True,
    help="Where cameras connect to; 0.0.0.0 as the host admits other machines.",
)
@click.option(
    "--ledger",
    type=ADDRESSES,
    default="127.0.0.1:7001",
    show_default=True,
    show_envvar=True,
    help="Replicas of the ledger, any or all of them.",
)
@click.option(
    "--processor-id",
    type=IdType("processor"),
    default=None,
    show_default="machine's name and port",
    show_envvar=True,
    help="Name of this processor; no two may share one.",
)
@click.option(
    "--model",
    type=click.Path(dir_okay=False, path_type=Path),
    default=None,
    show_default="the shipped one",
    show_envvar=True,
    help="ONNX spot classifier written by models.train.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    show_envvar=True,
    help="Threads that decode and classify; one fills one core.",
)
@click.option(
    "--debounce",
    type=click.IntRange(1, 1000),
    default=3,
    show_default=True,
    show_envvar=True,
    help="Agreeing observations that change a spot.",
)
@click.option(
    "--debounce-leave",
    type=click.IntRange(1, 1000),
    default=None,
    show_default="as --debounce",
    show_envvar=True,
    help="Agreeing observations that make a spot vacant.",
)
@click.option(
    "--occupied-above",
    type=click.FloatRange(0, 1),
    default=None,
    show_default="the model's",
    show_envvar=True,
    help="Probability of occupied from which a spot is seen occupied.",
)
@click.option(
    "--vacant-below",
    type=click.FloatRange(0, 1),
    default=None,
    show_default="the model's",
    show_envvar=True,
    help="Probability of occupied up to which a spot is seen vacant.",
)
@click.option(
    "--silent-after",
    type=click.FloatRange(0, min_open=True),
    default=None,
    show_default="10, or 5 frames of the camera if longer",
    show_envvar=True,
    help="Seconds without a classified frame after which a camera's spots are unknown.",
)
@click.option(
    "--max-cameras",
    type=click.IntRange(1, 10_000),
    default=500,
    show_default=True,
    show_envvar=True,
    help="Cameras that may stream at a time.",
)
@logs.log_level_option
def processor(
    listen: Address,
    ledger: tuple[Address, ...],
    processor_id: str | None,
    model: Path | None,
    workers: int,
    debounce: int,
    debounce_leave: int | None,
    occupied_above: float | None,
    vacant_below: float | None,
    silent_after: float | None,
    max_cameras: int,
    log_level: str,
) -> int:
    """Run a processor: frames in, detections committed to the ledger.

    Layouts come from the ledger and are followed without restart. Cameras may connect as soon
    as the log says "ready"; until a ledger is reached they are told to try again.
    """
    logs.configure(log_level, role="processor")
    # Before anything listens: a wrong model must not look like a processor.
    classifier = SpotClassifier.load(model, threads=1)
    settings = ProcessorSettings(
        processor_id=processor_id or default_processor_id(listen),
        listen=listen,
        debounce=debounce_settings(
            classifier,
            occupied_above=occupied_above,
            vacant_below=vacant_below,
            enter=debounce,
            leave=debounce_leave,
        ),
        workers=workers,
        max_cameras=max_cameras,
        silent_after=silent_after,
    )
    return run_until_signalled(lambda stop: _serve(settings, classifier, ledger, stop))
