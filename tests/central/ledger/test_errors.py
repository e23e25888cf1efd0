"""What a group of errors is told as."""

import asyncio

import pytest

from central.ledger.errors import NotPrimary, the_operation_error
from node.errors import OperationError


def test_it_is_the_operation_error_however_deep_it_lies() -> None:
    full = OperationError("the disk is full")
    inner = ExceptionGroup("inner", [full, OperationError("later")])
    assert the_operation_error(ExceptionGroup("outer", [inner, NotPrimary(None)])) is full


@pytest.mark.parametrize("errors", [[KeyError("bug")], [OperationError("full"), KeyError("bug")]])
def test_a_bug_is_told_as_it_is(errors: list[Exception]) -> None:
    group = ExceptionGroup("group", errors)
    assert the_operation_error(group) is group


async def _fail_as_a_replica_does() -> None:
    try:
        async with asyncio.TaskGroup():
            raise OperationError("the disk is full")
    except ExceptionGroup as group:
        raise the_operation_error(group) from None


async def test_what_is_raised_for_a_group_stands_alone() -> None:
    """With `except*` it does not in Python 3.11.2: there it is in a group again."""
    with pytest.raises(OperationError, match="full"):
        await _fail_as_a_replica_does()
