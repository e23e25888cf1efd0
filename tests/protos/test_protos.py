"""The wire formats: every field is documented, and the committed stubs are what protoc makes."""

import re
from pathlib import Path

import pytest

from protos.generate import ROOT, generate, proto_files

FIELD = re.compile(r"^\s+(?:repeated |optional )?[\w.]+ \w+ = \d+;(?P<comment>.*)$")


@pytest.mark.parametrize("name", proto_files())
def test_every_field_says_what_it_is(name: str) -> None:
    bare = [
        f"{name}:{number}: {line.strip()}"
        for number, line in enumerate((ROOT / name).read_text().splitlines(), start=1)
        if (field := FIELD.match(line)) and not re.match(r"\s*// .{3,}", field["comment"])
    ]
    assert bare == []


def test_a_bare_field_would_be_found() -> None:
    assert FIELD.match("  uint64 index = 1;")
    assert FIELD.match("  repeated parkledger.v1.Zone zones = 6;")
    assert FIELD.match("    Frame frame = 2;")


def test_the_committed_stubs_are_those_of_the_proto_files(tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools", reason="grpcio-tools is in the extra `test`")
    generate(tmp_path, proto_files())
    made = sorted((tmp_path / "protos").iterdir())
    assert [path.name for path in made] == sorted(
        path.name for path in (ROOT / "protos").glob("*_pb2*")
    )
    for path in made:
        assert path.read_text() == (ROOT / "protos" / path.name).read_text(), (
            f"{path.name} is out of date: run make protos"
        )
