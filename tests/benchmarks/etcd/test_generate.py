"""The committed stubs of etcd's interface are what protoc makes."""

from pathlib import Path

import pytest

from benchmarks.etcd.generate import PROTOS
from protos.generate import ROOT, generate


def test_the_committed_stubs_are_those_of_the_proto_files(tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools", reason="grpcio-tools is in the extra `test`")
    generate(tmp_path, PROTOS)
    here = ROOT / "benchmarks" / "etcd"
    made = sorted((tmp_path / "benchmarks" / "etcd").iterdir())
    assert [path.name for path in made] == sorted(path.name for path in here.glob("*_pb2*"))
    for path in made:
        assert path.read_text() == (here / path.name).read_text(), (
            f"{path.name} is out of date: run python -m benchmarks.etcd.generate"
        )


@pytest.mark.parametrize("name", PROTOS)
def test_every_file_says_where_it_comes_from(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "https://github.com/etcd-io/etcd" in text
    assert "Apache License" in text
