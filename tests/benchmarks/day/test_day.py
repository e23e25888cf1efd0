"""The judge of whole days: policies and measures on days that can be worked out by hand."""

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

from benchmarks.day.cli import benchmark
from benchmarks.day.cnrext import STILL_S, real_days
from benchmarks.day.frames import RenderedDay, render
from benchmarks.day.kept import KeptDays
from benchmarks.day.measures import measure, together
from benchmarks.day.plot import draw_day
from benchmarks.day.policies import OCCUPIED, UNKNOWN, VACANT, ours, three_in_a_row, threshold
from benchmarks.day.rendered import rendered_scores
from benchmarks.day.scores import DayScores
from central.processor.classifier import model_name
from central.processor.evidence import EvidenceSettings
from models.classifier import SpotClassifier
from node.errors import UsageError

SETTINGS = EvidenceSettings(0.6, 0.4)


def day(truth: str, seen: str) -> DayScores:
    """Return one spot's day, a letter a second: o or v for the truth, a digit for tenths of p."""
    occupied = np.array([[letter == "o"] for letter in truth])
    return DayScores(
        name="hand",
        spot_ids=("a",),
        times_us=np.arange(len(truth), dtype=np.int64) * 1_000_000,
        hours=np.linspace(0, 24, len(truth)),
        probabilities=np.array([[int(digit) / 9] for digit in seen]),
        occupied=occupied,
        counted=np.ones_like(occupied),
        near=np.zeros((1, 1), np.bool_),
        model="m",
    )


def test_usual_practice() -> None:
    one = day("vvvvvvv", "0090999")
    assert threshold(one)[:, 0].tolist() == [2, 2, 1, 2, 1, 1, 1]
    assert three_in_a_row(one)[:, 0].tolist() == [3, 3, 3, 3, 3, 3, 1]


def test_ours_is_the_processors_filter() -> None:
    one = day("v" * 20 + "o" * 20, "0" * 9 + "9" + "0" * 10 + "9" * 20)
    states = ours(SETTINGS)(one)[:, 0].tolist()
    assert states[5:20] == [VACANT] * 15
    assert states[-10:] == [OCCUPIED] * 10


def test_a_still_is_one_look_however_long_it_is_shown() -> None:
    one = day("o" * 60, "9" * 10 + "1" * 50)
    assert ours(SETTINGS)(one)[-1, 0] == VACANT
    assert ours(SETTINGS)(replace(one, stills=True))[-1, 0] == OCCUPIED


def test_a_flip_is_false_unless_the_truth_is_near() -> None:
    truth = "v" * 30 + "o" * 30
    early = day(truth, "0" * 27 + "9" * 33)
    assert measure(early, threshold(early)).false_flips == 0
    alone = day(truth, "0" * 10 + "9" + "0" * 19 + "9" * 30)
    found = measure(alone, threshold(alone))
    assert found.false_flips == 1, "back to the truth is no second one"
    assert found.right_share == pytest.approx(59 / 60)


def test_delays_and_what_was_never_seen() -> None:
    late = day("v" * 20 + "o" * 20 + "v" * 3 + "o" * 17, "0" * 26 + "9" * 34)
    found = measure(late, threshold(late))
    assert found.delays == (6.0, 0.0)
    assert found.missed == 1
    assert found.delay(0.5) == 6.0
    assert found.delay(0.99) == float("inf")


def test_a_stay_is_right_if_it_is_as_long() -> None:
    truth = "v" * 20 + "o" * 60 + "v" * 20
    for seen, right in (("0" * 25 + "9" * 60 + "0" * 15, 1), ("0" * 35 + "9" * 40 + "0" * 25, 0)):
        one = day(truth, seen)
        found = measure(one, threshold(one))
        assert (found.stays, found.stays_right) == (1, right)


def test_where_there_is_no_truth_nothing_is_asked() -> None:
    one = day("v" * 20 + "o" * 60 + "v" * 20, "0" * 100)
    assert measure(one, threshold(one)).missed == 1
    one.counted[20:80] = False
    found = measure(one, threshold(one))
    assert (found.missed, found.stays, found.frames) == (0, 0, 40)
    assert found.delays == (0.0,)


def test_several_days_are_one() -> None:
    one = day("vvvv", "0099")
    both = together([measure(one, threshold(one))] * 2)
    assert (both.spot_days, both.right_share) == (2.0, 0.5)
    assert both.stays_share is None


def test_scores_are_kept_and_found(tmp_path: Path) -> None:
    one, file = day("vo", "09"), tmp_path / "day.npz"
    one.save(file)
    again = DayScores.load(file)
    assert again.spot_ids == one.spot_ids
    assert np.array_equal(again.occupied, one.occupied)
    (tmp_path / "bad.npz").write_bytes(b"no")
    with pytest.raises(UsageError, match="holds no scores"):
        DayScores.load(tmp_path / "bad.npz")


