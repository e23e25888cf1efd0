"""The OpenAPI document, held against the service by schemathesis: what it says is what is done."""

import asyncio
import sys
from pathlib import Path

import pytest

from tests.central.web.harness import TOKEN, web_service

pytestmark = pytest.mark.timeout(1800)

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
LIVE = "/api/v1/events"  # an answer that never ends


@pytest.mark.parametrize(
    ("phases", "examples"),
    [
        ("examples,fuzzing", 6),
        pytest.param("examples,coverage,fuzzing", 100, marks=pytest.mark.long),
    ],
)
async def test_no_request_makes_it_fail_or_do_what_the_document_does_not_say(
    tmp_path: Path, phases: str, examples: int
) -> None:
    async with web_service(tmp_path, token=TOKEN) as web:
        await web.flip(4)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "schemathesis.cli", "run", "--no-color"),
            *("--max-examples", str(examples), "--seed", "1", "--generation-deterministic"),
            *("--checks", ",".join(CHECKS)),
            *("--exclude-path", LIVE, "--phases", phases),
            *("--header", f"Authorization: Bearer {TOKEN}"),
            f"{web.http.base_url}api/v1/openapi.json",
            cwd=tmp_path,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await process.communicate()
        finally:
            if process.returncode is None:  # out of time: it would go on asking
                process.kill()
                await process.wait()
        assert process.returncode == 0, output.decode()
        assert (await web.get("/api/v1/lots/north"))["lot"]["id"] == "north"
