"""Who may import whom. The table is that of docs/ARCHITECTURE.md; imports inside functions count.

The camera's process is checked as it runs, too: a node with a megabyte of memory to spare must not
pay for what a processor needs.
"""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

LEDGER_CLIENT = (
    "central.ledger.client",
    "central.ledger.interface",
    "central.ledger.proof",
    "central.ledger.records",
)

WORDS = tuple(
    f"central.ledger.{module}"
    for module in (
        *("command", "compact_json", "errors", "interface", "layout_json", "merkle", "outcome"),
        *("proof", "records"),
    )
)
"""What the ledger is spoken of in: its files that lie in none of its rooms, and import none."""


def over(*rooms: str) -> tuple[str, ...]:
    """Return what a room of the ledger may import that stands over these others."""
    below = ("central.raft", "central.layout", "node", "protos")
    return (*below, *WORDS, *(f"central.ledger.{room}" for room in rooms))


LEDGER_ROOMS: dict[str, tuple[str, ...]] = {
    "central.ledger.snapshots": over(),
    "central.ledger.log": over("snapshots"),
    "central.ledger.state": over("log"),
    "central.ledger.queries": over("log", "state"),
    "central.ledger.wire": over("queries.history", "snapshots"),
    "central.ledger.client": over("snapshots.backup_file", "wire"),
    "central.ledger.peers": over("wire"),
    "central.ledger.replica": over("log", "peers", "queries", "snapshots", "state", "wire"),
    "central.ledger.services": over("log", "peers", "queries", "replica", "snapshots", "wire"),
    "central.ledger.upkeep": over("client", "log", "peers", "queries", "snapshots", "state"),
    "central.ledger.commands": over("client", "peers", "replica", "services", "upkeep"),
}
"""The rooms of the ledger, each over those that it may import: there is no circle among them."""

MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "node": (),
    "protos": (),
    "edge": ("node", "protos", "models.patches", "models.signatures", "models.strips"),
    "models": ("node", "sample_videos"),
    "sample_videos": ("node",),
    "central.raft": (),
    "central.layout": ("node", "models"),
    "central.ledger": ("central.layout", "node"),
    **LEDGER_ROOMS,
    "central.stays": ("central.layout", "central.ledger.records"),
    "central.operator": ("central.layout", "central.stays", *LEDGER_CLIENT, "node"),
    "central.processor": ("central.layout", *LEDGER_CLIENT, "models", "node", "protos"),
    "central.web": (
        *("central.layout", "central.stays", "central.operator.overview", *LEDGER_CLIENT),
        *("node", "protos"),
    ),
    "central.demo": (
        *("central.layout", *LEDGER_CLIENT),
        *("models", "sample_videos", "node", "protos"),
    ),
    "central": (),
}
"""package -> what of the project its files may import besides itself."""

ANYTHING = ("benchmarks", "tests")
"""They may import everything, and nothing else may import them."""

OURS = frozenset(package.partition(".")[0] for package in (*MAY_IMPORT, *ANYTHING))


def sources() -> list[Path]:
    """Return every file of the project that is bound by the table."""
    tops = sorted({package.partition(".")[0] for package in MAY_IMPORT})
    return [path for top in tops for path in sorted((ROOT / top).rglob("*.py"))]


def package_of(module: str) -> str:
    """Return the package of the table that a module belongs to, the most exact one."""
    fitting = [package for package in MAY_IMPORT if within(module, package)]
    return max(fitting, key=len)


def within(module: str, package: str) -> bool:
    """Return whether the module is the package or lies in it."""
    return module == package or module.startswith(f"{package}.")


def module_name(path: Path) -> str:
    """Return how the file is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST) -> Iterator[str]:
    """Yield every module of ours that is imported, and for `from p import x` p.x where it may be
    a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, "the project imports by full names"  # noqa: PT018
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.partition(".")[0] in OURS)


