"""`parkledger processor`: options to settings, then run."""

import asyncio
import re
import socket
import tempfile
from pathlib import Path

import click

from central.ledger.client import LedgerClient
from central.processor.evidence import EvidenceSettings
from central.processor.looks import MOST_REFRESH_S, ReuseSettings
from central.processor.service import Processor
from central.processor.settings import ProcessorSettings
from models.classifier import SpotClassifier
from node import logs
from node.address import ADDRESS, Address, ledger_option
from node.errors import UsageError
from node.finite import FiniteRange
from node.identifiers import IdType
from node.shutdown import run_until_signalled

_DEFAULT = EvidenceSettings(occupied_above=0.6, vacant_below=0.4)  # thresholds are the model's


def default_processor_id(listen: Address) -> str:
    """Return an id from the machine's name and the port: distinct and stable without a setting."""
    host = re.sub(r"[^A-Za-z0-9._-]", "-", socket.gethostname())[:50].lstrip("._-")
    return f"{host or 'processor'}-{listen.port}"


def evidence_settings(
    classifier: SpotClassifier,
    *,
    occupied_above: float | None,
    vacant_below: float | None,
    **others: float,
) -> EvidenceSettings:
    """Put the operator's thresholds in place of the model's; raises UsageError."""
    thresholds = classifier.thresholds
    try:
        return EvidenceSettings(
            occupied_above=thresholds.occupied_above if occupied_above is None else occupied_above,
            vacant_below=thresholds.vacant_below if vacant_below is None else vacant_below,
            **others,
        )
    except ValueError as error:
        raise UsageError(
            f"--occupied-above, --vacant-below, --enter-confidence, --leave-confidence: {error}"
        ) from error


