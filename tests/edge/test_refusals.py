import pytest
from grpc import StatusCode

from edge.refusals import explain


def said(code: StatusCode, details: str | None = "details") -> str:
    return explain(code, details, processor="host:1", camera_id="north").text


@pytest.mark.parametrize("code", list(StatusCode))
def test_every_status_gives_one_line_that_names_the_processor(code: StatusCode) -> None:
    text = said(code, "two\nlines " + "long " * 1000)
    assert "processor host:1" in text
    assert "\n" not in text
    assert len(text) < 600


def test_only_an_invalid_argument_ends_the_attempts() -> None:
    fatal = {code for code in StatusCode if explain(code, "", processor="p", camera_id="c").fatal}
    assert fatal == {StatusCode.INVALID_ARGUMENT}


@pytest.mark.parametrize(
    ("code", "details", "remedy"),
    [
        (
            StatusCode.NOT_FOUND,
            "run this",
            "processor host:1 does not take camera 'north': run this;",
        ),
        (
            StatusCode.ALREADY_EXISTS,
            "stop that",
            "does not take camera 'north': stop that; trying on",
        ),
        (StatusCode.UNAVAILABLE, "failed to connect to all addresses", "cannot be reached"),
        (
            StatusCode.UNAVAILABLE,
            "errors resolving host:1: [lookup error:address lookup failed for host:1: Not found]",
            "host:1 cannot be reached (its host is not known: Not found); check that it runs",
        ),
        (StatusCode.UNAVAILABLE, "no connection to the ledger", "(no connection to the ledger)"),
        (StatusCode.UNIMPLEMENTED, "", "is not a Parkledger processor"),
        (StatusCode.INTERNAL, "Internal error from Core", "check that --processor names a"),
        (StatusCode.INTERNAL, "a bug", "ended the stream with INTERNAL (a bug)"),
    ],
)
def test_what_to_do_is_said(code: StatusCode, details: str, remedy: str) -> None:
    assert remedy in said(code, details)
