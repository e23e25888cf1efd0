"""Frozen dataclasses that are quick to define.

The standard decorator compiles six functions a class. A command defines a hundred classes before
it does anything, and that was a fifth of its start. Here `__init__` alone is compiled, and all
classes share the rest.
"""

from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

Made = TypeVar("Made")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(made: type[Made]) -> type[Made]:
    """Make of a class what `@dataclass(frozen=True)` does; `replace`, `fields`, `match` work too.

    Not for what is held by the million: that wants `slots=True`, and the standard decorator. A
    method that the class defines itself stays. Keyword-only fields and `InitVar` are not known.
    """
    dataclass(init=False, repr=False, eq=False)(made)
    known: tuple[Field[Any], ...] = fields(made)  # type: ignore[arg-type]  # it is one now
    compared = attrgetter(*([each.name for each in known if each.compare] or ["__class__"]))
    shown = [each.name for each in known if each.repr]

    def equal(self: object, other: object) -> Any:
        if self.__class__ is not other.__class__:
            return NotImplemented
        return compared(self) == compared(other)

    def show(self: object) -> str:
        values = ", ".join(f"{name}={getattr(self, name)!r}" for name in shown)
        return f"{self.__class__.__qualname__}({values})"

    methods = {
        "__init__": _initialiser(made, known),
        "__eq__": equal,
        "__hash__": lambda self: hash(compared(self)),
        "__repr__": show,
        "__setattr__": _refuse,
        "__delattr__": _refuse,
    }
    for name, method in methods.items():
        if name not in vars(made):
            setattr(made, name, method)
    return made


def _refuse(self: object, name: str, *_: object) -> None:
    raise FrozenInstanceError(f"cannot change field {name!r} of {type(self).__qualname__}")


def _initialiser(made: type, known: tuple[Field[Any], ...]) -> Any:
    names: dict[str, Any] = {"_set": object.__setattr__, "_missing": MISSING}
    parameters, lines = ["self"], []
    for each in known:
        given = each.name
        if each.default is not MISSING:
            names[f"_default_{each.name}"] = each.default
            parameters.append(f"{each.name}=_default_{each.name}")
        elif each.default_factory is not MISSING:
            names[f"_make_{each.name}"] = each.default_factory
            parameters.append(f"{each.name}=_missing")
            given = f"_make_{each.name}() if {each.name} is _missing else {each.name}"
        else:
            parameters.append(each.name)
        lines.append(f" _set(self, {each.name!r}, {given})")
    if hasattr(made, "__post_init__"):
        lines.append(" self.__post_init__()")
    text = f"def __init__({', '.join(parameters)}):\n" + ("\n".join(lines) or " pass")
    compiled: dict[str, Any] = {}
    exec(text, names, compiled)
    compiled["__init__"].__qualname__ = f"{made.__qualname__}.__init__"
    return compiled["__init__"]
