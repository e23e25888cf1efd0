import numpy as np
import pytest

from edge.gate import ChangeGate, GateSettings
from models.patches import Image
from models.signatures import signatures

SETTINGS = GateSettings(threshold=4.0, brightness=32.0, refresh_s=30.0)


def scene(regions: int = 3, seed: int = 1) -> Image:
    rng = np.random.default_rng(seed)
    return rng.integers(60, 180, (regions, 64, 32, 3), dtype=np.uint8)


def gate_that_sent(patches: Image, settings: GateSettings = SETTINGS) -> ChangeGate:
    gate = ChangeGate(settings, len(patches))
    look = signatures(patches)
    assert gate.changed(look, now=0.0) == tuple(range(len(patches)))
    gate.sent(range(len(patches)), look, now=0.0)
    return gate


def test_what_stays_is_not_sent_again() -> None:
    patches = scene()
    gate = gate_that_sent(patches)
    noisy = patches.astype(int) + np.random.default_rng(2).integers(-8, 9, patches.shape)
    assert gate.changed(signatures(noisy.astype(np.uint8)), now=1.0) == ()


def test_what_changes_is_sent_and_only_that() -> None:
    patches = scene()
    gate = gate_that_sent(patches)
    patches[1] = scene(seed=9)[1]
    assert gate.changed(signatures(patches), now=1.0) == (1,)


@pytest.mark.parametrize(("brighter", "sent"), [(20, ()), (40, (0, 1, 2))])
def test_a_cloud_is_no_change_but_the_lamps_are(brighter: int, sent: tuple[int, ...]) -> None:
    patches = scene()
    gate = gate_that_sent(patches)
    assert gate.changed(signatures(patches + np.uint8(brighter)), now=1.0) == sent


def test_slow_change_adds_up() -> None:
    patches = np.full((1, 64, 32, 3), 100, np.uint8)
    gate = gate_that_sent(patches)
    for step in range(1, 30):
        patches[:, :32, :16] += np.uint8(1)
        if sent := gate.changed(signatures(patches), now=step / 10):
            break
    assert step > 2
    assert sent == (0,)


def test_all_is_sent_again_in_the_end() -> None:
    patches = scene()
    gate, look = gate_that_sent(patches), signatures(patches)
    assert gate.changed(look, now=29.0) == ()
    gate.sent((1,), look, now=29.0)
    assert gate.changed(look, now=30.0) == (0, 2)


def test_what_leaves_a_doubt_is_sent_again_soon() -> None:
    patches = scene()
    gate, look = gate_that_sent(patches), signatures(patches)
    assert gate.changed(look, now=2.9, doubtful={1}) == ()
    assert gate.changed(look, now=3.0, doubtful={1}) == (1,)
    gate.sent((1,), look, now=3.0)
    assert gate.changed(look, now=5.0, doubtful={1, 2}) == (2,)
    assert gate.changed(look, now=6.0) == (), "no longer doubtful"


def test_what_came_to_nothing_is_owed() -> None:
    patches = scene()
    gate = gate_that_sent(patches)
    gate.owe((0, 2))
    assert gate.changed(signatures(patches), now=1.0) == (0, 2)


def test_a_threshold_of_zero_opens_the_gate() -> None:
    patches = scene()
    gate = gate_that_sent(patches, GateSettings(threshold=0.0))
    assert gate.changed(signatures(patches), now=0.5) == (0, 1, 2)


def test_no_regions() -> None:
    gate = ChangeGate(SETTINGS, 0)
    look = signatures(np.empty((0, 64, 32, 3), np.uint8))
    assert gate.changed(look, now=0.0) == ()
    gate.sent((), look, now=0.0)
    assert gate.changed(look, now=1.0) == ()
