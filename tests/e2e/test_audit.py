"""`parkledger history` and `verify` against real replicas; then one of them is altered."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.e2e.replicas import Writer, three_replicas
from tests.e2e.test_operator import run


async def test_what_happened_is_shown_proved_and_verified(tmp_path: Path) -> None:
    async with three_replicas(tmp_path) as group:
        writer = Writer(group.ledger)
        for _ in range(12):
            await writer.write()
        await group.agree()
        ledger = ("--ledger", str(group.cluster.replicas[await group.primary_id()]))

        code, output, errors = await run("history", "north", *ledger, "--json")
        assert (code, errors) == (0, "")
        shown = [json.loads(line) for line in output.splitlines()]
        assert len(shown) == 12
        code, output, errors = await run("history", "north", *ledger, "--as-of", "0s", "--json")
        assert (code, errors) == (0, "")
        assert len(output.splitlines()) == 10

        entry = tmp_path / "entry.json"
        code, output, errors = await run(
            "history", "north", *ledger, "--proof", str(shown[4]["index"])
        )
        assert (code, errors) == (0, "")
        entry.write_text(output)

        code, output, errors = await run("verify", *ledger)
        assert (code, errors) == (0, "")
        head = output.splitlines()[-1].removeprefix("head ")
        code, output, errors = await run("verify", "--proof", str(entry))
        assert (code, errors) == (0, "")
        assert f"index {shown[4]['index']} fits" in output
        assert f"head {head}" in output

        altered = next(name for name in group.cluster.replicas)
        await group.supervisor.kill(altered)
        directory = group.data_of(altered)
        code, output, errors = await run("verify", "--data", str(directory), "--against", head)
        assert (code, errors) == (0, "")
        with closing(sqlite3.connect(directory / "state.db")) as connection, connection:
            connection.execute(
                "UPDATE history SET changes = replace(changes, 'east', 'west')"
                " WHERE applied_index = ?",
                (shown[4]["index"],),
            )
        code, output, errors = await run("verify", "--data", str(directory))
        assert (code, output) == (1, "")
        assert f"state.db: index {shown[4]['index']} does not fit" in errors
        assert len(errors.splitlines()) == 1
