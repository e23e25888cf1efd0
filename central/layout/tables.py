"""Typed reading of parsed TOML or JSON tables, where every error names its key path.

The semantics of a layout are checked in `central.layout.validate`; here only types and keys are.
"""

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from central.layout.validate import fault
from node.values import frozen

_TYPE_NAMES = {
    bool: "a boolean",
    int: "a whole number",
    float: "a number",
    str: "a text",
    list: "an array",
    dict: "a table",
    type(None): "null",
}


def describe(value: object) -> str:
    """Return a short text for a person: the value and its type, as a file writes them."""
    kind = _TYPE_NAMES.get(type(value), "a date or time")
    if isinstance(value, list | dict):
        return kind
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{text[:40]}' ({kind})"


@frozen
class Table:
    """One table of a file. `key` is its path in the file, empty for the whole file."""

    source: str
    key: str
    values: Mapping[str, object]

    def path(self, name: str) -> str:
        """Return the key path of an entry of this table."""
        return f"{self.key}.{name}" if self.key else name

    def allow_only(self, names: Collection[str]) -> None:
        """Raise UsageError at a key that is none of `names`, with the nearest that is."""
        for name in self.values:
            if name in names:
                continue
            nearest = get_close_matches(name, names, n=1)
            advice = f"did you mean '{nearest[0]}'?" if nearest else "remove it"
            known = ", ".join(names)
            raise fault(
                self.source, self.path(name[:80]), f"unknown key; {advice} (known: {known})"
            )

    def get(self, name: str) -> object:
        """Return a value that must be there."""
        if name not in self.values:
            raise fault(self.source, self.path(name), "is missing; add it")
        return self.values[name]

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; without a default it must be there."""
        value = default if name not in self.values and default is not None else self.get(name)
        return as_text(self.source, self.path(name), value)

    def number(self, name: str) -> float:
        """Return a number that must be there."""
        return as_number(self.source, self.path(name), self.get(name))

    def optional_number(self, name: str) -> float | None:
        """Return a number, or None where there is none."""
        return self.number(name) if name in self.values else None

    def flag(self, name: str) -> bool:
        """Return a boolean that must be there."""
        value = self.get(name)
        if not isinstance(value, bool):
            raise fault(self.source, self.path(name), f"is {describe(value)}; write true or false")
        return value

    def items(self, name: str) -> list[object]:
        """Return an array, empty where there is none."""
        return as_list(self.source, self.path(name), self.values.get(name, []))

    def table(self, name: str) -> "Table":
        """Return a table that must be there."""
        return as_table(self.source, self.path(name), self.get(name))

    def tables(self, name: str) -> list["Table"]:
        """Return an array of tables, empty where there is none."""
        value = self.values.get(name, [])
        if isinstance(value, dict):
            raise fault(self.source, self.path(name), f"is one table; write [[{name}]], in two [ ]")
        return [
            as_table(self.source, f"{self.path(name)}[{index}]", item)
            for index, item in enumerate(self.items(name))
        ]


def as_text(source: str, key: str, value: object) -> str:
    """Return `value` if it is a text."""
    if not isinstance(value, str):
        raise fault(source, key, f"is {describe(value)}; write a text in quotes")
    return value


def as_number(source: str, key: str, value: object) -> float:
    """Return `value` as a float if it is a number; a boolean is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise fault(source, key, f"is {describe(value)}; write a number without quotes")
    try:
        return float(value)
    except OverflowError:
        raise fault(source, key, "is too large; write a smaller number") from None


def as_list(source: str, key: str, value: object) -> list[object]:
    """Return `value` if it is an array."""
    if not isinstance(value, list):
        raise fault(source, key, f"is {describe(value)}; write an array: [ … ]")
    return value


def as_table(source: str, key: str, value: object) -> Table:
    """Return `value` if it is a table."""
    if not isinstance(value, dict):
        raise fault(source, key, f"is {describe(value)}; write a table of keys and values")
    return Table(source=source, key=key, values=value)