def _check_writable(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise UsageError(
            f"--record {folder}: cannot be written ({error.strerror}); name another folder"
        ) from error


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
    "--picture-port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="any that is free",
    show_envvar=True,
    help="Port on which cameras send pictures beside their streams; where it cannot be reached "
    "they send them over --listen.",
)
@ledger_option("Replicas of the ledger, any or all of them.")
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
    "--enter-seconds",
    type=FiniteRange(0, 600, min_open=True),
    default=_DEFAULT.enter_seconds,
    show_default=True,
    show_envvar=True,
    help="Seconds of clear evidence that make a vacant spot occupied.",
)
@click.option(
    "--leave-seconds",
    type=FiniteRange(0, 600, min_open=True),
    default=_DEFAULT.leave_seconds,
    show_default=True,
    show_envvar=True,
    help="Seconds of clear evidence that make an occupied spot vacant.",
)
@click.option(
    "--enter-confidence",
    type=FiniteRange(0.5, 0.96),
    default=_DEFAULT.enter_confidence,
    show_default=True,
    show_envvar=True,
    help="Probability of occupied, averaged over time, that makes a spot occupied.",
)
@click.option(
    "--leave-confidence",
    type=FiniteRange(0.5, 0.96),
    default=_DEFAULT.leave_confidence,
    show_default=True,
    show_envvar=True,
    help="Probability of vacant, averaged over time, that makes a spot vacant.",
)
@click.option(
    "--unsure-seconds",
    type=FiniteRange(0, min_open=True),
    default=_DEFAULT.unsure_seconds,
    show_default=True,
    show_envvar=True,
    help="Seconds between the two thresholds after which a spot is unknown that no longer looks as "
    "believed.",
)
@click.option(
    "--seen-seconds",
    type=FiniteRange(0, min_open=True),
    default=_DEFAULT.seen_seconds,
    show_default=True,
    show_envvar=True,
    help="Seconds after which a vehicle that was seen to come makes a clearly vacant spot occupied "
    "though it scores but 0.3 or more.",
)
@click.option(
    "--stay-seconds",
    type=FiniteRange(0),
    default=_DEFAULT.stay_seconds,
    show_default=True,
    show_envvar=True,
    help="Seconds after an arrival in which leaving asks for more confidence; 0: none.",
)
@click.option(
    "--hidden-seconds",
    type=FiniteRange(0),
    default=_DEFAULT.hidden_seconds,
    show_default=True,
    show_envvar=True,
    help="Seconds for which a spot keeps its state while a neighbour's vehicle seems to stand in "
    "its view; after that it is unknown.",
)
@click.option(
    "--occupied-above",
    type=FiniteRange(0, 1),
    default=None,
    show_default="the model's",
    show_envvar=True,
    help="Threshold: below it, averaged over time, a probability of occupied is no sign of a car.",
)
@click.option(
    "--vacant-below",
    type=FiniteRange(0, 1),
    default=None,
    show_default="the model's",
    show_envvar=True,
    help="Threshold: above it, averaged over time, a probability of occupied is no sign of none.",
)
@click.option(
    "--change-threshold",
    type=FiniteRange(0, 255),
    default=ReuseSettings.threshold,
    show_default=True,
    show_envvar=True,
    help="Grey levels (of 256) by which a spot must look different on average from when it was "
    "last classified to be classified again, as doubtful ones always are; 0 classifies every spot "
    "of every frame.",
)
@click.option(
    "--refresh-every",
    type=FiniteRange(0, MOST_REFRESH_S),
    default=ReuseSettings.refresh_s,
    show_default=True,
    show_envvar=True,
    help="Classify each spot at least every so many seconds, changed or not.",
)
@click.option(
    "--silent-after",
    type=FiniteRange(0, min_open=True),
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
@click.option(
    "--metrics",
    type=ADDRESS,
    default=None,
    show_default="nowhere",
    show_envvar=True,
    help="Serve metrics for Prometheus at http://HOST:PORT/metrics.",
)
@click.option(
    "--record",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    show_default="nothing is recorded",
    show_envvar=True,
    help="Store every classified picture as cameras send it, in files of this folder for "
    "'parkledger replay': people can be seen on them.",
)
@click.option(
    "--record-limit",
    type=click.IntRange(1, 10_000_000),
    default=1000,
    show_default=True,
    show_envvar=True,
    help="Megabytes of each camera at which its recording ends.",
)
@click.option(
    "--pictures",
    is_flag=True,
    show_default=True,
    show_envvar=True,
    help="Keep each camera's last picture in memory and show it to who asks, as web pages do.",
)
@logs.log_level_option
def processor(
    listen: Address,
    picture_port: int,
    ledger: tuple[Address, ...],
    processor_id: str | None,
    model: Path | None,
    workers: int,
    occupied_above: float | None,
    vacant_below: float | None,
    change_threshold: float,
    refresh_every: float,
    silent_after: float | None,
    max_cameras: int,
    metrics: Address | None,
    record: Path | None,
    record_limit: int,
    pictures: bool,
    log_level: str,
    **evidence: float,  # options named as the settings of evidence are
) -> int:
    """Run a processor: frames in, detections committed to the ledger.

    Layouts come from the ledger and are followed without restart. Cameras may connect as soon
    as the log says "ready"; until a ledger is reached they are told to try again.
    """
    logs.configure(log_level, role="processor")
    if record is not None:
        _check_writable(record)
    # Before anything listens: a wrong model must not look like a processor.
    classifier = SpotClassifier.load(model, threads=1)
    settings = ProcessorSettings(
        processor_id=processor_id or default_processor_id(listen),
        listen=listen,
        picture_port=picture_port,
        evidence=evidence_settings(
            classifier,
            occupied_above=occupied_above,
            vacant_below=vacant_below,
            **evidence,
        ),
        reuse=ReuseSettings(threshold=change_threshold, refresh_s=refresh_every),
        workers=workers,
        max_cameras=max_cameras,
        silent_after=silent_after,
        metrics=metrics,
        record=record,
        record_bytes=record_limit * 1_000_000,
        pictures=pictures,
    )
    return run_until_signalled(lambda stop: _serve(settings, classifier, ledger, stop), uvloop=True)
