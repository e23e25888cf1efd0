"""What the main job's benchmark shows besides the shipped clips."""

from pathlib import Path

import click

from benchmarks.real_lots import STILL_S, real_lots
from central.demo.cli import demo
from central.layout.cli import convert


def parsed(command: click.Command, arguments: tuple[str, ...]) -> dict[str, object]:
    return command.make_context("it", list(arguments)).params


def test_they_are_converted_and_shown_by_the_commands_that_people_have(tmp_path: Path) -> None:
    data, folder = tmp_path / "data", tmp_path / "made"
    converted: list[dict[str, object]] = []
    lots = real_lots(data, folder, convert=lambda told: converted.append(parsed(convert, told)))
    drone, cnr = converted
    shown = [parsed(demo, lot.arguments) for lot in lots]
    assert [one["layout"] for one in shown] == [drone["out_layout"], cnr["out_layout"]]
    assert shown[0]["source"] == (str(data / "videos" / "drone_lot.mp4"),)
    assert shown[1]["source"] == (str(cnr["out_video"]),)
    assert shown[1]["truth"] == cnr["out_truth"]
    # Thirty stills; the video's end, where what is believed is compared, lies within the last.
    assert 29 * STILL_S + 4 < lots[1].seconds < 30 * STILL_S
