"""Generate the stubs beside etcd's messages: `python -m benchmarks.etcd.generate [--out DIR]`.

With the version of grpcio-tools in the extra `test`, for the reason that `protos.generate` gives.
A test regenerates and compares.
"""

import sys
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parents[2]
PROTOS = ("benchmarks/etcd/kv.proto", "benchmarks/etcd/rpc.proto")


def generate(out: Path) -> None:
    """Write <out>/benchmarks/etcd/*_pb2*; RuntimeError with protoc's exit code if it fails."""
    from grpc_tools import protoc  # only in the extra `test`

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
        *(str(ROOT / name) for name in PROTOS),
    ]
    exit_code = protoc.main(arguments)
    if exit_code != 0:
        raise RuntimeError(f"protoc failed with exit code {exit_code}")


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT,
    help="Directory that gets benchmarks/etcd/*_pb2*.  [default: the repository's root]",
)
def main(out: Path) -> None:
    """Generate the stubs from etcd's messages."""
    generate(out)


if __name__ == "__main__":
    main()
