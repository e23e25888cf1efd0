"""What is the matter with a camera: its own word, its silence, its picture's shape."""

from central.ledger.records import CameraCondition, CameraReport
from central.processor.sight import Sight

LOST = CameraReport(CameraCondition.LOST, 10, "no pictures")
WELL = CameraReport(CameraCondition.OK, 20)


def test_silence_hides_the_cameras_last_word_until_it_speaks_again() -> None:
    sight = Sight()
    sight.say(LOST)
    sight.fall_silent(30, detail="no frame")
    assert sight.trouble == CameraReport(CameraCondition.SILENT, 30, "no frame")
    assert sight.distrusted == LOST
    sight.say(LOST)
    assert sight.trouble == LOST


def test_a_word_that_all_is_well_does_not_end_a_silence_but_a_frame_does() -> None:
    sight = Sight()
    sight.fall_silent(30, detail="no frame")
    sight.say(WELL)
    assert sight.trouble is not None
    assert sight.seen(40) == CameraReport(CameraCondition.OK, 40)
    assert sight.trouble is None
    assert sight.seen(50) == CameraReport(CameraCondition.OK, 40), "since then"


def test_another_shape_has_begun_with_its_first_frame() -> None:
    sight = Sight()
    sight.resized(5, detail="640x360")
    sight.resized(6, detail="640x361")
    assert sight.trouble == CameraReport(CameraCondition.RESIZED, 5, "640x361")
    sight.say(LOST)
    assert sight.trouble == LOST, "the camera knows better"
