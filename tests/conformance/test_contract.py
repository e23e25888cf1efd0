"""docs/CONTRACT.md names every test of the suite, and none that is not there."""

import ast
import re
from pathlib import Path

HERE = Path(__file__).parent
CONTRACT = HERE.parents[1] / "docs" / "CONTRACT.md"


def test_every_clause_has_its_test_and_every_test_its_clause() -> None:
    files = [path for path in sorted(HERE.glob("test_*.py")) if path != Path(__file__)]
    tests = {
        node.name
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name[:5] == "test_"
    }
    text = CONTRACT.read_text(encoding="utf-8")
    named = re.findall(r"`(test_\w+)`", text)
    assert sorted(named) == sorted(tests)
    assert set(re.findall(r"`(test_\w+\.py)`", text)) == {path.name for path in files}
