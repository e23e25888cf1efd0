"""Generate the stubs beside the .proto files: `python -m protos.generate [--out DIR]`.

The stubs are committed, so that installing needs no compiler. Generate with the oldest
grpcio-tools that is supported (the version in the extra `test`): code that 1.71 generates imports
under newer grpcio and protobuf; the reverse raises VersionError. A test regenerates and compares.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent


def proto_files() -> list[str]:
    """Paths of the .proto files, relative to the repository's root, in a fixed order."""
    return sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "protos").glob("*.proto"))


def generate(out: Path, files: Sequence[str]) -> None:
    """Write *_pb2.py, *_pb2.pyi, *_pb2_grpc.py and *_pb2_grpc.pyi of `files` below `out`.

    `files` are relative to the repository's root. Raises RuntimeError with protoc's exit code if it
    fails (it prints the cause itself).
    """
    from grpc_tools import protoc  # only in the extra `test`

    # Beside the interpreter, so that it need not be on the PATH (`.venv/bin/python -m …`).
    plugins = Path(sys.executable).parent
    arguments = [
        "protoc",
        *(
            f"--plugin={name}={plugins / name}"
            for name in ("protoc-gen-mypy", "protoc-gen-mypy_grpc")
        ),
        f"-I{ROOT}",
        f"--python_out={out}",
        f"--grpc_python_out={out}",
        f"--mypy_out=quiet:{out}",
        f"--mypy_grpc_out=quiet:{out}",
        *(str(ROOT / name) for name in files),
    ]
    exit_code = protoc.main(arguments)
    if exit_code != 0:
        raise RuntimeError(f"protoc failed with exit code {exit_code}")


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT,
    help="Directory that gets protos/*_pb2*.  [default: the repository's root]",
)
def main(out: Path) -> None:
    """Generate the gRPC stubs from protos/*.proto."""
    generate(out, proto_files())


if __name__ == "__main__":
    main()