def test_the_command_judges_days_whose_scores_are_kept_and_tells_each(tmp_path: Path) -> None:
    truth = "v" * 30 + "o" * 60 + "v" * 30
    good = day(truth, "0" * 30 + "9" * 60 + "0" * 30)
    bad = day(truth, "0" * 10 + "9" * 10 + "0" * 100)
    name = model_name(SpotClassifier.load(None))
    for seed, one in ((1, good), (2, bad)):
        replace(one, name=f"day {seed}").save(tmp_path / f"day-{seed}-240-960-{name}.npz")
    options = ["--scores", str(tmp_path), "--seconds", "240", "--json", str(tmp_path / "r.json")]
    days = ["--seed", "1", "--seed", "2", "--days", "fresh=2"]
    run = CliRunner().invoke(benchmark, [*options, *days], standalone_mode=False)
    assert run.return_value is False, run.output
    rows = json.loads((tmp_path / "r.json").read_text())["rows"]
    flips = {row["name"]: row["ours"] for row in rows if "false flips" in row["name"]}
    assert flips["rendered, day 1: false flips a spot and day"] == 0.0
    assert flips["rendered, day 2: false flips a spot and day"] == 1.0
    assert flips["rendered: false flips a spot and day"] == 0.5
    assert flips["fresh: false flips a spot and day"] == 1.0


@pytest.mark.parametrize("words", ["fresh", "=3", "fresh=", "fresh=3,x", "fresh=-3", "fresh=3,"])
def test_groups_of_days_are_named_and_numbered(words: str) -> None:
    run = CliRunner().invoke(benchmark, ["--days", words])
    assert run.exit_code == 2
    assert "as in fresh=52,53" in run.output


def test_two_groups_of_one_name_are_refused() -> None:
    with pytest.raises(UsageError, match="named alike in fresh, fresh"):
        CliRunner().invoke(
            benchmark,
            ["--days", "fresh=1", "--days", "fresh=2"],
            standalone_mode=False,
            catch_exceptions=False,
        )


def test_frames_are_rendered_once_and_classified_by_any_model(tmp_path: Path) -> None:
    model, folder = SpotClassifier.load(None), tmp_path / "frames"
    first = KeptDays(model, seconds=3, width=320, scores=None, frames=folder).day(1)
    (file,) = folder.iterdir()
    kept = RenderedDay.load(file)
    assert kept.is_as_rendered()
    # What is found there is what is judged: without its cars, here.
    replace(kept, occupied=~kept.occupied).save(file)
    again = KeptDays(model, seconds=3, width=320, scores=None, frames=folder).day(1)
    assert np.array_equal(again.probabilities, first.probabilities)
    assert np.array_equal(again.occupied, ~first.occupied)


def test_frames_of_another_renderer_are_rendered_anew(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    days = KeptDays(SpotClassifier.load(None), seconds=3, width=320, scores=None, frames=tmp_path)
    first = days.day(1)
    (file,) = tmp_path.iterdir()
    kept = RenderedDay.load(file)
    replace(kept, jpegs=kept.jpegs[::-1], occupied=~kept.occupied).save(file)
    assert np.array_equal(days.day(1).occupied, first.occupied)
    assert "rendered anew" in capsys.readouterr().err
    file.write_bytes(b"no")
    with pytest.raises(UsageError, match="holds no day"):
        days.day(1)


def test_the_picture(tmp_path: Path) -> None:
    one = day("vvvooo", "009099")
    states = np.full((6, 1), UNKNOWN)
    draw_day(one, {"ours": states, "threshold": threshold(one)}, tmp_path / "day.png")
    assert cv2.imread(str(tmp_path / "day.png")) is not None


def test_a_few_frames_of_a_rendered_day_go_all_the_way() -> None:
    seen = []
    day = render(seed=1, seconds=6, width=320, progress=lambda: seen.append(1))
    scores = rendered_scores(SpotClassifier.load(None), day, progress=lambda: seen.append(2))
    assert seen == [1] * 6 + [2] * 6
    assert len(scores.times_us) == 6
    assert scores.probabilities.shape == scores.occupied.shape == (6, len(scores.spot_ids))
    assert np.isfinite(scores.probabilities).all()


def test_the_same_frames_as_strips_say_nearly_the_same(tmp_path: Path) -> None:
    model = SpotClassifier.load(None)
    whole = KeptDays(model, seconds=6, width=320, scores=tmp_path, frames=tmp_path)
    strips = replace(whole, strips=True)
    by_frame, by_strip = whole.day(1).probabilities, strips.day(1).probabilities
    assert by_strip.shape == by_frame.shape
    assert np.isfinite(by_strip).all()
    assert ((by_strip > 0.5) == (by_frame > 0.5)).mean() > 0.9
    assert not np.array_equal(by_strip, by_frame), "and are not mistaken for one another"
    assert (by_strip[1:] == by_strip[:-1]).mean() > 0.1, "what did not change was not sent"


def test_real_days_hold_each_still_until_the_next() -> None:
    data = Path(__file__).resolve().parents[4] / "shared" / "data"
    if not (data / "frames" / "cnrext.json").is_file():
        pytest.skip("needs CNR-EXT's frames in ../shared/data")
    classifier = SpotClassifier.load(None)
    published = real_days(classifier, data, "7", mended=False)
    mended = real_days(classifier, data, "7", mended=True)
    assert len(published) == len(mended) == 2
    first = published[0]
    assert len(first.times_us) % STILL_S == 0
    assert np.array_equal(first.probabilities[0], first.probabilities[STILL_S - 1])
    differing = (first.occupied != mended[0].occupied).sum()
    assert differing == 6 * STILL_S


def test_no_data_is_said() -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        real_days(SpotClassifier.load(None), Path("/nowhere"), "3", mended=False)
