"""`frozen` against its naive twin: the standard decorator."""

from dataclasses import FrozenInstanceError, dataclass, field, fields, replace
from typing import Any

import pytest

from node.values import frozen


class _Plain:
    """Fields of each kind, a method, a property."""

    a: int
    b: str = "b"
    c: list[int] = field(default_factory=list, hash=False, compare=False)
    d: float = field(default=1.5, repr=False)

    @property
    def twice(self) -> int:
        """Return it doubled."""
        return 2 * self.a


class _Checked:
    a: int

    def __post_init__(self) -> None:
        if self.a < 0:
            raise ValueError("below 0")

    def __repr__(self) -> str:
        return f"<{self.a}>"


class _Empty:
    """None."""


def _twins(plain: type) -> tuple[Any, Any]:
    body = {
        name: member
        for name, member in vars(plain).items()
        if name not in ("__dict__", "__weakref__")
    }
    ours, theirs = type("Made", (), dict(body)), type("Made", (), dict(body))
    return frozen(ours), dataclass(frozen=True)(theirs)


@pytest.mark.parametrize("arguments", [(1,), (1, "x"), (1, "x", [2]), (1, "x", [2], 3.0)])
def test_instances_are_made_and_shown_as_by_the_standard_decorator(arguments: Any) -> None:
    ours, theirs = (made(*arguments) for made in _twins(_Plain))
    assert repr(ours) == repr(theirs)
    assert vars(ours) == vars(theirs)
    assert hash(ours) == hash(theirs)
    assert ours.twice == theirs.twice == 2


def test_keywords_are_taken_and_wrong_arguments_refused() -> None:
    for made in _twins(_Plain):
        assert made(b="x", a=2) == made(2, "x")
        with pytest.raises(TypeError, match=r"__init__\(\) missing 1 required positional"):
            made()
        with pytest.raises(TypeError, match="unexpected keyword argument 'e'"):
            made(1, e=2)
        assert made(1).c is not made(1).c


@pytest.mark.parametrize("change", [{}, {"a": 2}, {"b": "x"}, {"c": [1]}, {"d": 2.0}])
def test_equality_is_that_of_the_standard_decorator(change: dict[str, Any]) -> None:
    equal = []
    for made in _twins(_Plain):
        one, other = made(1), replace(made(1), **change)
        equal.append((one == other, one != other, hash(one) == hash(other), one == "made"))
    assert equal[0] == equal[1]


def test_instances_of_two_classes_are_never_equal() -> None:
    ours, theirs = _twins(_Plain)
    other, _ = _twins(_Plain)
    assert ours(1) != theirs(1)
    assert ours(1) != other(1)


def test_nothing_can_be_changed() -> None:
    for made in _twins(_Plain):
        one = made(1)
        with pytest.raises(FrozenInstanceError):
            one.a = 2
        with pytest.raises(FrozenInstanceError):
            one.new = 2
        with pytest.raises(FrozenInstanceError):
            del one.a
        assert one.a == 1


def test_the_tools_for_dataclasses_work() -> None:
    ours, theirs = _twins(_Plain)
    assert [each.name for each in fields(ours)] == [each.name for each in fields(theirs)]
    match ours(7, "x"):
        case ours(a, b="x"):
            assert a == 7
        case _:
            pytest.fail("it matches")


def test_what_the_class_says_itself_counts() -> None:
    for made in _twins(_Checked):
        assert repr(made(3)) == "<3>"
        with pytest.raises(ValueError, match="below 0"):
            made(-1)


def test_a_class_without_fields_works() -> None:
    for made in _twins(_Empty):
        assert made() == made()
        assert repr(made()) == "Made()"
        assert len({made(), made()}) == 1


def test_a_base_class_gives_its_fields() -> None:
    @frozen
    class Base:
        a: int

    @frozen
    class Derived(Base):
        b: int = 2

    assert Derived(1) == Derived(1, 2)
    assert repr(Derived(1)).endswith("Derived(a=1, b=2)")
    assert Derived(1) != Base(1)
