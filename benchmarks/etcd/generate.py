"""Generate the stubs beside etcd's messages: `python -m benchmarks.etcd.generate [--out DIR]`.

With the version of grpcio-tools in the extra `test`, for the reason that `protos.generate` gives.
A test regenerates and compares.
"""

from pathlib import Path

import click

from protos.generate import ROOT, generate

PROTOS = ("benchmarks/etcd/kv.proto", "benchmarks/etcd/rpc.proto")


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=ROOT,
    help="Directory that gets benchmarks/etcd/*_pb2*.  [default: the repository's root]",
)
def main(out: Path) -> None:
    """Generate the stubs from etcd's messages."""
    generate(out, PROTOS)


if __name__ == "__main__":
    main()
