"""The OpenAPI document, held against the service by schemathesis: what it says is what is done."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.central.web.harness import TOKEN, web_service

pytestmark = pytest.mark.timeout(300)

EXAMPLES = 8
"""Requests of a kind for each operation; what they find is found early."""

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
LIVE = "/api/v1/events"  # an answer that never ends


async def test_no_request_makes_the_service_fail_or_do_what_the_document_does_not_say(
    tmp_path: Path,
) -> None:
    pytest.importorskip("schemathesis")
    async with web_service(tmp_path, token=TOKEN) as web:
        await web.flip(4)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "run", "--no-color"),
            *("--max-examples", str(EXAMPLES), "--seed", "1", "--generation-deterministic"),
            *("--checks", ",".join(CHECKS)),
            *("--exclude-path", LIVE, "--phases", "examples,coverage,fuzzing"),
            *("--header", f"Authorization: Bearer {TOKEN}"),
            f"{web.http.base_url}api/v1/openapi.json",
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        assert process.returncode == 0, output.decode()
        assert (await web.get("/api/v1/lots/north"))["lot"]["id"] == "north"