def offences(module: str, tree: ast.AST) -> list[str]:
    """Return the imports of a module that the table does not allow."""
    package = package_of(module)
    allowed = (package, *MAY_IMPORT[package])
    return [name for name in imports(tree) if not any(within(name, fine) for fine in allowed)]


def test_the_table_is_kept() -> None:
    found = {
        str(path.relative_to(ROOT)): wrong
        for path in sources()
        if (wrong := offences(module_name(path), ast.parse(path.read_text(encoding="utf-8"))))
    }
    assert found == {}


def test_every_package_of_the_project_is_in_the_table() -> None:
    tops = {path.parent.name for path in ROOT.glob("*/__init__.py")}
    assert tops == OURS
    inner = {f"central.{path.parent.name}" for path in ROOT.glob("central/*/__init__.py")}
    inner |= {
        f"central.ledger.{path.parent.name}" for path in ROOT.glob("central/ledger/*/__init__.py")
    }
    assert inner == {package for package in MAY_IMPORT if package.startswith("central.")}


def test_the_ledgers_words_import_none_of_its_rooms() -> None:
    paths = sorted((ROOT / "central" / "ledger").glob("*.py"))
    assert {f"central.ledger.{path.stem}" for path in paths} == {*WORDS, "central.ledger.__init__"}
    for path in paths:
        for name in imports(ast.parse(path.read_text(encoding="utf-8"))):
            assert not any(within(name, room) for room in LEDGER_ROOMS), (path.name, name)


@pytest.mark.parametrize(
    ("module", "line", "wrong"),
    [
        ("edge.uplink", "from central.ledger.client import LedgerClient", True),
        ("edge.encode", "from models.patches import PatchCutter", False),
        ("edge.encode", "from models import classifier", True),
        ("edge.encode", "from models import patches", False),
        ("central.raft.core", "import protos.raft_pb2", True),
        ("central.processor.cli", "from central.ledger import client", False),
        ("central.processor.cli", "from central.ledger.log.storage import Storage", True),
        ("central.demo.run", "from central.processor.cli import processor", True),
        ("central.ledger.commands.ledger", "def f():\n    import tests.edge", True),
        ("node.cli", "import benchmarks", True),
        ("node.cli", "import asyncio, grpc", False),
        ("central.raft.core", "from central.raft.log import Log", False),
    ],
)
def test_the_test_itself_tells_right_from_wrong(module: str, line: str, *, wrong: bool) -> None:
    assert bool(offences(module, ast.parse(line))) is wrong


COMMAND = """
import importlib, sys
import click
from node.cli import group
name, modules, unwanted = (argument.split() for argument in sys.argv[1:])
assert group.get_command(click.Context(group), *name) is not None
for module in modules:
    importlib.import_module(module)
loaded = set(unwanted) & set(sys.modules)
sys.exit(f"loaded: {sorted(loaded)}" if loaded else 0)
"""

OTHER_ROLES = "central.demo central.processor central.web onnxruntime torch matplotlib fastapi"
HEAVY = f"{OTHER_ROLES} numpy cv2 rich models"


@pytest.mark.parametrize(
    ("command", "modules", "unwanted"),
    [
        ("camera", "edge.camera edge.uplink node.shutdown", f"central rich {OTHER_ROLES}"),
        ("ledger", "", f"{HEAVY} edge asyncio grpc google sqlite3 central.raft"),
        (
            "ledger",
            "central.ledger.replica.opening central.ledger.services.server node.shutdown",
            f"{HEAVY} edge central.operator central.stays zoneinfo",
        ),
        ("history", "central.ledger.client", f"{HEAVY} edge central.ledger.replica"),
        ("verify", "", f"{HEAVY} edge central.ledger.replica"),
    ],
)
def test_a_command_loads_nothing_that_its_role_does_not_need(
    command: str, modules: str, unwanted: str
) -> None:
    """How soon it starts, and with how much memory: what is loaded takes most of the time."""
    ended = subprocess.run(
        [sys.executable, "-c", COMMAND, command, modules, unwanted],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
