"""The root of the error tree.

    ParkledgerError
    ├── UsageError        the person or file in front of us is wrong: one line, exit code 2
    └── OperationError    the request was right, the world did not allow it: one line, exit code 1

Anything else that reaches the command line's rim is our bug and keeps its traceback.
"""


class ParkledgerError(Exception):
    """An error whose message is fit to be shown to an operator: what, which value, what to do."""


class UsageError(ParkledgerError):
    """A wrong option, file or value. The message names the thing, the value and the remedy."""


class OperationError(ParkledgerError):
    """A right request that could not be carried out (no quorum, no primary, source lost)."""
