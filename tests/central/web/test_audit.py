"""Labels, the error rate and its interval, samples and crops."""

import json
import random
from pathlib import Path

import cv2
import numpy as np
import pytest

from central.ledger.records import Occupancy
from central.web.audit.crops import SIDE, crop
from central.web.audit.labels import LabelFile
from central.web.audit.samples import Sample, Waiting, choose, new_sample_id
from central.web.audit.tally import Label, Seen, tally, wilson
from node.errors import UsageError


def label(spot: str, said: Occupancy, seen: Seen, *, camera: str = "mast", at: int = 1) -> Label:
    return Label(camera, spot, at, said, seen, labelled_at_us=at + 1)


@pytest.mark.parametrize(
    ("wrong", "n", "low", "high"),
    [(0, 10, 0.0, 0.2775), (1, 10, 0.0179, 0.4042), (50, 100, 0.4038, 0.5962), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_wilsons(wrong: int, n: int, low: float, high: float) -> None:
    assert wilson(wrong, n) == pytest.approx((low, high), abs=1e-4)


def test_errors_are_counted_among_what_both_decided() -> None:
    labels = [
        label("A", Occupancy.OCCUPIED, "occupied"),
        label("B", Occupancy.OCCUPIED, "vacant"),
        label("C", Occupancy.UNKNOWN, "vacant"),
        label("D", Occupancy.VACANT, "cannot tell"),
        label("A", Occupancy.VACANT, "vacant", camera="roof"),
    ]
    mast, roof = tally(labels)
    assert (mast.labelled, mast.unknown, mast.wrong, mast.untold) == (3, 1, 1, 1)
    assert mast.error_rate == 0.5
    assert roof.error_rate == 0.0
    assert tally([label("A", Occupancy.VACANT, "cannot tell")])[0].error_rate is None


def test_a_sample_labelled_again_counts_once_as_it_was_last() -> None:
    labels = [label("A", Occupancy.VACANT, "occupied"), label("A", Occupancy.VACANT, "vacant")]
    (mast,) = tally(labels)
    assert (mast.labelled, mast.wrong) == (1, 0)


def test_labels_survive_and_are_private(tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    first = LabelFile(path)
    first.add(label("A", Occupancy.OCCUPIED, "vacant"))
    first.close()
    again = LabelFile(path)
    again.add(label("B", Occupancy.UNKNOWN, "cannot tell"))
    again.close()
    assert [one.spot_id for one in LabelFile(path).labels] == ["A", "B"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert json.loads(path.read_text().splitlines()[0])["said"] == "occupied"


@pytest.mark.parametrize("line", ["nonsense", "{}", '{"said": 5}', "[1]"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, line: str) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(UsageError, match="line 1 is no label"):
        LabelFile(path)
    path.write_bytes(b"\x89PNG\r\n")
    with pytest.raises(UsageError, match="holds no text, so no labels"):
        LabelFile(path)
    with pytest.raises(UsageError, match="cannot be opened"):
        LabelFile(tmp_path)


def test_each_spot_is_as_likely_as_any_other() -> None:
    source = random.Random(3)
    counts = dict.fromkeys("ABCDE", 0)
    for _ in range(2000):
        for spot in choose("ABCDE", 2, random_source=source):
            counts[spot] += 1
    assert all(720 < count < 880 for count in counts.values())
    assert sorted(choose("ABC", 10, random_source=source)) == ["A", "B", "C"]


def test_samples_that_wait_are_bounded() -> None:
    waiting = Waiting(limit=2)
    ids = [new_sample_id() for _ in range(3)]
    for sample_id in ids:
        waiting.add(Sample(sample_id, "l", "c", "s", 1, Occupancy.VACANT, b""))
    assert waiting.find(ids[0]) is None
    assert waiting.take(ids[2]) is not None
    assert waiting.take(ids[2]) is None


def test_a_crop_shows_the_region_in_the_middle_with_its_surroundings() -> None:
    picture = np.zeros((400, 800, 3), np.uint8)
    picture[160:240, 320:480] = (0, 200, 0)
    region = ((0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6))
    shown = cv2.imdecode(np.frombuffer(crop(picture, region), np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    assert shown.shape == (SIDE, SIDE, 3)
    assert shown[SIDE // 2, SIDE // 2, 1] > 150  # the region itself
    assert shown[10, 10].max() < 60  # what lies round it
    assert shown.max() > 230  # its outline
    corner = ((0.0, 0.0), (0.1, 0.0), (0.1, 0.1), (0.0, 0.1))
    edge = cv2.imdecode(np.frombuffer(crop(picture, corner), np.uint8), cv2.IMREAD_COLOR)
    assert edge is not None
